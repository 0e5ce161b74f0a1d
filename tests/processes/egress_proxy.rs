//! A network in which the provider can be reached only through a forward proxy: `tinyproxy`.

use std::{env, fs};

use axum::{Router, routing::get};
use reqwest::{StatusCode, Url};
use tower_didit::{
    Config, ConfigBuilder, DiditClient, DiditTokens, Error, Provider,
    fake::{self, Endpoint, FakeDidit, Person},
};

use crate::{
    harness::{
        browser::Browser,
        relying_party::{CLIENT_ID, CLIENT_SECRET, RelyingParty, redirect_uri},
        tinyproxy::{ISSUER, Tinyproxy},
    },
    support::{
        port::Port,
        site::{CALLBACK, HOME, auth},
    },
};

// Behaviour 106.
#[tokio::test]
async fn a_sign_in_and_a_refresh_go_through_the_proxy() {
    let didit = didit().with_redirect_uri(CALLBACK);
    let proxy = Tinyproxy::start("setter", &didit).await;
    let browser = browser(config(&proxy, &didit).with_proxy(proxy.url()));

    let started = browser.get("/login").await;
    let callback = didit.approve(started.location(), &Person::alejandra());
    let page = browser.get(&callback).await;
    assert_eq!(page.status(), StatusCode::OK, "{}", page.text());
    let page = browser.get("/refresh").await;
    let email = Person::alejandra().email().map(str::to_owned);
    assert_eq!(page.text(), email.unwrap_or_default());
    for (endpoint, count) in [
        (Endpoint::Discovery, 1),
        (Endpoint::Jwks, 1),
        (Endpoint::Token, 2),
        (Endpoint::UserInfo, 1),
    ] {
        assert_eq!(didit.count(endpoint), count, "{endpoint:?}");
    }
    assert_eq!(proxy.connections(), 5);

    // There is no other way, and no proxy by default.
    let direct = self::browser(config(&proxy, &didit)).get("/login").await;
    assert_eq!(direct.status(), StatusCode::BAD_GATEWAY);
}

// Behaviour 106.
#[tokio::test]
async fn the_proxy_of_the_environment_is_used() {
    for (name, exempt) in [
        ("HTTPS_PROXY", ""),
        ("https_proxy", "other.invalid, 10.0.0.0/8"),
        ("ALL_PROXY", "didit.invali"),
        ("all_proxy", ".example"),
    ] {
        let site = Site::start(name).await;
        let proxy = (name, &*site.proxy.url());
        let app = site.application(&[("DIDIT_PROXY", "system"), proxy, ("NO_PROXY", exempt)]);
        let mut browser = Browser::new();
        let started = browser.get(&app.url("/me"), "text/html").await;
        let url = started.location().expect("it leads to the provider");
        assert!(url.as_str().starts_with(ISSUER), "{url}");
        let callback = site.didit.approve(url.as_str(), &Person::alejandra());
        let callback: Url = callback.parse().expect("a whole URL");
        browser.follow(&callback).await;
        let me = browser.json(&app.url("/me")).await;
        assert_eq!(me["sub"], Person::alejandra().subject(), "{name}");
        assert!(site.proxy.connections() > 0, "{name}");
    }
}

// Behaviour 106.
#[tokio::test]
async fn hosts_in_no_proxy_are_called_directly() {
    for (name, exempt) in [
        ("NO_PROXY", "didit.invalid"),
        ("no_proxy", "x.example, .invalid"),
        ("NO_PROXY", "*"),
    ] {
        let site = Site::start("exempt").await;
        let proxy = ("HTTPS_PROXY", &*site.proxy.url());
        let app = site.application(&[("DIDIT_PROXY", "system"), proxy, (name, exempt)]);
        let answer = Browser::new()
            .get(&app.url("/login"), "application/json")
            .await;
        assert_eq!(answer.json()["code"], "provider-unreachable", "{exempt}");
        assert_eq!(site.proxy.connections(), 0, "{exempt}");
        assert_eq!(site.didit.requests().len(), 0);
    }
}

// Behaviour 106.
#[tokio::test]
async fn without_the_setting_the_environment_is_not_read() {
    let site = Site::start("default").await;
    let url = site.proxy.url();
    let app = site.application(&[("HTTPS_PROXY", &url), ("ALL_PROXY", &url)]);
    let answer = Browser::new()
        .get(&app.url("/login"), "application/json")
        .await;
    assert_eq!(answer.json()["code"], "provider-unreachable");
    assert_eq!(site.proxy.connections(), 0);
}

// Behaviours 95 and 106.
#[tokio::test]
async fn wrong_credentials_are_logged_with_the_proxy_and_without_the_password() {
    let site = Site::start("credentials").await;
    let url = site.proxy.url();
    for (url, what) in [
        // `tinyproxy` answers 401.
        (
            url.replace("hunter2", "hunter3"),
            "did not connect to the provider: ",
        ),
        (
            url.replace("user:hunter2@", ""),
            "wants credentials (407): ",
        ),
    ] {
        let app = site.application(&[("DIDIT_PROXY", &url), ("RUST_LOG", "debug")]);
        let answer = Browser::new()
            .get(&app.url("/login"), "application/json")
            .await;
        assert_eq!(answer.json()["code"], "provider-unreachable");
        let log = app.output_with(&format!("the proxy {} {what}", site.proxy.address()));
        assert!(!log.contains("hunter"), "{log}");
    }
    assert_eq!(site.didit.requests().len(), 0);
}

/// `examples/relying_party` in front of the proxy.
struct Site {
    didit: FakeDidit,
    proxy: Tinyproxy,
    port: Port,
}

impl Site {
    async fn start(name: &str) -> Self {
        let port = Port::keep();
        let didit = FakeDidit::new(CLIENT_ID, CLIENT_SECRET)
            .with_issuer(ISSUER)
            .with_system_clock()
            .with_redirect_uri(redirect_uri(&port));
        let proxy = Tinyproxy::start(name, &didit).await;
        Self { didit, proxy, port }
    }

    fn application(&self, settings: &[(&str, &str)]) -> RelyingParty {
        let pem = format!("tower-didit-egress-{}.pem", self.port.number());
        let pem = env::temp_dir().join(pem);
        fs::write(&pem, &self.proxy.certificate).expect("a temporary file can be written");
        let path = pem.to_str().expect("a path in UTF-8");
        let discovered = [
            ("DIDIT_PROVIDER", "discovered"),
            ("DIDIT_ISSUER", ISSUER),
            ("DIDIT_ROOT_CERTIFICATES", path),
        ];
        let app = RelyingParty::start(&self.port, &[&discovered, settings].concat());
        fs::remove_file(&pem).expect("it was just written");
        app
    }
}

fn didit() -> FakeDidit {
    FakeDidit::new("client", "secret").with_issuer(ISSUER)
}

fn config(proxy: &Tinyproxy, didit: &FakeDidit) -> ConfigBuilder {
    Config::builder("client", CALLBACK)
        .with_client_secret("secret")
        .with_provider(Provider::discovered(ISSUER))
        .with_scopes(["openid", "email", "offline"])
        .with_clock(didit.clock())
        .add_root_certificates(proxy.certificate.as_str())
}

fn browser(config: ConfigBuilder) -> fake::Browser {
    let app = Router::new()
        .route("/callback", get(|_: DiditTokens| async {}))
        .route("/refresh", get(refresh))
        .layer(auth(config));
    fake::Browser::new(HOME, app)
}

async fn refresh(client: DiditClient, tokens: DiditTokens) -> Result<String, Error> {
    let tokens = client.refresh(&tokens).await?;
    let user = client.user_info(&tokens).await?;
    Ok(user.email().unwrap_or_default().to_owned())
}
