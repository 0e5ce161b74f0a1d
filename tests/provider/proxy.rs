//! The forward proxy for calls to the provider, where it fails and where it is not used.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::io::AsyncReadExt;
use tower_didit::{Config, ConfigBuilder, ConfigError};

use super::tls::{acceptor, self_signed};
use crate::support::{
    logs::{capture, logs},
    port::Port,
    server::{SIGNED_IN, Server, TOKENS, answer, attempt, config, write},
};

// Behaviour 106. A code that did not get through the proxy was not sent.
#[tokio::test]
async fn an_error_names_the_proxy_and_what_to_do() {
    let nobody = Port::keep();
    let dead = format!("127.0.0.1:{}", nobody.number());
    capture();
    assert_eq!(attempt(through(&dead)).await, PROVIDER_UNREACHABLE);
    let expected = format!("the proxy {dead} cannot be reached: check its address and the network");
    assert_logged(&expected);

    for (said, what) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            "wants credentials (407): put the right user and password into its URL",
        ),
        ("HTTP/1.1 403 Filtered\r\n\r\n", NOT_CONNECTED),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", NOT_CONNECTED),
        (
            "",
            "did not answer `CONNECT`: check that it is an HTTP proxy",
        ),
    ] {
        let (proxy, heads) = proxy(said).await;
        let address = proxy.address.to_string();
        capture();
        assert_eq!(attempt(through(&address)).await, PROVIDER_UNREACHABLE);
        assert_logged(&format!("the proxy {address} {what}"));
        let heads = heads.lock().expect("nobody panics").clone();
        let [head] = &heads[..] else {
            panic!("{heads:?}");
        };
        assert!(
            head.starts_with("CONNECT apx.didit.example:443 HTTP/1.1\r\n"),
            "{head}"
        );
        let authorization = format!("proxy-authorization: basic {}\r\n", credentials());
        let head = head.to_ascii_lowercase();
        assert!(head.contains(&authorization.to_ascii_lowercase()), "{head}");
    }
}

// Behaviours 95 and 106.
#[tokio::test]
async fn a_silent_proxy_is_named() {
    let silent = Server::start(async |socket| {
        pending::<()>().await;
        drop(socket);
    })
    .await;
    let address = silent.address.to_string();
    let config = through(&address).with_connect_timeout(Duration::from_millis(20));
    capture();
    assert_eq!(attempt(config).await, PROVIDER_UNREACHABLE);
    assert_logged(&format!(
        "the proxy {address} did not respond in time: check its address and the network"
    ));
}

// Behaviour 106.
#[tokio::test]
async fn the_connection_to_an_https_proxy_is_encrypted() {
    let certificate = self_signed("127.0.0.1");
    let acceptor = acceptor(&certificate);
    let proxy = Server::start(move |socket| {
        let acceptor = acceptor.clone();
        async move {
            let mut socket = acceptor.accept(socket).await.expect("TLS");
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                socket.read_buf(&mut head).await.expect("a request");
            }
            assert!(head.starts_with(b"CONNECT apx.didit.example:443 "));
            write(
                &mut socket,
                b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            )
            .await;
        }
    })
    .await;
    let url = format!("https://{}", proxy.address);
    let config = config("https://apx.didit.example/token")
        .add_root_certificates(certificate.cert.pem())
        .with_proxy(url);
    capture();
    assert_eq!(attempt(config).await, PROVIDER_UNREACHABLE);
    assert_logged(&format!("the proxy {} wants credentials", proxy.address));
}

// Behaviour 106.
#[tokio::test]
async fn loopback_is_called_directly() {
    let server = Server::saying(answer("200 OK", "", TOKENS.as_bytes())).await;
    let (proxy, heads) = proxy("HTTP/1.1 403 Filtered\r\n\r\n").await;
    let address = proxy.address.to_string();
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("http://{host}:{}/token", server.address.port());
        let config = config(&url).with_proxy(url_of(&address));
        assert_eq!(attempt(config).await, SIGNED_IN, "{host}");
    }
    assert_eq!(heads.lock().expect("nobody panics").len(), 0);
}

// Behaviours 95 and 106.
#[test]
fn a_proxy_url_is_checked_before_the_first_request() {
    let built = |url: &str| {
        let config = Config::builder("client-id", "https://app.example/callback");
        config.with_client_secret("s").with_proxy(url).build()
    };
    for good in [
        "http://proxy.example:3128",
        "https://me:x@proxy.example",
        "proxy.example:3128",
    ] {
        assert!(built(good).is_ok(), "{good}");
    }
    for (url, said) in [
        (
            "socks5://proxy.example:1080",
            r#"the proxy URL "socks5://proxy.example:1080" must be http or https"#,
        ),
        (
            "http://",
            "the proxy URL \"http://\" must be a scheme, a host and a port, such as \
             `http://proxy.example:3128`",
        ),
        (
            "ftp://me:hunter2@proxy.example",
            r#"the proxy URL "[redacted]" must be http or https"#,
        ),
    ] {
        let error = built(url).expect_err(url);
        assert!(matches!(
            error,
            ConfigError::InvalidValue {
                name: "proxy URL",
                ..
            }
        ));
        assert_eq!(error.to_string(), said);
    }
}

#[test]
fn debug_shows_no_credentials() {
    let config = config("https://apx.didit.example/token").with_proxy(url_of("proxy.example:3128"));
    assert!(!format!("{config:?}").contains("hunter2"));
    let config = config.build().expect("a good configuration");
    assert!(!format!("{config:?}").contains("hunter2"));
}

/// The password is in no line.
#[track_caller]
fn assert_logged(expected: &str) {
    let logs = logs();
    assert!(logs.contains(expected), "{logs}");
    for secret in ["hunter2", &credentials()] {
        assert!(!logs.contains(secret), "{logs}");
    }
}

/// As Basic authentication has them.
fn credentials() -> String {
    BASE64_STANDARD.encode("me:hunter2@/ %")
}

fn through(proxy: &str) -> ConfigBuilder {
    config("https://apx.didit.example/token").with_proxy(url_of(proxy))
}

fn url_of(proxy: &str) -> String {
    format!("http://me:hunter2%40%2F%20%25@{proxy}")
}

/// A proxy that says this to each request, with the requests.
async fn proxy(said: &'static str) -> (Server, Arc<Mutex<Vec<String>>>) {
    let heads = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&heads);
    let server = Server::start(move |mut socket| {
        let seen = Arc::clone(&seen);
        async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n")
                && matches!(socket.read_buf(&mut head).await, Ok(1..))
            {}
            let head = String::from_utf8(head).expect("ASCII");
            seen.lock().expect("nobody panics").push(head);
            write(&mut socket, said.as_bytes()).await;
        }
    });
    (server.await, heads)
}

const NOT_CONNECTED: &str = "did not connect to the provider: check that it allows `CONNECT` to this host, and \
     the credentials in its URL";
const PROVIDER_UNREACHABLE: &str = "502 provider-unreachable";
