//! Signing out where the provider has a page that ends its own session (OpenID Connect RP-Initiated
//! Logout), and where people go afterwards.

use std::time::Duration;

use axum::{Router, routing::get};
use futures_util::future::join;
use http::{Method, StatusCode};
use tokio::time::Instant;
use tower_didit::{
    ConfigBuilder, ConfigError, DiditTokens, Provider,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault},
};
use url::Url;

use crate::support::{
    cookies::SESSION,
    faults::with_claim,
    sign_in::sign_in,
    sign_out::leads_to,
    site::{self, CALLBACK, HOME, NOBODY, auth, memory},
};

const GOODBYE: &str = "https://app.example/goodbye";
const PAGE: &str = "https://apx.didit.me/auth/v2/logout";

fn didit() -> FakeDidit {
    site::didit()
        .with_end_session_endpoint()
        .with_post_logout_redirect_uri(GOODBYE)
}

/// An application with a discovered provider.
fn discovered(didit: &FakeDidit) -> ConfigBuilder {
    didit
        .config(CALLBACK)
        .with_provider(Provider::discovered("https://apx.didit.me"))
        .with_post_logout_redirect_uri(GOODBYE)
}

fn in_memory(didit: &FakeDidit) -> ConfigBuilder {
    discovered(didit).with_session_store(memory(didit))
}

/// Pages that show the ID token.
fn browser(didit: &FakeDidit, config: ConfigBuilder) -> Browser {
    let id_token = |tokens: Option<DiditTokens>| async move {
        let id_token = tokens.as_ref().map(DiditTokens::id_token);
        match id_token {
            None => NOBODY.to_owned(),
            Some(None) => "not kept".to_owned(),
            Some(Some(id_token)) => id_token.secret().to_owned(),
        }
    };
    let app = Router::new()
        .route("/", get(id_token))
        .route("/callback", get(id_token))
        .route("/goodbye", get(|| async { "goodbye" }))
        .layer(auth(config));
    Browser::new(HOME, app).add_didit(didit)
}

/// A signed-in browser, and the ID token.
async fn user(didit: &FakeDidit, config: ConfigBuilder) -> (Browser, String) {
    let browser = browser(didit, config);
    let page = sign_in(&browser, didit).await;
    assert_eq!(page.status(), StatusCode::OK);
    (browser, page.text().to_owned())
}

/// Signs out, and returns where that leads.
async fn sign_out(browser: &Browser) -> String {
    let page = browser.post_form("/logout", &[]).await;
    assert!(browser.cookies().is_empty());
    leads_to(&page)
}

/// The parameters of the provider's page, in their order.
fn parameters(url: &str) -> Vec<(String, String)> {
    assert!(url.starts_with(PAGE), "{url}");
    let url: Url = url.parse().expect("a URL");
    url.query_pairs().into_owned().collect()
}

fn names(parameters: &[(String, String)]) -> Vec<&str> {
    parameters.iter().map(|(name, _)| name.as_str()).collect()
}

// OpenID Connect RP-Initiated Logout §2 and §3; behaviour 90.
#[tokio::test]
async fn a_sign_out_redirects_to_the_provider_and_back() {
    for config in [discovered, in_memory] {
        let didit = didit();
        let (browser, id_token) = user(&didit, config(&didit)).await;
        // The ID token is kept, for the `id_token_hint`.
        assert_eq!(browser.get("/").await.text(), id_token);
        let there = sign_out(&browser).await;
        let parameters = parameters(&there);
        let [hint, client_id, back, (state, value)] = &*parameters else {
            panic!("{there}");
        };
        assert_eq!(*hint, ("id_token_hint".to_owned(), id_token));
        assert_eq!(*client_id, ("client_id".to_owned(), "client".to_owned()));
        let name = "post_logout_redirect_uri".to_owned();
        assert_eq!(*back, (name, GOODBYE.to_owned()));
        assert_eq!((state.as_str(), value.len()), ("state", 22));

        let page = browser.follow(&there).await;
        assert_eq!(page.url(), format!("{GOODBYE}?state={value}"));
        assert_eq!(page.text(), "goodbye");
        assert_eq!(browser.get("/").await.text(), NOBODY);
    }
}

// OpenID Connect RP-Initiated Logout §2; behaviour 90.
#[tokio::test]
async fn without_a_post_logout_redirect_uri_the_provider_shows_its_page() {
    let didit = didit();
    let config = didit.config(CALLBACK).with_landing_page("/home");
    let (browser, _) = user(&didit, config).await;
    let there = sign_out(&browser).await;
    assert_eq!(names(&parameters(&there)), ["id_token_hint", "client_id"]);
    let page = browser.follow(&there).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.url(), there);
}

// OpenID Connect RP-Initiated Logout §2; behaviour 90.
#[tokio::test]
async fn without_an_end_session_endpoint_the_sign_out_is_local_and_no_id_token_is_kept() {
    let didit = site::didit();
    for config in [discovered, in_memory] {
        let (browser, id_token) = user(&didit, config(&didit)).await;
        assert_ne!(id_token, "not kept");
        assert_eq!(browser.get("/").await.text(), "not kept");
        assert_eq!(sign_out(&browser).await, "/");
    }
}

// OpenID Connect RP-Initiated Logout §3; behaviour 90.
#[tokio::test]
async fn the_post_logout_page_ignores_the_state() {
    let didit = didit();
    let (browser, _) = user(&didit, discovered(&didit)).await;
    sign_out(&browser).await;
    for query in [
        "",
        "?state=other",
        "?state=",
        "?state=a&state=b",
        "?error=x",
    ] {
        let page = browser.get(&format!("{GOODBYE}{query}")).await;
        assert_eq!(page.status(), StatusCode::OK, "{query}");
        assert_eq!(page.text(), "goodbye", "{query}");
    }
    assert!(browser.cookies().is_empty());
}

// OpenID Connect RP-Initiated Logout §2; behaviour 90.
#[tokio::test]
async fn an_id_token_hint_that_is_too_long_is_omitted() {
    let didit = didit();
    didit.on_next(Endpoint::Token, with_claim("groups", "a".repeat(2048)));
    let (browser, id_token) = user(&didit, in_memory(&didit)).await;
    assert!(id_token.len() > 2048);
    let there = sign_out(&browser).await;
    assert!(there.len() < 512, "{there}");
    let expected = ["client_id", "post_logout_redirect_uri", "state"];
    assert_eq!(names(&parameters(&there)), expected);
    assert_eq!(browser.follow(&there).await.text(), "goodbye");
}

// RFC 7009 §2.2, OpenID Connect RP-Initiated Logout §2; behaviours 89 and 90.
#[tokio::test(start_paused = true)]
async fn a_provider_that_is_slow_to_revoke_ends_its_session_all_the_same() {
    for fault in [Fault::hang(), Fault::error("x").with_status(503)] {
        let didit = didit().with_revocation_endpoint();
        let (browser, _) = user(&didit, discovered(&didit)).await;
        didit.on_every(Endpoint::Revocation, fault);
        let start = Instant::now();
        let there = sign_out(&browser).await;
        assert!(start.elapsed() <= Duration::from_secs(2));
        assert_eq!(didit.count(Endpoint::Revocation), 1);
        assert_eq!(browser.follow(&there).await.text(), "goodbye");
    }
}

// OpenID Connect RP-Initiated Logout §2; behaviours 89 and 90. A button that is pressed twice shows
// the response to the second request.
#[tokio::test]
async fn two_concurrent_sign_outs_both_redirect_to_the_provider() {
    for config in [discovered, in_memory] {
        let didit = didit().with_revocation_endpoint();
        let (browser, _) = user(&didit, config(&didit)).await;
        let other = browser.clone();
        for there in <[String; 2]>::from(join(sign_out(&browser), sign_out(&other)).await) {
            assert!(there.starts_with(PAGE), "{there}");
        }
        assert_eq!(didit.count(Endpoint::Revocation), 1);
    }
}

// OpenID Connect RP-Initiated Logout §2; behaviours 89 and 90.
#[tokio::test]
async fn a_sign_out_without_a_session_stays_on_this_site() {
    let didit = didit();
    for config in [discovered, in_memory] {
        let browser = browser(&didit, config(&didit));
        assert_eq!(sign_out(&browser).await, "/");
    }
    assert_eq!(didit.requests().len(), 0);
}

// OpenID Connect RP-Initiated Logout §2; behaviours 89 and 90.
#[tokio::test]
async fn a_sign_out_with_an_ended_session_redirects_to_the_provider() {
    let didit = didit();
    let browser = browser(&didit, in_memory(&didit));
    // The cookie id of an ended session.
    browser.set_cookie(SESSION, &"A".repeat(43));
    let there = sign_out(&browser).await;
    assert!(there.starts_with(PAGE), "{there}");
    assert!(!there.contains("id_token_hint"), "{there}");
}

// OpenID Connect RP-Initiated Logout §3, RFC 9700 §4.11; behaviour 90.
#[tokio::test]
async fn only_configured_pages_can_be_selected() {
    let didit = site::didit();
    let pages = ["/bye", "/see-you?soon=1", "https://www.example/goodbye"];
    let browser = browser(&didit, discovered(&didit).with_sign_out_pages(pages));
    let ask = async |query: &str| {
        let path = format!("/logout{query}");
        leads_to(&browser.post_form(&path, &[]).await)
    };
    for page in pages {
        let page_encoded: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
        assert_eq!(ask(&format!("?return_to={page_encoded}")).await, page);
    }
    for other in [
        "",
        "?",
        "?return_to=",
        "?return_to=/",
        "?return_to=/bye/",
        "?return_to=/bye%3Fa=b",
        "?return_to=/BYE",
        "?return_to=//evil.example/bye",
        "?return_to=/%5Cevil.example",
        "?return_to=https://evil.example",
        "?return_to=https://www.example/goodbye/..",
        "?return_to=https://www.example.evil.example/goodbye",
        "?return_to=javascript:alert(1)",
        "?return_to=/bye%0D%0ASet-Cookie:a=b",
        "?next=/see-you",
        // The first counts.
        "?return_to=/bye&return_to=https://evil.example",
        "?return_to=https://evil.example&return_to=/see-you%3Fsoon%3D1",
    ] {
        assert_eq!(ask(other).await, "/bye", "{other}");
    }
    let form = [("return_to", "/see-you?soon=1")];
    let page = browser.post_form("/logout", &form).await;
    assert_eq!(page.location(), "/bye", "a body is not read");
    let page = browser.fetch(Method::POST, "/logout").await;
    assert_eq!(page.json()["location"], "/bye");
}

// OpenID Connect RP-Initiated Logout §2; behaviour 90.
#[tokio::test]
async fn the_page_of_the_provider_takes_precedence() {
    let didit = didit();
    let config = discovered(&didit).with_sign_out_pages(["/bye", "/see-you"]);
    let (browser, _) = user(&didit, config).await;
    let page = browser.post_form("/logout?return_to=/see-you", &[]).await;
    assert!(leads_to(&page).starts_with(PAGE));
}

#[test]
fn invalid_sign_out_pages_are_refused_by_build() {
    let didit = didit();
    for page in ["//evil.example", "bye", "http://www.example/", ""] {
        let refused = didit.config(CALLBACK).with_sign_out_pages([page]).build();
        let refused = refused.expect_err(page);
        assert!(
            matches!(refused, ConfigError::InvalidValue { .. }),
            "{refused:?}"
        );
    }
    let bare = didit.config(CALLBACK).with_sign_out_pages(["bye"]).build();
    assert_eq!(
        bare.expect_err("no path").to_string(),
        "the page after sign-out \"bye\" must be a path of this site, which starts with `/`, or an absolute URL"
    );
    for uri in ["/goodbye", "http://app.example/goodbye", ""] {
        let config = didit.config(CALLBACK).with_post_logout_redirect_uri(uri);
        assert!(matches!(
            config.build(),
            Err(ConfigError::InvalidValue { .. })
        ));
    }
}
