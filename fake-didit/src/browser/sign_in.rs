//! The person's decision on the sign-in page.

use crate::{
    browser::{Browser, page::Page},
    person::Person,
    provider::sign_in_page::{self, NoButton},
};

impl Browser {
    /// Clicks the button of a person on the sign-in page of [`FakeDidit`](crate::FakeDidit), which must be
    /// the current page, and follows redirects. The person's subject selects the button.
    ///
    /// ```
    /// use axum::{Router, extract::RawQuery, routing::get};
    /// use fake_didit::{Browser, FakeDidit, Person};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let ada = Person::new("u-1815").with_names("Ada", "Lovelace");
    /// let didit = FakeDidit::new("app", "secret")
    ///     .with_redirect_uri("https://app.example/callback")
    ///     .add_person(ada.clone());
    /// let app = Router::new()
    ///     .route("/callback", get(|RawQuery(query): RawQuery| async { query.unwrap_or_default() }));
    ///
    /// let browser = Browser::new("https://app.example", app).add_didit(&didit);
    /// browser
    ///     .visit("https://auth.didit.me/?client_id=app&response_type=code&scope=openid&state=s\
    ///             &redirect_uri=https://app.example/callback")
    ///     .await;
    /// let callback = browser.sign_in_as(&ada).await;
    /// assert!(callback.text().starts_with("code="));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If another page is open, or the sign-in page does not list the person.
    pub async fn sign_in_as(&self, person: &Person) -> Page {
        let page = self.sign_in_page();
        let subject = person.subject();
        let id = sign_in_page::button(page.html().unwrap_or_default(), person);
        let id = id.unwrap_or_else(|why| match why {
            NoButton::OtherPage => not_the_sign_in_page(&page),
            NoButton::NotListed => panic!(
                "the sign-in page does not list {subject:?}: add the person with FakeDidit::add_person"
            ),
        });
        self.click(&page, &id).await
    }

    /// Clicks the button that declines on the sign-in page of [`FakeDidit`](crate::FakeDidit), which must be the
    /// current page, and follows redirects.
    ///
    /// ```
    /// use axum::{Router, extract::RawQuery, routing::get};
    /// use fake_didit::{Browser, FakeDidit};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let didit = FakeDidit::new("app", "secret").with_redirect_uri("https://app.example/callback");
    /// let app = Router::new()
    ///     .route("/callback", get(|RawQuery(query): RawQuery| async { query.unwrap_or_default() }));
    ///
    /// let browser = Browser::new("https://app.example", app).add_didit(&didit);
    /// browser
    ///     .visit("https://auth.didit.me/?client_id=app&response_type=code&scope=openid&state=s\
    ///             &redirect_uri=https://app.example/callback")
    ///     .await;
    /// let callback = browser.decline().await;
    /// assert!(callback.text().contains("error=access_denied"));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If another page is open.
    pub async fn decline(&self) -> Page {
        let page = self.sign_in_page();
        if !sign_in_page::is_sign_in(page.html().unwrap_or_default()) {
            not_the_sign_in_page(&page);
        }
        self.click(&page, sign_in_page::DECLINE).await
    }

    /// The current page.
    fn sign_in_page(&self) -> Page {
        let page = self.tab().page.clone();
        page.unwrap_or_else(|| panic!("the browser has no page: open the sign-in page first"))
    }
}

fn not_the_sign_in_page(page: &Page) -> ! {
    let (status, url) = (page.status(), page.url());
    panic!("the current page is not the sign-in page, but {status} of {url}")
}
