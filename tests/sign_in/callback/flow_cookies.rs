//! Callbacks whose flow cookie is missing, modified or expired.

use std::time::Duration;

use http::HeaderValue;

use super::UnderWay;

// RFC 6749 §10.12; behaviour 16.
#[tokio::test]
async fn a_tampered_flow_cookie_is_rejected() {
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
        // A valid flow cookie of another sign-in of this browser.
        others.value().to_owned(),
    ]);
    for value in &tampered {
        flow.browser.set_cookie(good.name(), value);
        let page = flow.call(&flow.query()).await;
        flow.assert_refused(&page, 400, "flow-cookie-undecryptable", value);
    }

    flow.browser.remove_cookie(good.name());
    let page = flow.call(&flow.query()).await;
    flow.assert_refused(&page, 400, "unknown-sign-in", "no cookie");

    flow.browser.set_cookie(good.name(), value);
    flow.browser.remove_cookie(others.name());
    flow.assert_completes().await;
}

// RFC 6749 §10.12; behaviour 16.
#[tokio::test]
async fn a_cookie_header_may_contain_any_bytes() {
    let flow = UnderWay::new().await;
    let good = flow.flow_cookies().remove(0);
    let (name, value) = (good.name(), good.value());
    let (unknown, foreign) = ("unknown-sign-in", "flow-cookie-undecryptable");
    for (line, code) in [
        (b"".as_slice(), unknown),
        (b";;;=;=;", unknown),
        (b"\xff\xfe=\x80; \xc3\xa9", unknown),
        (name.as_bytes(), unknown),
        (format!("{name}=").as_bytes(), foreign),
        (format!("{name}=\"{value}\"").as_bytes(), foreign),
        (
            format!("{}={value}", name.to_lowercase()).as_bytes(),
            unknown,
        ),
        (
            [name.as_bytes(), b"=\xff", value.as_bytes()]
                .concat()
                .as_slice(),
            foreign,
        ),
        ("a=b;".repeat(20_000).as_bytes(), unknown),
    ] {
        let line = HeaderValue::from_bytes(line).unwrap();
        let page = flow.call_with(&flow.query(), &[line]).await;
        flow.assert_refused(&page, 400, code, "a cookie header");
    }

    // The control: among other cookies, and on a line of its own.
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
async fn a_sign_in_expires_after_twenty_minutes_even_if_the_browser_keeps_the_cookie() {
    let flow = UnderWay::after(Duration::from_secs(20 * 60 - 1)).await;
    flow.assert_completes().await;

    let flow = UnderWay::after(Duration::from_secs(20 * 60)).await;
    assert_eq!(flow.flow_cookies().len(), 1);
    let page = flow.call(&flow.query()).await;
    flow.assert_refused(&page, 400, "sign-in-expired", "20 minutes");
    assert_eq!(flow.flow_cookies(), []);
}
