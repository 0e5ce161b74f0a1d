//! An API, and requests to it.

use axum::{Json, Router, body::Body, routing::get};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_didit::{
    AccessClaims, DiditBearer,
    fake::{FakeDidit, FakeDiditExt, Person},
};

use crate::support::site::CALLBACK;

/// Didit Authentication, whose access tokens are JWTs.
pub(crate) fn authentication() -> FakeDidit {
    FakeDidit::authentication("client")
}

/// The layer of an API at this Didit.
#[track_caller]
pub(crate) fn bearer(didit: &FakeDidit) -> DiditBearer {
    DiditBearer::new(didit.config(CALLBACK)).expect("a good configuration")
}

/// An API behind this layer.
pub(crate) fn api(layer: DiditBearer) -> Router {
    Router::new().route("/", get(describe)).layer(layer)
}

async fn describe(access: AccessClaims) -> Json<Value> {
    let expires = access.expires_at();
    Json(json!({
        "sub": access.subject(),
        "iss": access.issuer(),
        "client_id": access.client_id(),
        "scopes": access.scopes().iter().collect::<Vec<_>>(),
        "expires": expires.map(|at| at.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()),
    }))
}

/// A new access token of Alejandra's.
pub(crate) fn token(didit: &FakeDidit) -> String {
    let issued = didit.issue_tokens(&Person::alejandra(), ["openid", "email"]);
    issued.access_token().to_owned()
}

/// What an API answers.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The status and the code of a refusal; the user of a request that passed.
    #[track_caller]
    pub(crate) fn outcome(&self) -> (u16, String) {
        let json = self.json();
        let says = if self.status.is_success() {
            &json["sub"]
        } else {
            &json["code"]
        };
        let says = says.as_str().unwrap_or_else(|| panic!("{}", self.text));
        (self.status.as_u16(), says.to_owned())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} {}", self.status, self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        Some(self.headers.get(name)?.to_str().expect("ASCII"))
    }

    pub(crate) fn challenge(&self) -> Option<&str> {
        let all = self.headers.get_all(header::WWW_AUTHENTICATE).iter();
        assert!(all.count() <= 1);
        self.header("www-authenticate")
    }
}

pub(crate) async fn send(api: &Router, request: Request<Body>) -> Answer {
    let response: Response<Body> = api.clone().oneshot(request).await.expect("infallible");
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Answer {
        status: head.status,
        headers: head.headers,
        text: String::from_utf8(body.to_vec()).expect("UTF-8"),
    }
}

/// Sends a request with these values of `Authorization`.
pub(crate) async fn with_authorization(api: &Router, values: &[&str]) -> Answer {
    let mut request = Request::get("/");
    for value in values {
        request = request.header(header::AUTHORIZATION, *value);
    }
    send(api, request.body(Body::empty()).unwrap()).await
}

/// Sends a request with this access token.
pub(crate) async fn call(api: &Router, token: &str) -> Answer {
    with_authorization(api, &[&format!("Bearer {token}")]).await
}

/// What the API answers to an access token that is not valid.
pub(crate) fn refused() -> (u16, String) {
    (401, "access-token-refused".to_owned())
}

/// What the API answers to an access token of Alejandra's.
pub(crate) fn alejandra() -> (u16, String) {
    (200, Person::alejandra().subject().to_owned())
}

/// What the API answers while the provider fails.
pub(crate) fn unverified() -> (u16, String) {
    (503, "access-token-unverified".to_owned())
}
