//! A profile page: the user's name and e-mail address.
//!
//! The ID token says who the user is. Everything else that the user granted comes from a call to Didit:
//! [`DiditClient::user_info`](crate::DiditClient::user_info). Request the scopes `names` and `email`.
//!
//! ```
//! use axum::{Router, response::Html, routing::get};
//! use tower_didit::{DiditAuth, DiditClient, DiditTokens, Error, IdClaims, ReturnTo};
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
//! async fn profile(tokens: DiditTokens, didit: DiditClient) -> Result<Html<String>, Error> {
//!     let told = didit.user_info(&tokens).await?;
//!     let name = told.full_name().unwrap_or("you did not share your name");
//!     let email = match told.email() {
//!         Some(address) if told.email_is_verified() => address,
//!         Some(_) => "not verified",
//!         None => "you did not share your address",
//!     };
//!     Ok(Html(format!("<h1>{}</h1><p>{}", escaped(name), escaped(email))))
//! }
//!
//! /// Names and addresses are chosen by users.
//! fn escaped(text: &str) -> String {
//!     text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
//! }
//! # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let config = didit.config("https://app.example/callback").with_scopes(["openid", "names", "email"]);
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
//! - `user_info` calls Didit each time. On a frequently opened page, show the data that the application stored at the
//!   sign-in: in [provisioning](crate::docs::recipes::provisioning) the callback's handler stores the name, and the
//!   page `/profile` reads it.
//! - The getters read Didit's objects and OpenID Connect's strings.
//!   [`claim`](crate::tokens::UserInfo::claim) reads any other member, and [`extra`](crate::tokens::UserInfo::extra) reads
//!   all of them as a type of yours.
//! - If Didit refuses the access token or does not answer, `?` gives the person a sign-in or a page:
//!   see [errors](crate::docs::errors).
//! - Didit Authentication has no user information: its ID token carries what the user granted, and
//!   [`IdClaims::claim`](crate::IdClaims::claim) reads it.
