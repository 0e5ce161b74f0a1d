//! The layer with Tower services that are not axum's, and what it shows of itself.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_didit::{AccessClaims, Config, DiditBearer, Error};

use crate::{
    api::{alejandra, api, authentication, bearer, call, token},
    support::{
        logs::{capture, logs},
        site::didit,
    },
};

// Behaviour 124. Neither the body nor the future of the service is `Send`.
#[tokio::test]
async fn any_tower_service_finds_the_claims() {
    struct NotSend(std::rc::Rc<()>);

    let didit = authentication();
    let service = service_fn(|request: Request<NotSend>| {
        let access = AccessClaims::of(request.extensions());
        async move {
            let _body = std::rc::Rc::clone(&request.body().0);
            let access = access.ok().flatten().expect("behind the layer");
            let body = Full::new(Bytes::from(access.subject().to_owned()));
            Ok::<_, Infallible>(Response::new(body))
        }
    });
    let mut service = bearer(&didit).layer(service);
    let token = format!("Bearer {}", token(&didit));
    for (authorization, status) in [(Some(&*token), 200), (Some(&*token), 200), (None, 401)] {
        let mut request = Request::new(NotSend(std::rc::Rc::new(())));
        if let Some(value) = authorization {
            let value = value.parse().unwrap();
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        let response = service.ready().await.unwrap().call(request).await.unwrap();
        assert_eq!(response.status(), status);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(status == 200, body == alejandra().1);
    }
}

// Behaviour 124. The inner service's own error type is kept, and its readiness is what is polled.
#[tokio::test]
async fn errors_of_the_inner_service_are_its_own() {
    let didit = authentication();
    let service = service_fn(|_: Request<()>| async { Err::<Response<Full<Bytes>>, _>("broken") });
    let service = bearer(&didit).layer(service);
    let request =
        Request::get("/").header(header::AUTHORIZATION, format!("Bearer {}", token(&didit)));
    let outcome = service.clone().oneshot(request.body(()).unwrap()).await;
    assert_eq!(outcome.unwrap_err(), "broken");
    let refused = service.oneshot(Request::new(())).await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let error = refused.extensions().get::<Error>().expect("the reason");
    assert_eq!(error.kind().code(), "access-token-missing");
}

// Behaviour 124.
#[test]
fn an_api_needs_no_redirect_uri_and_no_cookie_keys() {
    let good = Config::api("client").with_client_secret("secret");
    assert!(DiditBearer::new(good).is_ok());
    for (config, why) in [
        (Config::api(""), "the client id is empty"),
        (
            Config::api("client").with_client_secret(" "),
            "the client secret is empty",
        ),
        (
            Config::api("client"),
            "the client secret is missing: without it the provider introspects",
        ),
        (
            Config::api("client")
                .with_client_secret("secret")
                .with_http_timeout(std::time::Duration::ZERO),
            "the HTTP timeout must be between",
        ),
    ] {
        let error = DiditBearer::new(config).unwrap_err().to_string();
        assert!(error.starts_with(why), "{error}");
    }
    let error = Config::api("client")
        .with_client_secret("secret")
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("redirect URI"), "{error}");
}

// Behaviour 124.
#[tokio::test]
async fn no_log_and_no_debug_output_shows_a_token() {
    capture();
    let didit = didit();
    let layer = bearer(&didit);
    let debug = format!("{layer:?}");
    assert!(
        debug.contains("client") && !debug.contains("secret"),
        "{debug}"
    );
    let api = api(layer);
    let valid = token(&didit);
    assert_eq!(call(&api, &valid).await.outcome(), alejandra());
    assert_eq!(call(&api, "made-up-canary").await.status, 401);
    assert_eq!(call(&api, "made-up canary").await.status, 400);
    let authentication = authentication();
    let forged = token(&authentication).replace('e', "f");
    let answer = call(&self::api(bearer(&authentication)), &forged).await;
    assert_eq!(answer.status, 401);
    let logs = logs();
    assert!(logs.contains("access-token-refused") && logs.contains("malformed-authorization"));
    for secret in [&*valid, "canary", &*forged, "Y2xpZW50OnNlY3JldA"] {
        assert!(!logs.contains(secret), "{secret}");
        assert!(!answer.text.contains(secret), "{secret}");
    }
}
