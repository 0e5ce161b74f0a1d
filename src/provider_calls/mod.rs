//! Calls to the provider: one function for each endpoint, over one transport.

mod access_tokens;
mod cached;
mod client_credentials;
mod documents;
mod introspect;
mod live_session;
mod refresh;
mod token_bucket;
mod token_cache;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) use self::refresh::ReadyToRefresh;
use self::{
    access_tokens::AccessTokens, cached::Cached, client_credentials::ClientTokens,
    live_session::SessionChecks, token_bucket::TokenBucket,
};
use crate::{
    breaker::Breaker,
    clock::{Clock, Timestamp},
    error::{Error, ErrorKind},
    oidc::{
        self, Client, Grant, IdTokenRules, Jwks, ReceivedIdToken, SignedIdToken,
        TokenRequestFailure,
    },
    provider::{Endpoint, Metadata, MetadataSource, Signatures},
    tokens::{DiditTokens, IdToken, Scopes, UserInfo},
    transport::{HttpTransport, LimitedTransport, ReuseConnection, unexpected_status},
};

/// The provider's endpoints, as functions.
pub(crate) struct ProviderCalls {
    client: Client,
    rules: IdTokenRules,
    metadata_source: MetadataSource,
    metadata: Cached<Arc<Metadata>>,
    /// The keys, with the URL that they were fetched from.
    keys: Cached<(Endpoint, Jwks)>,
    /// Limits how often new keys are fetched because no known key matches a token.
    key_refetches: Mutex<TokenBucket>,
    transport: LimitedTransport,
    clock: Arc<dyn Clock>,
    exchanges: Arc<Semaphore>,
    refreshes: Arc<Semaphore>,
    token_endpoint: Breaker,
    introspections: Arc<Semaphore>,
    introspection_endpoint: Breaker,
    access_tokens: AccessTokens,
    client_tokens: ClientTokens,
    session_checks: SessionChecks,
}

/// A permit for one exchange. An exchange continues after its browser has disconnected, so a server's own limits do not
/// count it.
pub(crate) type ExchangePermit = OwnedSemaphorePermit;

impl ProviderCalls {
    pub(crate) fn new(
        client: Client,
        rules: IdTokenRules,
        metadata_source: MetadataSource,
        transport: LimitedTransport,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            client,
            rules,
            metadata_source,
            metadata: Cached::new("metadata"),
            keys: Cached::new("JWKS"),
            key_refetches: Mutex::new(TokenBucket::new(KEY_REFETCHES)),
            transport,
            clock,
            exchanges: Arc::new(Semaphore::new(MAX_EXCHANGES)),
            refreshes: Arc::new(Semaphore::new(MAX_EXCHANGES)),
            token_endpoint: Breaker::new(BREAKER_OPEN_FOR),
            introspections: Arc::new(Semaphore::new(MAX_EXCHANGES)),
            introspection_endpoint: Breaker::new(BREAKER_OPEN_FOR),
            access_tokens: AccessTokens::new(),
            client_tokens: ClientTokens::default(),
            session_checks: SessionChecks::default(),
        }
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.rules.client_id
    }

    /// The scopes that each sign-in requests.
    pub(crate) fn requested_scopes(&self) -> &Scopes {
        self.client.requested_scopes()
    }

    /// The rules for ID tokens.
    pub(crate) fn rules(&self) -> &IdTokenRules {
        &self.rules
    }

    /// The tolerated difference between two clocks.
    pub(crate) fn clock_skew(&self) -> Duration {
        self.rules.clock_skew
    }

    /// A permit for an exchange, unless too many are in flight.
    pub(crate) fn permit_exchange(&self) -> Result<ExchangePermit, Error> {
        let permit = Arc::clone(&self.exchanges).try_acquire_owned();
        permit.map_err(|_| Error::new(ErrorKind::TooManyTokenRequests))
    }

    /// Exchanges a code for tokens and verifies their ID token. The code is sent once (RFC 6749 §4.1.2).
    pub(crate) async fn exchange(
        &self,
        _permit: ExchangePermit,
        metadata: &Metadata,
        grant: Grant,
    ) -> Result<DiditTokens, TokenRequestFailure> {
        let mut call = self.token_endpoint.begin();
        let (now, transport) = (self.now(), &self.transport);
        let outcome = self.client.exchange(metadata, &grant, now, transport).await;
        self.note(&mut call, &outcome);
        let tokens = outcome?;
        let verified = async {
            // OpenID Connect Core §3.1.3.3. Didit Authentication has an ID token for every scope.
            let missing = || Error::with_context(ErrorKind::InvalidResponse, "no id_token");
            let id_token = tokens.id_token.as_ref().ok_or_else(missing)?;
            let access_token = tokens.access_token.secret();
            let signed = self.check_signature(metadata, id_token).await?;
            signed.accept(&self.rules, &grant, access_token, self.now())
        };
        let refused = |error: Error| error.at(metadata.token_endpoint.host());
        let claims = verified.await.map_err(refused);
        let claims = claims.map_err(TokenRequestFailure::not_repeatable)?;
        Ok(DiditTokens::new(tokens, claims))
    }

    /// Terminates the provider's session of these tokens, if the provider has a session endpoint (Didit
    /// Authentication).
    pub(crate) async fn end_session(
        &self,
        metadata: &Metadata,
        tokens: &DiditTokens,
    ) -> Result<(), Error> {
        let Some(url) = &metadata.session_endpoint else {
            return Ok(());
        };
        let request = with_access_token(url.request(Method::DELETE), tokens)?;
        let status = self.send(request, url).await?.status();
        let error = match status {
            StatusCode::UNAUTHORIZED => Error::new(ErrorKind::AccessTokenRefused),
            _ if status.is_success() => return Ok(()),
            _ => unexpected_status("the end of the session", status),
        };
        Err(error.at(url.host()))
    }

    /// Revokes these tokens, if the provider has a revocation endpoint (RFC 7009): the refresh token and its access
    /// tokens, or the access token if there is no refresh token.
    pub(crate) async fn revoke(
        &self,
        metadata: &Metadata,
        tokens: &DiditTokens,
    ) -> Result<(), Error> {
        let Some(url) = &metadata.revocation_endpoint else {
            return Ok(());
        };
        let request = self.client.revocation(metadata, url, tokens);
        match self.send(request, url).await?.status() {
            StatusCode::OK => Ok(()),
            status => Err(unexpected_status("the revocation", status).at(url.host())),
        }
    }

    /// Fetches the user information for these tokens (OpenID Connect Core §5.3.1).
    pub(crate) async fn user_info(&self, tokens: &DiditTokens) -> Result<UserInfo, Error> {
        self.fetch_user_info(tokens, Some(ReuseConnection)).await
    }

    /// Likewise, for a session that begins: over a new connection, since a failure ends the sign-in.
    pub(crate) async fn user_info_at_sign_in(
        &self,
        tokens: &DiditTokens,
    ) -> Result<UserInfo, Error> {
        self.fetch_user_info(tokens, None).await
    }

    async fn fetch_user_info(
        &self,
        tokens: &DiditTokens,
        reuse: Option<ReuseConnection>,
    ) -> Result<UserInfo, Error> {
        let metadata = self.metadata().await?;
        let not_offered = || Error::with_context(ErrorKind::NotOffered, "user information");
        let url = metadata.user_info_endpoint.as_ref();
        let url = url.ok_or_else(not_offered)?;
        let mut request = with_access_token(url.request(Method::GET), tokens)?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::ACCEPT, json);
        if let Some(reuse) = reuse {
            request.extensions_mut().insert(reuse);
        }
        let response = self.send(request, url).await?;
        let members = oidc::user_info(&response, &self.rules.provider, tokens.claims());
        let members = members.map_err(|error| error.at(url.host()))?;
        Ok(UserInfo::new(members, tokens.scopes().clone(), self.now()))
    }

    /// Sends a request to an endpoint. An error names the host.
    async fn send(&self, request: Request<Bytes>, to: &Endpoint) -> Result<Response<Bytes>, Error> {
        let response = self.transport.send(request).await;
        response.map_err(|error| Error::from(error).at(to.host()))
    }

    async fn check_signature(
        &self,
        metadata: &Metadata,
        id_token: &IdToken,
    ) -> Result<SignedIdToken, Error> {
        let algorithms = &metadata.signing_algorithms;
        let received = ReceivedIdToken::read(id_token, &self.rules, algorithms)?;
        if let Signatures::KeysAt(url) = &metadata.signatures {
            let verify = |keys: &Jwks| received.verify_signature(keys);
            self.verify_signature(url, verify).await?;
        }
        Ok(received.into_signed())
    }

    fn now(&self) -> Timestamp {
        Timestamp::now(&*self.clock)
    }
}

/// Adds the access token as a header, the only place for it (RFC 6750 §2.1).
fn with_access_token(
    mut request: Request<Bytes>,
    tokens: &DiditTokens,
) -> Result<Request<Bytes>, Error> {
    let bearer = format!("Bearer {}", tokens.access_token().secret());
    let mut bearer =
        HeaderValue::try_from(bearer).map_err(|_| Error::new(ErrorKind::AccessTokenRefused))?;
    bearer.set_sensitive(true);
    request.headers_mut().insert(header::AUTHORIZATION, bearer);
    Ok(request)
}

/// The limit of concurrent exchanges, of concurrent refreshes, and of concurrent introspections. Each takes at most three HTTP timeouts and 3 MiB:
/// the tokens, and the keys twice.
const MAX_EXCHANGES: usize = 256;
/// The time without calls after an endpoint did not answer.
const BREAKER_OPEN_FOR: Duration = Duration::from_secs(10);
/// Three fetches in a burst, then one a minute.
const KEY_REFETCHES: (u64, Duration) = (3, Duration::from_secs(60));
