//! An OpenID provider in the process that behaves like Didit, and a browser to visit it: for tests and
//! examples.
//!
//! - [`FakeDidit`] is the provider: Didit's Sign in API, or
//!   [Didit Authentication](FakeDidit::authentication). It has a sign-in page, tokens with real signatures, user
//!   information, introspection, keys, and discovery metadata. It is strict: it rejects what OAuth 2.0 (RFC
//!   6749), PKCE (RFC 7636), the best current practice for OAuth security (RFC 9700) and Didit's documentation
//!   do not allow.
//! - [`Person`] is a person who can sign in: Alejandra, John, or one that a test defines.
//! - [`Browser`] has a cookie jar, parses HTML, and sends the headers that Chromium sends for links, forms
//!   and scripts.
//! - [`Fault`] makes one [`Endpoint`] hostile: errors, delays, edited responses. [`Forgery`] is a fault of
//!   an ID token.
//! - [`FakeVerification`] verifies identities: Didit's API, its hosted page and its webhooks, with a [`WebhookFault`]
//!   on request.
//! - [`RecordedRequest`] is a request that the fake received, with the reason if it was rejected.
//! - [`FakeClock`] is the fake's clock. It stands still until a test advances it.
//!
//! Its keys are public: never trust it outside of a test.
//!
//! # Example
//!
//! The browser visits the application and the fake in the process, without a socket. The application of this
//! example is a link to Didit and a callback that shows its query:
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
//! The buttons of the sign-in page have the ids `approve-alejandra`, `approve-john` and `decline`.
//!
//! # People
//!
//! Alejandra, of whom everything is verified, and John, of whom nothing is, are on the sign-in page by
//! default. [`FakeDidit::add_person`] adds a person, [`FakeDidit::with_people`] replaces the list, and
//! [`Person::from_json`] reads people from JSON. [`Browser::sign_in_as`] clicks a person's button;
//! [`FakeDidit::approve`] needs neither a browser nor the list:
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
//! let authorization_url = "https://auth.didit.me/?client_id=app&response_type=code&scope=openid+is_over_18\
//!                          &state=s&redirect_uri=https://app.example/callback";
//! browser.visit(authorization_url).await;
//! let callback = browser.sign_in_as(&minor).await;
//! assert!(callback.text().starts_with("code="));
//!
//! let callback = didit.approve(authorization_url, &minor);
//! assert!(callback.starts_with("https://app.example/callback?code="));
//! # }
//! ```
//!
//! # Requests and faults
//!
//! The fake is a Tower service. Here a test is the client: it exchanges a code, first while the provider is
//! out of order.
//!
//! ```
//! use bytes::Bytes;
//! use fake_didit::{Endpoint, FakeDidit, Fault, Person};
//! use http::Request;
//! use tower_service::Service;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let mut didit = FakeDidit::new("app", "secret").with_redirect_uri("https://app.example/callback");
//! let callback = didit.approve(
//!     "https://auth.didit.me/?client_id=app&response_type=code&scope=openid&state=s\
//!      &redirect_uri=https%3A%2F%2Fapp.example%2Fcallback",
//!     &Person::alejandra(),
//! );
//! let query = callback.strip_prefix("https://app.example/callback?code=").unwrap();
//! let (code, state) = query.split_once('&').unwrap();
//! assert_eq!(state, "state=s");
//!
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
//! [`Fault::forge`] changes exactly one thing in a valid ID token. Sign in once with each of
//! [`Forgery::all`]: an application that accepts one of them lacks the check that the documentation of the
//! forgery cites.
//!
//! # Identity verification
//!
//! [`FakeDidit::verification`] has the settings and controls. A session is created by the application, or by
//! [`FakeVerification::create`]; a person ends it on the hosted page, whose buttons have the ids `approve`, `decline`,
//! `review`, `abandon` and `expire`.
//!
//! ```
//! use axum::{Router, extract::RawQuery, routing::get};
//! use fake_didit::{Browser, FakeDidit};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let didit = FakeDidit::new("app", "secret");
//! let verification = didit.verification().with_callback("https://app.example/verified");
//! let app = Router::new()
//!     .route("/verified", get(|RawQuery(query): RawQuery| async { query.unwrap_or_default() }));
//!
//! let browser = Browser::new("https://app.example", app).add_didit(&didit);
//! let page = browser.visit(&verification.create("user-42")).await;
//! let callback = browser.click(&page, "approve").await;
//! assert!(callback.text().ends_with("&status=Approved"));
//! # }
//! ```
//!
//! # On a socket
//!
//! [`FakeDidit::listen`] serves HTTP. With its address as the [issuer](FakeDidit::with_issuer), a client
//! that uses discovery needs no other configuration.
//!
//! # The program
//!
//! The feature `cli` (on by default) adds a program (`fake_didit::program`) with a start page and a JSON
//! API, for applications in any language. Until the first release it comes from the repository:
//!
//! ```text
//! cargo install --git https://github.com/tower-didit/tower-didit fake-didit
//! fake-didit --client-id app --client-secret secret --redirect-uri http://localhost:3000/callback
//! ```
//!
//! In the repository itself, `cargo run -p fake-didit -- --client-id app …` starts it. Tests in Rust do not
//! need the program:
//!
//! ```toml
//! [dev-dependencies]
//! fake-didit = { git = "https://github.com/tower-didit/tower-didit", default-features = false }
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
mod verification;

pub use browser::{
    Browser,
    page::Page,
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
pub use verification::{FakeVerification, WebhookFault};

/// Runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
