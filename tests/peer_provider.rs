//! A whole sign-in of `examples/relying_party` at an OpenID provider that this project did not
//! write: npm's `oidc-provider` in `tests/peer`, real processes over real HTTP.

#![expect(
    clippy::indexing_slicing,
    reason = "a member that a JSON value lacks reads as null"
)]

mod support {
    pub(crate) mod process;
}

use std::{collections::BTreeMap, net::TcpListener, path::Path, process::Command};

use reqwest::{
    Client, Method, StatusCode, Url,
    header::{ACCEPT, COOKIE, LOCATION, ORIGIN, SET_COOKIE},
    redirect,
};
use serde_json::{Value, json};
use support::process::{self, Process};

const SCOPES: &str = "openid offline email names";

#[tokio::test]
async fn signs_in_at_a_provider_that_signs_with_rsa() {
    a_whole_sign_in("RS256").await;
}

#[tokio::test]
async fn signs_in_at_a_provider_that_signs_with_an_elliptic_curve() {
    a_whole_sign_in("ES256").await;
}

async fn a_whole_sign_in(keys: &str) {
    let port = free_port();
    let peer = Peer::start(port, keys);
    let app = RelyingParty::start(port, &peer);
    let mut browser = Browser::new();

    // Nobody is signed in: a program is told so, a person is sent to the provider and back.
    let (home, me) = (app.url("/"), app.url("/me"));
    assert_eq!(browser.json(&home).await["signed_in"], json!(false));
    assert_eq!(
        browser.get(&me, "application/json").await.status,
        StatusCode::UNAUTHORIZED
    );

    let visits = browser.follow(&me).await;
    let callback = visits
        .iter()
        .find(|visit| visit.url.path() == "/callback")
        .expect("the way back leads through the callback");
    let last = visits.last().expect("a visit leads somewhere");
    assert_eq!(
        (last.url.as_str(), last.status),
        (me.as_str(), StatusCode::OK),
        "{}",
        last.body
    );
    assert!(
        visits
            .iter()
            .any(|visit| visit.url.path() == "/auth/v2/authorize")
    );
    assert_eq!(peer.token_requests().await, 1);

    // Signed in, with what was asked for.
    assert_eq!(browser.json(&home).await["signed_in"], json!(true));
    let who = browser.json(&me).await;
    assert!(
        who["sub"].is_null() || who["sub"] == json!("alejandra"),
        "{who}"
    );
    assert_eq!(who["scope"], json!(SCOPES), "{who}");
    assert_eq!(who["has_refresh_token"], json!(true), "{who}");
    let expires_in = who["expires_in"]
        .as_u64()
        .expect("the life of the token is known");
    assert!((3500..=3600).contains(&expires_in), "{who}");
    let fingerprint = browser
        .get(&app.url("/tokens/fingerprint"), "*/*")
        .await
        .body;
    let digits = fingerprint.trim();
    assert!(
        digits.len() == 8 && digits.chars().all(|c| c.is_ascii_hexdigit()),
        "{fingerprint}"
    );

    // The callback once more, as by a reload: signed in already, and no code is sent again.
    let again = browser.get(&callback.url, "text/html").await;
    assert_eq!(
        (again.status, again.location),
        (StatusCode::SEE_OTHER, Some(home.clone()))
    );
    assert_eq!(browser.json(&home).await["signed_in"], json!(true));

    let out = browser
        .request(Method::POST, &app.url("/logout"), "text/html")
        .await;
    assert_eq!(out.status, StatusCode::SEE_OTHER, "{}", out.body);
    assert_eq!(browser.json(&home).await["signed_in"], json!(false));

    // And signed out, as by a history that kept it: an error in words, and still no second request.
    let again = browser.get(&callback.url, "text/html").await;
    assert!(
        again.status.is_client_error(),
        "{}: {}",
        again.status,
        again.body
    );
    assert_eq!(peer.token_requests().await, 1);
}

/// The provider.
struct Peer {
    origin: String,
    process: Process,
}

impl Peer {
    fn start(client_port: u16, keys: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer");
        assert!(
            folder.join("node_modules/oidc-provider").is_dir(),
            "the provider is not installed: run `npm ci` in {}",
            folder.display()
        );
        let process = Process::start(
            Command::new("node")
                .arg(folder.join("provider.mjs"))
                .env("CLIENT_ID", "relying party:1") // must be form-encoded inside Basic
                .env("CLIENT_SECRET", "s3cret+/=%")
                .env("REDIRECT_URI", redirect_uri(client_port))
                .env("ACCOUNT", "alejandra")
                .env("KEYS", keys)
                .env("PORT", "0")
                .env("INTERACTIVE", "0"),
            "on Debian it is in the package `nodejs` (apt-get install nodejs npm)",
        );
        let origin = process.wait_for("listening on ");
        Self { origin, process }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// How many token requests it has answered until now.
    async fn token_requests(&self) -> usize {
        // It logs in the order in which it answers: after this request's line, all earlier are there.
        let fence = format!("/fence-{}", self.printed("GET /fence-"));
        let _ = Browser::new().get(&parse(&self.url(&fence)), "*/*").await;
        self.process.wait_for(&format!("GET {fence} "));
        self.printed("POST /auth/v2/token ")
    }

    fn printed(&self, start: &str) -> usize {
        let lines = self.process.printed();
        lines.iter().filter(|line| line.starts_with(start)).count()
    }
}

/// The application.
struct RelyingParty {
    origin: Url,
    _process: Process,
}

impl RelyingParty {
    fn start(port: u16, peer: &Peer) -> Self {
        let process = Process::start(
            process::example("relying_party")
                .env("LISTEN", format!("127.0.0.1:{port}"))
                .env("DIDIT_CLIENT_ID", "relying party:1")
                .env("DIDIT_CLIENT_SECRET", "s3cret+/=%")
                .env("DIDIT_REDIRECT_URI", redirect_uri(port))
                .env("DIDIT_SCOPES", SCOPES)
                .env("DIDIT_ISSUER", &peer.origin)
                .env(
                    "DIDIT_AUTHORIZATION_ENDPOINT",
                    peer.url("/auth/v2/authorize"),
                )
                .env("DIDIT_TOKEN_ENDPOINT", peer.url("/auth/v2/token"))
                .env(
                    "DIDIT_USERINFO_ENDPOINT",
                    peer.url("/auth/v2/users/retrieve"),
                )
                .env(
                    "DIDIT_INTROSPECTION_ENDPOINT",
                    peer.url("/auth/v2/introspect"),
                )
                .env("DIDIT_JWKS_URI", peer.url("/auth/config/jwks")),
            "it was just there",
        );
        let origin = parse(&process.wait_for("listening on "));
        Self {
            origin,
            _process: process,
        }
    }

    fn url(&self, path: &str) -> Url {
        self.origin.join(path).expect("a path of the application")
    }
}

/// A port that is free now: both programs must know the redirect URI before they start.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("the loopback interface has a free port")
        .port()
}

fn redirect_uri(port: u16) -> String {
    format!("http://127.0.0.1:{port}/callback")
}

fn parse(url: &str) -> Url {
    url.parse().expect("a program prints a whole URL")
}

/// A cookie jar and no more. Both programs are on one host, and cookies know no ports: as in a
/// browser, both get all of them.
struct Browser {
    http: Client,
    cookies: BTreeMap<String, String>,
}

/// One answer.
struct Visit {
    url: Url,
    status: StatusCode,
    location: Option<Url>,
    body: String,
}

impl Browser {
    fn new() -> Self {
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("a client for plain HTTP");
        let cookies = BTreeMap::new();
        Self { http, cookies }
    }

    async fn json(&mut self, url: &Url) -> Value {
        let visit = self.get(url, "application/json").await;
        assert_eq!(visit.status, StatusCode::OK, "{url}: {}", visit.body);
        serde_json::from_str(&visit.body).expect("JSON was asked for")
    }

    /// Opens a page and follows where it leads; gives every answer on the way.
    async fn follow(&mut self, url: &Url) -> Vec<Visit> {
        let mut visits = vec![self.get(url, "text/html").await];
        while let Some(next) = visits.last().and_then(|visit| visit.location.clone()) {
            assert!(visits.len() < 20, "redirected in circles, last to {next}");
            visits.push(self.get(&next, "text/html").await);
        }
        visits
    }

    async fn get(&mut self, url: &Url, accept: &str) -> Visit {
        self.request(Method::GET, url, accept).await
    }

    async fn request(&mut self, method: Method, url: &Url, accept: &str) -> Visit {
        let mut request = self
            .http
            .request(method.clone(), url.clone())
            .header(ACCEPT, accept);
        if method == Method::POST {
            request = request.header(ORIGIN, url.origin().ascii_serialization());
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self
                .cookies
                .iter()
                .map(|(n, v)| format!("{n}={v}"))
                .collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        let response = request.send().await.expect("an answer comes");
        for cookie in response.headers().get_all(SET_COOKIE) {
            self.keep(cookie.to_str().expect("a cookie is ASCII"));
        }
        let status = response.status();
        let location = response.headers().get(LOCATION).map(|location| {
            let location = location.to_str().expect("a location is ASCII");
            url.join(location).expect("a location is a URL")
        });
        let body = response.text().await.expect("an answer has an end");
        let url = url.clone();
        Visit {
            url,
            status,
            location,
            body,
        }
    }

    fn keep(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').expect("a cookie has a name");
        let attributes = attributes.to_ascii_lowercase();
        if attributes.contains("max-age=0") || attributes.contains("expires=thu, 01 jan 1970") {
            self.cookies.remove(name.trim());
        } else {
            self.cookies
                .insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
}
