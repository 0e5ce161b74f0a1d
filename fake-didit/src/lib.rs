//! A whole Didit in the process, and a browser to visit it: for tests and examples.
//!
//! - [`FakeDidit`] is Didit's Sign in API: sign-in page, tokens with real signatures, user information,
//!   introspection, keys, and the metadata by which a client finds all of it. It is strict by default: it
//!   refuses what RFC 6749, RFC 7636, RFC 9700 and Didit's documentation do not allow, so a
//!   client that works with it made no mistake that it can see.
//! - [`FakeDidit::authentication`] is Didit Authentication: an issuer of its own for each application,
//!   JSON at the token endpoint, tokens that are JWTs, a session that can be asked for and ended.
//! - Token revocation and a page that ends a session, which other providers have and Didit lacks, can be
//!   switched on: [`FakeDidit::with_revocation_endpoint`], [`FakeDidit::with_end_session_endpoint`].
//! - [`Person`] is someone who signs in: Alejandra, John, or a person of your own.
//! - [`Fault`] is injected at one [`Endpoint`]: errors, other answers, changed ID tokens, silence.
//! - [`Forgery`] is one thing that is wrong with an ID token: more than a hundred of them.
//! - [`RecordedRequest`] is a request that it received, with the reason when it was refused.
//! - [`Browser`] has a cookie jar, reads HTML, and sends what Chromium sends when a link, a form or a script
//!   asks; [`Disconnect`] closes its connections.
//! - [`FakeClock`] moves time.
//!
//! Its keys are public: never trust it outside of a test.
//!
//! # A test of an application
//!
//! The browser visits the application and the fake in the process, without a socket. Here the application
//! is a link to Didit and a callback that shows the code:
//!
//! ```
//! use axum::{Router, extract::RawQuery, response::Html, routing::get};
//! use fake_didit::{Browser, FakeDidit};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let didit = FakeDidit::new("app", "secret").with_redirect_uri("https://app.example/callback");
//! let app = Router::new()
//!     .route("/", get(|| async { Html(
//!         "<a id=sign-in href='https://auth.didit.me/?client_id=app&response_type=code&scope=openid&state=s\
//!          &redirect_uri=https://app.example/callback'>Sign in</a>"
//!     ) }))
//!     .route("/callback", get(|RawQuery(query): RawQuery| async { query.unwrap_or_default() }));
//!
//! let browser = Browser::new("https://app.example", app).add_didit(&didit);
//! let home = browser.visit("/").await;
//! let sign_in = browser.click(&home, "sign-in").await;
//! let callback = browser.click(&sign_in, "approve-alejandra").await;
//! assert!(callback.text().starts_with("code="));
//! # }
//! ```
//!
//! The buttons of the sign-in page have the ids `approve-alejandra`, `approve-john` and `decline`. The
//! fake's clock stands still until [`FakeClock::advance`] moves it.
//!
//! # People
//!
//! Alejandra, about whom everything is verified, and John, about whom nothing is, have an account from the
//! start. A [`Person`] is made for what a test is about; [`FakeDidit::add_person`] lists one more on the
//! sign-in page, [`FakeDidit::with_people`] replaces the list, and [`Person::from_json`] reads people from a
//! file. [`Browser::sign_in_as`] presses the person's button, [`FakeDidit::approve`] needs no browser and no
//! list:
//!
//! ```
//! # use axum::{Router, extract::RawQuery, routing::get};
//! use fake_didit::{Browser, FakeDidit, Person};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let minor = Person::new("u-17")
//!     .with_names("Kim", "Young")
//!     .with_email("kim@example.com")
//!     .with_over_18(false);
//! let didit = FakeDidit::new("app", "secret")
//!     .with_redirect_uri("https://app.example/callback")
//!     .add_person(minor.clone());
//!
//! # let app = Router::new()
//! #     .route("/callback", get(|RawQuery(query): RawQuery| async { query.unwrap_or_default() }));
//! let browser = Browser::new("https://app.example", app).add_didit(&didit);
//! let authorize_url = "https://auth.didit.me/?client_id=app&response_type=code&scope=openid+is_over_18\
//!                      &state=s&redirect_uri=https://app.example/callback";
//! browser.visit(authorize_url).await;
//! let callback = browser.sign_in_as(&minor).await;
//! assert!(callback.text().starts_with("code="));
//!
//! let callback = didit.approve(authorize_url, &minor);
//! assert!(callback.starts_with("https://app.example/callback?code="));
//! # }
//! ```
//!
//! # A sign-in by hand
//!
//! ```
//! use bytes::Bytes;
//! use http::Request;
//! use fake_didit::{Endpoint, FakeDidit, Fault, Person};
//! use tower_service::Service;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let mut didit = FakeDidit::new("app", "secret").with_redirect_uri("https://app.example/callback");
//!
//! // The application sends the browser to Didit, where Alejandra says yes.
//! let back = didit.approve(
//!     "https://auth.didit.me/?client_id=app&response_type=code&scope=openid&state=s\
//!      &redirect_uri=https%3A%2F%2Fapp.example%2Fcallback",
//!     &Person::alejandra(),
//! );
//! let (code, state) = back.strip_prefix("https://app.example/callback?code=").unwrap().split_once('&').unwrap();
//! assert_eq!(state, "state=s");
//!
//! // The application exchanges the code: once with a Didit that is out of order, once with a good one.
//! let exchange = Request::post("https://apx.didit.me/auth/v2/token")
//!     .header("authorization", "Basic YXBwOnNlY3JldA==")
//!     .header("content-type", "application/x-www-form-urlencoded")
//!     .body(Bytes::from(format!(
//!         "grant_type=authorization_code&code={code}&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback"
//!     )))
//!     .unwrap();
//! didit.on_next(Endpoint::Token, Fault::error("server_error").with_status(500));
//! assert_eq!(didit.call(exchange.clone()).await.unwrap().status(), 500);
//! assert_eq!(didit.call(exchange).await.unwrap().status(), 200);
//!
//! assert_eq!(didit.count(Endpoint::Token), 2);
//! assert_eq!(didit.last(Endpoint::Token).unwrap().form_value("code").as_deref(), Some(code));
//! # }
//! ```
//!
//! # Forged ID tokens
//!
//! [`Fault::forge`] changes exactly one thing in a valid ID token. Sign in once with each of [`Forgery::all`]: an
//! application that accepts one of them does not check what the forgery's documentation cites.
//!
//! # Another Didit, another place
//!
//! The fake answers by the path alone, so it can stand anywhere. [`FakeDidit::with_issuer`] says where:
//! the metadata document is below the issuer and leads to all other endpoints. A client that goes by that
//! document needs nothing else, be it in the process or on the socket of [`FakeDidit::listen`].
//!
//! # The program
//!
//! The feature `cli`, on by default, is the same as a program with a start page and a JSON API, for
//! applications in any language: see its README. A library has no use for it:
//!
//! ```toml
//! [dev-dependencies]
//! fake-didit = { version = "0.1", default-features = false }
//! ```

mod authentication;
mod browser;
mod clock;
mod didit;
mod fault;
mod forgery;
mod issued_tokens;
mod keys;
mod listen;
mod log;
mod person;
#[cfg(feature = "cli")]
pub mod program;
mod provider;
#[cfg(test)]
mod tests;

pub use browser::{
    Browser,
    disconnect::Disconnect,
    page::Page,
    rejected_cookie::RejectedCookie,
    stored_cookie::{SameSite, StoredCookie},
};
pub use clock::FakeClock;
pub use didit::FakeDidit;
pub use fault::Fault;
pub use forgery::Forgery;
pub use issued_tokens::IssuedTokens;
pub use log::RecordedRequest;
pub use person::{PeopleError, Person};
pub use provider::endpoint::Endpoint;
