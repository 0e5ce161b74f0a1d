//! An API behind the layer for access tokens.

use std::{
    convert::Infallible,
    future::{Ready, ready},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use tower::{Layer, ServiceExt, service_fn, util::ServiceFn};
use tower_didit::{AccessClaims, Config, DiditBearer, Provider, middleware::DiditBearerService};

use crate::{
    CLIENT_ID,
    site::{RUNTIME, Today},
};

/// An API, whose provider answers each request with one document.
pub struct Api(DiditBearerService<Application>);

type Application = ServiceFn<fn(Request<()>) -> Ready<Result<Response<()>, Infallible>>>;

impl Api {
    pub fn new(provider: Provider, document: impl Into<Bytes>) -> Self {
        let document = document.into();
        let transport = service_fn(move |_: Request<Bytes>| {
            ready(Ok::<_, Infallible>(Response::new(document.clone())))
        });
        let config = Config::api(CLIENT_ID)
            .with_provider(provider)
            .with_clock(Today)
            .with_transport(transport);
        let layer = DiditBearer::new(config).expect("a good configuration");
        let application: Application = service_fn(show_claims);
        Self(layer.layer(application))
    }

    /// The claims of a request that passes.
    ///
    /// # Errors
    ///
    /// The status of the refusal.
    pub fn send(&self, headers: HeaderMap) -> Result<AccessClaims, StatusCode> {
        let mut request = Request::new(());
        *request.headers_mut() = headers;
        let response = RUNTIME.with(|runtime| runtime.block_on(self.0.clone().oneshot(request)));
        let response = response.unwrap_or_else(|never| match never {});
        if let Some(claims) = response.extensions().get::<AccessClaims>() {
            return Ok(claims.clone());
        }
        let challenge = response.headers().get(header::WWW_AUTHENTICATE);
        let has_challenge = challenge.is_some_and(|one| one.as_bytes().starts_with(b"Bearer "));
        let status = response.status();
        assert_eq!(has_challenge, status.is_client_error());
        Err(status)
    }
}

/// The application: it says whose request it has got.
#[expect(clippy::needless_pass_by_value, reason = "the signature of a service")]
fn show_claims(request: Request<()>) -> Ready<Result<Response<()>, Infallible>> {
    let claims = AccessClaims::of(request.extensions());
    let mut response = Response::new(());
    let claims = claims.ok().flatten().expect("behind the layer");
    response.extensions_mut().insert(claims);
    ready(Ok(response))
}
