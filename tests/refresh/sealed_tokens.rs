//! Tokens that an application keeps as text, for its jobs.

use std::{error::Error as _, time::Duration};

use http::Method;
use tower_didit::{
    ConfigBuilder, DiditAuth, DiditTokens, ErrorKind, Provider,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Person},
};

use crate::support::{
    cookies::{self, SESSION},
    handlers::{Place, app, once, user_of},
    site::{CALLBACK, HOME, NOBODY, auth, didit},
};

fn tokens(didit: &FakeDidit) -> DiditTokens {
    didit.tokens(&Person::john(), ["openid", "offline"])
}

fn with_keys(didit: &FakeDidit, keys: &[[u8; 32]]) -> DiditAuth {
    auth(didit.config(CALLBACK).with_cookie_keys(keys.to_vec()))
}

#[track_caller]
fn assert_refused(auth: &DiditAuth, sealed: &str) {
    let error = auth.open_tokens(sealed).expect_err("it does not open");
    assert_eq!(error.kind(), ErrorKind::SealedTokensUndecryptable);
    let text = "another key, client id or provider sealed the tokens, or the text is damaged";
    assert_eq!(error.to_string(), text);
    assert!(error.source().is_none());
}

#[tokio::test]
async fn a_job_uses_the_tokens_in_another_process_after_the_access_token_has_expired() {
    let didit = didit();
    let sealed = auth(didit.config(CALLBACK)).seal_tokens(&tokens(&didit));
    let sealed = sealed.expect("reusable tokens");
    didit.clock().advance(Duration::from_secs(86_400));

    let auth = auth(didit.config(CALLBACK));
    let opened = auth.open_tokens(&sealed).expect("the same keys");
    let refreshed = auth.client().refresh(&opened).await.expect("new tokens");
    assert_eq!(didit.count(Endpoint::Token), 1);
    assert_ne!(
        refreshed.access_token().secret(),
        opened.access_token().secret()
    );
    let user = auth.client().user_info(&refreshed).await;
    assert!(user.is_ok(), "the subject is compared");
}

#[test]
fn tokens_are_read_back_and_not_shown() {
    let didit = didit();
    let auth = auth(didit.config(CALLBACK));
    for scopes in [&["openid", "offline"][..], &["openid"]] {
        let tokens = didit.tokens(&Person::john(), scopes);
        let sealed = auth.seal_tokens(&tokens).expect("reusable tokens");
        assert_ne!(auth.seal_tokens(&tokens).expect("again"), sealed);
        let is_url_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        assert!(sealed.bytes().all(is_url_safe), "{sealed}");

        let opened = auth.open_tokens(&sealed).expect("the same keys");
        let secrets = |tokens: &DiditTokens| {
            let refresh_token = tokens
                .refresh_token()
                .map(|token| token.secret().to_owned());
            (tokens.access_token().secret().to_owned(), refresh_token)
        };
        assert_eq!(secrets(&opened), secrets(&tokens));
        assert_eq!(opened.scopes(), tokens.scopes());
        assert_eq!(opened.expires_at(), tokens.expires_at());
        assert!(opened.id_token().is_none());
        let (access_token, refresh_token) = secrets(&opened);
        let shown = format!("{opened:?} {auth:?}");
        for secret in [Some(access_token), refresh_token].into_iter().flatten() {
            assert!(!shown.contains(&secret) && !sealed.contains(&secret));
        }
    }
}

#[test]
fn keys_can_be_rotated() {
    let didit = didit();
    let [old, new] = [[1; 32], [2; 32]];
    let sealed = with_keys(&didit, &[old]).seal_tokens(&tokens(&didit));
    let sealed = sealed.expect("reusable tokens");
    for keys in [&[old][..], &[old, new], &[new, old]] {
        assert!(with_keys(&didit, keys).open_tokens(&sealed).is_ok());
    }
    assert_refused(&with_keys(&didit, &[new]), &sealed);
    assert_refused(&auth(didit.config(CALLBACK)), &sealed);

    let both = with_keys(&didit, &[new, old]);
    let opened = both.open_tokens(&sealed).expect("the old key opens");
    let again = both.seal_tokens(&opened).expect("reusable tokens");
    assert!(with_keys(&didit, &[new]).open_tokens(&again).is_ok());
}

#[test]
fn a_modified_text_is_refused() {
    let didit = didit();
    let auth = auth(didit.config(CALLBACK));
    let sealed = auth.seal_tokens(&tokens(&didit)).expect("reusable tokens");
    for position in 0..sealed.len() {
        let mut changed = sealed.clone().into_bytes();
        changed[position] = if changed[position] == b'A' {
            b'B'
        } else {
            b'A'
        };
        assert_refused(&auth, std::str::from_utf8(&changed).expect("ASCII"));
        assert_refused(&auth, &sealed[..position]);
    }
    for other in [format!("{sealed}A"), format!(" {sealed}"), "é".to_owned()] {
        assert_refused(&auth, &other);
    }
}

#[test]
fn another_client_or_provider_does_not_open_them() {
    let didit = didit();
    let keyed = |config: ConfigBuilder| auth(config.with_cookie_keys([[1; 32]]));
    let of = |provider: Provider| keyed(didit.config(CALLBACK).with_provider(provider));
    let sealed = of(Provider::didit()).seal_tokens(&tokens(&didit));
    let sealed = sealed.expect("reusable tokens");
    let other_site = didit.config("https://other.example/cb");
    let other_site = other_site.with_provider(Provider::didit());
    let other_site = keyed(other_site.with_cookie_name("other"));
    assert!(other_site.open_tokens(&sealed).is_ok());

    let other_client = FakeDidit::new("other", "secret").config(CALLBACK);
    assert_refused(
        &keyed(other_client.with_provider(Provider::didit())),
        &sealed,
    );
    let elsewhere = "https://other.example/token";
    assert_refused(
        &of(Provider::didit().with_token_endpoint(elsewhere)),
        &sealed,
    );
    let other_issuer = Provider::didit().with_issuers(["https://other.example"]);
    assert_refused(&of(other_issuer), &sealed);
}

#[tokio::test]
async fn a_cookie_is_no_sealed_tokens_and_sealed_tokens_are_no_cookie() {
    let didit = didit();
    let app = app(Place::Cookies.config(&didit));
    let (browser, _) = user_of(&didit, &app.router).await;
    let cookie = cookies::session(&browser);
    let (count, chunk) = cookie.split_once('.').expect("a count");
    assert_eq!(count, "1");
    assert_refused(&app.auth, &cookie);
    assert_refused(&app.auth, chunk);
    let flow = browser.get("/login").await;
    assert!(flow.status().is_redirection());
    for cookie in cookies::flow_cookies(&browser) {
        assert_refused(&app.auth, cookie.value());
    }

    let sealed = app.auth.seal_tokens(&tokens(&didit)).expect("reusable");
    let visitor = Browser::new(HOME, app.router.clone());
    for (value, user) in [
        (cookie.clone(), Person::alejandra().subject()),
        (format!("1.{sealed}"), NOBODY),
        (sealed, NOBODY),
    ] {
        visitor.set_cookie(SESSION, &value);
        assert_eq!(visitor.fetch(Method::GET, "/user").await.text(), user);
    }
}

#[test]
fn single_use_refresh_tokens_are_refused() {
    let didit = FakeDidit::authentication("app");
    let auth = auth(once(&didit));
    let refused = |outcome: Result<(), tower_didit::Error>| {
        let error = outcome.expect_err("a single-use refresh token");
        assert_eq!(error.kind(), ErrorKind::SingleUseRefreshToken);
        assert_eq!(
            error.to_string(),
            "the refresh token is single-use: the session and a sealed copy cannot both use it"
        );
    };
    let tokens = didit.tokens(&Person::john(), ["openid", "offline_access"]);
    refused(auth.seal_tokens(&tokens).map(drop));
    // Without a refresh token there is nothing that works once.
    let tokens = didit.tokens(&Person::john(), ["openid"]);
    let sealed = auth.seal_tokens(&tokens).expect("no refresh token");
    assert!(auth.open_tokens(&sealed).is_ok());

    // Declared later.
    let didit = self::didit();
    let of = |provider: Provider| {
        let config = didit.config(CALLBACK).with_provider(provider);
        self::auth(config.with_cookie_keys([[1; 32]]))
    };
    let sealed = of(Provider::didit()).seal_tokens(&self::tokens(&didit));
    let sealed = sealed.expect("reusable tokens");
    let single_use = of(Provider::didit().with_single_use_refresh_tokens());
    refused(single_use.open_tokens(&sealed).map(drop));
}
