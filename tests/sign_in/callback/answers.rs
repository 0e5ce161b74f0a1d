//! Callbacks with a refusal, or of another issuer.

use super::UnderWay;

// RFC 6749 §4.1.2.1; behaviour 20.
#[tokio::test]
async fn a_refusal_at_the_sign_in_page_ends_the_sign_in() {
    for (error, status, code) in [
        ("access_denied", 403, "access-denied"),
        // Error codes of the token endpoint have no meaning here.
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

// RFC 6749 §4.1.2.1; behaviour 20.
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

// RFC 9207 §2.4; behaviour 23. These providers do not advertise `iss`, so it may be missing.
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
            flow.assert_refused(&page, 400, "callback-issuer-mismatch", issuer);
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
