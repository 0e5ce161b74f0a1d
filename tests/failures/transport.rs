//! Connections to Didit that hang, break or are not trusted.

use std::{
    convert::Infallible,
    future::pending,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use tokio::{
    net::TcpStream,
    sync::Notify,
    time::{Instant, interval, timeout},
};
use tower::{Service, ServiceExt, service_fn};
use tower_didit::fake::{Endpoint, FakeDiditExt, Fault};

use crate::support::{
    port::Port,
    server::{
        SIGNED_IN, Server, TENANT_CALLBACK, TOKENS, answer, attempt, attempt_with, browser, config,
        read_request, write,
    },
    sign_in::approved,
    site::didit,
};

// Behaviours 36 and 95. The clock of tokio stands still, and moves on when nothing else happens.
#[tokio::test(start_paused = true)]
async fn a_response_that_does_not_come_in_time_is_a_time_out() {
    let head = answer("200 OK", "", TOKENS.as_bytes()).len() - TOKENS.len();
    let silent = |mut socket| async move {
        read_request(&mut socket).await;
        pending::<()>().await;
    };
    let servers = [
        Server::start(silent).await,
        Server::start(|socket| drip(socket, 0)).await,
        Server::start(move |socket| drip(socket, head)).await,
    ];
    for (index, server) in servers.iter().enumerate() {
        let hurried = server.config().with_http_timeout(Duration::from_secs(4));
        for (config, seconds) in [(server.config(), 10), (hurried, 4)] {
            let before = Instant::now();
            assert_eq!(attempt(config).await, PROVIDER_TIMEOUT, "{index}");
            assert_eq!(before.elapsed().as_secs(), seconds, "{index}");
        }
        assert_eq!(server.connections(), 2);
    }

    for drips in &servers[1..] {
        let patient = drips.config().with_http_timeout(Duration::from_secs(300));
        assert_eq!(attempt(patient).await, SIGNED_IN);
    }
}

// Behaviours 36 and 95. Nobody answers the TLS handshake.
#[tokio::test(start_paused = true)]
async fn a_connection_has_a_time_out_of_its_own() {
    let mute = Server::start(|socket| async move {
        let _open = socket;
        pending::<()>().await;
    })
    .await;
    // At most half of the call's timeout, so that a connect failure proves that nothing was sent.
    for (connect, total, milliseconds) in [(3, 9, 3000), (9, 3, 1500)] {
        let config = config(&format!("https://{}/token", mute.address))
            .with_connect_timeout(Duration::from_secs(connect))
            .with_http_timeout(Duration::from_secs(total));
        let before = Instant::now();
        assert_eq!(attempt(config).await, PROVIDER_UNREACHABLE);
        let elapsed = before.elapsed().as_millis();
        assert!(
            (milliseconds..milliseconds + 100).contains(&elapsed),
            "{elapsed}"
        );
    }
}

// Behaviours 36 and 95.
#[tokio::test(start_paused = true)]
async fn the_time_out_holds_for_any_service() {
    for seconds in [10, 4] {
        let (hanging, late) = (didit(), didit());
        hanging.on_every(Endpoint::Token, Fault::hang());
        late.on_every(Endpoint::Token, Fault::delay(Duration::from_secs(60)));
        let config = || config("https://apx.didit.me/auth/v2/token");
        for config in [
            config().with_transport(hanging),
            config().with_transport(late),
            config().with_transport(NeverReady),
        ] {
            let config = config.with_http_timeout(Duration::from_secs(seconds));
            let before = Instant::now();
            assert_eq!(attempt(config).await, PROVIDER_TIMEOUT);
            assert_eq!(before.elapsed().as_secs(), seconds);
        }
    }
}

// RFC 6749 §4.1.2 and §5.1; behaviours 34 and 42.
#[tokio::test]
async fn a_broken_connection_makes_didit_unreachable() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    for sent in [
        String::new(),
        HEAD.to_owned(),
        format!("{HEAD}content-length: 1000\r\n\r\n"),
        format!("{HEAD}content-length: 1000\r\n\r\n{}", *TOKENS),
        format!("{HEAD}transfer-encoding: chunked\r\n\r\n5\r\n{{\"acc\r\n"),
        format!("{HEAD}transfer-encoding: chunked\r\n\r\nnonsense\r\n"),
        "SSH-2.0-OpenSSH_9.9\r\n".to_owned(),
        format!("{HEAD}x: {}", "x".repeat(1024 * 1024)),
        format!("{HEAD}{}\r\n", "x: y\r\n".repeat(10_000)),
    ] {
        let start: String = sent.chars().take(120).collect();
        let closes = Server::saying(sent.clone()).await;
        let resets = Server::start(move |mut socket| {
            let sent = sent.clone();
            async move {
                read_request(&mut socket).await;
                write(&mut socket, sent.as_bytes()).await;
                socket.set_zero_linger().expect("a socket");
            }
        })
        .await;
        for server in [closes, resets] {
            let outcome = attempt(server.config()).await;
            assert_eq!(outcome, PROVIDER_UNREACHABLE, "{start}");
            assert_eq!(server.connections(), 1, "{start}");
        }
    }
}

#[tokio::test]
async fn without_a_connection_didit_is_unreachable() {
    let nobody = Port::keep();
    let refused = format!("{}/token", nobody.origin());
    let broken = service_fn(|_: Request<Bytes>| async {
        Err::<Response<Bytes>, _>(io::Error::other("out of order"))
    });
    for config in [config(&refused), config(&refused).with_transport(broken)] {
        assert_eq!(attempt(config).await, PROVIDER_UNREACHABLE);
    }
}

// Behaviour 35.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 T", "308 P"] {
        let elsewhere = Server::saying(answer("200 OK", "", TOKENS.as_bytes())).await;
        let location = format!("location: http://{}/\r\n", elsewhere.address);
        let server = Server::saying(answer(status, &location, b"")).await;
        assert_eq!(attempt(server.config()).await, INVALID_ANSWER, "{status}");
        let connections = (server.connections(), elsewhere.connections());
        assert_eq!(connections, (1, 0), "{status}");
    }
}

// RFC 6749 §4.1.2; behaviours 42 and 107.
#[tokio::test]
async fn each_code_is_sent_over_a_new_connection() {
    let requests = Arc::<AtomicUsize>::default();
    let counter = Arc::clone(&requests);
    let server = Server::start(move |mut socket| {
        let counter = Arc::clone(&counter);
        async move {
            // Each connection stays open. Its first request gets a response, a second one would not.
            for answered in [true, false] {
                if read_request(&mut socket).await {
                    counter.fetch_add(1, Ordering::Relaxed);
                }
                if answered {
                    write(&mut socket, &answer("200 OK", "", TOKENS.as_bytes())).await;
                }
            }
        }
    })
    .await;
    let browser = browser(server.config());
    assert_eq!(attempt_with(&browser).await, SIGNED_IN);
    assert_eq!(attempt_with(&browser).await, SIGNED_IN);
    assert_eq!(requests.load(Ordering::Relaxed), 2);
    assert_eq!(server.connections(), 2);
}

// RFC 6749 §4.1.2; behaviour 42.
#[tokio::test(start_paused = true)]
async fn a_browser_that_goes_away_cancels_nothing_that_was_sent() {
    let didit = didit();
    let [asked, released, finished] = [(); 3].map(|()| Arc::new(Notify::new()));
    let transport = {
        let (asked, released, finished) = (asked.clone(), released.clone(), finished.clone());
        let didit = didit.clone();
        service_fn(move |request: Request<Bytes>| {
            let (asked, released, finished) = (asked.clone(), released.clone(), finished.clone());
            let is_exchange = request.method() == "POST";
            let answer = didit.clone().oneshot(request);
            async move {
                if is_exchange {
                    asked.notify_one();
                    released.notified().await;
                } else {
                    finished.notify_one();
                }
                answer.await
            }
        })
    };
    let browser = browser(didit.config(TENANT_CALLBACK).with_transport(transport));
    let callback = approved("/login", &browser, &didit).await;

    let answer = browser.get(&callback);
    tokio::select! {
        _ = answer => panic!("nobody let it go on"),
        () = asked.notified() => {}
    }
    // The future is dropped, as hyper does. Didit answers now, then the keys are fetched.
    released.notify_one();
    let waited = timeout(Duration::from_secs(1), finished.notified()).await;
    assert!(waited.is_ok(), "the exchange was cancelled");
    assert_eq!(didit.count(Endpoint::Token), 1);

    // A reload joins the flight, and nothing is sent twice.
    let again = browser.get(&callback).await;
    assert_eq!(again.status().as_u16(), 200);
    assert_eq!(didit.count(Endpoint::Token), 1);
}

/// Sends a valid response: so many bytes at once, and then a byte a second.
async fn drip(mut socket: TcpStream, at_once: usize) {
    read_request(&mut socket).await;
    let answer = answer("200 OK", "", TOKENS.as_bytes());
    let (at_once, slowly) = answer.split_at(at_once);
    write(&mut socket, at_once).await;
    let mut second = interval(Duration::from_secs(1));
    for byte in slowly {
        second.tick().await;
        write(&mut socket, &[*byte]).await;
    }
}

/// A service that is never ready for a request.
#[derive(Clone)]
struct NeverReady;

impl Service<Request<Bytes>> for NeverReady {
    type Response = Response<Bytes>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        unreachable!("it is not ready")
    }
}

const PROVIDER_UNREACHABLE: &str = "502 provider-unreachable";
const PROVIDER_TIMEOUT: &str = "504 provider-timeout";
const INVALID_ANSWER: &str = "502 invalid-response";
