//! Requests for a page that lead to a sign-in, by method and headers.

use http::{Method, Request, StatusCode, header};
use tower_didit::{ErrorKind, fake::Person};

use super::{assert_problem, site};
use crate::support::{sign_in::sign_in, site::didit};

/// The `Accept` header of a page navigation, for a browser without `Sec-Fetch` headers.
const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

// RFC 9700 §4.12; behaviours 10, 11 and 12.
#[tokio::test]
async fn the_headers_decide_whether_a_page_is_requested() {
    let didit = didit();
    let browser = site(&didit);
    let navigate = ("sec-fetch-mode", "navigate");
    for (method, headers, redirected) in [
        (
            Method::GET,
            vec![navigate, ("sec-fetch-dest", "document")],
            true,
        ),
        (Method::GET, vec![("accept", HTML)], true),
        (
            Method::GET,
            vec![("accept", HTML), ("sec-fetch-mode", "cors")],
            false,
        ),
        (
            Method::GET,
            vec![navigate, ("sec-fetch-dest", "iframe")],
            false,
        ),
        (
            Method::GET,
            vec![("accept", HTML), ("x-requested-with", "XMLHttpRequest")],
            false,
        ),
        (
            Method::GET,
            vec![navigate, ("sec-purpose", "prefetch")],
            false,
        ),
        (Method::GET, vec![("accept", "application/json")], false),
        (Method::GET, vec![("accept", "*/*")], false),
        (Method::GET, vec![], false),
        (Method::HEAD, vec![navigate], false),
        (
            Method::POST,
            vec![navigate, ("sec-fetch-dest", "document")],
            false,
        ),
        (Method::POST, vec![("accept", HTML)], false),
        (Method::PUT, vec![("accept", HTML)], false),
        (Method::DELETE, vec![("accept", HTML)], false),
        (Method::OPTIONS, vec![("accept", HTML)], false),
    ] {
        let mut request = Request::builder().method(&method).uri("/members/any");
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let page = browser.new_browser().send(request.body("").unwrap()).await;
        let status = if redirected {
            StatusCode::SEE_OTHER
        } else {
            StatusCode::UNAUTHORIZED
        };
        assert_eq!(page.status(), status, "{method} {headers:?}");
        let set = page.headers().get_all(header::SET_COOKIE).iter().count();
        assert_eq!(set, usize::from(redirected), "{method} {headers:?}");
        assert_eq!(page.headers().contains_key(header::LOCATION), redirected);
    }
}

// RFC 9700 §4.12; behaviour 12.
#[tokio::test]
async fn a_post_is_refused_without_a_redirect_and_its_body_is_not_sent_on() {
    let didit = didit();
    let browser = site(&didit);
    for path in ["/required", "/members/orders"] {
        let form = browser
            .post_form(path, &[("iban", "ES9121000418450200051332")])
            .await;
        assert_eq!(form.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert!(
            form.headers().contains_key(header::WWW_AUTHENTICATE),
            "{path}"
        );
        assert_eq!(form.header("cache-control"), Some("private, no-store"));
        assert_eq!(form.header("set-cookie"), None);
        // A person gets a page that explains it, with a link to the sign-in.
        assert!(form.text().contains("Please sign in first"));
        assert!(form.text().contains(r#"<a id="sign-in" href="/login">"#));
        let script = browser.fetch(Method::POST, path).await;
        assert_problem(&script, ErrorKind::NotSignedIn, path);
    }
    assert!(didit.requests().is_empty());

    // After the sign-in the same form is accepted.
    assert_eq!(
        sign_in(&browser, &didit).await.status(),
        StatusCode::SEE_OTHER
    );
    let form = browser
        .post_form("/members/orders", &[("iban", "ES91")])
        .await;
    assert_eq!(form.text(), "ordered");
    for request in didit.requests() {
        let sent = String::from_utf8_lossy(request.body()).into_owned() + request.path_and_query();
        assert!(!sent.contains("iban"), "{request:?}");
    }
}

// RFC 9700 §4.12; behaviour 12. The handler itself asks for the sign-in.
#[tokio::test]
async fn a_sign_in_response_to_a_post_does_not_repeat_it() {
    let didit = didit();
    for (path, back) in [("/by-hand", "/"), ("/by-hand/elsewhere", "/orders?page=2")] {
        let browser = site(&didit);
        let page = browser
            .post_form(path, &[("iban", "ES9121000418450200051332")])
            .await;
        // 303: the next request is a GET without a body (RFC 9110 §15.4.4).
        assert_eq!(page.status(), StatusCode::SEE_OTHER, "{path}");
        let returning = didit.approve(page.location(), &Person::alejandra());
        let end = browser.get(&returning).await;
        assert_eq!(end.location(), back, "{path}");

        let script = browser.new_browser().fetch(Method::POST, path).await;
        assert_problem(&script, ErrorKind::NotSignedIn, path);
    }
    for request in didit.requests() {
        let sent = String::from_utf8_lossy(request.body()).into_owned() + request.path_and_query();
        assert!(!sent.contains("iban"), "{request:?}");
    }
}

// RFC 9700 §4.12; behaviour 12. No navigation has these methods.
#[tokio::test]
async fn a_sign_in_response_to_another_method_is_a_401() {
    let didit = didit();
    let browser = site(&didit);
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD] {
        let request = Request::builder().method(&method).uri("/by-hand");
        let request = request.header(header::ACCEPT, HTML).body("").unwrap();
        let page = browser.send(request).await;
        assert_eq!(page.status(), StatusCode::UNAUTHORIZED, "{method}");
        assert!(page.headers().contains_key(header::WWW_AUTHENTICATE));
        assert!(!page.headers().contains_key(header::LOCATION), "{method}");
    }
    assert!(browser.cookies().is_empty());
}
