//! Callbacks that are refused before the code is sent.

mod answers;
mod flow_cookies;

use std::time::Duration;

use axum::{Router, routing::get};
use http::{HeaderValue, Method, Request, StatusCode, header};
use tower_didit::{
    DiditTokens,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Page, Person, StoredCookie},
};

use crate::support::{
    cookies::{self, SESSION},
    site::{CALLBACK, HOME, auth, didit},
};

/// A sign-in that Didit has approved.
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

    /// The user took this long to approve.
    async fn after(taken: Duration) -> Self {
        let didit = didit();
        let app = Router::new()
            .route("/callback", get(|_: DiditTokens| async { "signed in" }))
            .layer(auth(didit.config(CALLBACK)));
        let browser = Browser::new(HOME, app);

        let login = browser.get("/login").await;
        didit.clock().advance(taken);
        let back = didit.approve(login.location(), &Person::alejandra());
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

    /// Sends a query to the callback, as a program that reads problem details.
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

    /// Asserts that the callback was refused with this error, without a request to Didit.
    fn assert_refused(&self, page: &Page, status: u16, code: &str, what: &str) {
        assert_eq!(page.status().as_u16(), status, "{what}");
        assert_eq!(page.json().get("code"), Some(&code.into()), "{what}");
        assert_eq!(page.header("location"), None, "{what}");
        assert_eq!(page.header("cache-control"), Some("private, no-store"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(self.didit.count(Endpoint::Token), 0, "{what}");
        assert!(self.browser.cookie(SESSION).is_none(), "{what}");
    }

    /// Asserts that the refused callbacks did not use up the sign-in: the valid one still works.
    async fn assert_completes(&self) {
        let page = self.call(&self.query()).await;
        assert_eq!((page.status(), page.text()), (StatusCode::OK, "signed in"));
        assert_eq!(self.didit.count(Endpoint::Token), 1);
        assert!(self.browser.cookie(SESSION).is_some());
        assert_eq!(self.flow_cookies(), []);
    }

    fn flow_cookies(&self) -> Vec<StoredCookie> {
        cookies::flow_cookies(&self.browser)
    }
}

// Behaviour 118.
#[tokio::test]
async fn a_prefetch_does_not_use_up_a_sign_in() {
    let flow = UnderWay::new().await;
    for (name, value) in [
        ("sec-purpose", "prefetch;prerender"),
        ("sec-purpose", "prefetch"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
        ("next-router-prefetch", "1"),
    ] {
        let request = Request::get(format!("/callback?{}", flow.query()))
            .header("sec-fetch-mode", "navigate")
            .header(name, value);
        let page = flow.browser.send(request.body("").unwrap()).await;
        assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE, "{name}");
        assert_eq!(page.header("cache-control"), Some("private, no-store"));
        assert_eq!(page.header("set-cookie"), None, "{name}");
        assert_eq!(page.text(), "");
        assert_eq!(flow.didit.count(Endpoint::Token), 0, "{name}");
    }
    flow.assert_completes().await;
}

// RFC 6749 §3.1, §4.1.2 and §10.12; behaviours 16, 19 and 21.
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
        // Neither a code nor an error, or both.
        format!("state={state}"),
        format!("code=&state={state}"),
        format!("code={code}%00&state={state}"),
        format!("code={code}%0D%0A&state={state}"),
        format!("code={code}%FF&state={state}"),
        format!("{good}&error=access_denied"),
        // A parameter twice, in any encoding and with any value.
        format!("{good}&code={code}"),
        format!("{good}&code=other"),
        format!("{good}&code="),
        format!("{good}&c%6Fde=other"),
        format!("{good}&state={state}"),
        format!("state=other&{good}"),
        format!("{good}&iss=https://apx.didit.me&iss=https://apx.didit.me"),
        format!("error=access_denied&error=access_denied&state={state}"),
        format!("error=x&error_description=a&error_description=b&state={state}"),
        // No query, or an empty one.
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

// RFC 6749 §4.1.2.1 and appendix A.7; behaviour 21.
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

// RFC 6749 §4.1.2.1 and §10.12; behaviours 16 and 21.
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

// RFC 6749 §4.1.2; behaviour 24.
#[tokio::test]
async fn unknown_parameters_are_ignored() {
    let flow = UnderWay::new().await;
    let query = format!(
        "session_state=1&session_state=2&codec=x&Code=y&scope=openid&{}&%00=%00&",
        flow.query()
    );
    assert_eq!(flow.call(&query).await.text(), "signed in");
}

// OAuth 2.0 Form Post Response Mode §2, RFC 9110 §9.2.1; behaviours 26 and 27.
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
