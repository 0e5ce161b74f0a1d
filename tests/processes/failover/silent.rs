//! A connection that goes silent.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, body::Body, routing::get};
use futures_util::future::join_all;
use http::{Request, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower::ServiceExt;
use tower_didit::{IdClaims, fake::FakeDiditExt, store::RedisStore};

use crate::support::{
    cookies::SESSION,
    site::{CALLBACK, auth, didit},
};

/// As behind a NAT that has forgotten a connection, or with a primary that was paused.
// Behaviour 104.
#[tokio::test]
async fn a_silent_connection_is_replaced() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let accepted = Arc::new(AtomicUsize::new(0));
    tokio::spawn(serve(listener, Arc::clone(&accepted)));
    let store = RedisStore::new(&format!("redis://{address}/")).expect("a good URL");
    let didit = didit();
    let app = Router::new()
        .route(
            "/page",
            get(|user: Option<IdClaims>| async move { user.is_some().to_string() }),
        )
        .layer(auth(didit.config(CALLBACK).with_session_store(store)));
    let ask = async || {
        let request = Request::get("/page")
            .header("cookie", format!("{SESSION}={}", "A".repeat(43)))
            .body(Body::empty())
            .expect("a good request");
        app.clone()
            .oneshot(request)
            .await
            .expect("infallible")
            .status()
    };
    assert_eq!(ask().await, StatusCode::OK);
    // None of them has to ask again.
    for status in join_all((0..20).map(|_| ask())).await {
        assert_eq!(status, StatusCode::OK);
    }
    assert_eq!(ask().await, StatusCode::OK);
    assert_eq!(accepted.load(Ordering::SeqCst), 2);
}

/// A Redis without sessions. Its first connection goes silent after one answer.
async fn serve(listener: TcpListener, accepted: Arc<AtomicUsize>) {
    while let Ok((stream, _)) = listener.accept().await {
        let is_first = accepted.fetch_add(1, Ordering::SeqCst) == 0;
        tokio::spawn(answer(stream, is_first));
    }
}

async fn answer(mut stream: TcpStream, is_first: bool) {
    let (mut buffer, mut answers) = ([0; 4096], 0);
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        for word in text.split("\r\n") {
            let answer: &[u8] = match word {
                "GET" if is_first && answers > 0 => continue,
                "GET" => b"$-1\r\n",
                "CLIENT" => b"+OK\r\n",
                _ => continue,
            };
            answers += usize::from(word == "GET");
            stream.write_all(answer).await.expect("the store listens");
        }
    }
}
