//! Access tokens of the application itself.

use std::time::Duration;

use futures_util::future::join_all;
use http::Response;
use tower_didit::{
    DiditClient, ErrorKind,
    fake::{Endpoint, FakeDidit, FakeDiditExt, Fault},
};

use crate::{
    api::{api, bearer, call},
    support::{
        faults::{with, without},
        outage::pass,
        site::{CALLBACK, auth, didit},
    },
};

const HOUR: Duration = Duration::from_secs(3600);

fn client(didit: &FakeDidit) -> DiditClient {
    auth(didit.config(CALLBACK)).client()
}

async fn token(client: &DiditClient) -> String {
    let token = client.client_credentials(["openid", "email"]).await;
    token.unwrap().secret().to_owned()
}

// RFC 6749 §4.4.2; behaviour 124. Didit's response has neither `token_type` nor `scope`.
#[tokio::test]
async fn the_request_is_a_grant_of_the_client_and_its_token_works() {
    let didit = didit();
    let token = token(&client(&didit)).await;
    let asked = didit.last(Endpoint::Token).unwrap();
    assert_eq!(asked.problem(), None);
    let body = String::from_utf8(asked.body().to_vec()).unwrap();
    assert_eq!(body, "grant_type=client_credentials&scope=openid+email");
    assert_eq!(
        asked.header("authorization"),
        Some("Basic Y2xpZW50OnNlY3JldA==")
    );
    let answer = call(&api(bearer(&didit)), &token).await;
    assert_eq!(answer.outcome(), (200, "client".to_owned()));
}

// RFC 6749 §4.4; didit.md's example.
#[tokio::test]
async fn didits_example_is_read_as_it_stands() {
    let didit = didit();
    let example = r#"{"iss": "https://apx.didit.me", "iat": 1767225600, "sub": "client", "client_id": "client",
        "organization_id": "org", "expires_in": 3600, "exp": 1767229200, "access_token": "from-didit"}"#;
    didit.on_next(Endpoint::Token, Fault::answer(Response::new(example)));
    let client = client(&didit);
    assert_eq!(token(&client).await, "from-didit");
    assert_eq!(token(&client).await, "from-didit");
}

#[tokio::test]
async fn a_token_is_used_until_half_a_minute_before_its_end() {
    let didit = didit();
    let client = client(&didit);
    let first = token(&client).await;
    didit.clock().advance(Duration::from_secs(3600 - 31));
    assert_eq!(token(&client).await, first);
    assert_eq!(didit.count(Endpoint::Token), 1);
    didit.clock().advance(Duration::from_secs(1));
    assert_ne!(token(&client).await, first);
    assert_eq!(didit.count(Endpoint::Token), 2);

    // Other scopes have a token of their own.
    let other = client.client_credentials(["openid"]).await.unwrap();
    assert_ne!(other.secret(), token(&client).await);
    assert_eq!(didit.count(Endpoint::Token), 3);

    // In the second half of a short life.
    let short = didit.with_access_token_lifetime(Duration::from_secs(20));
    let client = self::client(&short);
    let first = token(&client).await;
    short.clock().advance(Duration::from_secs(9));
    assert_eq!(token(&client).await, first);
    short.clock().advance(Duration::from_secs(1));
    assert_ne!(token(&client).await, first);
}

#[tokio::test]
async fn concurrent_calls_share_one_request() {
    let didit = didit();
    let client = client(&didit);
    didit.on_next(Endpoint::Token, Fault::delay(Duration::from_millis(1)));
    let tokens = join_all((0..100).map(|_| token(&client))).await;
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(didit.count(Endpoint::Token), 1);
}

#[tokio::test]
async fn a_token_without_an_end_is_not_kept() {
    let didit = didit();
    let client = client(&didit);
    for asked in 1..3 {
        didit.on_next(Endpoint::Token, without("expires_in"));
        token(&client).await;
        assert_eq!(didit.count(Endpoint::Token), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn the_old_token_is_returned_while_it_is_valid_and_cannot_be_renewed() {
    let didit = didit();
    let client = client(&didit);
    let first = token(&client).await;
    didit.clock().advance(Duration::from_secs(3600 - 30));
    didit.on_every(Endpoint::Token, Fault::hang());
    assert_eq!(token(&client).await, first);
    // The breaker is open: no call waits for the provider again.
    let again = tokio::time::timeout(Duration::ZERO, token(&client)).await;
    assert_eq!(again.expect("at once"), first);
    didit.clock().advance(Duration::from_secs(30));
    let call = client.client_credentials(["openid", "email"]);
    let error = tokio::time::timeout(Duration::ZERO, call)
        .await
        .expect("at once")
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProviderUnreachable);

    didit.clear_faults();
    pass(&didit, Duration::from_secs(10)).await;
    assert_ne!(token(&client).await, first);
}

#[tokio::test]
async fn errors_are_those_of_a_token_request() {
    let didit = didit();
    let client = client(&didit);
    for (fault, code) in [
        (Fault::error("invalid_client"), "invalid-client"),
        (Fault::error("unauthorized_client"), "unauthorized-client"),
        (without("access_token"), "invalid-response"),
        (with("token_type", "mac"), "invalid-response"),
    ] {
        didit.on_next(Endpoint::Token, fault);
        let error = client.client_credentials(["openid"]).await.unwrap_err();
        assert_eq!(error.kind().code(), code);
    }
    let error = client.client_credentials(["unknown"]).await.unwrap_err();
    assert_eq!(error.kind().code(), "invalid-scope");
    // A failure is not kept.
    assert!(client.client_credentials(["openid"]).await.is_ok());

    let didit = FakeDidit::authentication("client");
    let public = auth(didit.config(CALLBACK).with_cookie_keys([[7; 32]])).client();
    let error = public.client_credentials(["openid"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotOffered);
    assert!(didit.requests().is_empty());
}

#[tokio::test]
async fn lists_of_scopes_are_bounded() {
    let didit = didit().with_scopes((0..300).map(|scope| scope.to_string()));
    let client = client(&didit);
    for scope in 0..256 {
        assert!(client.client_credentials([scope.to_string()]).await.is_ok());
    }
    let error = client.client_credentials(["256"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyTokenRequests);
    assert!(client.client_credentials(["0"]).await.is_ok());
    didit.clock().advance(HOUR);
    assert!(client.client_credentials(["256"]).await.is_ok());
}
