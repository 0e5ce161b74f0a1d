//! The connections.

use std::{net::SocketAddr, time::Duration};

use http::HeaderValue;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::Instant,
};

use crate::PATHS;

const CONNECTIONS: usize = 64;

/// How long a request took, and the status of its answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Waited(pub(crate) Duration, pub(crate) u16);

/// Sends requests of all users, for so long: gives what each path took.
pub(crate) async fn ask_all(
    server: SocketAddr,
    users: &[HeaderValue],
    time: Duration,
) -> [Vec<Waited>; 3] {
    let end = Instant::now() + time;
    let mut connections = JoinSet::new();
    for connection in 0..CONNECTIONS {
        let path = connection % PATHS.len();
        // Each has users of its own.
        let own = users.iter().skip(connection).step_by(CONNECTIONS);
        let requests: Vec<_> = own.map(|user| request(PATHS[path], user)).collect();
        connections.spawn(async move { (path, ask(server, &requests, end).await) });
    }
    let mut all = [const { Vec::new() }; 3];
    while let Some(asked) = connections.join_next().await {
        let (path, waited) = asked.expect("no panic");
        all[path].extend(waited);
    }
    all
}

async fn ask(server: SocketAddr, requests: &[Vec<u8>], end: Instant) -> Vec<Waited> {
    let mut stream = TcpStream::connect(server)
        .await
        .expect("the server listens");
    let mut waited = Vec::new();
    for request in requests.iter().cycle() {
        let start = Instant::now();
        if start >= end {
            break;
        }
        stream.write_all(request).await.expect("the server reads");
        let status = read_answer(&mut stream).await;
        waited.push(Waited(start.elapsed(), status));
    }
    waited
}

fn request(path: &str, user: &HeaderValue) -> Vec<u8> {
    let mut request = format!("GET {path} HTTP/1.1\r\nhost: app.example\r\ncookie: ").into_bytes();
    request.extend_from_slice(user.as_bytes());
    request.extend_from_slice(b"\r\n\r\n");
    request
}

/// Reads one answer to its end: gives its status.
async fn read_answer(stream: &mut TcpStream) -> u16 {
    let mut answer = Vec::with_capacity(4096);
    loop {
        let read = stream.read_buf(&mut answer).await.expect("an answer");
        let text = String::from_utf8_lossy(&answer);
        assert!(read > 0, "the answer is cut off: {text}");
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            let status = head
                .split(' ')
                .nth(1)
                .and_then(|status| status.parse().ok());
            return status.expect("a status");
        }
    }
}
