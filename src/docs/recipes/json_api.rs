//! A JSON API with a front end in the browser.
//!
//! The front end and the API have one origin, so a `fetch` needs only the session cookie. Tokens stay on the
//! server. A `fetch` without a session gets 401 and problem details (RFC 9457: a JSON error), never a redirect to
//! Didit, which CORS would block.
//!
//! ```
//! use axum::{
//!     Json, Router,
//!     http::StatusCode,
//!     response::Html,
//!     routing::{get, post},
//! };
//! use serde_json::{Value, json};
//! use tower_didit::{DiditAuth, IdClaims, RequireSignIn, ReturnTo, me};
//!
//! fn app(auth: DiditAuth) -> Router {
//!     let api = Router::new()
//!         .route("/me", get(me(["names"])))
//!         .route("/orders", post(order))
//!         .route_layer(RequireSignIn::new().always_401().same_origin())
//!         .fallback(not_found);
//!     Router::new()
//!         .nest("/api", api)
//!         .route("/callback", get(|_: IdClaims, back: ReturnTo| async { back }))
//!         // The front end is one page for all its paths.
//!         .fallback(get(|| async { Html("<script src=/app.js></script>") }))
//!         .layer(auth)
//! }
//!
//! /// Without this fallback an unknown path of the API would get the front end's page.
//! async fn not_found() -> (StatusCode, Json<Value>) {
//!     (StatusCode::NOT_FOUND, Json(json!({ "code": "not-found" })))
//! }
//!
//! async fn order(user: IdClaims) -> Json<Value> {
//!     Json(json!({ "ordered_by": user.subject() }))
//! }
//! # use http::Method;
//! # use tower_didit::{scope, fake::{Browser, FakeDidit, FakeDiditExt, Person}};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let config = didit.config("https://app.example/callback");
//! # let config = config.with_scopes([scope::OPENID, scope::NAMES]).with_user_info_at_sign_in();
//! # let app = app(DiditAuth::new(config.build()?));
//! # let blog = Router::new().route("/", get(|| async { "blog" }));
//! # let browser = Browser::new("https://app.example", app)
//! #     .add_didit(&didit)
//! #     .add_site("https://blog.app.example", blog);
//! # browser.visit("/orders?page=2").await;
//! # let refused = browser.fetch(Method::GET, "/api/me").await;
//! # assert_eq!((refused.status().as_u16(), &refused.json()["code"]), (401, &json!("not-signed-in")));
//! # browser.follow("/login?return_to=%2Forders%3Fpage%3D2").await;
//! # let page = browser.sign_in_as(&Person::john()).await;
//! # assert_eq!(page.url(), "https://app.example/orders?page=2");
//! # let me = browser.fetch(Method::GET, "/api/me").await;
//! # assert_eq!(me.json()["sub"], Person::john().subject());
//! # assert_eq!(me.json()["claims"]["names"]["first_name"], "John");
//! # assert_eq!(me.header("vary"), Some("Cookie"));
//! # let unknown = browser.fetch(Method::GET, "/api/unknown").await;
//! # assert_eq!((unknown.status(), &unknown.json()["code"]), (StatusCode::NOT_FOUND, &json!("not-found")));
//! # let other = browser.new_tab();
//! # other.visit("https://blog.app.example/").await;
//! # let refused = other.fetch(Method::POST, "https://app.example/api/orders").await;
//! # assert_eq!(refused.json()["code"], "cross-site-request");
//! # let ordered = browser.fetch(Method::POST, "/api/orders").await;
//! # assert_eq!(ordered.json()["ordered_by"], Person::john().subject());
//! # let refused = other.fetch(Method::POST, "https://app.example/logout").await;
//! # assert_eq!(refused.json()["code"], "cross-site-sign-out");
//! # for _ in 0..2 {
//! #     let signed_out = browser.fetch(Method::POST, "/logout").await;
//! #     assert_eq!(signed_out.json()["location"], "/");
//! # }
//! # assert_eq!(browser.fetch(Method::GET, "/api/me").await.status(), 401);
//! # Ok(())
//! # }
//! ```
//!
//! The front end calls the API, and navigates to the sign-in if nobody is signed in:
//!
//! ```js
//! async function api(path, options) {
//!     const answer = await fetch(path, options);
//!     if (answer.status === 401) {
//!         const { code } = await answer.json();
//!         const here = location.pathname + location.search + location.hash;
//!         // `/confirm` is the page of the recipe "step-up".
//!         const page = code === 'step-up-required' ? '/confirm' : '/login';
//!         location.assign(page + '?return_to=' + encodeURIComponent(here));
//!         return new Promise(() => {});   // the page is being left
//!     }
//!     return answer;
//! }
//!
//! // Not through `api`, which would start a sign-in.
//! async function signOut() {
//!     const answer = await fetch('/logout', { method: 'POST' });
//!     // On any error go home: the page shows whether you are still signed in.
//!     location.assign(answer.ok ? (await answer.json()).location : '/');
//! }
//! ```
//!
//! `cargo run --example spa`, in the repository, is such an application.
//!
//! - **[`me`](crate::me())** answers with the subject, the claims that it names, and the time at which the session ends at
//!   the latest. The user's names are there if the session
//!   [keeps the user information](crate::ConfigBuilder::with_user_info_at_sign_in).
//! - **An action that needs a recent sign-in** is behind a guard with
//!   [`max_age`](crate::RequireSignIn::max_age): see [step-up](crate::docs::recipes::step_up#a-front-end).
//! - **A sign-out** is the layer's `POST /logout`. A `fetch` gets the address of the next page, without an ID token
//!   ([flow](crate::docs::flow#a-sign-out)), even if the session had ended before. A sign-out that gets 503
//!   (`sign-out-incomplete`) has removed the browser's cookies, and
//!   [may not have ended the session](crate::docs::machines#when-a-store-does-not-answer).
//! - **`return_to`** has at most 512 bytes, because it is stored in a cookie. If it is longer, or no path of this site,
//!   the sign-in leads to the [landing page](crate::ConfigBuilder::with_landing_page) (`/`) instead; so does the
//!   sign-in of a guarded page whose address is longer. Keep long state in `sessionStorage`.
//! - **503** has `Retry-After: 1`: the store or Didit does not answer. Retry; do not start a sign-in.
//! - **Requests that change something** need protection against other subdomains and ports:
//!   [`same_origin`](crate::RequireSignIn::same_origin) above, explained in [CSRF](crate::docs::recipes::csrf). The layer
//!   checks its own `POST /logout` itself.
//! - **[`always_401`](crate::RequireSignIn::always_401)** keeps the API free of redirects and pages, whatever `Accept` says:
//!   a person who opens `/api/me` in a tab gets JSON, too.
//! - **A development server** with a port of its own (Vite, webpack) is another origin. Let the server forward `/api`,
//!   `/login`, `/logout` and `/callback` to the application, and register a redirect URI on the server's origin.
//! - **A front end on another site** cannot send the `SameSite=Lax` cookie. Serve the front end and the API from
//!   one origin, through a proxy.
//! - **Mobile apps and API clients** have no session cookie. They send an access token: see
//!   [An API for apps and programs](crate::docs::recipes::bearer_api).
