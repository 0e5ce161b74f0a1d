//! Token requests: RFC 6749 §4.1.3 and §6, OpenID Connect Core §3.1.3.
//!
//! The `oauth2` crate makes the request and reads the response. Its types stay in this file and in `token_response`.

use std::{borrow::Cow, collections::BTreeMap, error::Error as _};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Request, Response, StatusCode, header};
use oauth2::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    Scope, StandardRevocableToken, TokenUrl, basic::BasicTokenIntrospectionResponse,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::Value;
use url::form_urlencoded;

use super::{
    callback::Grant,
    token_response::{TokenResponse, invalid},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, TokenError},
    provider::{ClientAuthentication, Metadata, TokenRequests},
    tokens::{DiditTokens, RefreshToken, Scopes, TokenSet},
    transport::{HttpTransport, TransportError},
};

/// This application as a client of the token endpoint.
pub(crate) struct Client {
    pub(super) id: ClientId,
    pub(super) secret: Option<ClientSecret>,
    token_requests: TokenRequests,
    requested_scopes: Scopes,
}

type OAuth2Client = oauth2::Client<
    ErrorResponse,
    TokenResponse,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    ErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

type ExchangeError = RequestTokenError<Error, ErrorResponse>;

/// A token request that brought no tokens.
#[derive(Clone, Debug)]
pub(crate) struct TokenRequestFailure {
    pub(crate) error: Error,
    /// Whether the code or the refresh token may be sent again: the provider has seen it neither in this call nor
    /// in an earlier one.
    pub(crate) is_repeatable: bool,
}

impl TokenRequestFailure {
    pub(crate) fn repeatable(error: Error) -> Self {
        Self {
            error,
            is_repeatable: true,
        }
    }

    pub(crate) fn not_repeatable(error: Error) -> Self {
        Self {
            error,
            is_repeatable: false,
        }
    }
}

impl Client {
    /// A client without a secret is a public one.
    pub(crate) fn new(
        client_id: &str,
        client_secret: Option<&str>,
        token_requests: TokenRequests,
        requested_scopes: Scopes,
    ) -> Self {
        Self {
            id: ClientId::new(client_id.to_owned()),
            secret: client_secret.map(|secret| ClientSecret::new(secret.to_owned())),
            token_requests,
            requested_scopes,
        }
    }

    pub(crate) fn requested_scopes(&self) -> &Scopes {
        &self.requested_scopes
    }

    /// Exchanges an authorization code. The request is sent once. The lifetime in the response counts from `now`.
    pub(crate) async fn exchange(
        &self,
        metadata: &Metadata,
        grant: &Grant,
        now: Timestamp,
        transport: &dyn HttpTransport,
    ) -> Result<TokenSet, TokenRequestFailure> {
        // The copies that `oauth2` makes are not wiped, but a code is single-use.
        let verifier = PkceCodeVerifier::new(grant.code_verifier.as_str().to_owned());
        let redirect_uri = RedirectUrl::new(grant.redirect_uri.clone())
            .expect("the configuration checked the redirect URI");
        let outcome = self
            .oauth2_client(metadata)
            .exchange_code(AuthorizationCode::new(grant.code.as_str().to_owned()))
            .set_pkce_verifier(verifier)
            .set_redirect_uri(Cow::Owned(redirect_uri))
            .request_async(&TokenTransport(transport, self.token_requests))
            .await;
        let requested = grant.scopes.as_ref().unwrap_or(&self.requested_scopes);
        accept(outcome, requested, now, metadata)
    }

    /// Refreshes tokens (RFC 6749 §6). The request is sent once, for the same scopes.
    pub(crate) async fn refresh(
        &self,
        metadata: &Metadata,
        before: &DiditTokens,
        now: Timestamp,
        transport: &dyn HttpTransport,
    ) -> Result<TokenSet, TokenRequestFailure> {
        // The copies that `oauth2` makes are not wiped.
        let refresh_token = before.refresh_token().map_or("", RefreshToken::secret);
        let refresh_token = oauth2::RefreshToken::new(refresh_token.to_owned());
        let outcome = self
            .oauth2_client(metadata)
            .exchange_refresh_token(&refresh_token)
            .request_async(&TokenTransport(transport, self.token_requests))
            .await;
        accept(outcome, before.scopes(), now, metadata)
    }

    /// Requests a token of the application itself (RFC 6749 §4.4).
    pub(crate) async fn client_credentials(
        &self,
        metadata: &Metadata,
        scopes: &Scopes,
        now: Timestamp,
        transport: &dyn HttpTransport,
    ) -> Result<TokenSet, TokenRequestFailure> {
        let names = scopes.iter().map(|scope| Scope::new(scope.to_owned()));
        let outcome = self
            .oauth2_client(metadata)
            .exchange_client_credentials()
            .add_scopes(names)
            .request_async(&TokenTransport(transport, self.token_requests))
            .await;
        accept(outcome, scopes, now, metadata)
    }

    pub(crate) fn has_secret(&self) -> bool {
        self.secret.is_some()
    }

    /// The client at a provider's token endpoint. Without a secret only the client id is sent.
    fn oauth2_client(&self, metadata: &Metadata) -> OAuth2Client {
        let token_url = TokenUrl::from_url(metadata.token_endpoint.url().clone());
        let (auth_type, secret) = match metadata.client_authentication {
            ClientAuthentication::Basic => (AuthType::BasicAuth, &self.secret),
            ClientAuthentication::Post => (AuthType::RequestBody, &self.secret),
            ClientAuthentication::None => (AuthType::RequestBody, &None),
        };
        let client = oauth2::Client::new(self.id.clone())
            .set_auth_type(auth_type)
            .set_token_uri(token_url);
        match secret {
            Some(secret) => client.set_client_secret(secret.clone()),
            None => client,
        }
    }
}

/// A transport for `oauth2`.
struct TokenTransport<'a>(&'a dyn HttpTransport, TokenRequests);

impl<'c> AsyncHttpClient<'c> for TokenTransport<'_> {
    type Error = Error;
    type Future = BoxFuture<'static, Result<HttpResponse, Error>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        let Self(transport, encoding) = self;
        let mut request = match encoding {
            TokenRequests::Form => request.map(Bytes::from),
            TokenRequests::Json => as_json(request),
        };
        // Keeps the credentials out of a transport's logs and HPACK tables.
        if let Some(authorization) = request.headers_mut().get_mut(header::AUTHORIZATION) {
            authorization.set_sensitive(true);
        }
        let response = transport.send(request);
        Box::pin(async move { readable(response.await?) })
    }
}

/// An error response (RFC 6749 §5.2).
#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
#[error("an error response")]
pub(crate) struct ErrorResponse {
    error: String,
    error_description: Option<Value>,
}

impl oauth2::ErrorResponse for ErrorResponse {}

fn accept(
    outcome: Result<TokenResponse, ExchangeError>,
    scopes: &Scopes,
    now: Timestamp,
    metadata: &Metadata,
) -> Result<TokenSet, TokenRequestFailure> {
    let accepted = outcome.map_err(TokenRequestFailure::from);
    let accepted = accepted.and_then(|response| {
        let tokens = response.accept(scopes, now);
        tokens.map_err(TokenRequestFailure::not_repeatable)
    });
    accepted.map_err(|failure| TokenRequestFailure {
        error: failure.error.at(metadata.token_endpoint.host()),
        ..failure
    })
}

impl From<ExchangeError> for TokenRequestFailure {
    fn from(error: ExchangeError) -> Self {
        match error {
            RequestTokenError::ServerResponse(response) => {
                let code = response.error.as_str();
                // Some providers refuse the user here.
                let kind = match code {
                    "access_denied" => ErrorKind::AccessDenied,
                    code => TokenError::from_code(code).into(),
                };
                let description = response.error_description.as_ref().and_then(Value::as_str);
                Self::not_repeatable(Error::from_provider(kind, code, description))
            }
            RequestTokenError::Request(error) => {
                let cause = error.source().and_then(|source| source.downcast_ref());
                Self {
                    is_repeatable: cause.is_some_and(TransportError::is_not_connected),
                    error,
                }
            }
            // The text of these errors contains the response.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                Self::not_repeatable(invalid("neither a token response nor an error response"))
            }
        }
    }
}

/// The request with its parameters in a JSON object. The provider refuses a parameter that does not belong to the
/// grant, such as the client id with a refresh token.
fn as_json(request: HttpRequest) -> Request<Bytes> {
    let (mut parts, form) = request.into_parts();
    let mut members: BTreeMap<_, _> = form_urlencoded::parse(&form).collect();
    if members.contains_key("refresh_token") {
        members.remove("client_id");
    }
    let json = serde_json::to_vec(&members).expect("strings are JSON");
    let content_type = HeaderValue::from_static("application/json");
    parts.headers.insert(header::CONTENT_TYPE, content_type);
    Request::from_parts(parts, json.into())
}

/// Accepts a JSON object with status 200, and an error response with status 4xx. `oauth2` ignores the status, reads
/// an array as well, and stops at the end of the object.
fn readable(response: Response<Bytes>) -> Result<HttpResponse, Error> {
    let status = response.status();
    let is_error = |body| serde_json::from_slice::<ErrorResponse>(body).is_ok();
    if status != StatusCode::OK && !(status.is_client_error() && is_error(response.body())) {
        let context = format!("status {}", status.as_u16());
        return Err(Error::with_context(ErrorKind::InvalidResponse, context));
    }
    let is_json = serde_json::from_slice::<IgnoredAny>(response.body()).is_ok();
    if !is_json || !response.body().trim_ascii_start().starts_with(b"{") {
        return Err(invalid("not a JSON object"));
    }
    Ok(response.map(Vec::from))
}
