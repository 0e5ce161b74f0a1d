//! The exchange of an authorization code for tokens: RFC 6749 §4.1.3 and §4.1.4, OpenID Connect
//! Core §3.1.3.
//!
//! The `oauth2` crate makes the request and reads the answer; its types stay here and in
//! `token_answer`. What carries them is the caller's.

use std::{error::Error as _, fmt, future::Future, pin::Pin};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use oauth2::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, EmptyExtraTokenFields,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, StandardRevocableToken, StandardTokenIntrospectionResponse, TokenUrl,
    basic::BasicTokenType,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::{Map, Value};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::{
    callback::Grant,
    id_token::Bindings,
    token_answer::{TokenAnswer, UnverifiedTokens, invalid},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, TokenError},
    provider::{ClientAuthentication, Metadata, TokenRequests},
    tokens::{DiditTokens, RefreshToken, Scopes},
    transport::{HttpTransport, TransportError},
};

/// This application as its provider's token endpoint knows it.
pub(crate) struct Client {
    id: ClientId,
    secret: Option<ClientSecret>,
    redirect_uri: RedirectUrl,
    token_requests: TokenRequests,
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

/// What came of an exchange: tokens, and what their ID token has to fit to.
pub(crate) struct Exchanged {
    pub(crate) tokens: UnverifiedTokens,
    code: Zeroizing<String>,
    nonce: Option<Zeroizing<String>>,
    started: Timestamp,
}

/// A token request that brought no tokens.
#[derive(Clone, Debug)]
pub(crate) struct TokenRequestFailure {
    pub(crate) error: Error,
    /// Whether the provider may have seen the code or the refresh token.
    pub(crate) was_sent: bool,
}

impl TokenRequestFailure {
    pub(crate) fn before_sending(error: Error) -> Self {
        Self {
            error,
            was_sent: false,
        }
    }

    pub(crate) fn after_sending(error: Error) -> Self {
        Self {
            error,
            was_sent: true,
        }
    }

    /// Notes the host that was called.
    pub(crate) fn at(self, host: &str) -> Self {
        Self {
            error: self.error.at(host),
            ..self
        }
    }
}

impl Client {
    /// A client, a public one where there is no secret.
    pub(crate) fn new(
        client_id: &str,
        client_secret: Option<&str>,
        redirect_uri: &str,
        token_requests: TokenRequests,
        requested_scopes: Scopes,
    ) -> Self {
        Self {
            id: ClientId::new(client_id.to_owned()),
            secret: client_secret.map(|secret| ClientSecret::new(secret.to_owned())),
            redirect_uri: RedirectUrl::new(redirect_uri.to_owned())
                .expect("the configuration checked the redirect URI"),
            token_requests,
            requested_scopes,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn secret(&self) -> Option<&str> {
        self.secret.as_ref().map(|secret| secret.secret().as_str())
    }

    /// Sends the token request once and reads the answer. `now` is the moment from which a lifetime
    /// in the answer counts.
    pub(crate) async fn exchange(
        &self,
        metadata: &Metadata,
        grant: Grant,
        now: Timestamp,
        transport: &dyn HttpTransport,
    ) -> Result<Exchanged, TokenRequestFailure> {
        let Grant {
            code,
            code_verifier,
            nonce,
            started,
        } = grant;
        // The grant wipes its secrets; the copies that `oauth2` makes stay behind, but they work
        // only once.
        let verifier = PkceCodeVerifier::new(code_verifier.as_str().to_owned());
        let through = Through {
            transport,
            token_requests: self.token_requests,
        };
        let answer = self
            .at(metadata)
            .exchange_code(AuthorizationCode::new(code.as_str().to_owned()))
            .set_pkce_verifier(verifier)
            .request_async(&through)
            .await
            .map_err(TokenRequestFailure::from)?;
        let tokens = answer
            .accept(&self.requested_scopes, now)
            .map_err(TokenRequestFailure::after_sending)?;
        // OpenID Connect Core §3.1.3.3. Didit Authentication gives one whatever was asked for.
        if tokens.id_token().is_none() {
            let error = invalid("no id_token");
            return Err(TokenRequestFailure::after_sending(error));
        }
        Ok(Exchanged {
            tokens,
            code,
            nonce,
            started,
        })
    }

    /// Sends a refresh request once and reads the answer (RFC 6749 §6). The scopes stay what they are.
    pub(crate) async fn refresh(
        &self,
        metadata: &Metadata,
        before: &DiditTokens,
        now: Timestamp,
        transport: &dyn HttpTransport,
    ) -> Result<UnverifiedTokens, TokenRequestFailure> {
        let through = Through {
            transport,
            token_requests: self.token_requests,
        };
        // The copies that `oauth2` makes of it are not wiped.
        let refresh_token = before.refresh_token().map_or("", RefreshToken::secret);
        let refresh_token = oauth2::RefreshToken::new(refresh_token.to_owned());
        self.at(metadata)
            .exchange_refresh_token(&refresh_token)
            .request_async(&through)
            .await
            .map_err(TokenRequestFailure::from)?
            .accept(before.scopes(), now)
            .map_err(TokenRequestFailure::after_sending)
    }

    /// The client at one provider's token endpoint. Without a secret only the client id is sent.
    fn at(&self, metadata: &Metadata) -> OAuth2Client {
        let token_url = TokenUrl::from_url(metadata.token_endpoint.url().clone());
        let (auth_type, secret) = match metadata.client_authentication {
            ClientAuthentication::Basic => (AuthType::BasicAuth, self.secret.clone()),
            ClientAuthentication::Post => (AuthType::RequestBody, self.secret.clone()),
            ClientAuthentication::None => (AuthType::RequestBody, None),
        };
        let client = oauth2::Client::new(self.id.clone())
            .set_auth_type(auth_type)
            .set_redirect_uri(self.redirect_uri.clone())
            .set_token_uri(token_url);
        match secret {
            Some(secret) => client.set_client_secret(secret),
            None => client,
        }
    }
}

impl Exchanged {
    pub(crate) fn bindings(&self) -> Bindings<'_> {
        Bindings {
            nonce: self.nonce.as_ref().map(|nonce| nonce.as_str()),
            code: &self.code,
            access_token: self.tokens.access_token().secret(),
            started: self.started,
        }
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
struct Through<'a> {
    transport: &'a dyn HttpTransport,
    token_requests: TokenRequests,
}

impl<'c> AsyncHttpClient<'c> for Through<'_> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        let request = match self.token_requests {
            TokenRequests::Form => request,
            TokenRequests::Json => as_json(&request),
        };
        let answer = self.transport.send(mark_sensitive(request));
        Box::pin(async move { readable(answer.await?) })
    }
}

type ExchangeError = RequestTokenError<Error, ErrorAnswer>;

impl From<ExchangeError> for TokenRequestFailure {
    fn from(error: ExchangeError) -> Self {
        let error = Error::from(error);
        let cause = error.source().and_then(|source| source.downcast_ref());
        Self {
            was_sent: !cause.is_some_and(TransportError::is_not_connected),
            error,
        }
    }
}

impl From<ExchangeError> for Error {
    /// What `oauth2` says of an answer that it could not read holds the answer, so it is dropped.
    fn from(error: ExchangeError) -> Self {
        match error {
            RequestTokenError::ServerResponse(answer) => {
                let code = answer.error.as_str();
                // Some providers say here that the user may not sign in.
                let kind = match code {
                    "access_denied" => ErrorKind::AccessDenied,
                    code => TokenError::from_code(code).into(),
                };
                Self::from_provider(kind, code, answer.error_description.as_deref())
            }
            RequestTokenError::Request(error) => error,
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                invalid("neither a token response nor an error response")
            }
        }
    }
}

/// The same request with its parameters in a JSON object. One that does not belong to the grant would be
/// refused: with a refresh token the client does not say who it is.
fn as_json(request: &HttpRequest) -> HttpRequest {
    let parameters = form_urlencoded::parse(request.body()).map(|(name, value)| {
        let value = Value::String(value.into_owned());
        (name.into_owned(), value)
    });
    let mut members: Map<_, _> = parameters.collect();
    if members.contains_key("refresh_token") {
        members.remove("client_id");
    }
    let body = Value::Object(members).to_string();
    let mut json = HttpRequest::new(body.into_bytes());
    *json.method_mut() = request.method().clone();
    *json.uri_mut() = request.uri().clone();
    *json.headers_mut() = request.headers().clone();
    let content_type = HeaderValue::from_static("application/json");
    json.headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    json
}

/// Keeps the credentials out of a transport's logs and HPACK tables.
fn mark_sensitive(request: HttpRequest) -> Request<Bytes> {
    let mut request = request.map(Bytes::from);
    if let Some(authorization) = request.headers_mut().get_mut(header::AUTHORIZATION) {
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
