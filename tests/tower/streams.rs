//! `WebSocket`s and event streams.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower::ServiceExt;
use tower_didit::{
    IdClaims, RequireSignIn,
    fake::{FakeDidit, FakeDiditExt, Person},
};

use crate::support::{
    cookies::FLOW,
    site::{CALLBACK, auth, didit},
};

/// Guarded routes: an echo over an upgraded connection, and an event stream that never ends.
async fn site(didit: &FakeDidit) -> (Router, String) {
    let auth = auth(didit.config(CALLBACK));
    let cookies = didit.session_cookies(&auth, &Person::alejandra()).await;
    let cookies = cookies.expect("a session").to_str().unwrap().to_owned();
    let guarded = Router::new()
        .route("/socket", get(echo))
        .route("/events", get(events))
        .route_layer(RequireSignIn::new());
    (guarded.layer(auth), cookies)
}

async fn echo(_: IdClaims, request: Request) -> Response {
    tokio::spawn(async move {
        let upgraded = hyper::upgrade::on(request).await.expect("an upgrade");
        let (mut read, mut write) = tokio::io::split(TokioIo::new(upgraded));
        let _ = tokio::io::copy(&mut read, &mut write).await;
    });
    let upgrade = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "echo")];
    (StatusCode::SWITCHING_PROTOCOLS, upgrade).into_response()
}

async fn events(_: IdClaims) -> Response {
    let first = stream::once(async { Ok::<_, Infallible>("data: hello\n\n") });
    let event_stream = [(header::CONTENT_TYPE, "text/event-stream")];
    let body = Body::from_stream(first.chain(stream::pending()));
    (event_stream, body).into_response()
}

/// The headers that browsers send for a WebSocket and for an `EventSource`.
const REQUESTS: [(&str, [(&str, &str); 4]); 2] = [
    (
        "/socket",
        [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-fetch-mode", "websocket"),
            ("sec-fetch-dest", "websocket"),
        ],
    ),
    (
        "/events",
        [
            ("accept", "text/event-stream"),
            ("cache-control", "no-cache"),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-dest", "empty"),
        ],
    ),
];

// Behaviour 115.
#[tokio::test]
async fn streams_without_a_session_are_refused_and_start_no_sign_in() {
    let (app, _) = site(&didit()).await;
    for (path, headers) in REQUESTS {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::empty()).unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        let cookies = answer.headers().get_all(header::SET_COOKIE);
        let sets_flow = |cookie: &http::HeaderValue| cookie.as_bytes().starts_with(FLOW.as_bytes());
        assert!(!cookies.into_iter().any(sets_flow), "{path}");
    }
}

// Behaviour 115.
#[tokio::test]
async fn the_first_bytes_of_an_event_stream_pass_at_once() {
    let (app, cookies) = site(&didit()).await;
    let request = Request::get("/events").header(header::COOKIE, cookies);
    let answer = app.oneshot(request.body(Body::empty()).unwrap()).await;
    let mut body = answer.unwrap().into_body();
    let first = body.frame().await.expect("a frame").expect("no error");
    assert_eq!(first.into_data().expect("data"), "data: hello\n\n");
}

// Behaviour 115.
#[tokio::test]
async fn an_upgrade_passes_with_its_first_bytes() {
    let (app, cookies) = site(&didit()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });

    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /socket HTTP/1.1\r\nhost: app.example\r\nconnection: upgrade\r\nupgrade: echo\r\ncookie: \
         {cookies}\r\n\r\nhello"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let answered = async {
        while !read.ends_with(b"\r\n\r\nhello") {
            assert_ne!(socket.read_buf(&mut read).await.unwrap(), 0, "it is open");
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(10), answered).await;
    assert!(in_time.is_ok(), "{}", String::from_utf8_lossy(&read));
    assert!(read.starts_with(b"HTTP/1.1 101 "));
}
