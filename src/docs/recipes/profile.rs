//! A profile page: the user's name and e-mail address.
//!
//! The ID token says who the user is. Everything else that the user granted is in the [`UserInfo`](crate::UserInfo).
//! Request the scopes [`NAMES`](crate::scope::NAMES) and [`EMAIL`](crate::scope::EMAIL).
//!
//! ```
//! use axum::{Router, response::Html, routing::get};
//! use tower_didit::{DiditAuth, DiditTokens, IdClaims, ReturnTo, UserInfo};
//!
//! fn app(auth: DiditAuth) -> Router {
//!     Router::new()
//!         .route("/", get(home))
//!         .route("/profile", get(profile))
//!         .route("/callback", get(|_: DiditTokens, back: ReturnTo| async { back }))
//!         .layer(auth)
//! }
//!
//! /// For everybody: shows the signed-in user, if any, and does not require sign-in.
//! async fn home(user: Option<IdClaims>) -> Html<&'static str> {
//!     Html(match user {
//!         Some(_) => "<a href=/profile>Your profile</a> \
//!                     <form method=post action=/logout>\
//!                         <button id=sign-out>Sign out</button>\
//!                     </form>",
//!         None => "<a href='/login?return_to=/profile'>Sign in with Didit</a>",
//!     })
//! }
//!
//! /// For signed-in users. Anyone else signs in first and comes back here.
//! async fn profile(user: UserInfo) -> Html<String> {
//!     let name = user.full_name().unwrap_or("you did not share your name");
//!     let email = match user.email() {
//!         Some(address) if user.email_is_verified() => address,
//!         Some(_) => "not verified",
//!         None => "you did not share your address",
//!     };
//!     Html(format!("<h1>{}</h1><p>{}", escaped(name), escaped(email)))
//! }
//!
//! /// Names and addresses are chosen by users.
//! fn escaped(text: &str) -> String {
//!     text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
//! }
//! # use tower_didit::{scope, fake::{Browser, FakeDidit, FakeDiditExt, Person}};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let scopes = [scope::OPENID, scope::NAMES, scope::EMAIL];
//! # let config = didit.config("https://app.example/callback").with_scopes(scopes);
//! # let app = app(DiditAuth::new(config.build()?));
//! # let browser = Browser::new("https://app.example", app).add_didit(&didit);
//! # browser.visit("/profile").await;
//! # let page = browser.sign_in_as(&Person::alejandra()).await;
//! # assert_eq!(page.text(), "<h1>Alejandra Rosas</h1><p>alejandra.rosas@example.com");
//! # let home = browser.visit("/").await;
//! # let home = browser.click(&home, "sign-out").await;
//! # assert!(home.text().contains("Sign in with Didit"));
//! # browser.visit("/profile").await;
//! # let page = browser.sign_in_as(&Person::john()).await;
//! # assert_eq!(page.text(), "<h1>John Doe</h1><p>not verified");
//! # Ok(())
//! # }
//! ```
//!
//! - Each request whose handler takes `UserInfo` calls Didit. With
//!   [`with_user_info_at_sign_in`](crate::ConfigBuilder::with_user_info_at_sign_in) each sign-in does instead, and the
//!   session keeps the response. An application with a database may store the data at the sign-in: in
//!   [provisioning](crate::docs::recipes::provisioning) the callback's handler stores the name, and the page `/profile`
//!   reads it.
//! - The getters read Didit's objects and OpenID Connect's strings.
//!   [`claim`](crate::UserInfo::claim) reads any other member, and [`extra`](crate::UserInfo::extra) reads
//!   all of them as a type of yours.
//! - [`IdClaims::session_ends`](crate::IdClaims::session_ends) is when the person has to sign in again at the latest. A
//!   handler takes both: `async fn profile(claims: IdClaims, user: UserInfo)`.
//! - If Didit refuses the access token or does not answer, the person gets a sign-in or a page:
//!   see [errors](crate::docs::errors). A handler that takes `Result<UserInfo, Error>` handles the error itself.
//! - Didit Authentication has no user information: its ID token carries what the user granted, and
//!   [`IdClaims::claim`](crate::IdClaims::claim) reads it.
