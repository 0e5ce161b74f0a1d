//! Requests that claim to be for another host.

use http::{Request, StatusCode};
use tower_didit::fake::Person;

use super::{asked, visitor};
use crate::support::{cookies::set_cookies, site::CALLBACK};

// CVE-2025-64484; behaviour 94.
#[tokio::test]
async fn headers_that_name_another_host_are_ignored() {
    let (didit, browser) = visitor(|config| config);
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", "8443"),
        ("x-forwarded-prefix", "/evil"),
        ("x-forwarded-uri", "/evil"),
        ("x-original-url", "/evil"),
        ("x-rewrite-url", "/evil"),
        ("forwarded", "host=evil.example;proto=http"),
    ] {
        let browser = browser.new_browser();
        let send = async |url: &str| {
            let request = Request::get(url)
                .header("accept", "text/html")
                .header(name, value);
            browser.send(request.body("").unwrap()).await
        };
        let start = send("/members?x=%2F").await;
        assert_eq!(asked(&start)["redirect_uri"], CALLBACK, "{name}");
        let back = didit.approve(start.location(), &Person::alejandra());
        let callback = send(&back).await;
        assert_eq!(callback.status(), StatusCode::SEE_OTHER, "{name}");
        assert_eq!(callback.location(), "/members?x=%2F", "{name}");
        for line in [&start, &callback].into_iter().flat_map(set_cookies) {
            assert!(line.starts_with("__Host-didit"), "{name}: {line}");
            assert!(line.contains("; Secure; Path=/;"), "{name}: {line}");
            assert!(!line.contains("Domain"), "{name}: {line}");
        }
        assert_eq!(send("/members").await.text(), "members", "{name}");
    }
}
