//! One application at several origins, and requests that name none of them.

use axum::{
    Router,
    body::Body,
    routing::{get, post},
};
use http::{Request, StatusCode, header};
use tower::ServiceExt;
use tower_didit::{
    ConfigBuilder, DiditClient, IdClaims, Provider, ReturnTo, SignedOut,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Person},
};

use crate::support::{
    cookies::{COMPLETED, SESSION, header_of, lasting},
    logs::{capture, logs},
    query::parameters,
    site::{NOBODY, auth, didit, memory},
};

/// Redirect URIs on two hosts, on another port of the first, and on loopback with another path.
const REDIRECT_URIS: [&str; 4] = [
    "https://app.example/callback",
    "https://other.example/callback",
    "https://app.example:8443/callback",
    "http://localhost:3000/local/callback",
];

fn origin(redirect_uri: &str) -> &str {
    redirect_uri
        .strip_suffix("/callback")
        .map_or(redirect_uri, |uri| {
            uri.strip_suffix("/local").unwrap_or(uri)
        })
}

/// A configuration for several redirect URIs, all of which are registered.
fn config(didit: &FakeDidit, redirect_uris: &[&str]) -> ConfigBuilder {
    let (first, others) = redirect_uris.split_first().expect("there is one");
    let config = didit.config(first);
    others.iter().fold(config, |config, uri| {
        let _ = didit.clone().with_redirect_uri(*uri);
        config.add_redirect_uri(*uri)
    })
}

fn both_places(redirect_uris: &[&str]) -> [(FakeDidit, ConfigBuilder); 2] {
    let (cookies, stored) = (didit(), didit());
    let in_cookies = config(&cookies, redirect_uris);
    let in_memory = config(&stored, redirect_uris).with_session_store(memory(&stored));
    [(cookies, in_cookies), (stored, in_memory)]
}

fn router(config: ConfigBuilder) -> Router {
    let who = async |user: Option<IdClaims>| {
        user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
    };
    let callback = get(|_: IdClaims, back: ReturnTo| async { back });
    let sign_out = async |client: DiditClient| -> Result<SignedOut, tower_didit::Error> {
        client.sign_out().await
    };
    Router::new()
        .route("/", get(who))
        .route("/members", get(|_: IdClaims| async { "members" }))
        .route("/callback", callback.clone())
        .route("/local/callback", callback)
        .route("/sign-out", post(sign_out))
        .layer(auth(config))
}

/// A browser that finds the application at all these origins.
fn browser(router: &Router, redirect_uris: &[&str]) -> Browser {
    let (first, others) = redirect_uris.split_first().expect("there is one");
    let browser = Browser::new(origin(first), router.clone());
    others.iter().fold(browser, |browser, uri| {
        browser.add_site(origin(uri), router.clone())
    })
}

/// Signs in from a page. Returns where the sign-in ends.
async fn sign_in(browser: &Browser, didit: &FakeDidit, page: &str, person: &Person) -> String {
    let started = browser.get(page).await;
    assert_eq!(started.status(), StatusCode::SEE_OTHER, "{page}");
    let back = didit.approve(started.location(), person);
    let callback = browser.get(&back).await;
    assert_eq!(callback.status(), StatusCode::SEE_OTHER, "{page}");
    let origin = url::Url::parse(callback.url()).expect("a URL").origin();
    format!("{}{}", origin.ascii_serialization(), callback.location())
}

async fn who(browser: &Browser, origin: &str) -> String {
    browser.get(&format!("{origin}/")).await.text().to_owned()
}

// RFC 6749 §4.1.3; behaviour 108.
#[tokio::test]
async fn each_sign_in_comes_back_to_the_origin_that_it_started_on() {
    capture();
    for (didit, config) in both_places(&REDIRECT_URIS) {
        let router = router(config);
        for uri in REDIRECT_URIS {
            let browser = browser(&router, &REDIRECT_URIS);
            let home = origin(uri);
            // A guarded page, then the login path.
            for (start, end) in [("/members?x=%2F", "/members?x=%2F"), ("/login", "/")] {
                let started = browser.get(&format!("{home}{start}")).await;
                assert_eq!(parameters(started.location())["redirect_uri"], uri);
                let page = format!("{home}{start}");
                let ended = sign_in(&browser, &didit, &page, &Person::john()).await;
                assert_eq!(ended, format!("{home}{end}"));
                let request = didit.last(Endpoint::Token).expect("the code was exchanged");
                assert_eq!(request.form_value("redirect_uri").as_deref(), Some(uri));
                assert_eq!(who(&browser, home).await, Person::john().subject());
                browser.post_form(&format!("{home}/logout"), &[]).await;
                assert_eq!(who(&browser, home).await, NOBODY);
            }
            assert_eq!(browser.cookies(), [], "{uri}");
        }
    }
    assert!(
        !logs().contains("on a host without a redirect URI"),
        "{}",
        logs()
    );
}

// RFC 9113 §8.3.1, RFC 9112 §3.2.2; behaviour 108.
#[tokio::test]
async fn the_authority_of_a_request_goes_before_its_host_header() {
    let didit = didit();
    let router = router(config(&didit, &REDIRECT_URIS));
    for (uri, host, expected) in [
        ("https://other.example/login", None, REDIRECT_URIS[1]),
        ("https://OTHER.example:443/login", None, REDIRECT_URIS[1]),
        (
            "http://other.example/login",
            Some("app.example"),
            REDIRECT_URIS[1],
        ),
        ("/login", Some("other.example"), REDIRECT_URIS[1]),
        ("/login", Some("app.example:8443"), REDIRECT_URIS[2]),
        ("/login", Some("localhost:3000"), REDIRECT_URIS[3]),
        // A proxy that passes the name on without the port.
        ("/login", Some("localhost"), REDIRECT_URIS[3]),
        ("/login", Some("app.example"), REDIRECT_URIS[0]),
        // The name counts before the port, and the first redirect URI before the others.
        ("/login", Some("other.example:8080"), REDIRECT_URIS[1]),
        ("/login", Some("evil.example"), REDIRECT_URIS[0]),
        (
            "/login",
            Some("other.example.evil.example"),
            REDIRECT_URIS[0],
        ),
        (
            "/login",
            Some("other.example@evil.example"),
            REDIRECT_URIS[0],
        ),
        ("/login", Some("\u{ff}"), REDIRECT_URIS[0]),
        ("/login", Some(""), REDIRECT_URIS[0]),
        ("/login", None, REDIRECT_URIS[0]),
    ] {
        let mut request = Request::get(uri)
            .header("x-forwarded-host", "other.example")
            .header("forwarded", "host=other.example");
        if let Some(host) = host {
            request = request.header(header::HOST, host);
        }
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap());
        let response = response.await.unwrap();
        let location = response.headers()[header::LOCATION].to_str().unwrap();
        assert_eq!(
            parameters(location)["redirect_uri"],
            expected,
            "{uri} {host:?}"
        );
    }
}

// Behaviour 77. A handler that refuses a user at one origin has not signed them in there.
#[tokio::test]
async fn a_session_of_one_origin_does_not_count_at_another() {
    let [first, second, port, loopback] = REDIRECT_URIS.map(origin);
    for (didit, config) in both_places(&REDIRECT_URIS) {
        let router = router(config);
        let browser = browser(&router, &REDIRECT_URIS);
        let john = Person::john();
        sign_in(&browser, &didit, &format!("{first}/login"), &john).await;
        assert_eq!(who(&browser, second).await, NOBODY);
        let session = header_of(&browser);
        let plain = session.replace("__Host-", "");
        for (origin, cookies) in [(second, &session), (loopback, &plain), (loopback, &session)] {
            let request = Request::get(format!("{origin}/")).header(header::COOKIE, cookies);
            let page = browser.send(request.body("").unwrap()).await;
            assert_eq!(page.text(), NOBODY, "{origin}");
        }
        // Browsers send a host's cookies to all of its ports.
        assert_eq!(who(&browser, port).await, john.subject());
        browser.post_form(&format!("{port}/logout"), &[]).await;
        assert_eq!(who(&browser, first).await, NOBODY);
        let request = Request::get(format!("{first}/")).header(header::COOKIE, &session);
        let page = browser.send(request.body("").unwrap()).await;
        assert_eq!(page.text(), NOBODY);
    }
}

#[tokio::test]
async fn users_and_sign_ins_of_two_origins_do_not_touch_each_other() {
    let uris = &REDIRECT_URIS[..2];
    let [first, second] = [origin(uris[0]), origin(uris[1])];
    let (john, alejandra) = (Person::john(), Person::alejandra());
    for (didit, config) in both_places(uris) {
        let browser = browser(&router(config), uris);
        sign_in(&browser, &didit, &format!("{first}/login"), &john).await;
        sign_in(&browser, &didit, &format!("{second}/login"), &alejandra).await;
        assert_eq!(who(&browser, first).await, john.subject());
        assert_eq!(who(&browser, second).await, alejandra.subject());

        let pending = browser.get(&format!("{second}/login")).await;
        // A callback of another origin's sign-in is unknown, and its code is not sent.
        let back = didit.approve(pending.location(), &alejandra);
        let exchanges = didit.count(Endpoint::Token);
        let astray = browser.get(&back.replace(second, first)).await;
        assert_eq!(astray.location(), "/");
        assert_eq!(didit.count(Endpoint::Token), exchanges);

        // From a page of the first.
        assert_eq!(who(&browser, first).await, john.subject());
        browser.post_form(&format!("{first}/logout"), &[]).await;
        assert_eq!(who(&browser, first).await, NOBODY);
        assert_eq!(who(&browser, second).await, alejandra.subject());
        assert_eq!(browser.get(&back).await.status(), StatusCode::SEE_OTHER);
    }
}

// Behaviour 108.
#[tokio::test]
async fn a_sign_in_on_another_host_is_logged_once_with_both_names() {
    const EVENT: &str = "sign-in started on a host without a redirect URI";
    for several in [false, true] {
        let didit = didit();
        let uris = if several {
            &REDIRECT_URIS[..]
        } else {
            &REDIRECT_URIS[..1]
        };
        let router = router(config(&didit, uris));
        let browser = browser(&router, uris);
        let start = async |host: &str, page: &str| {
            let request = Request::get(page).header("accept", "text/html");
            let request = request.header(header::HOST, host).body("").unwrap();
            let page = browser.send(request).await;
            assert_eq!(page.status(), StatusCode::SEE_OTHER);
            let asked = parameters(page.location());
            assert_eq!(asked["redirect_uri"], REDIRECT_URIS[0], "{host}");
        };
        capture();
        browser.get("/").await;
        start("app.example", "/login").await;
        assert!(!logs().contains(EVENT), "{}", logs());
        // A stock nginx sends the name of its upstream.
        for page in ["/login", "/members", "/login"] {
            start("127.0.0.1:3000", page).await;
        }
        let logged = logs();
        assert_eq!(logged.matches(EVENT).count(), 1, "{logged}");
        let line = logged.lines().find(|line| line.contains(EVENT)).unwrap();
        assert!(line.contains(" WARN "), "{line}");
        assert!(line.contains(r#"host="127.0.0.1:3000""#), "{line}");
        assert!(
            line.contains(r#"redirect_uri="https://app.example/callback""#),
            "{line}"
        );

        start("app.example:8080", "/login").await;
        start("WWW.app.example", "/login").await;
        start("www.app.example", "/login").await;
        assert_eq!(logs().matches(EVENT).count(), 3, "{}", logs());
        // Strangers send any.
        for number in 0..50 {
            start(&format!("{number}.{:a<300}", ""), "/login").await;
        }
        let logged = logs();
        assert_eq!(logged.matches(EVENT).count(), 8);
        assert!(!logged.contains(&"a".repeat(256)));
    }
}

// OpenID Connect RP-Initiated Logout §3; behaviour 90.
#[tokio::test]
async fn a_sign_out_is_for_its_own_origin_and_comes_back_to_it() {
    let uris = &REDIRECT_URIS[..3];
    let goodbyes = ["https://app.example/bye", "https://other.example/bye"];
    let didit = didit().with_end_session_endpoint();
    let config = config(&didit, uris)
        .with_provider(Provider::discovered("https://apx.didit.me"))
        .with_post_logout_redirect_uri(goodbyes[0])
        .add_post_logout_redirect_uri(goodbyes[1]);
    let router = router(config);
    for (uri, goodbye) in [
        (uris[0], goodbyes[0]),
        (uris[1], goodbyes[1]),
        (uris[2], goodbyes[0]),
    ] {
        let home = origin(uri);
        for path in ["/logout", "/sign-out"] {
            let browser = browser(&router, uris);
            sign_in(&browser, &didit, &format!("{home}/login"), &Person::john()).await;
            for other in uris.iter().filter(|other| **other != uri) {
                let request = Request::post(format!("{home}/logout"))
                    .header(header::ORIGIN, origin(other))
                    .body("");
                let refused = browser.send(request.unwrap()).await;
                assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{other}");
            }
            let request = Request::post(format!("{home}{path}")).header(header::ORIGIN, home);
            let page = browser.send(request.body("").unwrap()).await;
            let asked = parameters(page.location());
            assert_eq!(asked["post_logout_redirect_uri"], goodbye, "{uri}");
            assert_eq!(who(&browser, home).await, NOBODY);
        }
    }
}

// RFC 6265bis §4.1.3.2; behaviour 76.
#[tokio::test]
async fn each_origin_has_cookies_of_its_own_kind() {
    let didit = didit();
    let router = router(config(&didit, &REDIRECT_URIS));
    for uri in REDIRECT_URIS {
        let browser = browser(&router, &REDIRECT_URIS);
        let home = origin(uri);
        let is_https = uri.starts_with("https");
        let name = |name: &str| {
            let plain = name.trim_start_matches("__Host-");
            if is_https {
                name.to_owned()
            } else {
                plain.to_owned()
            }
        };
        sign_in(&browser, &didit, &format!("{home}/login"), &Person::john()).await;
        let cookies = lasting(&browser);
        assert_eq!(cookies.len(), 1, "{cookies:?}");
        assert_eq!(cookies[0].name(), name(SESSION));
        assert_eq!(cookies[0].is_secure(), is_https);
        assert!(browser.cookie(&name(COMPLETED)).is_some());
        assert!(browser.rejected_cookies().is_empty());
    }
}
