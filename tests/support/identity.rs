//! An application that says who its user is, or why nobody is.

use axum::{Router, routing::get};
use bytes::Bytes;
use http::Response;
use tower_didit::{
    ConfigBuilder, DiditAuth, IdClaims,
    fake::{Browser, FakeDidit, Person},
};

pub(crate) const CALLBACK: &str = "https://app.example/callback";
/// What it says of somebody who is not signed in.
pub(crate) const NOBODY: &str = "nobody";

/// The application in a new browser: every page is the user's subject, every failure its code.
pub(crate) fn visit(config: ConfigBuilder) -> Browser {
    let config = config
        .with_error_page(|error, _| {
            let code = Bytes::from_static(error.kind().code().as_bytes());
            let response = Response::builder().status(error.kind().status());
            response.body(code).expect("a good answer")
        })
        .build()
        .expect("a good configuration");
    let app = Router::new()
        .route("/", get(who))
        .route("/callback", get(|user: IdClaims| who(Some(user))))
        .layer(DiditAuth::new(config));
    Browser::new("https://app.example", app)
}

async fn who(user: Option<IdClaims>) -> String {
    user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
}

/// Lets Alejandra sign in with a new browser; gives what the callback says, after it was checked that
/// the application says the same from then on.
pub(crate) async fn sign_in(browser: &Browser, didit: &FakeDidit) -> String {
    let browser = browser.new_browser();
    let login = browser.get("/login").await;
    if login.status() != 303 {
        assert!(browser.cookies().is_empty(), "a flow cookie is left");
        return login.text().to_owned();
    }
    let back = didit.approve(login.location(), Person::Alejandra);
    let page = browser.get(&back).await;
    let home = browser.get("/").await;
    if page.status() == 200 {
        assert_eq!(page.text(), Person::Alejandra.subject());
        assert_eq!(home.text(), page.text());
        ALEJANDRA.to_owned()
    } else {
        assert_eq!(home.text(), NOBODY, "{}", page.text());
        assert!(browser.cookies().is_empty(), "{}", page.text());
        page.text().to_owned()
    }
}

/// What [`sign_in`] says of a sign-in that succeeds.
pub(crate) const ALEJANDRA: &str = "alejandra";
