//! User information for a handler.

use std::sync::{Arc, Mutex};

use axum::{Json, Router, routing::get};
use http::{Method, Request, Response};
use serde_json::{Value, json};
use tower_didit::{
    Config, ConfigBuilder, DiditClient, DiditTokens, Error, ErrorKind, IdClaims, Provider,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
    reason::WiringError,
};

use crate::support::{
    faults::{with, without},
    sign_in::sign_in,
    site::{CALLBACK, HOME, auth, didit},
};

fn visit(config: ConfigBuilder) -> Browser {
    let app = Router::new()
        .route("/", get(told))
        .route("/callback", get(|_: IdClaims| async {}))
        .layer(auth(config));
    Browser::new(HOME, app)
}

async fn told(didit: DiditClient, tokens: DiditTokens) -> Result<Json<Value>, Error> {
    Ok(Json(didit.user_info(&tokens).await?.extra()?))
}

async fn visitor() -> (FakeDidit, Browser) {
    let didit = didit();
    let config = didit
        .config(CALLBACK)
        .with_scopes(["openid", "email", "names"]);
    let browser = visit(config);
    sign_in(&browser, &didit).await;
    (didit, browser)
}

#[tokio::test]
async fn user_info_is_given_as_didit_sends_it() {
    let (didit, browser) = visitor().await;
    assert_eq!(
        browser.get("/").await.json(),
        json!({
            "sub": Person::alejandra().subject(),
            "email": {"email": "alejandra.rosas@example.com", "is_verified": true, "is_primary": true},
            "names": {"first_name": "Alejandra", "family_name": "Rosas", "full_name": "Alejandra Rosas",
                "is_verified": true},
        })
    );
    // Fetched by the call, and only then.
    assert_eq!(didit.count(Endpoint::UserInfo), 1);
    let more = with("unknown", json!([1, {"kept": null}]));
    didit.on_next(Endpoint::UserInfo, more);
    assert_eq!(
        browser.get("/").await.json()["unknown"],
        json!([1, {"kept": null}])
    );
    assert_eq!(didit.count(Endpoint::UserInfo), 2);
}

// OpenID Connect Core §5.3.1, RFC 6750 §2.1; behaviour 74.
#[tokio::test]
async fn the_access_token_is_only_in_the_header() {
    let (didit, browser) = visitor().await;
    assert_eq!(browser.get("/").await.status(), 200);
    let asked = didit.last(Endpoint::UserInfo).expect("it was asked");
    assert_eq!(asked.method(), "GET");
    assert_eq!(asked.path_and_query(), "/auth/v2/users/retrieve");
    let token = asked.header("authorization").expect("it is there");
    let token = token.strip_prefix("Bearer ").expect("a bearer token");
    assert!(asked.body().is_empty());
    for (name, value) in asked.headers() {
        assert!(
            name == "authorization"
                || !value
                    .as_bytes()
                    .windows(token.len())
                    .any(|part| part == token.as_bytes())
        );
    }
}

// OpenID Connect Core §5.3.2 and §5.3.3; behaviours 73 and 74.
#[tokio::test]
async fn user_info_of_another_user_is_refused() {
    let (didit, browser) = visitor().await;
    let twice = format!(r#"{{"sub":"x","sub":{:?}}}"#, Person::alejandra().subject());
    let answer = |status: u16, body: &str| {
        let answer = Response::builder().status(status);
        Fault::answer(answer.body(body.to_owned()).expect("a good answer"))
    };
    for (fault, code, status) in [
        (
            with("sub", json!(Person::john().subject())),
            "user-info-mismatch",
            502,
        ),
        (
            with("sub", json!([Person::alejandra().subject()])),
            "user-info-mismatch",
            502,
        ),
        (with("sub", json!("")), "user-info-mismatch", 502),
        (without("sub"), "user-info-mismatch", 502),
        (answer(200, &twice), "invalid-response", 502),
        (answer(200, "[]"), "invalid-response", 502),
        (
            answer(200, "eyJhbGciOiJFUzI1NiJ9.e30.AA"),
            "invalid-response",
            502,
        ),
        (answer(200, "<h1>hello</h1>"), "invalid-response", 502),
        (answer(500, "{}"), "invalid-response", 502),
        (answer(301, ""), "invalid-response", 502),
        (answer(403, ""), "insufficient-scope", 403),
        (answer(401, ""), "access-token-refused", 401),
    ] {
        let what = format!("{fault:?} {code}");
        didit.on_next(Endpoint::UserInfo, fault);
        let page = browser.fetch(Method::GET, "/").await;
        assert_eq!(page.status(), status, "{what}");
        assert_eq!(page.json()["code"], code, "{what}");
        assert_eq!(
            page.header("content-type"),
            Some("application/problem+json")
        );
    }
    // The session goes on.
    assert_eq!(browser.get("/").await.status(), 200);
    didit.revoke_all();
    assert_eq!(
        browser.fetch(Method::GET, "/").await.json()["code"],
        "access-token-refused"
    );
}

// OpenID Connect Core §5.3.2; behaviour 74.
#[tokio::test]
async fn user_info_does_not_change_the_claims() {
    async fn who(
        client: DiditClient,
        tokens: DiditTokens,
        user: IdClaims,
    ) -> Result<Json<Value>, Error> {
        client.user_info(&tokens).await?;
        let audiences: Vec<_> = user.audiences().collect();
        Ok(Json(json!([user.issuer(), user.subject(), audiences])))
    }
    let didit = didit();
    let app = Router::new()
        .route("/", get(who))
        .route("/callback", get(|_: IdClaims| async {}))
        .layer(auth(didit.config(CALLBACK)));
    let browser = Browser::new(HOME, app);
    sign_in(&browser, &didit).await;
    let others = Fault::edit(|members| {
        members.insert("iss".to_owned(), json!("https://evil.example"));
        members.insert("aud".to_owned(), json!(["other"]));
    });
    didit.on_next(Endpoint::UserInfo, others);
    let expected = json!([
        "https://apx.didit.me",
        Person::alejandra().subject(),
        ["client"]
    ]);
    for _ in 0..2 {
        assert_eq!(browser.get("/").await.json(), expected);
    }
    assert_eq!(didit.count(Endpoint::UserInfo), 2);
}

#[tokio::test]
async fn without_an_endpoint_user_info_is_not_offered() {
    let didit = didit();
    // The Sign in API as a discovered provider with only these endpoints.
    let provider = Provider::authentication("https://apx.didit.me")
        .with_authorization_endpoint("https://auth.didit.me/")
        .with_jwks_uri("https://apx.didit.me/auth/config/jwks");
    let config = Config::builder("client", CALLBACK)
        .with_cookie_keys([[7; 32]])
        .with_provider(provider)
        .with_transport(didit);
    let seen = Arc::new(Mutex::new(None));
    let note = Arc::clone(&seen);
    let app = Router::new()
        .route(
            "/",
            get(|client: DiditClient| async move {
                *note.lock().expect("no panic") = Some(client);
            }),
        )
        .layer(auth(config));
    let page = Browser::new(HOME, app).get("/").await;
    assert_eq!(page.status(), 200);

    // A client can outlive its handler, and take tokens of any sign-in.
    let client = seen.lock().expect("no panic").take().expect("it ran");
    let (_, tokens) = tokens_of_a_sign_in().await;
    let error = client.user_info(&tokens).await.expect_err("there is none");
    assert_eq!(error.kind(), ErrorKind::NotOffered);
    assert_eq!(
        error.to_string(),
        "the provider has no such endpoint: user information"
    );
}

async fn tokens_of_a_sign_in() -> (FakeDidit, DiditTokens) {
    let didit = didit();
    let seen = Arc::new(Mutex::new(None));
    let note = Arc::clone(&seen);
    let app = Router::new()
        .route(
            "/callback",
            get(|tokens: DiditTokens| async move {
                *note.lock().expect("no panic") = Some(tokens);
            }),
        )
        .layer(auth(didit.config(CALLBACK)));
    sign_in(&Browser::new(HOME, app), &didit).await;
    let tokens = seen.lock().expect("no panic").take();
    (didit, tokens.expect("the handler ran"))
}

#[test]
fn without_the_layer_there_is_no_client() {
    let request = Request::new(());
    assert_eq!(
        DiditClient::of(request.extensions())
            .err()
            .map(|error| error.kind()),
        Some(ErrorKind::Wiring(WiringError::LayerMissing))
    );
}
