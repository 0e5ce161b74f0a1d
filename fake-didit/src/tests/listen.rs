use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{authorize_url, didit};
use crate::{Endpoint, FakeDidit, Fault};

/// What comes back over a socket for a request written by hand.
async fn answer(didit: &FakeDidit, request: &str) -> String {
    let addr = didit.listen("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_fake_serves_http() {
    let didit = didit();
    let url = authorize_url(&[]);
    let path = url.strip_prefix("https://auth.didit.me").unwrap();
    let page = answer(
        &didit,
        &format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"),
    )
    .await;
    assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
    assert!(page.contains("approve-alejandra"));
    assert_eq!(
        didit.last(Endpoint::Authorize).unwrap().path_and_query(),
        path
    );
}

#[tokio::test]
async fn a_large_body_is_rejected() {
    let body = "x".repeat(64 * 1024 + 1);
    let request = format!(
        "POST /auth/v2/token HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let refusal = answer(&didit(), &request).await;
    assert!(refusal.starts_with("HTTP/1.1 413 "), "{refusal}");
}

#[tokio::test]
async fn a_hanging_request_does_not_block_others() {
    let didit = didit();
    didit.on_next(Endpoint::Jwks, Fault::hang());
    let request = "GET /auth/jwks HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let first = tokio::spawn({
        let didit = didit.clone();
        async move { answer(&didit, request).await }
    });
    while didit.count(Endpoint::Jwks) == 0 {
        tokio::task::yield_now().await;
    }
    assert!(answer(&didit, request).await.starts_with("HTTP/1.1 200 OK"));
    assert_eq!(didit.count(Endpoint::Jwks), 2);
    assert!(!first.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_sending_times_out() {
    let addr = didit().listen("127.0.0.1:0").await.unwrap();
    for (sent, expected) in [
        ("", ""),
        ("GET /auth/jwks HTTP/1.1\r\nhost: loc", ""),
        (
            "POST /auth/v2/token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\ngrant",
            "HTTP/1.1 408 Request Timeout\r\n",
        ),
    ] {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(expected), "{sent:?}: {answer}");
        assert_eq!(answer.is_empty(), expected.is_empty(), "{sent:?}: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed() {
    let addr = didit().listen("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream
        .write_all(b"GET /auth/jwks HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}
