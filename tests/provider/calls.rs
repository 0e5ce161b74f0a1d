//! Every call to the provider: no redirect is followed, and each has a timeout.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing::get};
use http::{Response, StatusCode};
use tokio::{net::TcpListener, time::Instant};
use tower_didit::{
    Config, ConfigBuilder, DiditClient, DiditTokens, Error, Provider,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
};

use crate::support::site::{CALLBACK, HOME, auth, didit};

/// The endpoints that the application calls, in this order.
const CALLED: [Endpoint; 5] = [
    Endpoint::Discovery,
    Endpoint::Token,
    Endpoint::Jwks,
    Endpoint::UserInfo,
    Endpoint::Revocation,
];

/// An application with a page that fetches user info.
fn visit(config: ConfigBuilder) -> Browser {
    async fn told(client: DiditClient, tokens: DiditTokens) -> Result<&'static str, Error> {
        client.user_info(&tokens).await?;
        Ok("told")
    }
    let app = Router::new()
        .route("/told", get(told))
        .route("/callback", get(|_: DiditTokens| async {}))
        .layer(auth(config));
    Browser::new(HOME, app)
}

/// Signs in, fetches user info and signs out, up to the first failure. Returns the last status.
async fn sign_in_and_out(browser: &Browser, didit: &FakeDidit) -> StatusCode {
    let login = browser.get("/login").await;
    if login.status() != StatusCode::SEE_OTHER {
        return login.status();
    }
    let back = didit.approve(login.location(), &Person::alejandra());
    for path in [&*back, "/told"] {
        let page = browser.get(path).await;
        if page.status() != StatusCode::OK {
            return page.status();
        }
    }
    browser.post_form("/logout", &[]).await.status()
}

// Behaviour 35.
#[tokio::test]
async fn no_redirect_of_an_endpoint_is_followed() {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a free port");
    let elsewhere = listener.local_addr().expect("an address");
    let connections = Arc::<AtomicUsize>::default();
    let counter = Arc::clone(&connections);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });

    for endpoint in CALLED {
        for status in [302, 307, 308] {
            let didit = didit()
                .with_revocation_endpoint()
                .with_redirect_uri(CALLBACK);
            let address = didit.listen("127.0.0.1:0").await.expect("a free port");
            let issuer = format!("http://{address}");
            let didit = didit.with_issuer(&*issuer);
            let config = Config::builder("client", CALLBACK)
                .with_client_secret("secret")
                .with_provider(Provider::discovered(issuer))
                .with_clock(didit.clock());
            let browser = visit(config);
            let redirect = Response::builder()
                .status(status)
                .header("location", format!("http://{elsewhere}/"))
                .body("")
                .expect("a good answer");
            didit.on_every(endpoint, Fault::answer(redirect));

            let last = sign_in_and_out(&browser, &didit).await;
            let expected = match endpoint {
                Endpoint::Revocation => StatusCode::SEE_OTHER,
                _ => StatusCode::BAD_GATEWAY,
            };
            assert_eq!(last, expected, "{endpoint:?} {status}");
            assert_eq!(didit.count(endpoint), 1, "{endpoint:?} {status}");
        }
    }
    assert_eq!(connections.load(Ordering::Relaxed), 0);
}

// Behaviours 36 and 95.
#[tokio::test(start_paused = true)]
async fn a_silent_endpoint_times_out_as_configured() {
    for endpoint in CALLED {
        let didit = didit().with_revocation_endpoint();
        let config = didit
            .config(CALLBACK)
            .with_provider(Provider::discovered("https://apx.didit.me"))
            .with_http_timeout(Duration::from_secs(4));
        let browser = visit(config);
        didit.on_every(endpoint, Fault::hang());
        let start = Instant::now();
        let last = sign_in_and_out(&browser, &didit).await;
        // A sign-out does not wait for the whole timeout.
        let (status, seconds) = match endpoint {
            Endpoint::Revocation => (StatusCode::SEE_OTHER, 2),
            _ => (StatusCode::GATEWAY_TIMEOUT, 4),
        };
        assert_eq!(last, status, "{endpoint:?}");
        assert_eq!(start.elapsed().as_secs(), seconds, "{endpoint:?}");
        assert_eq!(didit.count(endpoint), 1, "{endpoint:?}");
    }
}
