//! Event streams and `WebSocket`s.
//!
//! Ask who the user is in the handler, before the stream begins. While nobody is signed in, the request is answered 401,
//! and no sign-in starts: a socket cannot show a page.
//!
//! ```
//! use std::{convert::Infallible, time::Duration};
//!
//! use axum::{
//!     Router,
//!     response::sse::{Event, Sse},
//!     routing::get,
//! };
//! use futures_util::{Stream, StreamExt, stream};
//! use tower_didit::{DiditAuth, IdClaims};
//!
//! fn app(auth: DiditAuth) -> Router {
//!     Router::new().route("/events", get(events)).layer(auth)
//! }
//!
//! async fn events(user: IdClaims) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
//!     let hello = Event::default().data(format!("hello {}", user.subject()));
//!     let events = stream::once(async { Ok(hello) }).chain(stream::pending());
//!     // A session is looked up for each request. An `EventSource` connects again.
//!     Sse::new(events.take_until(tokio::time::sleep(LIFETIME)))
//! }
//!
//! const LIFETIME: Duration = Duration::from_secs(15 * 60);
//! # use axum::body::Body;
//! # use http::{Request, header};
//! # use http_body_util::BodyExt;
//! # use tower::ServiceExt;
//! # use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
//! # let cookies = didit.session_cookies(&auth, &Person::john()).await?;
//! # let app = app(auth);
//! # let request = || Request::get("/events").header(header::ACCEPT, "text/event-stream");
//! # let refused = app.clone().oneshot(request().body(Body::empty())?).await?;
//! # assert_eq!(refused.status(), 401);
//! # let answer = app.oneshot(request().header(header::COOKIE, cookies).body(Body::empty())?).await?;
//! # let first = answer.into_body().frame().await.unwrap()?.into_data().unwrap();
//! # assert_eq!(first, format!("data: hello {}\n\n", Person::john().subject()));
//! # Ok(())
//! # }
//! ```
//!
//! # `WebSocket`s
//!
//! A `WebSocket` is the same: the extractors come before axum's `WebSocketUpgrade`, and the layer lets the upgrade pass.
//! Here it is with an upgrade by hand, to a protocol that echoes:
//!
//! ```
//! use axum::{
//!     Router,
//!     extract::Request,
//!     http::{StatusCode, header},
//!     response::{IntoResponse, Response},
//!     routing::get,
//! };
//! use hyper_util::rt::TokioIo;
//! use tower_didit::{DiditAuth, IdClaims};
//!
//! fn app(auth: DiditAuth) -> Router {
//!     Router::new().route("/echo", get(echo)).layer(auth)
//! }
//!
//! async fn echo(user: IdClaims, request: Request) -> Response {
//!     tokio::spawn(async move {
//!         let Ok(socket) = hyper::upgrade::on(request).await else { return };
//!         let (mut read, mut write) = tokio::io::split(TokioIo::new(socket));
//!         let _ = tokio::io::copy(&mut read, &mut write).await;
//!         drop(user);
//!     });
//!     let upgrade = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "echo")];
//!     (StatusCode::SWITCHING_PROTOCOLS, upgrade).into_response()
//! }
//! # use axum::body::Body;
//! # use tower::ServiceExt;
//! # use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
//! # let cookies = didit.session_cookies(&auth, &Person::john()).await?;
//! # let app = app(auth);
//! # let request = || http::Request::get("/echo").header(header::UPGRADE, "echo");
//! # assert_eq!(app.clone().oneshot(request().body(Body::empty())?).await?.status(), 401);
//! # let answer = app.oneshot(request().header(header::COOKIE, cookies).body(Body::empty())?).await?;
//! # assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
//! # Ok(())
//! # }
//! ```
//!
//! # What to know
//!
//! - **Other subdomains and ports can open a `WebSocket` to yours**, and the browser sends the session cookie. Check the
//!   origin as [CSRF](crate::docs::recipes::csrf) does, without the exception for safe methods: the handshake is a `GET`.
//! - **A sign-out does not close streams.** Give a stream an end, as above; the client connects again, and that request
//!   is checked. There is no call yet that tells a stream about the end of its session.
//! - **Tokens in a long stream** expire. Take [`DiditClient`](crate::DiditClient) and
//!   [`DiditTokens`](crate::DiditTokens) in the handler, move them into the stream, and refresh there: see
//!   [jobs](crate::docs::recipes::jobs).
//! - **Ask in the handler.** An extractor that runs in the stream for the first time fails with `asked-too-late`.
