//! A server on 127.0.0.1 in Didit's place, and sign-ins through the default transport.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, routing::get};
use http::{Request, header};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower_didit::{Config, ConfigBuilder, DiditTokens, fake::Browser};

use super::{
    id_token::{ID_TOKEN, trusted_didit},
    query::parameter,
    site::{HOME, auth},
};

/// Does with each connection as it is told.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) async fn start<F>(serve: impl Fn(TcpStream) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(socket));
            }
        });
        Self {
            address,
            connections,
        }
    }

    /// Reads a request from each connection, says this, and closes it.
    pub(crate) async fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer = Arc::new(answer.into());
        Self::start(move |mut socket| {
            let answer = Arc::clone(&answer);
            async move {
                read_request(&mut socket).await;
                write(&mut socket, &answer).await;
            }
        })
        .await
    }

    pub(crate) fn config(&self) -> ConfigBuilder {
        config(&format!("http://{}/token", self.address))
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// Whether a whole token request came.
pub(crate) async fn read_request(socket: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut request = Vec::new();
    while !request.ends_with(b"tenant%3D1") {
        if !matches!(socket.read_buf(&mut request).await, Ok(1..)) {
            return false;
        }
    }
    true
}

/// The other side may be gone; what comes of that is for its sign-in to say.
pub(crate) async fn write(socket: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) {
    let _ = socket.write_all(bytes).await;
    let _ = socket.flush().await;
}

/// A response of HTTP; the headers end in a line break.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}\
         content-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

pub(crate) fn config(token_endpoint: &str) -> ConfigBuilder {
    let provider = trusted_didit().with_token_endpoint(token_endpoint);
    Config::builder("app", TENANT_CALLBACK)
        .with_client_secret("secret")
        .with_provider(provider)
}

/// A new browser at a new application.
pub(crate) fn browser(config: ConfigBuilder) -> Browser {
    let app = Router::new()
        .route("/callback", get(|_: DiditTokens| async { "signed in" }))
        .layer(auth(config));
    Browser::new(HOME, app)
}

/// How a sign-in of a new browser at a new application ends.
pub(crate) async fn attempt(config: ConfigBuilder) -> String {
    attempt_with(&browser(config)).await
}

pub(crate) async fn attempt_with(browser: &Browser) -> String {
    let state = parameter(browser.get("/login").await.location(), "state");
    let request = Request::get(format!("/callback?code=x&state={state}&tenant=1"))
        .header(header::ACCEPT, "application/json")
        .body("");
    let page = browser.send(request.expect("a query")).await;
    let status = page.status().as_u16();
    match page.header("content-type") {
        Some("application/problem+json") => {
            let problem = page.json();
            let code = problem.get("code").and_then(Value::as_str);
            format!("{status} {}", code.expect("a code"))
        }
        _ => format!("{status} {}", page.text()),
    }
}

/// Its end is how a server here knows the end of a token request.
pub(crate) const TENANT_CALLBACK: &str = "https://app.example/callback?tenant=1";
pub(crate) static TOKENS: LazyLock<String> = LazyLock::new(|| {
    format!(r#"{{"access_token":"at","token_type":"Bearer","id_token":"{ID_TOKEN}"}}"#)
});
pub(crate) const SIGNED_IN: &str = "200 signed in";
