//! An application that returns the user of a request.

use axum::{Router, routing::get};
use http::{Request, StatusCode, header};
use tower_didit::{
    ConfigBuilder, DiditTokens, ReturnTo,
    fake::{Browser, FakeDidit},
};

use crate::support::{
    sign_in::sign_in,
    site::{HOME, NOBODY, auth},
};

/// Both handlers return the user, the access token and the refresh token.
pub(crate) fn routes() -> Router {
    Router::new().route("/", get(who)).route(
        "/callback",
        get(|tokens: DiditTokens, _: ReturnTo| who(Some(tokens))),
    )
}

pub(crate) fn app(config: ConfigBuilder) -> Router {
    routes().layer(auth(config))
}

/// A signed-in browser, and what the application returns for it.
pub(crate) async fn signed_in(didit: &FakeDidit, app: Router) -> (Browser, String) {
    let browser = Browser::new(HOME, app);
    let page = sign_in(&browser, didit).await;
    assert_eq!(page.status(), StatusCode::OK);
    (browser, page.text().to_owned())
}

/// What the application returns for a request with only these `Cookie` lines.
pub(crate) async fn ask(browser: &Browser, lines: &[impl AsRef<[u8]>]) -> String {
    let request = lines.iter().fold(Request::get("/"), |request, line| {
        request.header(header::COOKIE, line.as_ref())
    });
    let page = browser.send(request.body("").unwrap()).await;
    assert_eq!(page.status(), StatusCode::OK);
    page.text().to_owned()
}

async fn who(tokens: Option<DiditTokens>) -> String {
    tokens.map_or(NOBODY.to_owned(), |tokens| {
        let refresh_token = tokens.refresh_token().map_or("", |token| token.secret());
        format!("{} {refresh_token}", tokens.access_token().secret())
    })
}
