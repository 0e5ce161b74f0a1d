//! A session from its sign-in to its end, sealed into one cookie.

use std::time::Duration;

use http::{Request, StatusCode, header};
use tower_didit::fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Person, SameSite};

use super::application::{app, ask, signed_in};
use crate::support::{
    cookies::{SESSION, flow_cookies, header_of, lasting, session},
    sign_in::sign_in,
    site::{CALLBACK, HOME, NOBODY, didit},
};

// RFC 6265bis §4.1.3.2; behaviour 76.
#[tokio::test]
async fn the_cookie_is_locked_to_the_host_and_plain_only_on_loopback_http() {
    for (origin, name, secure) in [
        (HOME, SESSION, true),
        ("https://app.example:8443", SESSION, true),
        ("https://localhost", SESSION, true),
        ("http://localhost:3000", "didit", false),
        ("http://127.0.0.1:3000", "didit", false),
        ("http://[::1]:3000", "didit", false),
    ] {
        let didit = didit();
        let browser = Browser::new(origin, app(didit.config(&format!("{origin}/callback"))));
        let page = sign_in(&browser, &didit).await;
        assert_eq!(page.status(), StatusCode::OK, "{origin}");

        let [cookie] = &lasting(&browser)[..] else {
            panic!("not one cookie at {origin}: {:?}", browser.cookies());
        };
        assert_eq!(cookie.name(), name, "{origin}");
        assert_eq!(cookie.is_secure(), secure, "{origin}");
        assert!(cookie.is_http_only() && cookie.is_host_only(), "{origin}");
        assert_eq!(cookie.same_site(), Some(SameSite::Lax), "{origin}");
        assert_eq!(cookie.path(), "/", "{origin}");
        assert_eq!(cookie.max_age(), Some(Duration::from_secs(24 * 60 * 60)));
        assert!(browser.rejected_cookies().is_empty(), "{origin}");
        assert_eq!(browser.get("/").await.text(), page.text(), "{origin}");
    }
}

// Behaviour 77.
#[tokio::test]
async fn a_cookie_with_a_byte_changed_missing_or_added_signs_nobody_in() {
    let didit = didit();
    let (browser, user) = signed_in(&didit, app(didit.config(CALLBACK))).await;
    let good = session(&browser).into_bytes();
    let cookie = |value: &[u8]| [SESSION.as_bytes(), b"=", value].concat();
    assert_eq!(ask(&browser, &[cookie(&good)]).await, user);

    for position in 0..good.len() {
        let (before, [byte, after @ ..]) = good.split_at(position) else {
            panic!("{position} is inside");
        };
        for bad in [
            [before, &[byte ^ 1], after].concat(),
            [before, &[byte | 0x80], after].concat(),
            [before, after].concat(),
            [before, b"A", &[*byte], after].concat(),
            before.to_vec(),
        ] {
            assert_eq!(
                ask(&browser, &[cookie(&bad)]).await,
                NOBODY,
                "at {position}"
            );
        }
    }
    for bad in [&b"1."[..], b".", b"0.A", b"00", b"99.A", b"%", b"\xff\xfe"] {
        assert_eq!(ask(&browser, &[cookie(bad)]).await, NOBODY, "{bad:?}");
        assert_eq!(
            ask(&browser, &[cookie(&[&good, bad].concat())]).await,
            NOBODY,
            "{bad:?}"
        );
    }
    assert_eq!(didit.count(Endpoint::Token), 1);
}

// Behaviour 77.
#[tokio::test]
async fn a_flow_cookie_is_not_accepted_as_a_session_nor_the_reverse() {
    let didit = didit();
    let (browser, user) = signed_in(&didit, app(didit.config(CALLBACK))).await;
    let session = session(&browser);
    let started = browser.get("/login").await;
    let flow = flow_cookies(&browser).remove(0);

    for text in [flow.value().to_owned(), format!("1.{}", flow.value())] {
        assert_eq!(ask(&browser, &[format!("{SESSION}={text}")]).await, NOBODY);
    }
    assert_eq!(ask(&browser, &[format!("{SESSION}={session}")]).await, user);

    let back = didit.approve(started.location(), &Person::alejandra());
    let come_back = async |text: &str| {
        let request = Request::get(&back)
            .header(header::ACCEPT, "application/json")
            .header(header::COOKIE, format!("{}={text}", flow.name()));
        browser.send(request.body("").unwrap()).await
    };
    for text in [&session, &session[2..]] {
        let page = come_back(text).await;
        assert_eq!(page.status(), StatusCode::BAD_REQUEST);
        assert_eq!(page.json()["code"], "flow-cookie-undecryptable");
        assert_eq!(didit.count(Endpoint::Token), 1);
    }
    assert_eq!(come_back(flow.value()).await.status(), StatusCode::OK);
    assert_eq!(didit.count(Endpoint::Token), 2);
}

// Behaviours 77 and 78.
#[tokio::test]
async fn a_cookie_opens_only_for_its_own_client_origin_and_key() {
    let (key, new_key) = ([7; 32], [8; 32]);
    let issuing = didit();
    let sealed = app(issuing.config(CALLBACK).with_cookie_keys([key]));
    let (browser, user) = signed_in(&issuing, sealed).await;
    let cookie = header_of(&browser);

    let config = |client: &str, callback: &str, keys: &[[u8; 32]]| {
        FakeDidit::new(client, "secret")
            .config(callback)
            .with_cookie_keys(keys.to_vec())
    };
    for (case, config, opens) in [
        ("another instance", config("client", CALLBACK, &[key]), true),
        (
            "a rotated key",
            config("client", CALLBACK, &[new_key, key]),
            true,
        ),
        (
            "another path of the callback",
            config("client", "https://app.example/back", &[key]),
            true,
        ),
        ("another client", config("clienu", CALLBACK, &[key]), false),
        (
            "another host",
            config("client", "https://app2.example/callback", &[key]),
            false,
        ),
        (
            "another port",
            config("client", "https://app.example:8443/callback", &[key]),
            false,
        ),
        ("another key", config("client", CALLBACK, &[new_key]), false),
        ("the key of the secret", issuing.config(CALLBACK), false),
    ] {
        let other = Browser::new(HOME, app(config));
        let expected = if opens { &user } else { NOBODY };
        assert_eq!(&ask(&other, &[&cookie]).await, expected, "{case}");
    }
}

// Behaviour 77.
#[tokio::test]
async fn without_cookie_keys_the_client_secret_seals_the_cookie() {
    let issuing = didit();
    let (browser, user) = signed_in(&issuing, app(issuing.config(CALLBACK))).await;
    let cookie = header_of(&browser);
    for (secret, expected) in [("secret", &*user), ("secreu", NOBODY)] {
        let config = FakeDidit::new("client", secret).config(CALLBACK);
        let other = Browser::new(HOME, app(config));
        assert_eq!(ask(&other, &[&cookie]).await, expected, "{secret}");
    }
}
