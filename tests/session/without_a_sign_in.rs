//! Sessions, claims and tokens for the tests of an application, without a sign-in.

use axum::{Router, body::Body, routing::get};
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_didit::{
    ConfigBuilder, DiditAuth, DiditClient, DiditTokens, Error, IdClaims,
    fake::{Endpoint, FakeDidit, FakeDiditExt, Person},
};

use crate::support::site::{CALLBACK, auth, didit, memory};

/// Cookies, and a store.
fn configs(didit: &FakeDidit) -> [ConfigBuilder; 2] {
    let config = || {
        didit
            .config(CALLBACK)
            .with_scopes(["openid", "email", "offline"])
    };
    [config(), config().with_session_store(memory(didit))]
}

/// The answer to a request with these cookies: the user of the claims and the user of the access token.
async fn told(auth: &DiditAuth, cookies: &HeaderValue) -> String {
    let told = |user: IdClaims, tokens: DiditTokens, didit: DiditClient| async move {
        let info = didit.user_info(&tokens).await?;
        let email = info.email().unwrap_or_default();
        Ok::<_, Error>(format!("{} {email}", user.subject()))
    };
    let app = Router::new().route("/", get(told)).layer(auth.clone());
    let request = Request::get("/").header(header::COOKIE, cookies);
    let answer = app.oneshot(request.body(Body::empty()).unwrap()).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

fn expected(person: &Person) -> String {
    format!("{} {}", person.subject(), person.email().unwrap())
}

// Behaviour 95.
#[tokio::test]
async fn the_layer_takes_the_cookies_of_a_test_for_a_session() {
    let didit = didit();
    for config in configs(&didit) {
        let auth = auth(config);
        for person in [Person::alejandra(), Person::john()] {
            let cookies = didit.session_cookies(&auth, &person).await.unwrap();
            assert_eq!(told(&auth, &cookies).await, expected(&person));
        }
    }
    // No sign-in took place.
    assert_eq!(didit.count(Endpoint::Authorize), 0);
    assert_eq!(didit.count(Endpoint::Token), 0);
}

// RFC 6749 §6; behaviour 95.
#[tokio::test]
async fn its_tokens_are_refreshed_like_any_others() {
    let didit = didit();
    for (refreshes, config) in configs(&didit).into_iter().enumerate() {
        let auth = auth(config);
        let john = Person::john();
        let cookies = didit.session_cookies(&auth, &john).await.unwrap();
        didit.clock().advance(std::time::Duration::from_secs(3600));
        assert_eq!(told(&auth, &cookies).await, expected(&john));
        assert_eq!(didit.count(Endpoint::Token), refreshes + 1);
    }
}

// OpenID Connect Core §2; behaviour 95.
#[tokio::test]
async fn sessions_without_a_sign_in_work_for_every_provider() {
    let didit = FakeDidit::authentication("client");
    let config = didit.config(CALLBACK).with_cookie_keys([[7; 32]]);
    let auth = auth(config.with_scopes(["openid"]));
    let cookies = didit
        .session_cookies(&auth, &Person::alejandra())
        .await
        .unwrap();
    let user = |user: IdClaims| async move { user.session_id().map(str::to_owned).unwrap() };
    let app = Router::new().route("/", get(user)).layer(auth);
    let request = Request::get("/").header(header::COOKIE, cookies);
    let answer = app.oneshot(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
#[should_panic(expected = "unknown scope \"admin\"")]
async fn a_scope_that_the_fake_does_not_know_panics() {
    didit().tokens(&Person::john(), ["openid", "admin"]);
}

// Behaviour 95.
#[tokio::test]
async fn a_handler_can_be_called_with_claims_and_tokens() {
    let didit = didit();
    let alejandra = Person::alejandra();
    let claims = didit.id_claims(&alejandra);
    assert_eq!(claims.subject(), alejandra.subject());
    assert_eq!(claims.issuer(), didit.issuer());

    let tokens = didit.tokens(&alejandra, ["openid", "email", "offline"]);
    assert_eq!(tokens.scopes().to_string(), "openid email offline");
    assert!(tokens.refresh_token().is_some() && tokens.id_token().is_some());
    let end = didit.clock().now() + std::time::Duration::from_secs(3600);
    assert_eq!(tokens.expires_at(), Some(end));

    // The tokens work at the fake.
    let client = auth(didit.config(CALLBACK)).client();
    let info = client.user_info(&tokens).await.unwrap();
    assert_eq!(info.email(), alejandra.email());
}
