use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, routing::get};
use fake_didit::{Browser, FakeDidit, Page};

use crate::{
    config::ConfigBuilder,
    error::{EVERY, Error, ErrorKind, NextPage},
    layer::DiditAuth,
    return_to::ReturnTo,
    test_util::FakeDiditExt,
    tokens::IdClaims,
};

/// A page that fails as a test says, until it says that it does not.
const PAGE: &str = "/page?a=1&b=%2F";

struct Site {
    didit: FakeDidit,
    browser: Browser,
    failure: Arc<Mutex<Option<ErrorKind>>>,
}

impl Site {
    async fn new(configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        let didit = FakeDidit::new("client", "secret");
        let failure = Arc::<Mutex<Option<ErrorKind>>>::default();
        let fails = Arc::clone(&failure);
        let page = move |user: Option<IdClaims>| async move {
            match *fails.lock().expect("no panic") {
                Some(kind) => Err(Error::new(kind)),
                None => Ok(user.map_or("nobody", |_| "somebody")),
            }
        };
        let config = didit
            .config("https://app.example/callback")
            .with_landing_page("/home");
        let app = Router::new()
            .route("/page/{name}", get(page.clone()))
            .route("/page", get(page.clone()).post(page))
            .route("/home", get(|| async { "home" }))
            .route(
                "/callback",
                get(|_: IdClaims, back: ReturnTo| async { back }),
            )
            .layer(DiditAuth::new(
                configure(config).build().expect("a good configuration"),
            ));
        let browser = Browser::new("https://app.example", app).add_didit(&didit);
        let site = Self {
            didit,
            browser,
            failure,
        };
        site.fail(Some(ErrorKind::NotSignedIn));
        let sign_in = site.browser.visit(PAGE).await;
        site.fail(None);
        let page = site.through_a_sign_in(sign_in).await;
        assert_eq!(place(&page), (200, PAGE, "somebody"));
        // That was a while ago.
        site.didit.clock().advance(Duration::from_secs(120));
        site
    }

    fn fail(&self, failure: Option<ErrorKind>) {
        *self.failure.lock().expect("no panic") = failure;
    }

    /// Follows the first link of an error page, through a sign-in if it leads to one; nothing fails any more.
    async fn follow(&self, page: &Page, kind: ErrorKind, id: &str) -> Page {
        assert_eq!(page.status(), kind.status(), "{kind:?}");
        let code = format!("<code>{}</code>", kind.code());
        assert!(page.text().contains(&code), "{kind:?}: {}", page.text());
        self.fail(None);
        let next = self.browser.click(page, id).await;
        self.through_a_sign_in(next).await
    }

    async fn through_a_sign_in(&self, page: Page) -> Page {
        if page.url().starts_with("https://auth.didit.me/") {
            self.browser.click(&page, "approve-alejandra").await
        } else {
            page
        }
    }
}

fn place(page: &Page) -> (u16, &str, &str) {
    let url = page.url().strip_prefix("https://app.example");
    (
        page.status().as_u16(),
        url.unwrap_or(page.url()),
        page.text(),
    )
}

const HOME: (u16, &str, &str) = (200, "/home", "home");

#[tokio::test]
async fn every_page_leads_to_the_page_that_was_asked_for_or_home() {
    for kind in EVERY {
        let site = Site::new(|config| config).await;
        site.fail(Some(*kind));
        let page = site.browser.visit(PAGE).await;
        let end = match kind.row().advice.next_page {
            NextPage::SignIn | NextPage::StepUp => {
                site.fail(None);
                assert_eq!(page.history().len(), 2, "{kind:?}: sent to the sign-in");
                site.through_a_sign_in(page).await
            }
            NextPage::TryAgain | NextPage::Reload => site.follow(&page, *kind, "try-again").await,
            NextPage::LandingPage => site.follow(&page, *kind, "go-on").await,
        };
        let expected = match kind.row().advice.next_page {
            NextPage::LandingPage => HOME,
            _ => (200, PAGE, "somebody"),
        };
        assert_eq!(place(&end), expected, "{kind:?}");
    }
}

#[tokio::test]
async fn every_page_after_a_form_leads_home() {
    for kind in EVERY {
        let site = Site::new(|config| config).await;
        site.fail(Some(*kind));
        let page = site.browser.post_form(PAGE, &[("a", "b")]).await;
        let id = match kind.row().advice.next_page {
            NextPage::SignIn => "sign-in",
            NextPage::TryAgain => "try-again",
            NextPage::Reload | NextPage::StepUp | NextPage::LandingPage => "go-on",
        };
        let end = site.follow(&page, *kind, id).await;
        assert_eq!(place(&end), HOME, "{kind:?}");
    }
}

#[tokio::test]
async fn every_page_of_a_callbacks_handler_leads_to_the_page_that_was_asked_for() {
    for kind in EVERY {
        let didit = FakeDidit::new("client", "secret");
        let fails = *kind;
        let app = Router::new()
            .route("/page", get(|| async { "fine" }))
            .route("/", get(|| async { "home" }))
            .route(
                "/callback",
                get(move |_: IdClaims| async move { Err::<(), _>(Error::new(fails)) }),
            )
            .layer(DiditAuth::new(
                didit
                    .config("https://app.example/callback")
                    .build()
                    .unwrap(),
            ));
        let browser = Browser::new("https://app.example", app).add_didit(&didit);
        let sign_in = browser.visit("/login?return_to=/page").await;
        let page = browser.click(&sign_in, "approve-alejandra").await;
        assert_eq!(page.status(), kind.status(), "{kind:?}");
        assert!(page.text().starts_with("<!doctype html>"), "{kind:?}");
        let (id, leads) = match kind.row().advice.next_page {
            NextPage::SignIn => ("sign-in", "https://auth.didit.me/"),
            NextPage::TryAgain | NextPage::Reload => ("try-again", "https://auth.didit.me/"),
            NextPage::StepUp | NextPage::LandingPage => ("go-on", "https://app.example/"),
        };
        let link = match kind.row().advice.next_page {
            NextPage::StepUp | NextPage::LandingPage => r#"href="/""#,
            _ => r#"href="/login?return_to=%2Fpage""#,
        };
        assert!(page.text().contains(link), "{kind:?}: {}", page.text());
        let next = browser.click(&page, id).await;
        assert!(next.url().starts_with(leads), "{kind:?}: {}", next.url());
    }
}

#[tokio::test]
async fn without_a_login_path_a_page_leads_to_itself() {
    let site = Site::new(ConfigBuilder::without_login_path).await;
    site.fail(Some(ErrorKind::InvalidResponse));
    let page = site.browser.visit(PAGE).await;
    let end = site
        .follow(&page, ErrorKind::InvalidResponse, "try-again")
        .await;
    assert_eq!(place(&end), (200, PAGE, "somebody"));
}

#[tokio::test]
async fn the_address_of_the_next_step_stays_in_an_attribute_with_either_quotes() {
    let site = Site::new(|config| {
        let page = |error: &Error, _: &http::request::Parts, next: &str| {
            let next = next.replace('&', "&amp;");
            let html = format!(r#"<a href='{next}'></a> <a href="{next}"></a>"#);
            let mut page = http::Response::new(html.into());
            *page.status_mut() = error.kind().status();
            page
        };
        config.without_login_path().with_error_page(page)
    });
    let site = site.await;
    site.fail(Some(ErrorKind::InvalidResponse));
    let asked = "/page/'onclick='alert(1)'?a=1&b=`";
    let page = site.browser.visit(asked).await;
    let shown = "/page/%27onclick=%27alert(1)%27?a=1&amp;b=`";
    let html = format!(r#"<a href='{shown}'></a> <a href="{shown}"></a>"#);
    assert_eq!(page.text(), html);
}
