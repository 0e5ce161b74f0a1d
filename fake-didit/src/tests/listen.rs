use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{authorize_url, didit, query};
use crate::{Endpoint, FakeDidit, Fault, Person};

/// The raw response to a raw request over a socket.
async fn answer(didit: &FakeDidit, request: &str) -> String {
    let addr = didit.listen("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
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
async fn the_address_of_the_socket_can_be_the_issuer() {
    let didit = didit();
    let address = didit.listen("127.0.0.1:0").await.unwrap();
    let didit = didit.with_issuer(format!("http://{address}"));
    let url = authorize_url(&[]).replace("https://auth.didit.me/", "/auth/v2/authorize");
    let callback = didit.approve(&url, &Person::alejandra());
    assert!(query(&callback, "code").is_some(), "{callback}");
    assert_eq!(didit.last(Endpoint::Authorize).unwrap().problem(), None);
}

#[tokio::test]
async fn a_large_body_is_rejected() {
    let body = "x".repeat(64 * 1024 + 1);
    let request = format!(
        "POST /auth/v2/token HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let rejection = answer(&didit(), &request).await;
    assert!(rejection.starts_with("HTTP/1.1 413 "), "{rejection}");
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
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        assert!(response.starts_with(expected), "{sent:?}: {response}");
        assert_eq!(
            response.is_empty(),
            expected.is_empty(),
            "{sent:?}: {response}"
        );
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
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
}
