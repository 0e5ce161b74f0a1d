//! Event streams and `WebSocket`s.
//!
//! Extract the user in the handler, before the stream begins. If nobody is signed in, the request gets 401, and no
//! sign-in starts: a script cannot show the sign-in page.
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
//!     // An `EventSource` reconnects.
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
//! # The browser's side
//!
//! An `EventSource` reconnects by itself when a stream ends or its connection breaks. If the response is not 200, the
//! `EventSource` closes for good, and gives the script neither the status nor the reason. So the script asks another
//! route:
//!
//! ```js
//! function listen() {
//!     const events = new EventSource('/events');
//!     events.onmessage = event => show(event.data);
//!     events.onerror = async () => {
//!         if (events.readyState !== EventSource.CLOSED) return;   // it reconnects by itself
//!         const answer = await fetch('/api/me').catch(() => null);
//!         if (answer?.status === 401) {
//!             const here = location.pathname + location.search;
//!             location.assign('/login?return_to=' + encodeURIComponent(here));
//!         } else {
//!             setTimeout(listen, 5000);                           // 503: the store or Didit does not answer
//!         }
//!     };
//! }
//! ```
//!
//! `/api/me` is the handler [`me`](crate::me()) or any other route that takes [`IdClaims`](crate::IdClaims), as in the
//! [JSON API](crate::docs::recipes::json_api).
//!
//! # A stream that ends with its session
//!
//! The extractors of a request find the session once, and do not notice a sign-out.
//! [`DiditClient::ended`](crate::DiditClient::ended) is a future that is ready when the session has ended:
//!
//! ```
//! use std::convert::Infallible;
//!
//! use axum::{
//!     Router,
//!     extract::State,
//!     response::sse::{Event, Sse},
//!     routing::get,
//! };
//! use futures_util::{Stream, StreamExt, future::select, stream};
//! use tokio_util::sync::CancellationToken;
//! use tower_didit::{DiditAuth, DiditClient, IdClaims};
//!
//! /// `stop` is cancelled when the process shuts down.
//! fn app(auth: DiditAuth, stop: CancellationToken) -> Router {
//!     Router::new().route("/events", get(events)).with_state(stop).layer(auth)
//! }
//!
//! async fn events(
//!     State(stop): State<CancellationToken>,
//!     user: IdClaims,
//!     client: DiditClient,
//! ) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
//!     let hello = Event::default().data(format!("hello {}", user.subject()));
//!     let events = stream::once(async { Ok(hello) }).chain(stream::pending());
//!     let end = select(client.ended(), Box::pin(stop.cancelled_owned()));
//!     Sse::new(events.take_until(end))
//! }
//! # use axum::{body::Body, http::{HeaderValue, Request, header}};
//! # use http_body_util::BodyExt;
//! # use tower::ServiceExt;
//! # use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use std::time::Duration;
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
//! # let stop = CancellationToken::new();
//! # let app = app(auth.clone(), stop.clone());
//! # let open = async |cookies: &HeaderValue| {
//! #     let request = Request::get("/events").header(header::COOKIE, cookies).body(Body::empty()).unwrap();
//! #     let mut body = app.clone().oneshot(request).await.unwrap().into_body();
//! #     assert!(body.frame().await.is_some());
//! #     body
//! # };
//! # let cookies = didit.session_cookies(&auth, &Person::john()).await?;
//! # let mut body = open(&cookies).await;
//! # assert!(tokio::time::timeout(Duration::from_secs(150), body.frame()).await.is_err());
//! # let request = Request::post("/logout").header(header::COOKIE, &cookies).body(Body::empty())?;
//! # assert_eq!(app.clone().oneshot(request).await?.status(), 303);
//! # assert!(body.frame().await.is_none());
//! # let cookies = didit.session_cookies(&auth, &Person::john()).await?;
//! # let mut body = open(&cookies).await;
//! # stop.cancel();
//! # assert!(body.frame().await.is_none());
//! # Ok(())
//! # }
//! ```
//!
//! An end in this process is noticed at once: a sign-out, another sign-in of the browser, a refused refresh, the absolute
//! limit. With a [store](crate::docs::machines) an end in another process is noticed within 30 s; with sessions in
//! cookies it is not noticed.
//!
//! An `EventSource` whose stream has ended reconnects, gets 401, and closes for good.
//!
//! # `WebSocket`s
//!
//! The guard checks the handshake, and the layer lets the upgrade pass. `ended` closes the socket:
//!
//! ```
//! use axum::{
//!     Router,
//!     extract::{
//!         WebSocketUpgrade,
//!         ws::{CloseFrame, Message, WebSocket},
//!     },
//!     response::Response,
//!     routing::get,
//! };
//! use tower_didit::{DiditAuth, DiditClient, RequireSignIn};
//!
//! fn app(auth: DiditAuth) -> Router {
//!     Router::new()
//!         .route("/echo", get(echo))
//!         // Other subdomains and ports can open a socket to yours, with the session cookie: check the origin.
//!         .route_layer(RequireSignIn::new().always_401().same_origin())
//!         .layer(auth)
//! }
//!
//! async fn echo(client: DiditClient, upgrade: WebSocketUpgrade) -> Response {
//!     let ended = client.ended(); // here, before the response
//!     upgrade.on_upgrade(|mut socket| async move {
//!         tokio::select! {
//!             () = ended => {
//!                 let (code, reason) = (4401, "session ended".into());
//!                 let _ = socket.send(Message::Close(Some(CloseFrame { code, reason }))).await;
//!             }
//!             () = serve(&mut socket) => {}
//!         }
//!     })
//! }
//!
//! async fn serve(socket: &mut WebSocket) {
//!     while let Some(Ok(message)) = socket.recv().await {
//!         if socket.send(message).await.is_err() {
//!             return;
//!         }
//!     }
//! }
//! # use axum::{body::Body, http::{Request, header}};
//! # use tower::ServiceExt;
//! # use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
//! # let cookies = didit.session_cookies(&auth, &Person::john()).await?;
//! # let app = app(auth);
//! # // 426: the handler was reached, and there is no connection to upgrade.
//! # for (origin, cookies, status) in [
//! #     ("https://app.example", cookies.to_str()?, 426),
//! #     ("https://blog.app.example", cookies.to_str()?, 403),
//! #     ("https://app.example", "", 401),
//! # ] {
//! #     let request = Request::get("/echo")
//! #         .header(header::CONNECTION, "upgrade")
//! #         .header(header::UPGRADE, "websocket")
//! #         .header(header::SEC_WEBSOCKET_VERSION, "13")
//! #         .header(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==")
//! #         .header(header::ORIGIN, origin)
//! #         .header(header::COOKIE, cookies);
//! #     let answer = app.clone().oneshot(request.body(Body::empty())?).await?;
//! #     assert_eq!(answer.status(), status, "{origin}");
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! The codes 4000 to 4999 are free for applications (RFC 6455 §7.4.2). A handshake that was refused, and a connection that
//! broke, call `onclose` with the code 1006, whatever the status was: then ask `/api/me`, as above.
//!
//! ```js
//! socket.onclose = event => event.code === 4401 ? showSignIn() : askAndReconnect();
//! ```
//!
//! `cargo run --example websocket`, in the repository, is a chat that does both.
//!
//! # Notes
//!
//! - **Streams delay the shutdown.** axum's `with_graceful_shutdown` waits for all responses, endless streams included.
//!   Stop streams with a cancellation token, as above, and cancel the token before the server stops:
//!   `.with_graceful_shutdown(async move { stop_signal().await; stop.cancel() })`, with the `stop_signal` of
//!   [production](crate::docs::recipes::production).
//! - **A stream counts as use once**, when its request asks for the session. To wait for the end of a session is no use:
//!   a user who only watches reaches the idle limit, and the stream ends.
//! - **Tokens in a long stream** expire. Take [`DiditClient`](crate::DiditClient) and
//!   [`DiditTokens`](crate::DiditTokens) in the handler, move them into the stream, and refresh there: see
//!   [jobs](crate::docs::recipes::jobs).
//! - **Extract the session in the handler.** An extractor that runs in the stream for the first time fails with `asked-too-late`.
