//! Who may pass: pages for people of whom Didit confirms something, such as an age.
//!
//! [`RequireSignIn`](crate::RequireSignIn) has a rule for each of these facts. The sign-in asks Didit once, and the session
//! keeps the answer: a rule calls nobody.
//!
//! ```
//! use axum::{Router, http::Response, routing::get};
//! use tower_didit::{
//!     ConfigBuilder, ConfigError, DiditAuth, ErrorKind, RequireSignIn, reason::GuardError, scope,
//! };
//!
//! fn app(config: ConfigBuilder) -> Result<Router, ConfigError> {
//!     let config = config
//!         .with_scopes([scope::OPENID, scope::IS_VERIFIED, scope::IS_OVER_18])
//!         .with_user_info_at_sign_in()
//!         .with_redirect_after_sign_in()
//!         .with_error_page(|error, _request, next| {
//!             let text = match error.kind() {
//!                 ErrorKind::NotAllowed(GuardError::NotVerified) => "Didit has not verified you yet.",
//!                 ErrorKind::NotAllowed(GuardError::NotOver18) => "You have to be over 18.",
//!                 ErrorKind::AccessDenied => "You declined at Didit.",
//!                 _ => "That did not work.",
//!             };
//!             let next = next.replace('&', "&amp;");
//!             Response::builder()
//!                 .status(error.kind().status())
//!                 .header("content-type", "text/html; charset=utf-8")
//!                 .body(format!(r#"{text} <a href="{next}">Go on</a>"#).into())
//!                 .unwrap()
//!         })
//!         .build()?;
//!
//!     let adults = RequireSignIn::new().verified().over_18();
//!     adults.check(&config)?; // a missing setting stops the start, not the first visitor
//!
//!     Ok(Router::new()
//!         .route("/bar", get(|| async { "cheers" }))
//!         .route_layer(adults)
//!         .route("/", get(|| async { "welcome" }))
//!         .layer(DiditAuth::new(config)))
//! }
//! # use http::StatusCode;
//! # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), ConfigError> {
//! # let minor = Person::new("u-17").with_verified(true).with_over_18(false);
//! # let didit = FakeDidit::new("client-id", "client-secret").add_person(minor.clone());
//! # let app = app(didit.config("https://app.example/callback"))?;
//! # for (person, text) in [
//! #     (Person::alejandra(), "cheers"),
//! #     (Person::john(), r#"Didit has not verified you yet. <a href="/">Go on</a>"#),
//! #     (minor, r#"You have to be over 18. <a href="/">Go on</a>"#),
//! # ] {
//! #     let browser = Browser::new("https://app.example", app.clone()).add_didit(&didit);
//! #     browser.visit("/bar").await;
//! #     let page = browser.sign_in_as(&person).await;
//! #     assert_eq!(page.text(), text);
//! #     assert_eq!(page.status() == StatusCode::OK, text == "cheers");
//! # }
//! # let browser = Browser::new("https://app.example", app).add_didit(&didit);
//! # browser.visit("/bar").await;
//! # let page = browser.decline().await;
//! # assert_eq!(page.text(), r#"You declined at Didit. <a href="/login?return_to=%2Fbar">Go on</a>"#);
//! # Ok(())
//! # }
//! ```
//!
//! `cargo run --example age_gate`, in the repository, is such an application with pages of its own.
//!
//! | question | answer |
//! |---|---|
//! | What if a member is missing, `null`, `"true"` or `1`? | Refused: only the JSON `true` counts. |
//! | What if its scope was not granted? | Refused, and a `WARN` names the scope. [`check`](crate::RequireSignIn::check) reports a scope that is not requested. |
//! | What about users who signed in before the rule existed? | Their sessions keep no user information: they sign in again (`user-info-outdated`). |
//! | A user turns 18, or gets verified | They pass after the next sign-in: give the page a link to `/login?return_to=/bar`. [`no_older_than`](crate::RequireSignIn::no_older_than) asks for one after some time. |
//! | Didit withdraws a verification | They are refused after the next sign-in. Until then the session says what Didit said at the last one. |
//! | Which rule refused? | [`ErrorKind::NotAllowed`](crate::ErrorKind::NotAllowed) has the [reason](crate::reason::GuardError); the built-in page and the problem details describe the rule, and say nothing about the person. |
//! | And in a handler? | [`RequireSignIn::check_request`](crate::RequireSignIn::check_request), or the getters of [`UserInfo`](crate::UserInfo). |
//! | An API? | [`always_401`](crate::RequireSignIn::always_401): problem details, never a redirect. |
//!
//! # Providers
//!
//! | provider | `verified`, `over_18`, `over_21`, `no_older_than` | `scope`, `when` |
//! |---|---|---|
//! | the Sign in API | members of its user information | yes |
//! | Didit Authentication | refuse everybody (`user-info-not-kept`): it has no user information | yes |
//! | a discovered provider | members of its user information, if it has members of these names | yes |
//!
//! The claim [`verified`](crate::IdClaims::verified) of Didit Authentication is an object of facts. Its members are not
//! documented, and a verified e-mail address is no verified identity: name the fact that the application needs, in
//! [`RequireSignIn::when`](crate::RequireSignIn::when).
