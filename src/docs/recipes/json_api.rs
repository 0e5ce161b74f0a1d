//! A JSON API with a front end in the browser.
//!
//! The front end and the API are one origin, so the session cookie is all that a `fetch` needs. Tokens stay on the
//! server. A `fetch` without a session gets 401 and a problem document, never a redirect that it cannot follow.
//!
//! ```
//! use axum::{Json, Router, response::Html, routing::{get, post}};
//! use serde_json::{Value, json};
//! use tower_didit::{DiditAuth, DiditClient, Error, IdClaims, RequireSignIn, ReturnTo};
//!
//! fn app(auth: DiditAuth) -> Router {
//!     let api = Router::new()
//!         .route("/me", get(me))
//!         .route("/sign-out", post(sign_out))
//!         .route_layer(RequireSignIn::new());
//!     Router::new()
//!         .nest("/api", api)
//!         .route("/callback", get(|_: IdClaims, back: ReturnTo| async { back }))
//!         // The front end is the same page for all of its paths.
//!         .fallback(get(|| async { Html("<script src=/app.js></script>") }))
//!         .layer(auth)
//! }
//!
//! async fn me(user: IdClaims) -> Json<Value> {
//!     Json(json!({ "id": user.subject() }))
//! }
//!
//! /// Tells where to go next: a script cannot follow a redirect to another site.
//! async fn sign_out(didit: DiditClient) -> Result<Json<Value>, Error> {
//!     let signed_out = didit.sign_out().await?;
//!     Ok(Json(json!({ "next": signed_out.location().to_str().unwrap_or("/") })))
//! }
//! # use http::Method;
//! # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let app = app(DiditAuth::new(didit.config("https://app.example/callback").build()?));
//! # let browser = Browser::new("https://app.example", app).add_didit(&didit);
//! # browser.visit("/orders?page=2").await;
//! # let refused = browser.fetch(Method::GET, "/api/me").await;
//! # assert_eq!((refused.status().as_u16(), &refused.json()["code"]), (401, &json!("not-signed-in")));
//! # browser.follow("/login?return_to=%2Forders%3Fpage%3D2").await;
//! # let page = browser.sign_in_as(&Person::john()).await;
//! # assert_eq!(page.url(), "https://app.example/orders?page=2");
//! # let me = browser.fetch(Method::GET, "/api/me").await;
//! # assert_eq!(me.json()["id"], Person::john().subject());
//! # assert_eq!(me.header("vary"), Some("Cookie"));
//! # let signed_out = browser.fetch(Method::POST, "/api/sign-out").await;
//! # assert_eq!(signed_out.json()["next"], "/");
//! # assert_eq!(browser.fetch(Method::GET, "/api/me").await.status(), 401);
//! # Ok(())
//! # }
//! ```
//!
//! The front end asks, and navigates to the sign-in if nobody is signed in:
//!
//! ```js
//! async function api(path, options) {
//!     const answer = await fetch(path, options);
//!     if (answer.status === 401) {
//!         const here = location.pathname + location.search + location.hash;
//!         location.assign('/login?return_to=' + encodeURIComponent(here));
//!         return new Promise(() => {});   // the page is being left
//!     }
//!     return answer;
//! }
//!
//! async function signOut() {
//!     const { next } = await (await api('/api/sign-out', { method: 'POST' })).json();
//!     location.assign(next);
//! }
//! ```
//!
//! - **503** has `Retry-After: 1`: the store or Didit does not answer. Try again; do not show a sign-in.
//! - **Requests that change something** need protection against other subdomains: see
//!   [CSRF](crate::docs::recipes::csrf). The sign-out above is one of them; `POST /logout` of a form needs none.
//! - **A development server** with a port of its own (Vite, webpack) is another origin. Let it forward `/api`, `/login`,
//!   `/logout` and `/callback` to the application, and register its origin in the redirect URI.
//! - **A front end on another site** gets no `SameSite=Lax` cookie. Serve both from one origin, through a proxy.
//! - **Mobile apps and API clients** have no session cookie. The layer reads no bearer tokens.
