//! A user's sessions: a page that lists them, and buttons that end them.
//!
//! It needs a [session store](crate::docs::machines). The server does not know which sessions exist in cookies:
//! [`sessions`](crate::DiditClient::sessions) then fails with `store-required`.
//!
//! ```
//! use axum::{
//!     Router,
//!     extract::Path,
//!     http::{HeaderMap, header},
//!     response::{Html, Redirect},
//!     routing::{get, post},
//! };
//! use tower_didit::{DiditAuth, DiditClient, Error, ReturnTo, SignedOut};
//!
//! fn app(auth: DiditAuth) -> Router {
//!     Router::new()
//!         .route("/callback", get(callback))
//!         .route("/devices", get(devices))
//!         .route("/devices/{id}/end", post(end))
//!         .route("/devices/end", post(end_all))
//!         .layer(auth)
//! }
//!
//! /// Labels the session, so that its user knows it again.
//! async fn callback(headers: HeaderMap, client: DiditClient, back: ReturnTo) -> Result<ReturnTo, Error> {
//!     let browser = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
//!     let browser: String = browser.unwrap_or("a browser").chars().take(80).collect();
//!     client.set("label", &browser).await?;
//!     Ok(back)
//! }
//!
//! async fn devices(client: DiditClient) -> Result<Html<String>, Error> {
//!     let mut page = String::new();
//!     for session in client.sessions().await? {
//!         let label: String = session.get("label")?.unwrap_or_default();
//!         let label = label.replace('&', "&amp;").replace('<', "&lt;");
//!         if session.is_this_one() {
//!             page += &format!("<p>{label} (this one)");
//!         } else {
//!             let id = session.public_id();
//!             page += &format!("<form method=post action='/devices/{id}/end'>{label} <button>End</button></form>");
//!         }
//!     }
//!     page += "<form method=post action=/devices/end><button>Sign out everywhere</button></form>";
//!     Ok(Html(page))
//! }
//!
//! async fn end(Path(id): Path<String>, client: DiditClient) -> Result<Redirect, Error> {
//!     client.sign_out_session(&id).await?;
//!     Ok(Redirect::to("/devices"))
//! }
//!
//! async fn end_all(client: DiditClient) -> Result<SignedOut, Error> {
//!     client.sign_out_everywhere().await
//! }
//! # use tower_didit::{fake::{Browser, FakeDidit, FakeDiditExt, Person}, store::MemoryStore};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let store = MemoryStore::new().with_clock(didit.clock());
//! # let config = didit.config("https://app.example/callback").with_session_store(store);
//! # let browser = Browser::new("https://app.example", app(DiditAuth::new(config.build()?))).add_didit(&didit);
//! # let signed_in = async || {
//! #     let browser = browser.new_browser();
//! #     browser.visit("/login?return_to=/devices").await;
//! #     browser.sign_in_as(&Person::john()).await;
//! #     browser
//! # };
//! # let [first, second, third] = [signed_in().await, signed_in().await, signed_in().await];
//! # let page = first.get("/devices").await;
//! # assert_eq!(page.text().matches("End</button>").count(), 2);
//! # assert_eq!(page.text().matches("(this one)").count(), 1);
//! # let (_, rest) = page.text().split_once("action='").unwrap();
//! # let path = rest.split('\'').next().unwrap();
//! # first.post_form(path, &[]).await;
//! # assert_eq!(first.get("/devices").await.text().matches("End</button>").count(), 1);
//! # first.post_form("/devices/end", &[]).await;
//! # for browser in [first, second, third] {
//! #     assert_eq!(browser.fetch(http::Method::GET, "/devices").await.status(), 401);
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! The forms change something, so [CSRF](crate::docs::recipes::csrf) applies to them.
//!
//! # Notes
//!
//! - **The public id** is for pages and URLs. It is no cookie and no key of the store: whoever reads it learns nothing and
//!   can do nothing without being signed in as that user.
//! - **The end is final.** No answer, refresh or callback that is under way in any process brings a session back. A
//!   callback under way fails with `session-ended`. [`DiditAuth::sign_out_user`](crate::DiditAuth::sign_out_user)
//!   does the same for an administrator or a webhook.
//! - **A ban** needs both: first the database, so that the callback's handler
//!   [refuses](crate::docs::recipes::provisioning) the user, then `sign_out_user`.
//! - **Open streams** end too, with [`DiditClient::ended`](crate::DiditClient::ended): see
//!   [streams](crate::docs::recipes::streams#a-stream-that-ends-with-its-session).
//! - **At the provider** each session is terminated or its tokens are revoked, where the provider has an endpoint for it, in the
//!   background. The browsers stay signed in at Didit itself: a new sign-in may ask nothing.
//! - **`sign-out-incomplete`** means that the store did not answer. Some sessions may continue; call again.
//! - **Many sessions.** `sessions` reads each session from the store, which is right for a page and wrong for every request.
