//! Step-up: a page for users who have authenticated recently, or strongly.
//!
//! A session lasts for days. Before a payment, a change of the e-mail address or a download of personal data the site may
//! want the user to authenticate again. A guard says how recently:
//!
//! ```
//! use std::time::Duration;
//!
//! use axum::{Router, routing::get};
//! use tower_didit::{ConfigBuilder, ConfigError, DiditAuth, Provider, RequireSignIn};
//!
//! fn app(config: ConfigBuilder) -> Result<Router, ConfigError> {
//!     // Declares that the provider's ID tokens have `auth_time`: see below.
//!     let config = config
//!         .with_provider(Provider::didit().with_auth_time())
//!         .with_redirect_after_sign_in()
//!         .build()?;
//!     let recent = RequireSignIn::new().max_age(Duration::from_secs(15 * 60));
//!     recent.check(&config)?;
//!
//!     let bank_account = Router::new()
//!         .route("/bank-account", get(|| async { "your bank account" }))
//!         .route_layer(recent);
//!     let members = Router::new()
//!         .route("/", get(|| async { "hello" }))
//!         .route_layer(RequireSignIn::new());
//!     Ok(members.merge(bank_account).layer(DiditAuth::new(config)))
//! }
//! # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), ConfigError> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let app = app(didit.config("https://app.example/callback"))?;
//! # let browser = Browser::new("https://app.example", app).add_didit(&didit);
//! # browser.visit("/").await;
//! # assert_eq!(browser.sign_in_as(&Person::john()).await.text(), "hello");
//! # assert_eq!(browser.visit("/bank-account").await.text(), "your bank account");
//! # didit.clock().advance(Duration::from_secs(3600));
//! # assert_eq!(browser.visit("/").await.text(), "hello");
//! # let asked = browser.visit("/bank-account").await;
//! # assert!(asked.url().contains("max_age=900"), "{}", asked.url());
//! # assert_eq!(browser.sign_in_as(&Person::john()).await.text(), "your bank account");
//! # Ok(())
//! # }
//! ```
//!
//! [`acr_values`](crate::RequireSignIn::acr_values) does the same for the class of the authentication, for example with
//! a second factor. The provider defines the classes.
//!
//! # What happens
//!
//! | request | response |
//! |---|---|
//! | of a user who meets the requirement | the page |
//! | of a person who opens the page | a redirect to the provider with `max_age` or `acr_values`, and back to the page |
//! | of a script or an API client, or any request inside [`always_401`](crate::RequireSignIn::always_401) | 401, `step-up-required`, with the challenge below |
//! | of a person who sends a form | 401, a page that asks to reload the form: guard the page with the form too |
//!
//! The challenge is that of RFC 9470 §3. Its scheme is not `Bearer`, because the session is in a cookie:
//!
//! ```text
//! WWW-Authenticate: Didit realm="sign-in", error="insufficient_user_authentication",
//!   error_description="…", acr_values="urn:example:gold", max_age="900"
//! ```
//!
//! A [front end](#a-front-end) then opens a page that asks for the sign-in.
//!
//! The requirement is sealed into the sign-in. When the user returns, the ID token has to meet it, and the
//! [configuration's own](crate::ConfigBuilder::with_max_age) too, or the sign-in fails with `insufficient-authentication`,
//! 403. The user stays signed in as before, so all other pages still work. It is the same if the user declines.
//!
//! - The time of authentication, `auth_time`, is that of the session's sign-in. A refresh does not change it.
//! - Both comparisons tolerate the [clock skew](crate::ConfigBuilder::with_clock_skew), a minute by default.
//! - Any user of the provider may come back. The new session replaces the old one, as after every sign-in: a page that
//!   acts for a certain user compares [`IdClaims::subject`](crate::IdClaims::subject).
//! - A user who comes back five times in a row, each time within 30 seconds, and still does not meet the requirement, gets
//!   `insufficient-authentication`: two guards that contradict each other cause no redirect loop.
//!
//! # A front end
//!
//! The guard of an API answers 401, `step-up-required`. A page of the application starts the sign-in, and leads back to
//! where the person was. The front end opens it:
//! `location.assign('/confirm?return_to=' + encodeURIComponent(location.pathname))`.
//!
//! ```
//! use std::{collections::HashMap, time::Duration};
//!
//! use axum::{
//!     Router,
//!     extract::Query,
//!     routing::{get, post},
//! };
//! use tower_didit::{ConfigBuilder, ConfigError, DiditAuth, Provider, RequireSignIn, ReturnTo, SignIn};
//!
//! const RECENT: Duration = Duration::from_secs(5 * 60);
//!
//! fn app(config: ConfigBuilder) -> Result<Router, ConfigError> {
//!     let config = config
//!         .with_provider(Provider::didit().with_auth_time())
//!         .with_redirect_after_sign_in()
//!         .build()?;
//!     let recent = RequireSignIn::new().always_401().same_origin().max_age(RECENT);
//!     recent.check(&config)?;
//!     Ok(Router::new()
//!         .route("/api/payments", post(|| async { "paid" }))
//!         .route_layer(recent)
//!         .route("/confirm", get(confirm))
//!         .fallback(|| async { "the front end" })
//!         .layer(DiditAuth::new(config)))
//! }
//!
//! async fn confirm(Query(query): Query<HashMap<String, String>>) -> SignIn {
//!     // `parse` accepts paths of this site only. Anything else returns to the landing page.
//!     let page = query.get("return_to").and_then(|page| ReturnTo::parse(page));
//!     SignIn::returning_to(page).with_max_age(RECENT)
//! }
//! # use http::Method;
//! # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), ConfigError> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let app = app(didit.config("https://app.example/callback"))?;
//! # let browser = Browser::new("https://app.example", app).with_clock(didit.clock()).add_didit(&didit);
//! # browser.visit("/login?return_to=/cart").await;
//! # browser.sign_in_as(&Person::john()).await;
//! # let pay = async || browser.fetch(Method::POST, "/api/payments").await;
//! # assert_eq!(pay().await.text(), "paid");
//! # didit.clock().advance(Duration::from_secs(3600));
//! # assert_eq!(pay().await.json()["code"], "step-up-required");
//! # let asked = browser.visit("/confirm?return_to=/cart").await;
//! # assert!(asked.url().contains("max_age=300"), "{}", asked.url());
//! # let page = browser.sign_in_as(&Person::john()).await;
//! # assert_eq!(page.url(), "https://app.example/cart");
//! # assert_eq!(pay().await.text(), "paid");
//! # browser.visit("/confirm?return_to=https://evil.example/").await;
//! # assert_eq!(browser.sign_in_as(&Person::john()).await.url(), "https://app.example/");
//! # Ok(())
//! # }
//! ```
//!
//! # Which providers
//!
//! The provider must be declared to return the claim. Otherwise [`check`](crate::RequireSignIn::check) reports a
//! [`ConfigError`](crate::ConfigError), and without that call each request is refused with `invalid-sign-in`, 500.
//!
//! | provider | `max_age` | `acr_values` |
//! |---|---|---|
//! | [`Provider::didit`](crate::Provider::didit) | Didit documents no `auth_time`: declare it with [`with_auth_time`](crate::Provider::with_auth_time) once you have seen it in an ID token | likewise `acr`: [`with_acr`](crate::Provider::with_acr) |
//! | [`Provider::authentication`](crate::Provider::authentication) | no: the documented ID token lacks `auth_time` | no |
//! | [`Provider::discovered`](crate::Provider::discovered) | yes: OpenID Connect requires `auth_time` after `max_age` | yes, if the provider knows the classes |
//!
//! With [`Config::from_env`](crate::Config::from_env) the provider may be another one in development:
//! `builder.provider().clone().with_auth_time()` declares it for the provider that the environment names.
//!
//! # One sign-in
//!
//! A handler that decides by itself returns [`SignIn`](crate::SignIn) with
//! [`with_max_age`](crate::SignIn::with_max_age) or [`with_acr_values`](crate::SignIn::with_acr_values). It also has
//! setters for the other parameters, such as `login_hint` and the scopes.
