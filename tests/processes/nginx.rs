//! A real nginx in front of an application: with its default buffers, and as the guide configures it.

use std::{collections::BTreeMap, fs, net::SocketAddr, time::Duration};

use axum::{Router, response::IntoResponse, routing::get};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::{Client, ClientBuilder, Method, redirect};
use tokio::net::TcpListener;
use tower_didit::{
    ConfigBuilder, DiditClient, DiditTokens, Error, IdClaims, ReturnTo, SignIn,
    fake::{Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
};

use crate::{
    harness::{answer::Answer, nginx::Nginx},
    support::{
        faults::with_claim,
        logs::{capture, logs},
        port::Port,
        site::{CALLBACK, HOME, NOBODY, auth, didit, memory},
    },
};

/// The limit of all `Set-Cookie` lines of an answer, unless it is configured.
const COOKIE_LINES: usize = 3072;
/// The bytes of the headers that the application's answers have themselves.
const OWN_HEADERS: usize = 800;

/// A browser that is told where the site is. It follows no redirects.
struct Visitor {
    http: Client,
    /// The address of the site.
    base: String,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    fn new(http: ClientBuilder, base: String) -> Self {
        let http = http.redirect(redirect::Policy::none()).no_proxy();
        Self {
            http: http.build().expect("a client"),
            base,
            cookies: BTreeMap::new(),
        }
    }

    fn of(port: &Port) -> Self {
        Self::new(Client::builder(), port.origin())
    }

    async fn get(&mut self, page: &str) -> Answer {
        self.request(Method::GET, page).await
    }

    /// Requests a path, or a URL of the site. No answer is a 502, and none sets more cookies than the limit.
    async fn request(&mut self, method: Method, page: &str) -> Answer {
        let path = page.strip_prefix(HOME).unwrap_or(page);
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = request
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, self.cookie_header());
        let response = request.send().await.expect("nginx answers");
        let answer = Answer::read(response).await.expect("an answer has an end");
        assert_ne!(answer.status, StatusCode::BAD_GATEWAY, "{path}");
        for line in answer.set_cookies() {
            let (pair, attributes) = line.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a name");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    fn cookie_header(&self) -> String {
        let cookies = self.cookies.iter();
        let pairs = cookies.map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// Signs in. Gives the answer to the callback.
    async fn sign_in(&mut self, didit: &FakeDidit, page: &str) -> Answer {
        let started = self.get(page).await;
        assert_eq!(started.status, StatusCode::SEE_OTHER, "{started:?}");
        let back = didit.approve(location(&started), &Person::john());
        self.get(&back).await
    }
}

fn location(answer: &Answer) -> &str {
    let location = answer.headers[header::LOCATION].to_str();
    location.expect("a location is ASCII")
}

/// The bytes of the `Set-Cookie` lines.
fn cookie_lines(answer: &Answer) -> usize {
    let lines = answer.set_cookies();
    lines
        .map(|line| "set-cookie: \r\n".len() + line.len())
        .sum()
}

/// Headers of the application's own that take [`OWN_HEADERS`] bytes.
fn own_headers() -> HeaderMap {
    let (first, second) = (
        HeaderName::from_static("x-policy"),
        HeaderName::from_static("x-more"),
    );
    let rest = OWN_HEADERS - (first.as_str().len() + second.as_str().len() + 2 * ": \r\n".len());
    let value = |length: usize| HeaderValue::try_from("o".repeat(length)).expect("ASCII");
    HeaderMap::from_iter([(first, value(300)), (second, value(rest - 300))])
}

/// An application whose answers have headers of their own.
fn app(config: ConfigBuilder) -> Router {
    let who = async |user: Option<IdClaims>| {
        let who = user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned());
        (own_headers(), who)
    };
    let tokens = async |_: DiditTokens| (own_headers(), "tokens");
    let step_up = async |_: Option<DiditTokens>| (own_headers(), SignIn::new());
    let refresh = async |client: DiditClient, tokens: DiditTokens| {
        client.refresh(&tokens).await?;
        Ok::<_, Error>((own_headers(), "refreshed"))
    };
    let callback = async |_: IdClaims, back: ReturnTo| (own_headers(), back).into_response();
    Router::new()
        .route("/", get(who))
        .route("/tokens", get(tokens))
        .route("/step-up", get(step_up))
        .route("/refresh", get(refresh))
        .route("/callback", get(callback))
        .layer(auth(config))
}

async fn listen(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// nginx as it is installed, with one line that leads to the application.
async fn stock_nginx(name: &str, app: Router) -> (Nginx, Port) {
    let (address, port) = (listen(app).await, Port::keep());
    let site = format!(
        "server {{ listen 127.0.0.1:{}; location / {{ proxy_pass http://{address}; }} }}",
        port.number()
    );
    (Nginx::start(name, &site), port)
}

/// Tokens of a session with this many bytes more.
fn larger_by(length: usize) -> Fault {
    with_claim("groups", "g".repeat(length))
}

fn config(didit: &FakeDidit) -> ConfigBuilder {
    didit.config(CALLBACK).with_scopes(["openid", "offline"])
}

// Behaviours 83 and 105.
#[tokio::test]
async fn a_session_of_any_size_passes_a_stock_nginx_or_is_refused_with_advice() {
    let didit = didit();
    let (_nginx, port) = stock_nginx("stock-sizes", app(config(&didit))).await;
    let (mut fits, mut refused) = (0, 4096);
    while fits + 1 < refused {
        let length = usize::midpoint(fits, refused);
        capture();
        didit.on_every(Endpoint::Token, larger_by(length));
        let mut visitor = Visitor::of(&port);
        let callback = visitor.sign_in(&didit, "/login").await;
        let lines = cookie_lines(&callback);
        assert!(lines <= COOKIE_LINES, "{lines} for {length}");
        if callback.status == StatusCode::SEE_OTHER {
            fits = length;
        } else {
            assert_eq!(callback.status, StatusCode::INTERNAL_SERVER_ERROR);
            assert!(callback.body.contains("session-too-large"), "{callback:?}");
            let logs = logs();
            for advice in [
                "`RedisStore`",
                "`with_session_cookie_limit`",
                "`proxy_buffer_size`",
            ] {
                assert!(logs.contains(advice), "{logs}");
            }
            refused = length;
        }
    }

    // The largest one: used, refreshed, signed out.
    didit.on_every(Endpoint::Token, larger_by(fits));
    let mut visitor = Visitor::of(&port);
    let callback = visitor.sign_in(&didit, "/login").await;
    let lines = cookie_lines(&callback);
    assert!(lines > COOKIE_LINES - 32, "{lines}");
    assert_eq!(visitor.get("/").await.body, Person::john().subject());
    for page in ["/refresh", "/tokens"] {
        didit.clock().advance(Duration::from_secs(3590));
        let answer = visitor.get(page).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let lines = cookie_lines(&answer);
        assert!((2500..=COOKIE_LINES).contains(&lines), "{lines}");
    }
    // The answer that starts another sign-in has no room for the session too.
    for _ in 0..6 {
        didit.clock().advance(Duration::from_secs(3590));
        let answer = visitor.get("/step-up").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert!(cookie_lines(&answer) < 1024);
    }
    let again = visitor.sign_in(&didit, "/step-up").await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert!(cookie_lines(&again) <= COOKIE_LINES);
    let signed_out = visitor.request(Method::POST, "/logout").await;
    assert_eq!(signed_out.status, StatusCode::SEE_OTHER);
    assert_eq!(visitor.cookies, BTreeMap::new());
    assert_eq!(visitor.get("/").await.body, NOBODY);
}

// Behaviours 5 and 105.
#[tokio::test]
async fn many_sign_ins_pass_a_stock_nginx() {
    let didit = didit();
    let config = config(&didit).with_session_store(memory(&didit));
    let (_nginx, port) = stock_nginx("stock-flows", app(config)).await;
    for length in [1, 100, 512, 4000] {
        let mut visitor = Visitor::of(&port);
        for tab in 0..8 {
            didit.clock().advance(Duration::from_secs(1));
            let login = format!("/login?return_to=/{tab:x<0$}", length - 1);
            assert_eq!(visitor.get(&login).await.status, StatusCode::SEE_OTHER);
            assert!((1..=5).contains(&visitor.cookies.len()));
            assert!(visitor.cookie_header().len() <= COOKIE_LINES);
        }
        let callback = visitor.sign_in(&didit, "/login").await;
        assert_eq!(callback.status, StatusCode::SEE_OTHER);
        visitor.request(Method::POST, "/logout").await;
        assert_eq!(visitor.cookies, BTreeMap::new());
    }
    // Planted ones.
    let mut visitor = Visitor::of(&port);
    for number in 0..60 {
        let name = format!("__Host-didit-flow-planted{number}");
        visitor.cookies.insert(name, "x".to_owned());
    }
    assert_eq!(visitor.get("/login").await.status, StatusCode::SEE_OTHER);
    let signed_out = visitor.request(Method::POST, "/logout").await;
    assert_eq!(signed_out.status, StatusCode::SEE_OTHER);
}

// Behaviour 108. Without `proxy_set_header Host` nginx names its upstream.
#[tokio::test]
async fn a_host_that_nginx_does_not_pass_on_is_logged_and_the_sign_in_succeeds() {
    capture();
    let didit = didit();
    let (_nginx, port) = stock_nginx("stock-host", app(config(&didit))).await;
    let mut visitor = Visitor::of(&port);
    for _ in 0..2 {
        let callback = visitor.sign_in(&didit, "/login").await;
        assert_eq!(callback.status, StatusCode::SEE_OTHER);
    }
    let logs = logs();
    let event = "sign-in started on a host without a redirect URI";
    assert_eq!(logs.matches(event).count(), 1, "{logs}");
    assert!(logs.contains(r#"host="127.0.0.1:"#), "{logs}");
    assert!(
        logs.contains(r#"redirect_uri="https://app.example/callback""#),
        "{logs}"
    );
}

/// The first block of configuration in the guide's page on proxies.
fn guide() -> String {
    let page = include_str!("../../src/docs/proxy.rs");
    let (_, block) = page.split_once("//! ```nginx\n").expect("there is one");
    let (block, _) = block.split_once("//! ```\n").expect("it has an end");
    let lines = block.lines().map(|line| {
        let line = line.strip_prefix("//!").expect("a line of the page");
        line.strip_prefix(' ').unwrap_or(line)
    });
    lines.collect::<Vec<_>>().join("\n")
}

// Behaviours 105 and 108.
#[tokio::test]
async fn the_configuration_of_the_guide_works() {
    capture();
    let didit = didit();
    didit.on_every(Endpoint::Token, larger_by(7000));
    let config = config(&didit).with_session_cookie_limit(12 * 1024);
    let router = app(config);
    let upstreams = [listen(router.clone()).await, listen(router).await];

    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["app.example".to_owned()]).expect("a certificate");
    let folder = tempfile("guide");
    fs::write(folder.join("app.pem"), cert.pem()).expect("a file");
    fs::write(folder.join("app.key"), signing_key.serialize_pem()).expect("a file");

    let [plain, secure] = [Port::keep(), Port::keep()];
    let mut site = guide();
    for (from, to) in [
        ("127.0.0.1:3000", upstreams[0].to_string()),
        ("127.0.0.1:3001", upstreams[1].to_string()),
        (
            "listen 80 ",
            format!("listen 127.0.0.1:{} ", plain.number()),
        ),
        (
            "listen 443 ",
            format!("listen 127.0.0.1:{} ", secure.number()),
        ),
        (
            "/etc/ssl/app.example.pem",
            folder.join("app.pem").display().to_string(),
        ),
        (
            "/etc/ssl/app.example.key",
            folder.join("app.key").display().to_string(),
        ),
        ("/var/log/nginx", folder.display().to_string()),
    ] {
        assert!(site.contains(from), "{from} is not in {site}");
        site = site.replace(from, &to);
    }
    let nginx = Nginx::start("guide", &site);

    let mut stray = Visitor::of(&plain);
    let redirect = stray.get("/orders?page=2").await;
    assert_eq!(redirect.status, StatusCode::MOVED_PERMANENTLY);
    assert_eq!(location(&redirect), "https://app.example/orders?page=2");

    let certificate = reqwest::Certificate::from_pem(cert.pem().as_bytes()).expect("PEM");
    let address = SocketAddr::from(([127, 0, 0, 1], secure.number()));
    let http = Client::builder()
        .tls_certs_only([certificate])
        .resolve("app.example", address);
    let base = format!("https://app.example:{}", secure.number());
    let mut visitor = Visitor::new(http, base);
    let callback = visitor.sign_in(&didit, "/login").await;
    assert_eq!(callback.status, StatusCode::SEE_OTHER, "{callback:?}");
    assert!(cookie_lines(&callback) > 9000);
    assert!(
        callback
            .headers
            .contains_key(header::STRICT_TRANSPORT_SECURITY)
    );
    assert_eq!(visitor.get("/").await.body, Person::john().subject());
    assert_eq!(visitor.get("/refresh").await.body, "refreshed");
    // The name that the browser uses reaches the layer.
    assert!(
        !logs().contains("on a host without a redirect URI"),
        "{}",
        logs()
    );

    // The rate of the callback is limited, and its query is in no log.
    let mut statuses = Vec::new();
    for _ in 0..60 {
        let answer = visitor.get("/callback?state=s&code=secret-code").await;
        statuses.push(answer.status);
    }
    assert!(
        statuses.contains(&StatusCode::TOO_MANY_REQUESTS),
        "{statuses:?}"
    );
    let logged = fs::read_to_string(folder.join("callback.log")).expect("a log");
    assert!(logged.contains(r#""GET /callback" 303"#), "{logged}");
    for log in [logged, nginx.log("access.log")] {
        assert!(!log.contains("code="), "{log}");
    }
    let _ = fs::remove_dir_all(&folder);
}

fn tempfile(name: &str) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("files-{name}"));
    fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}
