//! The way back from Didit: what the callback refuses, before a code is sent anywhere.

use std::time::Duration;

use axum::{Router, routing::get};
use http::{HeaderValue, Method, Request, StatusCode, header};
use tower_didit::{
    DiditAuth, DiditTokens,
    fake::{Browser, Endpoint, FakeDidit, Page, Person, StoredCookie},
};

/// A sign-in under way, of which Didit has said yes.
struct UnderWay {
    didit: FakeDidit,
    browser: Browser,
    code: String,
    state: String,
}

impl UnderWay {
    async fn new() -> Self {
        Self::after(Duration::ZERO).await
    }

    /// The person took this long to say yes.
    async fn after(taken: Duration) -> Self {
        let didit = FakeDidit::new("app", "secret");
        let config = didit.config(CALLBACK).build().expect("a good one");
        let app = Router::new()
            .route("/callback", get(|_: DiditTokens| async { "signed in" }))
            .layer(DiditAuth::new(config));
        let browser = Browser::new("https://app.example", app);

        let login = browser.get("/login").await;
        didit.clock().advance(taken);
        let back = didit.approve(login.location(), Person::Alejandra);
        let (code, state) = back
            .strip_prefix(CALLBACK)
            .and_then(|query| query.strip_prefix("?code="))
            .and_then(|query| query.split_once("&state="))
            .expect("a code and a state");
        Self {
            code: code.to_owned(),
            state: state.to_owned(),
            didit,
            browser,
        }
    }

    fn query(&self) -> String {
        format!("code={}&state={}", self.code, self.state)
    }

    /// Sends a query to the callback, as a program that reads problem documents.
    async fn call(&self, query: &str) -> Page {
        self.call_with(query, &[]).await
    }

    async fn call_with(&self, query: &str, cookie_lines: &[HeaderValue]) -> Page {
        let mut request = Request::get(format!("/callback?{query}"))
            .header(header::ACCEPT, "application/json")
            .body("")
            .expect("a query");
        for line in cookie_lines {
            request.headers_mut().append(header::COOKIE, line.clone());
        }
        self.browser.send(request).await
    }

    /// The callback was refused in exactly this way, and Didit heard nothing of it.
    fn assert_refused(&self, page: &Page, status: u16, code: &str, what: &str) {
        assert_eq!(page.status().as_u16(), status, "{what}");
        assert_eq!(page.json().get("code"), Some(&code.into()), "{what}");
        assert_eq!(page.header("location"), None, "{what}");
        assert_eq!(page.header("cache-control"), Some("private, no-store"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(self.didit.count(Endpoint::Token), 0, "{what}");
        assert!(self.browser.cookie(SESSION).is_none(), "{what}");
    }

    /// What was refused before used nothing up: the good callback still works.
    async fn assert_completes(&self) {
        let page = self.call(&self.query()).await;
        assert_eq!((page.status(), page.text()), (StatusCode::OK, "signed in"));
        assert_eq!(self.didit.count(Endpoint::Token), 1);
        assert!(self.browser.cookie(SESSION).is_some());
        assert_eq!(self.flow_cookies(), []);
    }

    fn flow_cookies(&self) -> Vec<StoredCookie> {
        let mut cookies = self.browser.cookies();
        cookies.retain(|cookie| cookie.name().starts_with(FLOW));
        cookies
    }
}

// Behaviours 16, 19, 21.
#[tokio::test]
async fn a_query_that_is_no_authorization_response_is_malformed() {
    let flow = UnderWay::new().await;
    let (good, code, state) = (flow.query(), &flow.code, &flow.state);
    let malformed = [
        // No usable state.
        format!("code={code}"),
        format!("code={code}&state="),
        format!("code={code}&State={state}"),
        format!("code={code}&state={state}%00"),
        format!("code={code}&state={state}%0A"),
        format!("code={code}&state={state}%C3%A9"),
        format!("code={code}&state={state}%FF"),
        // No usable answer, or two.
        format!("state={state}"),
        format!("code=&state={state}"),
        format!("code={code}%00&state={state}"),
        format!("code={code}%0D%0A&state={state}"),
        format!("code={code}%FF&state={state}"),
        format!("{good}&error=access_denied"),
        // A parameter twice, however it is written and whatever its value.
        format!("{good}&code={code}"),
        format!("{good}&code=other"),
        format!("{good}&code="),
        format!("{good}&c%6Fde=other"),
        format!("{good}&state={state}"),
        format!("state=other&{good}"),
        format!("{good}&iss=https://apx.didit.me&iss=https://apx.didit.me"),
        format!("error=access_denied&error=access_denied&state={state}"),
        format!("error=x&error_description=a&error_description=b&state={state}"),
        // No query at all, or hardly one.
        String::new(),
        "?".to_owned(),
        "&&=&".to_owned(),
        "%".to_owned(),
        "code".to_owned(),
        "state&code".to_owned(),
        "code=%00&state=%00".to_owned(),
        format!("{good}&more={}", "x".repeat(8 * 1024)),
    ];
    for query in &malformed {
        let page = flow.call(query).await;
        flow.assert_refused(&page, 400, "malformed-callback", query);
    }
    flow.assert_completes().await;
}

// Behaviours 20, 21; RFC 6749 appendix A.7.
#[tokio::test]
async fn an_error_that_no_provider_sends_is_malformed() {
    for error in ["", "%00", "a%0D%0Ab", "%C3%A9", "%FF"] {
        let flow = UnderWay::new().await;
        let query = format!("error={error}&state={}", flow.state);
        let page = flow.call(&query).await;
        flow.assert_refused(&page, 400, "malformed-callback", &query);
        flow.assert_completes().await;
    }
}

// Behaviours 16, 21.
#[tokio::test]
async fn a_state_that_this_browser_did_not_start_is_unknown() {
    let flow = UnderWay::new().await;
    let (code, state) = (&flow.code, &flow.state);
    let shorter = &state[..state.len() - 1];
    let strangers = UnderWay::new().await.state;
    for other in [shorter, &format!("{state}A"), &strangers, "x"] {
        for answer in [format!("code={code}"), "error=access_denied".to_owned()] {
            let query = format!("{answer}&state={other}");
            let page = flow.call(&query).await;
            flow.assert_refused(&page, 400, "unknown-sign-in", &query);
        }
    }
    flow.assert_completes().await;
}

// Behaviour 16.
#[tokio::test]
async fn a_flow_cookie_that_was_tampered_with_is_no_flow_cookie() {
    let flow = UnderWay::new().await;
    let good = flow.flow_cookies().remove(0);
    flow.browser.get("/login").await;
    let others = flow.flow_cookies().remove(1);
    let value = good.value();

    let flipped = |position: usize| {
        let mut bytes = value.as_bytes().to_vec();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let mut tampered: Vec<_> = (0..value.len()).step_by(7).map(flipped).collect();
    tampered.extend([
        flipped(value.len() - 1),
        value[..value.len() - 1].to_owned(),
        value[..value.len() / 2].to_owned(),
        format!("{value}A"),
        format!("{value}{value}"),
        String::new(),
        "=".to_owned(),
        // A good one, of another sign-in of this browser.
        others.value().to_owned(),
    ]);
    for value in &tampered {
        flow.browser.set_cookie(good.name(), value);
        let page = flow.call(&flow.query()).await;
        flow.assert_refused(&page, 400, "unknown-sign-in", value);
    }

    flow.browser.remove_cookie(good.name());
    let page = flow.call(&flow.query()).await;
    flow.assert_refused(&page, 400, "unknown-sign-in", "no cookie");

    flow.browser.set_cookie(good.name(), value);
    flow.browser.remove_cookie(others.name());
    flow.assert_completes().await;
}

// Behaviour 16.
#[tokio::test]
async fn a_cookie_header_may_hold_anything() {
    let flow = UnderWay::new().await;
    let good = flow.flow_cookies().remove(0);
    let (name, value) = (good.name(), good.value());
    for line in [
        b"".as_slice(),
        b";;;=;=;",
        b"\xff\xfe=\x80; \xc3\xa9",
        name.as_bytes(),
        format!("{name}=").as_bytes(),
        format!("{name}=\"{value}\"").as_bytes(),
        format!("{}={value}", name.to_lowercase()).as_bytes(),
        [name.as_bytes(), b"=\xff", value.as_bytes()]
            .concat()
            .as_slice(),
        "a=b;".repeat(20_000).as_bytes(),
    ] {
        let line = HeaderValue::from_bytes(line).unwrap();
        let page = flow.call_with(&flow.query(), &[line]).await;
        flow.assert_refused(&page, 400, "unknown-sign-in", "a cookie header");
    }

    // The control, among cookies of others and on a line of its own.
    let lines = [
        "a=\u{7f}; ;=x".replace('\u{7f}', ""),
        format!("{name}={value}"),
    ]
    .map(|line| HeaderValue::from_str(&line).unwrap());
    let page = flow.call_with(&flow.query(), &lines).await;
    assert_eq!(page.text(), "signed in");
}

// Behaviour 18.
#[tokio::test]
async fn a_sign_in_has_twenty_minutes_even_if_the_browser_keeps_the_cookie() {
    let flow = UnderWay::after(Duration::from_secs(20 * 60 - 1)).await;
    flow.assert_completes().await;

    let flow = UnderWay::after(Duration::from_secs(20 * 60)).await;
    assert_eq!(flow.flow_cookies().len(), 1);
    let page = flow.call(&flow.query()).await;
    flow.assert_refused(&page, 400, "sign-in-expired", "20 minutes");
    assert_eq!(flow.flow_cookies(), []);
}

// Behaviour 20.
#[tokio::test]
async fn a_refusal_at_the_sign_in_page_ends_the_sign_in() {
    for (error, status, code) in [
        ("access_denied", 403, "access-denied"),
        // Codes of the token endpoint mean something else here.
        ("invalid_request", 502, "provider-refused"),
        ("server_error", 502, "provider-refused"),
        ("login_required", 502, "provider-refused"),
        ("something-else", 502, "provider-refused"),
    ] {
        let flow = UnderWay::new().await;
        let page = flow
            .call(&format!("error={error}&state={}", flow.state))
            .await;
        flow.assert_refused(&page, status, code, error);
        assert_eq!(flow.flow_cookies(), [], "{error}");

        let page = flow.call(&flow.query()).await;
        flow.assert_refused(&page, 400, "unknown-sign-in", "over is over");
    }
}

// Behaviour 20.
#[tokio::test]
async fn no_text_of_the_provider_is_on_the_page() {
    let script = "%3Cscript%3Ealert%28%22canary%22%29%3C%2Fscript%3E";
    for error in [
        format!("error=access_denied&error_description={script}&error_uri={script}"),
        format!("error={script}"),
        format!("error={}", "canary".repeat(1000)),
    ] {
        let flow = UnderWay::new().await;
        let query = format!("/callback?{error}&state={}", flow.state);
        let page = flow.browser.get(&query).await;
        assert!(page.text().starts_with("<!doctype html>"), "{error}");
        assert!(!page.text().contains("script"), "{}", page.text());
        assert!(!page.text().contains("canary"), "{}", page.text());
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(page.bytes().len() < 4096, "{}", page.text());
    }
}

// Behaviour 23, for providers that do not advertise `iss`: it may be missing.
#[tokio::test]
async fn an_issuer_that_is_not_didits_ends_the_sign_in() {
    for issuer in [
        "https://evil.example",
        "https://apx.didit.me/",
        "https://APX.didit.me",
        "http://apx.didit.me",
        "https://apx.didit.me.evil.example",
        "",
    ] {
        for refuses in [false, true] {
            let flow = UnderWay::new().await;
            let answer = if refuses {
                format!("error=access_denied&state={}", flow.state)
            } else {
                flow.query()
            };
            let page = flow.call(&format!("{answer}&iss={issuer}")).await;
            flow.assert_refused(&page, 400, "foreign-issuer", issuer);
            assert_eq!(flow.flow_cookies(), [], "{issuer}");
        }
    }
    for issuer in [
        "https://apx.didit.me",
        "https%3A%2F%2Fdidit.me",
        "https://auth.didit.me/",
        "https://auth.didit.me",
    ] {
        let flow = UnderWay::new().await;
        let page = flow.call(&format!("{}&iss={issuer}", flow.query())).await;
        assert_eq!(page.text(), "signed in", "{issuer}");
    }
}

// Behaviour 24.
#[tokio::test]
async fn unknown_parameters_are_ignored() {
    let flow = UnderWay::new().await;
    let query = format!(
        "session_state=1&session_state=2&codec=x&Code=y&scope=openid&{}&%00=%00&",
        flow.query()
    );
    assert_eq!(flow.call(&query).await.text(), "signed in");
}

// Behaviours 26, 27.
#[tokio::test]
async fn only_get_uses_a_sign_in_up() {
    let flow = UnderWay::new().await;
    let url = format!("/callback?{}", flow.query());
    for method in [
        Method::HEAD,
        Method::OPTIONS,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::TRACE,
        Method::from_bytes(b"PROPFIND").unwrap(),
    ] {
        let page = flow.browser.fetch(method.clone(), &url).await;
        let refused = (page.status(), page.header("allow"), page.header("location"));
        let not_allowed = (StatusCode::METHOD_NOT_ALLOWED, Some("GET"), None);
        assert_eq!(refused, not_allowed, "{method}");
        assert_eq!(page.header("cache-control"), Some("private, no-store"));
    }
    let form = [("code", &*flow.code), ("state", &*flow.state)];
    let page = flow.browser.post_form("/callback", &form).await;
    assert_eq!(page.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(flow.didit.count(Endpoint::Token), 0);
    assert_eq!(flow.flow_cookies().len(), 1);
    flow.assert_completes().await;
}

const CALLBACK: &str = "https://app.example/callback";
const SESSION: &str = "__Host-didit";
const FLOW: &str = "__Host-didit-flow-";
