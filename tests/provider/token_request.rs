//! The token request, and the granted scopes.

use std::time::Duration;

use aws_lc_rs::digest;
use axum::{Router, routing::get};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tower_didit::{
    Config, ConfigBuilder, DiditTokens, Provider,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, RecordedRequest},
    protocol::ClientAuthentication,
};

use crate::support::{
    id_token::{ID_TOKEN, trusted_didit},
    query::{parameter, parameters},
    sign_in::sign_in,
    site::{HOME, auth, didit},
};

// RFC 6749 §2.3.1 and §4.1.3, RFC 7636 §4.5; behaviours 30 and 31.
#[tokio::test]
async fn the_token_request_is_this_on_the_wire() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap();
    let token_endpoint = format!("http://{host}/auth/v2/token");
    let config = Config::builder("app", CALLBACK)
        .with_client_secret("client-secret")
        .with_provider(trusted_didit().with_token_endpoint(token_endpoint));
    let browser = browser(config);
    let asked = parameters(browser.get("/login").await.location());
    let (state, challenge) = (&asked["state"], &asked["code_challenge"]);

    let callback = format!("/callback?code=Splx%2BlO%20BeZ%26Q&state={state}");
    let (page, request) = tokio::join!(browser.get(&callback), serve_once(&listener));
    assert_eq!((page.status(), page.text()), (StatusCode::OK, "openid"));

    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let (request_line, headers) = head.split_once("\r\n").unwrap();
    let mut headers: Vec<_> = headers.split("\r\n").collect();
    headers.sort_unstable();
    // Only the code verifier differs each time: it is that of the browser's challenge.
    let (before, verifier) = body.split_once("code_verifier=").unwrap();
    let (verifier, after) = verifier.split_once('&').unwrap();

    assert_eq!(request_line, "POST /auth/v2/token HTTP/1.1");
    assert_eq!(
        headers,
        [
            "accept: application/json",
            // app:client-secret
            "authorization: Basic YXBwOmNsaWVudC1zZWNyZXQ=",
            &format!("content-length: {}", body.len()),
            "content-type: application/x-www-form-urlencoded",
            &format!("host: {host}"),
            concat!("user-agent: tower-didit/", env!("CARGO_PKG_VERSION")),
        ]
    );
    assert_eq!(
        before,
        "grant_type=authorization_code&code=Splx%2BlO+BeZ%26Q&"
    );
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    assert!((43..=128).contains(&verifier.len()), "{verifier}");
    assert!(verifier.bytes().all(is_unreserved), "{verifier}");
    let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
    assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(hash), *challenge);
    assert_eq!(
        after,
        "redirect_uri=https%3A%2F%2Fapp.example%2Fcallback%3Ftenant%3D1"
    );
}

// Didit's endpoints differ in their trailing slashes.
#[tokio::test]
async fn the_token_endpoints_url_is_used_exactly_as_given() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap();
    for path in [
        "/token",
        "/token/",
        "/",
        "/a//b;c=1/%7Euser?v=2&x=%20+",
        "/token?",
    ] {
        let endpoint = format!("http://{host}{path}");
        let config = Config::builder("app", CALLBACK)
            .with_client_secret("client-secret")
            .with_provider(trusted_didit().with_token_endpoint(endpoint));
        let browser = browser(config);
        let state = parameter(browser.get("/login").await.location(), "state");
        let callback = format!("/callback?code=x&state={state}");
        let (_, request) = tokio::join!(browser.get(&callback), serve_once(&listener));
        let line = request.lines().next().unwrap();
        assert_eq!(line, format!("POST {path} HTTP/1.1"));
    }
}

// RFC 6749 §2.3.1 and §4.1.3; behaviours 30 and 31. `FakeDidit` decodes and compares id and secret,
// redirect URI and verifier.
#[tokio::test]
async fn client_id_and_secret_are_form_encoded_for_basic() {
    for (id, secret, joined) in [
        ("a:b", "c:d", "a%3Ab:c%3Ad"),
        ("100%", "%41", "100%25:%2541"),
        ("a+b", "c+d", "a%2Bb:c%2Bd"),
        ("a b", "c  d", "a+b:c++d"),
        ("é", "ключ", "%C3%A9:%D0%BA%D0%BB%D1%8E%D1%87"),
        ("a&b=c", "\"\\\u{7f}", "a%26b%3Dc:%22%5C%7F"),
        ("*-._~", "*-._~", "*-._%7E:*-._%7E"),
    ] {
        let didit = FakeDidit::new(id, secret);
        let page = sign_in(&browser(didit.config(CALLBACK)), &didit).await;
        assert_eq!(page.status(), StatusCode::OK, "{id:?}");
        let expected = format!("Basic {}", BASE64_STANDARD.encode(joined));
        let request = token_request(&didit);
        assert_eq!(request.header("authorization"), Some(&*expected), "{id:?}");
        assert_eq!(request.headers().get_all("authorization").iter().count(), 1);
        // Exactly one client authentication.
        assert_eq!(request.form_value("client_id"), None);
        assert_eq!(request.form_value("client_secret"), None);
    }
}

// RFC 6749 §2.3 and §4.1.3; behaviours 30 and 32.
#[tokio::test]
async fn a_public_client_sends_its_id_and_no_secret() {
    let didit = FakeDidit::new_public("public+app");
    let config = didit.config(CALLBACK).with_cookie_keys([[7; 32]]);
    let page = sign_in(&browser(config), &didit).await;
    assert_eq!(page.status(), StatusCode::OK);

    let request = token_request(&didit);
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.form_value("client_secret"), None);
    let id = request.form_value("client_id");
    assert_eq!(id.as_deref(), Some("public+app"));
    assert!(request.form_value("code_verifier").is_some());
}

// RFC 6749 §2.3.1; behaviours 30 and 32.
#[tokio::test]
async fn client_secret_post_sends_the_secret_in_the_body() {
    let didit = FakeDidit::new("a:b", "c +%é").with_client_secret_post();
    let post = Provider::didit().with_client_authentication(ClientAuthentication::Post);
    let browser = browser(didit.config(CALLBACK).with_provider(post));
    let page = sign_in(&browser, &didit).await;
    assert_eq!(page.status(), StatusCode::OK);

    let request = token_request(&didit);
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.form_value("client_id").as_deref(), Some("a:b"));
    let secret = request.form_value("client_secret");
    assert_eq!(secret.as_deref(), Some("c +%é"));
}

// RFC 6749 §5.1; behaviour 40.
#[tokio::test]
async fn the_granted_scopes_are_those_of_the_response() {
    let didit = didit();
    let config = didit.config(CALLBACK).with_scopes(["openid", "email"]);
    let browser = browser(config);
    for (members, granted) in [
        (json!({}), "openid email"),
        (json!({"scope": null}), "openid email"),
        (json!({"scope": "openid"}), "openid"),
        (json!({"scope": "openid more"}), "openid more"),
        (json!({"scope": ""}), ""),
        (json!({"scope": ["openid", "more"]}), "openid more"),
        (json!({"scope": []}), ""),
        (json!({"claims": "openid"}), "openid"),
        (json!({"claims": ["openid"]}), "openid"),
        (
            json!({"scope": "openid", "claims": "openid more"}),
            "openid",
        ),
    ] {
        didit.on_next(Endpoint::Token, scope_members(members.clone()));
        let page = sign_in(&browser, &didit).await;
        let shown = (page.status(), page.text());
        assert_eq!(shown, (StatusCode::OK, granted), "{members}");
        // The session says the same.
        assert_eq!(browser.get("/").await.text(), granted, "{members}");
    }
}

// RFC 6749 §5.1; behaviour 40. An unreadable scope must not become all scopes that were requested.
#[tokio::test]
async fn an_unreadable_scope_is_refused() {
    let didit = didit();
    let config = didit.config(CALLBACK).with_scopes(["openid", "email"]);
    let browser = browser(config);
    let unreadable = json!([7, true, {}, [["openid"]], ["openid", 7]]);
    for scope in unreadable.as_array().unwrap() {
        didit.on_next(Endpoint::Token, scope_members(json!({"scope": scope})));
        let page = sign_in(&browser, &didit).await;
        assert_eq!(page.status(), StatusCode::BAD_GATEWAY, "{scope}");
        assert!(page.text().contains("invalid-response"), "{scope}");
    }
}

/// A response with these members in place of its `scope`.
fn scope_members(members: Value) -> Fault {
    Fault::edit(move |answer| {
        answer.remove("scope");
        answer.extend(members.as_object().cloned().unwrap_or_default());
    })
}

/// A browser at an application whose pages show the granted scopes.
fn browser(config: ConfigBuilder) -> Browser {
    let scopes = get(|tokens: DiditTokens| async move { tokens.scopes().to_string() });
    let app = Router::new()
        .route("/", scopes.clone())
        .route("/callback", scopes)
        .layer(auth(config));
    Browser::new(HOME, app)
}

fn token_request(didit: &FakeDidit) -> RecordedRequest {
    assert_eq!(didit.count(Endpoint::Token), 1);
    didit.last(Endpoint::Token).expect("one")
}

/// Returns one request as it arrives, and answers it with tokens.
async fn serve_once(listener: &TcpListener) -> String {
    let connection = timeout(Duration::from_secs(20), listener.accept()).await;
    let (mut socket, _) = connection.expect("a token request").expect("a connection");
    let request = read_request(&mut socket).await;
    let tokens =
        json!({"access_token": "at", "token_type": "Bearer", "id_token": ID_TOKEN}).to_string();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{tokens}",
        tokens.len()
    );
    socket.write_all(answer.as_bytes()).await.expect("it reads");
    request
}

async fn read_request(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let count = socket.read_buf(&mut bytes).await.expect("it writes");
        let request = std::str::from_utf8(&bytes).expect("ASCII");
        assert_ne!(count, 0, "it ended early: {request}");
        let Some((head, body)) = request.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .expect("a length");
        if body.len().to_string() == length {
            return request.to_owned();
        }
    }
}

/// With a query of its own, which must be sent as well.
const CALLBACK: &str = "https://app.example/callback?tenant=1";
