//! Extractors in a body stream, after the response headers were sent.

use std::convert::Infallible;

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::stream;
use http::Method;
use tower_didit::{
    ConfigBuilder, DiditClient, DiditTokens, Error, IdClaims,
    fake::{Browser, FakeDidit, Person},
};

use crate::support::{
    handlers::Place,
    sign_in::sign_in,
    site::{HOME, NOBODY, auth, didit},
};

fn browser(config: ConfigBuilder) -> Browser {
    let app = Router::new()
        .route("/", get(stream))
        .route(
            "/user",
            get(|user: Option<IdClaims>| async { told(Ok(user)) }),
        )
        .route("/callback", get(|_: IdClaims| async {}))
        .layer(auth(config));
    Browser::new(HOME, app)
}

/// Asks in the handler for what the query names, and in the stream for the claims, or for what comes after `then=`.
async fn stream(request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let extensions = request.extensions().clone();
    if query.contains("claims-before") {
        IdClaims::of(&extensions).await.unwrap();
    }
    if query.contains("tokens-before") {
        DiditTokens::of(&extensions).await.unwrap();
    }
    let late = async move {
        let told = if query.contains("then=tokens") {
            told_of_tokens(DiditTokens::of(&extensions).await)
        } else if query.contains("then=sign-out") {
            let client = DiditClient::of(&extensions).unwrap();
            let signed_out = client.sign_out().await;
            signed_out.map_or_else(|error| code(&error), |_| "signed out".to_owned())
        } else {
            told(IdClaims::of(&extensions).await)
        };
        Ok::<_, Infallible>(told)
    };
    Body::from_stream(stream::once(late)).into_response()
}

fn told(user: Result<Option<IdClaims>, Error>) -> String {
    let user = user.map(|user| user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned()));
    user.unwrap_or_else(|error| code(&error))
}

fn told_of_tokens(tokens: Result<Option<DiditTokens>, Error>) -> String {
    let tokens = tokens.map(|tokens| tokens.map_or(NOBODY, |_| "tokens").to_owned());
    tokens.unwrap_or_else(|error| code(&error))
}

fn code(error: &Error) -> String {
    error.kind().code().to_owned()
}

async fn signed_in(place: Place) -> (FakeDidit, Browser) {
    let didit = didit();
    let browser = browser(place.config(&didit));
    sign_in(&browser, &didit).await;
    (didit, browser)
}

// Behaviour 81.
#[tokio::test]
async fn asking_first_after_the_head_was_sent_fails() {
    for place in Place::BOTH {
        let (_didit, user) = signed_in(place).await;
        for browser in [&user, &user.new_browser()] {
            for path in ["/", "/?then=tokens", "/?then=sign-out"] {
                let page = browser.fetch(Method::GET, path).await;
                assert_eq!(page.text(), "asked-too-late", "{path}");
                // The answer does not depend on the session: caches may store it.
                assert_eq!(page.header("vary"), None);
                assert_eq!(page.header("cache-control"), None);
                assert_eq!(page.header("set-cookie"), None);
            }
        }
        // The session stays.
        let page = user.get("/user").await;
        assert_eq!(page.text(), Person::alejandra().subject());
    }
}

// Behaviour 81.
#[tokio::test]
async fn a_session_that_was_read_before_stays_readable() {
    for place in Place::BOTH {
        let (_didit, user) = signed_in(place).await;
        let stranger = user.new_browser();
        for (path, signed_in, not_signed_in) in [
            ("/?claims-before", Person::alejandra().subject(), NOBODY),
            ("/?tokens-before", Person::alejandra().subject(), NOBODY),
            ("/?tokens-before&then=tokens", "tokens", NOBODY),
        ] {
            for (browser, expected) in [(&user, signed_in), (&stranger, not_signed_in)] {
                let page = browser.fetch(Method::GET, path).await;
                assert_eq!(page.text(), expected, "{path}");
                assert_eq!(page.header("vary"), Some("Cookie"));
                assert_eq!(page.header("cache-control"), Some("private"));
            }
        }
        let page = user.fetch(Method::GET, "/?claims-before&then=sign-out");
        assert_eq!(page.await.text(), "signed out");
        assert_eq!(user.get("/user").await.text(), NOBODY);
    }
}
