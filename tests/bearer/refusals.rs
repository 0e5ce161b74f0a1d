//! The answers of RFC 6750, for JWTs and for opaque tokens.

use axum::{Router, body::Body, routing::get};
use http::{Method, Request, header};
use tower_didit::{AccessClaims, Error, IdClaims, SignIn};

use crate::{
    api::{alejandra, api, authentication, bearer, call, refused, send, token, with_authorization},
    support::site::didit,
};

const REALM: &str = r#"Bearer realm="api""#;

// RFC 6750 §2.1, §3 and §3.1; behaviours 93 and 124.
#[tokio::test]
async fn each_refusal_has_its_status_and_its_challenge() {
    for didit in [didit(), authentication()] {
        let open = api(bearer(&didit));
        let scoped = api(bearer(&didit).require_scopes(["orders", "invoices"]));
        let valid = format!("Bearer {}", token(&didit));
        let invalid_request = format!(r#"{REALM}, error="invalid_request""#);
        let invalid_token = format!(r#"{REALM}, error="invalid_token""#);
        let scope = r#"error="insufficient_scope", scope="orders invoices""#;
        let insufficient_scope = format!("{REALM}, {scope}");
        let missing = (401, "access-token-missing", Some(REALM));
        let malformed = (400, "malformed-authorization", Some(&*invalid_request));
        let refused = (401, "access-token-refused", Some(&*invalid_token));
        let forbidden = (403, "insufficient-scope", Some(&*insufficient_scope));
        for (api, authorization, (status, code, challenge)) in [
            (&open, &[][..], missing),
            (&open, &["Basic YTpi"], missing),
            (&open, &["DPoP abc"], missing),
            (&open, &["Bearer"], malformed),
            (&open, &["Bearer a b"], malformed),
            (&open, &[&*valid, &*valid], malformed),
            (&open, &["Basic YTpi", &*valid], malformed),
            (&open, &["Bearer made-up"], refused),
            (&open, &["bearer a.b.c"], refused),
            (&scoped, &[], missing),
            (&scoped, &["Bearer"], malformed),
            (&scoped, &["Bearer made-up"], refused),
            (&scoped, &[&*valid], forbidden),
        ] {
            let answer = with_authorization(api, authorization).await;
            assert_eq!(
                answer.outcome(),
                (status, code.to_owned()),
                "{authorization:?}"
            );
            assert_eq!(answer.challenge(), challenge, "{authorization:?}");
            let content_type = answer.header("content-type");
            assert_eq!(content_type, Some("application/problem+json"));
            assert_eq!(answer.header("location"), None);
        }
        assert_eq!(
            with_authorization(&open, &[&valid]).await.outcome(),
            alejandra()
        );
    }
}

// RFC 6750 §2.2, §2.3 and §5.3; behaviour 124.
#[tokio::test]
async fn a_token_in_the_query_or_in_a_form_is_ignored() {
    let didit = didit();
    let api = Router::new()
        .route(
            "/",
            get(|_: AccessClaims| async {}).post(|_: AccessClaims| async {}),
        )
        .layer(bearer(&didit));
    let token = token(&didit);
    let form = format!("access_token={token}");
    let request = |method: Method, path: &str, body: &str| {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body.to_owned()))
            .unwrap()
    };
    for request in [
        request(Method::GET, &format!("/?{form}"), ""),
        request(Method::POST, "/", &form),
        request(Method::POST, &format!("/?{form}"), &form),
    ] {
        let answer = send(&api, request).await;
        assert_eq!(answer.outcome(), (401, "access-token-missing".to_owned()));
        assert_eq!(answer.challenge(), Some(REALM));
    }
    // Beside a header it changes nothing.
    for other in ["?access_token=made-up", "?access_token=a&access_token=b"] {
        let request = Request::get(format!("/{other}"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        let answer = send(&api, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 200);
    }
    assert!(
        didit
            .requests()
            .iter()
            .all(|asked| !asked.body().is_empty())
    );
}

// Behaviour 124.
#[tokio::test]
async fn one_of_the_configured_audiences_is_enough() {
    let didit = authentication();
    let valid = token(&didit);
    for (layer, outcome) in [
        (bearer(&didit).with_audiences(["other"]), refused()),
        (
            bearer(&didit).with_audiences(["other", "client"]),
            alejandra(),
        ),
        (bearer(&didit).with_audiences([""; 0]), refused()),
    ] {
        assert_eq!(call(&api(layer), &valid).await.outcome(), outcome);
    }
}

// RFC 6750 §3.1; behaviour 124.
#[tokio::test]
async fn all_required_scopes_are_needed() {
    let didit = didit();
    let valid = token(&didit); // openid email
    for (layer, status) in [
        (bearer(&didit).require_scopes(["email"]), 200),
        (bearer(&didit).require_scopes(["email", "openid"]), 200),
        (bearer(&didit).require_scopes(["email", "phone"]), 403),
        (
            bearer(&didit)
                .require_scopes(["email"])
                .require_scopes(["phone"]),
            403,
        ),
        (bearer(&didit).require_scopes(["Email"]), 403),
        (bearer(&didit).require_scopes(["openid email"]), 403),
    ] {
        assert_eq!(call(&api(layer), &valid).await.status, status);
    }
}

// Behaviour 124.
#[tokio::test]
async fn an_optional_layer_lets_requests_without_a_token_through() {
    let didit = didit();
    let who = |access: Option<AccessClaims>| async move {
        access.map_or("nobody".to_owned(), |access| access.subject().to_owned())
    };
    let api = Router::new()
        .route("/", get(who))
        .route("/needed", get(|_: AccessClaims| async {}))
        .layer(bearer(&didit).optional());
    assert_eq!(with_authorization(&api, &[]).await.text, "nobody");
    assert_eq!(
        with_authorization(&api, &["Basic YTpi"]).await.text,
        "nobody"
    );
    assert_eq!(call(&api, &token(&didit)).await.text, alejandra().1);
    assert_eq!(call(&api, "made-up").await.outcome(), refused());
    assert_eq!(with_authorization(&api, &["Bearer"]).await.status, 400);

    let request = Request::get("/needed").body(Body::empty()).unwrap();
    let answer = send(&api, request).await;
    assert_eq!(answer.outcome(), (401, "access-token-missing".to_owned()));
    assert_eq!(answer.challenge(), Some(REALM));
}

// RFC 6750 §3, RFC 9110 §15.5.2; behaviours 93 and 124.
#[tokio::test]
async fn an_error_of_a_handler_asks_for_a_token_and_not_for_a_sign_in() {
    let didit = didit();
    let api = Router::new()
        .route("/claims", get(|_: IdClaims| async {}))
        .route("/sign-in", get(|| async { SignIn::new() }))
        .route(
            "/own",
            get(|| async { (http::StatusCode::UNAUTHORIZED, "{\"code\":\"own\"}") }),
        )
        .layer(bearer(&didit));
    let valid = format!("Bearer {}", token(&didit));
    for (path, code, challenge) in [
        ("/claims", "not-signed-in", Some(REALM)),
        ("/sign-in", "not-signed-in", Some(REALM)),
        ("/own", "own", None),
    ] {
        let request = Request::get(path)
            .header(header::AUTHORIZATION, &valid)
            .header(header::ACCEPT, "text/html");
        let answer = send(&api, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.outcome(), (401, code.to_owned()), "{path}");
        assert_eq!(answer.challenge(), challenge, "{path}");
    }
}

#[tokio::test]
async fn a_missing_layer_is_named() {
    let claims = Router::new().route("/", get(|_: AccessClaims| async {}));
    let optional = Router::new().route("/", get(|_: Option<AccessClaims>| async {}));
    for api in [claims, optional] {
        let answer = with_authorization(&api, &["Bearer abc"]).await;
        assert_eq!(answer.outcome(), (500, "bearer-layer-missing".to_owned()));
        let title = answer.json()["title"].as_str().unwrap().to_owned();
        assert!(title.contains("tower_didit::DiditBearer"), "{title}");
    }
    let refused: Result<_, Error> = AccessClaims::of(&http::Extensions::new());
    assert_eq!(refused.unwrap_err().kind().code(), "bearer-layer-missing");
}
