//! An application that says who its user is, or why nobody is.

use axum::{Router, routing::get};
use bytes::Bytes;
use http::Response;
use tower_didit::{
    ConfigBuilder, IdClaims,
    fake::{Browser, FakeDidit, Person},
};

use super::site::{HOME, NOBODY, auth};

/// The application in a new browser: every page is the user's subject, every failure its code.
pub(crate) fn visit(config: ConfigBuilder) -> Browser {
    let config = config.with_error_page(|error, _, _| {
        let code = Bytes::from_static(error.kind().code().as_bytes());
        let response = Response::builder().status(error.kind().status());
        response.body(code).expect("a good answer")
    });
    let app = Router::new()
        .route("/", get(who))
        .route("/callback", get(|user: IdClaims| who(Some(user))))
        .layer(auth(config));
    Browser::new(HOME, app)
}

async fn who(user: Option<IdClaims>) -> String {
    user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
}

/// Has Alejandra sign in with a new browser: gives how that ends, which is what the application says from
/// then on.
pub(crate) async fn attempt(browser: &Browser, didit: &FakeDidit) -> String {
    let browser = browser.new_browser();
    let login = browser.get("/login").await;
    if login.status() != 303 {
        assert!(browser.cookies().is_empty(), "a flow cookie is left");
        return login.text().to_owned();
    }
    let back = didit.approve(login.location(), &Person::alejandra());
    let page = browser.get(&back).await;
    let home = browser.get("/").await;
    if page.status() == 200 {
        assert_eq!(page.text(), Person::alejandra().subject());
        assert_eq!(home.text(), page.text());
        ALEJANDRA.to_owned()
    } else {
        assert_eq!(home.text(), NOBODY, "{}", page.text());
        assert!(browser.cookies().is_empty(), "{}", page.text());
        page.text().to_owned()
    }
}

/// What [`attempt`] says of a sign-in that succeeds.
pub(crate) const ALEJANDRA: &str = "alejandra";
