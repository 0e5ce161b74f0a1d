//! `build` reports a wrong setting before the first request.

mod scopes;
mod urls;

use std::time::Duration;

use axum::{Router, routing::get};
use http::StatusCode;
use tower_didit::{
    Config, ConfigBuilder, ConfigError, DiditAuth, DiditTokens, Provider, ReturnTo,
    fake::{Browser, Endpoint, FakeDidit, Person},
};

use crate::support::site::{CALLBACK, HOME, auth};

fn good() -> ConfigBuilder {
    Config::builder("client-id", CALLBACK).with_client_secret("client-secret")
}

fn redirect_uri(uri: &str) -> ConfigBuilder {
    Config::builder("client-id", uri).with_client_secret("client-secret")
}

fn public() -> ConfigBuilder {
    Config::builder("client-id", CALLBACK)
}

/// The exact error of `build`.
#[track_caller]
fn assert_refused(config: ConfigBuilder, words: &str) {
    match config.build() {
        Ok(_) => panic!("not refused: {words}"),
        Err(error) => assert_eq!(error.to_string(), words),
    }
}

// Behaviour 95.
#[test]
fn a_missing_setting_is_named_with_where_to_find_it() {
    for id in ["", " \t"] {
        assert_refused(
            Config::builder(id, CALLBACK).with_client_secret("s"),
            "the client id is empty; it is in Didit's console (`DIDIT_CLIENT_ID`)",
        );
    }
    for secret in ["", " \n"] {
        assert_refused(
            good().with_client_secret(secret),
            "the client secret is empty; it is in Didit's console (`DIDIT_CLIENT_SECRET`); a \
             public client sets none",
        );
    }
    assert_refused(
        good().with_client_secret("s3cret\n"),
        "the client secret starts or ends with white space; a file may have added a new line",
    );
    assert_refused(
        Config::builder(" id", CALLBACK).with_client_secret("s"),
        "the client id starts or ends with white space; a file may have added a new line",
    );
    assert_refused(good().with_cookie_keys(Vec::<Vec<u8>>::new()), NO_KEYS);
    assert_refused(
        redirect_uri(""),
        "the redirect URI is empty; it is one that is registered at Didit (`DIDIT_REDIRECT_URI`)",
    );
    assert_refused(public(), NO_KEYS);
    assert_refused(
        good().with_provider(Provider::didit().with_issuers([""; 0])),
        NO_ISSUER,
    );
    let nameless = [
        Provider::authentication(""),
        Provider::from_publishable_key("pk_live_"),
        Provider::discovered(""),
        Provider::didit().add_issuer(""),
    ];
    for provider in nameless {
        assert_refused(good().with_provider(provider), NO_ISSUER);
    }
    assert_eq!(
        ConfigError::NoTransport.to_string(),
        "there is no HTTP transport: switch the feature `reqwest` on, or give one to \
         `with_transport`"
    );
}

// Behaviour 95.
#[test]
fn cookie_keys_are_long_enough() {
    for (lengths, position, length) in
        [(&[31][..], 1, 31), (&[32, 0], 2, 0), (&[64, 32, 16], 3, 16)]
    {
        let keys = lengths.iter().map(|length| vec![7; *length]);
        let words = format!(
            "cookie key {position} has {length} bytes, and at least 32 random ones are needed"
        );
        assert_refused(good().with_cookie_keys(keys), &words);
    }
    assert!(public().with_cookie_keys([[7; 32]]).build().is_ok());
}

// Behaviour 95.
#[test]
fn durations_and_sizes_have_a_range() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    type Setter = fn(ConfigBuilder, Duration) -> ConfigBuilder;
    let timeout = (
        "between 1 millisecond and 5 minutes",
        Duration::from_millis(1),
        Duration::from_secs(300),
    );
    let life = (
        "between 1 second and 400 days",
        Duration::from_secs(1),
        400 * DAY,
    );
    let settings: [(&str, Setter, _); 4] = [
        ("HTTP timeout", ConfigBuilder::with_http_timeout, timeout),
        (
            "connect timeout",
            ConfigBuilder::with_connect_timeout,
            timeout,
        ),
        (
            "session's idle timeout",
            ConfigBuilder::with_session_idle_timeout,
            life,
        ),
        (
            "session's lifetime",
            ConfigBuilder::with_session_lifetime,
            life,
        ),
    ];
    for (name, set, (range, least, most)) in settings {
        let nanosecond = Duration::from_nanos(1);
        for bad in [
            Duration::ZERO,
            least.saturating_sub(nanosecond),
            most + nanosecond,
            Duration::MAX,
        ] {
            assert_refused(set(good(), bad), &format!("the {name} must be {range}"));
        }
        assert!(
            set(good(), least).build().is_ok() && set(good(), most).build().is_ok(),
            "{name}"
        );
    }
    let most_skew = Duration::from_secs(300);
    for bad in [most_skew + Duration::from_nanos(1), Duration::MAX] {
        assert_refused(
            good().with_clock_skew(bad),
            "the clock skew must be at most 5 minutes",
        );
    }
    for skew in [Duration::ZERO, most_skew] {
        assert!(good().with_clock_skew(skew).build().is_ok());
    }
    for bad in [0, 1023, 40_961, usize::MAX] {
        assert_refused(
            good().with_session_cookie_limit(bad),
            "the session cookie limit must be between 1,024 and 40,960 bytes",
        );
    }
    for limit in [1024, 40_960] {
        assert!(good().with_session_cookie_limit(limit).build().is_ok());
    }
}

#[test]
fn the_first_wrong_setting_is_reported() {
    let all_wrong = Config::builder("", "")
        .with_client_secret("")
        .with_scopes(["email"]);
    assert_refused(
        all_wrong,
        "the client id is empty; it is in Didit's console (`DIDIT_CLIENT_ID`)",
    );
}

#[tokio::test]
async fn client_id_redirect_uri_and_secret_are_enough() {
    let didit = FakeDidit::new("client-id", "client-secret").with_redirect_uri(CALLBACK);
    // Nothing is sent before the first sign-in.
    DiditAuth::new(good().build().unwrap());

    let config = good()
        .with_transport(didit.clone())
        .with_clock(didit.clock());
    let app = Router::new()
        .route(
            "/callback",
            get(|_: DiditTokens, back: ReturnTo| async move { back }),
        )
        .layer(auth(config));
    let browser = Browser::new(HOME, app);
    let page = browser.get("/login").await;
    let to = page.location();
    assert!(to.starts_with("https://auth.didit.me/?response_type=code&client_id=client-id&"));
    assert!(to.contains("&scope=openid&"), "{to}");

    let back = didit.approve(to, &Person::john());
    let page = browser.get(&back).await;
    assert_eq!(
        (page.status(), page.location()),
        (StatusCode::SEE_OTHER, "/")
    );
    let token_request = didit.last(Endpoint::Token).unwrap();
    assert_eq!(token_request.uri(), "https://apx.didit.me/auth/v2/token");
    let page = browser.post_form("/logout", &[]).await;
    assert_eq!(
        (page.status(), page.location()),
        (StatusCode::SEE_OTHER, "/")
    );
}

const NO_KEYS: &str = "there are no cookie keys: set the client secret (`DIDIT_CLIENT_SECRET`), from \
                       which they are derived, or give 32 random bytes to `with_cookie_keys` \
                       (`DIDIT_COOKIE_KEYS`), the same to every instance";
const NO_ISSUER: &str = "the provider has no issuer: give at least one to \
                         `Provider::with_issuers` (`DIDIT_ISSUER`), or the whole publishable key \
                         (`DIDIT_PUBLISHABLE_KEY`)";
