//! The exchange of an authorization code for tokens: RFC 6749 §4.1.3 and §4.1.4, OpenID Connect
//! Core §3.1.3.
//!
//! The `oauth2` crate makes the request and reads the answer; its types stay in this file. What
//! carries them is the caller's.

use std::{error::Error as StdError, fmt, future::Future, pin::Pin, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use oauth2::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, EmptyExtraTokenFields,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, StandardRevocableToken, StandardTokenIntrospectionResponse, TokenUrl,
    basic::BasicTokenType,
};
use serde::{Deserialize, Serialize, Serializer, ser};
use serde_json::Value;

use super::callback::Grant;
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
    provider::Endpoint,
    tokens::{AccessToken, IdToken, RefreshToken, Scopes, TokenSet},
    transport::{HttpTransport, TransportError},
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

/// Tokens whose ID token nobody has verified yet.
pub(crate) struct UnverifiedTokens(TokenSet);

impl UnverifiedTokens {
    /// The tokens, with the ID token as it was received.
    pub(crate) fn into_tokens(self) -> TokenSet {
        self.0
    }
}

/// A token response (RFC 6749 §5.1), read as leniently as Didit's documentation needs and no more.
/// Unknown members are ignored; a known one must not be there twice.
#[derive(Deserialize)]
pub(crate) struct TokenAnswer {
    #[serde(default = "no_access_token")]
    access_token: oauth2::AccessToken,
    token_type: Option<String>,
    expires_in: Option<Value>,
    scope: Option<Value>,
    /// Where Didit's introspection has the scopes, and some of its token responses.
    claims: Option<Value>,
    refresh_token: Option<oauth2::RefreshToken>,
    id_token: Option<String>,
}

impl TokenAnswer {
    fn accept(self, requested: &Scopes, now: Timestamp) -> Result<UnverifiedTokens, Error> {
        let access_token = self.access_token.into_secret();
        if access_token.is_empty() {
            return Err(invalid("no access_token"));
        }
        // RFC 6749 §7.1; Didit's answers may lack it.
        if let Some(token_type) = &self.token_type
            && !token_type.eq_ignore_ascii_case("bearer")
        {
            return Err(invalid("a token_type that is not Bearer"));
        }
        // OpenID Connect Core §3.1.3.3.
        let id_token = self.id_token.filter(|token| !token.is_empty());
        if id_token.is_none() && requested.contains("openid") {
            return Err(invalid("no id_token, although openid was asked for"));
        }
        let granted = self.scope.or(self.claims).as_ref().and_then(scopes);
        Ok(UnverifiedTokens(TokenSet {
            access_token: AccessToken::new(access_token),
            refresh_token: self
                .refresh_token
                .map(oauth2::RefreshToken::into_secret)
                .filter(|token| !token.is_empty())
                .map(RefreshToken::new),
            id_token: id_token.map(IdToken::new),
            scopes: granted.unwrap_or_else(|| requested.clone()),
            expires_at: self
                .expires_in
                .as_ref()
                .and_then(seconds)
                .map(|lifetime| now.plus(lifetime)),
        }))
    }
}

/// A list with spaces in between, or an array; `None` for anything else.
fn scopes(value: &Value) -> Option<Scopes> {
    match value {
        Value::String(spaced) => Some(Scopes::new(spaced.as_str())),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(Value::as_str).collect::<Option<_>>()?;
            Some(Scopes::new(items.join(" ")))
        }
        _ => None,
    }
}

/// Seconds as a number or a numeric string, none of them negative; `None` for anything else.
fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite())?,
        _ => return None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and a lifetime is not negative"
    )]
    let seconds = seconds as u64;
    Some(Duration::from_secs(seconds))
}

fn no_access_token() -> oauth2::AccessToken {
    oauth2::AccessToken::new(String::new())
}

fn invalid(context: &'static str) -> Error {
    Error::with_context(ErrorKind::InvalidAnswer, context)
}

impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenAnswer([redacted])")
    }
}

/// `oauth2` asks for this; tokens are never written.
impl Serialize for TokenAnswer {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(ser::Error::custom("tokens are not serialized"))
    }
}

impl oauth2::TokenResponse for TokenAnswer {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &oauth2::AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &BasicTokenType::Bearer
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.as_ref().and_then(seconds)
    }

    fn refresh_token(&self) -> Option<&oauth2::RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<oauth2::Scope>> {
        None
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
    type Error = Unreadable;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unreadable>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        let answer = self.0.send(mark_sensitive(request));
        Box::pin(async move { readable(answer.await?) })
    }
}

/// Why there is nothing for `oauth2` to read.
#[derive(Debug)]
enum Unreadable {
    Transport(TransportError),
    Answer(Error),
}

impl From<TransportError> for Unreadable {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no readable answer")
    }
}

impl StdError for Unreadable {}

type ExchangeError = RequestTokenError<Unreadable, ErrorAnswer>;

impl From<ExchangeError> for Error {
    /// What `oauth2` says of an answer that it could not read holds the answer, so it is dropped.
    fn from(error: ExchangeError) -> Self {
        match error {
            RequestTokenError::ServerResponse(answer) => Self::from_provider(
                ErrorKind::from_oauth_code(&answer.error),
                &answer.error,
                answer.error_description.as_deref(),
            ),
            RequestTokenError::Request(Unreadable::Answer(error)) => error,
            RequestTokenError::Request(Unreadable::Transport(error)) => Self::from(error),
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

/// Lets through what can be a token or an error response: an object under 200 or 4xx. (`oauth2`
/// drops the status, and its structures would read an array as well.)
fn readable(response: Response<Bytes>) -> Result<HttpResponse, Unreadable> {
    let status = response.status();
    if status != StatusCode::OK && !status.is_client_error() {
        let context = format!("status {}", status.as_u16());
        return Err(Unreadable::Answer(Error::with_context(
            ErrorKind::InvalidAnswer,
            context,
        )));
    }
    if !response.body().trim_ascii_start().starts_with(b"{") {
        return Err(Unreadable::Answer(invalid("not a JSON object")));
    }
    Ok(response.map(Vec::from))
}
