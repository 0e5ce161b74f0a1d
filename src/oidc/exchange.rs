//! The exchange of an authorization code for tokens: RFC 6749 §4.1.3 and §4.1.4, OpenID Connect
//! Core §3.1.3.
//!
//! The `oauth2` crate makes the request and reads the answer; its types stay here and in
//! `token_answer`. What carries them is the caller's.

use std::{fmt, future::Future, pin::Pin};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use oauth2::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, EmptyExtraTokenFields,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, StandardRevocableToken, StandardTokenIntrospectionResponse, TokenUrl,
    basic::BasicTokenType,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use super::{
    callback::Grant,
    token_answer::{TokenAnswer, UnverifiedTokens, invalid},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
    provider::Endpoint,
    tokens::Scopes,
    transport::HttpTransport,
};

/// This application as its provider's token endpoint knows it.
pub(crate) struct Client {
    oauth2: OAuth2Client,
    requested_scopes: Scopes,
}

type OAuth2Client = oauth2::Client<
    ErrorAnswer,
    TokenAnswer,
    StandardTokenIntrospectionResponse<EmptyExtraTokenFields, BasicTokenType>,
    StandardRevocableToken,
    ErrorAnswer,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

impl Client {
    /// A client that authenticates with HTTP Basic (RFC 6749 §2.3.1), or a public one where there
    /// is no secret.
    pub(crate) fn new(
        client_id: &str,
        client_secret: Option<&str>,
        redirect_uri: &str,
        token_endpoint: &Endpoint,
        requested_scopes: Scopes,
    ) -> Self {
        let redirect_uri = RedirectUrl::new(redirect_uri.to_owned())
            .expect("the configuration checked the redirect URI");
        let mut oauth2 = oauth2::Client::new(ClientId::new(client_id.to_owned()))
            .set_auth_type(AuthType::BasicAuth)
            .set_redirect_uri(redirect_uri)
            .set_token_uri(TokenUrl::from_url(token_endpoint.url().clone()));
        if let Some(secret) = client_secret {
            oauth2 = oauth2.set_client_secret(ClientSecret::new(secret.to_owned()));
        }
        Self {
            oauth2,
            requested_scopes,
        }
    }

    /// Sends the token request once and reads the answer. `now` is the moment from which a lifetime
    /// in the answer counts.
    pub(crate) async fn exchange(
        &self,
        grant: Grant,
        now: Timestamp,
        transport: &dyn HttpTransport,
    ) -> Result<UnverifiedTokens, Error> {
        // The grant wipes its secrets; the copies that `oauth2` makes stay behind, but they work
        // only once.
        let code = AuthorizationCode::new(grant.code.as_str().to_owned());
        let verifier = PkceCodeVerifier::new(grant.code_verifier.as_str().to_owned());
        self.oauth2
            .exchange_code(code)
            .set_pkce_verifier(verifier)
            .request_async(&Through(transport))
            .await
            .map_err(Error::from)?
            .accept(&self.requested_scopes, now)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("client_id", self.oauth2.client_id())
            .field("requested_scopes", &self.requested_scopes)
            .finish_non_exhaustive()
    }
}

/// An error response (RFC 6749 §5.2).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ErrorAnswer {
    error: String,
    error_description: Option<String>,
}

impl fmt::Display for ErrorAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error response")
    }
}

impl oauth2::ErrorResponse for ErrorAnswer {}

/// A transport as `oauth2` wants it.
struct Through<'a>(&'a dyn HttpTransport);

impl<'c> AsyncHttpClient<'c> for Through<'_> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        let answer = self.0.send(mark_sensitive(request));
        Box::pin(async move { readable(answer.await?) })
    }
}

type ExchangeError = RequestTokenError<Error, ErrorAnswer>;

impl From<ExchangeError> for Error {
    /// What `oauth2` says of an answer that it could not read holds the answer, so it is dropped.
    fn from(error: ExchangeError) -> Self {
        match error {
            RequestTokenError::ServerResponse(answer) => Self::from_provider(
                ErrorKind::from_oauth_code(&answer.error),
                &answer.error,
                answer.error_description.as_deref(),
            ),
            RequestTokenError::Request(error) => error,
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                invalid("neither a token response nor an error response")
            }
        }
    }
}

/// Keeps the credentials out of a transport's logs and HPACK tables.
fn mark_sensitive(request: HttpRequest) -> Request<Bytes> {
    let mut request = request.map(Bytes::from);
    if let Some(authorization) = request.headers_mut().get_mut(http::header::AUTHORIZATION) {
        authorization.set_sensitive(true);
    }
    request
}

/// Lets through what can be a token or an error response: an object under 200, an error under 4xx.
/// (`oauth2` drops the status, and its structures would read an array as well.)
fn readable(response: Response<Bytes>) -> Result<HttpResponse, Error> {
    let status = response.status();
    let is_error = |body| serde_json::from_slice::<ErrorAnswer>(body).is_ok();
    if status != StatusCode::OK && !(status.is_client_error() && is_error(response.body())) {
        let context = format!("status {}", status.as_u16());
        return Err(Error::with_context(ErrorKind::InvalidAnswer, context));
    }
    // `oauth2` stops reading at the end of the object, whatever follows.
    let is_json = serde_json::from_slice::<IgnoredAny>(response.body()).is_ok();
    if !is_json || !response.body().trim_ascii_start().starts_with(b"{") {
        return Err(invalid("not a JSON object"));
    }
    Ok(response.map(Vec::from))
}
