//! From a hand-written exchange.
//!
//! A hand-written sign-in with Didit has two handlers and a cookie, roughly as follows:
//!
//! ```text
//! GET /login     state = random();  set_cookie("state", state)
//!                redirect to https://auth.didit.me/?client_id&redirect_uri&…&state
//! GET /callback  if query.state != cookie("state") { error }
//!                tokens = POST https://apx.didit.me/auth/v2/token
//!                         Authorization: Basic base64(client_id:client_secret)
//!                         code=…&grant_type=authorization_code&redirect_uri=…
//!                claims = decode(tokens.id_token)
//!                set_cookie("session", sign(claims.sub))
//!                redirect to /
//! ```
//!
//! The layer replaces both handlers and the cookie. The callback keeps your application's part:
//!
//! ```
//! use axum::{Router, routing::get};
//! use tower_didit::{Config, ConfigError, DiditAuth, IdClaims, ReturnTo, scope};
//!
//! fn configure() -> Result<DiditAuth, ConfigError> {
//!     let config = Config::builder("client-id", "https://app.example/callback")
//!         .with_client_secret("client-secret")
//!         .with_scopes([scope::OPENID, scope::EMAIL, scope::OFFLINE])
//!         .build()?;
//!     Ok(DiditAuth::new(config))
//! }
//!
//! fn app(auth: DiditAuth) -> Router {
//!     Router::new()
//!         .route("/", get(home))
//!         .route("/callback", get(callback))
//!         .layer(auth)
//! }
//!
//! async fn home(user: Option<IdClaims>) -> String {
//!     user.map_or("nobody".to_owned(), |user| user.subject().to_owned())
//! }
//!
//! /// Your own use of the claims, before the redirect, stays here.
//! async fn callback(user: IdClaims, back: ReturnTo) -> ReturnTo {
//!     println!("{} has signed in", user.subject());
//!     back
//! }
//! # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let _ = configure()?;
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let config = didit.config("https://app.example/callback").with_scopes(["openid", "email", "offline"]);
//! # let browser = Browser::new("https://app.example", app(DiditAuth::new(config.build()?))).add_didit(&didit);
//! # browser.visit("/login").await;
//! # assert_eq!(browser.sign_in_as(&Person::john()).await.text(), Person::john().subject());
//! # Ok(())
//! # }
//! ```
//!
//! # What to look for in the old code
//!
//! | in the old code | consequence |
//! |---|---|
//! | the ID token is decoded and not verified | anyone who could impersonate the token endpoint could sign in as any user |
//! | one `state` cookie | a sign-in in a second tab breaks the one in the first |
//! | no `code_verifier` | a stolen code could be used; the layer sends S256 |
//! | the user is found by e-mail address | move to the [subject](crate::docs::providers#the-key-of-a-user) before the change, while you have both |
//! | `return_to` goes into a redirect unchecked | an open redirect; [`ReturnTo::parse`](crate::ReturnTo::parse) is strict |
//! | `redirect_uri` is made from `Host` | a forged `Host` changes the redirect URI; the layer's is in the configuration |
//!
//! # Steps
//!
//! 1. Keep the registered redirect URI: its path becomes the callback.
//! 2. Remove your `/login`: the layer takes it. If people have `/auth/didit` bookmarked, set that path with
//!    [`with_login_path`](crate::ConfigBuilder::with_login_path).
//! 3. Where your code read the session cookie, extract [`IdClaims`](crate::IdClaims).
//! 4. Where your code used the access token, extract [`DiditTokens`](crate::DiditTokens): the layer refreshes the
//!    tokens if the scope `offline` was granted.
//! 5. Deploy. Old cookies are ignored: everybody signs in once more. The layer replaces an old cookie named
//!    `__Host-didit`.
