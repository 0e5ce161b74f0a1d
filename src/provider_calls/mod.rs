//! All that talks to a provider: one function an endpoint, over one transport.

mod cached;
mod fetch;
mod keys;
mod metadata;
mod refresh;
mod token_bucket;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) use self::refresh::ReadyToRefresh;
use self::{keys::KeyCache, metadata::MetadataCache};
use crate::{
    breaker::Breaker,
    clock::{Clock, Timestamp},
    error::{Error, ErrorKind},
    oidc::{
        self, Client, Exchanged, Grant, IdTokenRules, ReceivedIdToken, SignedIdToken,
        TokenRequestFailure,
    },
    provider::{Endpoint, Metadata, MetadataSource, Signatures},
    tokens::{DiditTokens, IdClaims, IdToken, UserInfo},
    transport::{HttpTransport, LimitedTransport},
};

/// The provider's endpoints, as functions. Cloning copies a pointer.
#[derive(Clone)]
pub(crate) struct ProviderCalls(Arc<Inner>);

struct Inner {
    client: Client,
    rules: IdTokenRules,
    metadata: MetadataCache,
    keys: KeyCache,
    transport: LimitedTransport,
    clock: Arc<dyn Clock>,
    exchanges: Arc<Semaphore>,
    refreshes: Arc<Semaphore>,
    token_endpoint: Breaker,
}

/// The right to one exchange. All are counted here, as a server's own limits do not count those that
/// go on without their browser.
pub(crate) type ExchangePermit = OwnedSemaphorePermit;

impl ProviderCalls {
    pub(crate) fn new(
        client: Client,
        rules: IdTokenRules,
        metadata: MetadataSource,
        transport: LimitedTransport,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self(Arc::new(Inner {
            client,
            rules,
            metadata: MetadataCache::new(metadata),
            keys: KeyCache::new(),
            transport,
            clock,
            exchanges: Arc::new(Semaphore::new(MAX_EXCHANGES)),
            refreshes: Arc::new(Semaphore::new(MAX_EXCHANGES)),
            token_endpoint: Breaker::new(REST),
        }))
    }

    /// The right to an exchange, if not too many are under way.
    pub(crate) fn permit_exchange(&self) -> Result<ExchangePermit, Error> {
        Arc::clone(&self.0.exchanges)
            .try_acquire_owned()
            .map_err(|_| Error::new(ErrorKind::TooManySignIns))
    }

    /// The provider's metadata.
    pub(crate) async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, Error> {
        let Inner {
            metadata,
            rules,
            transport,
            ..
        } = &*self.0;
        metadata.get(&rules.provider, transport, now).await
    }

    /// Exchanges a code for tokens, and verifies whose they are. The code is sent once and never again
    /// (RFC 6749 §4.1.2).
    pub(crate) async fn exchange(
        &self,
        permit: ExchangePermit,
        metadata: &Metadata,
        grant: Grant,
        now: Timestamp,
    ) -> Result<DiditTokens, TokenRequestFailure> {
        let outcome = self.0.exchange(metadata, grant, now).await;
        drop(permit);
        outcome.map_err(|failure| failure.at(metadata.token_endpoint.host()))
    }

    /// Ends the provider's session of these tokens, where it has one that can be ended (Didit
    /// Authentication).
    pub(crate) async fn end_session(
        &self,
        metadata: &Metadata,
        tokens: &DiditTokens,
    ) -> Result<(), Error> {
        let Some(url) = &metadata.session_endpoint else {
            return Ok(());
        };
        let mut request = with_access_token(url, tokens)?;
        *request.method_mut() = Method::DELETE;
        let status = self.0.send(request, url).await?.status();
        let error = match status {
            StatusCode::UNAUTHORIZED => Error::new(ErrorKind::AccessTokenRefused),
            _ if status.is_success() => return Ok(()),
            _ => refused("the end of the session", status),
        };
        Err(error.at(url.host()))
    }

    /// Revokes these tokens, where the provider does that (RFC 7009): the refresh token, and with it
    /// what was issued for it, else the access token.
    pub(crate) async fn revoke(
        &self,
        metadata: &Metadata,
        tokens: &DiditTokens,
    ) -> Result<(), Error> {
        let Some(url) = &metadata.revocation_endpoint else {
            return Ok(());
        };
        let request = self.0.client.revocation(metadata, url, tokens);
        let status = self.0.send(request, url).await?.status();
        if status == StatusCode::OK {
            Ok(())
        } else {
            Err(refused("the revocation", status).at(url.host()))
        }
    }

    /// Asks the provider about the user of these tokens (OpenID Connect Core §5.3.1).
    pub(crate) async fn user_info(&self, tokens: &DiditTokens) -> Result<UserInfo, Error> {
        let metadata = self.metadata(self.0.now()).await?;
        let url = metadata
            .user_info_endpoint
            .as_ref()
            .ok_or_else(|| Error::with_context(ErrorKind::NotOffered, "user information"))?;
        let mut request = with_access_token(url, tokens)?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::ACCEPT, json);
        let response = self.0.send(request, url).await?;
        oidc::user_info(&response, &self.0.rules.provider, tokens.claims())
            .map_err(|error| error.at(url.host()))
    }
}

impl Inner {
    async fn exchange(
        &self,
        metadata: &Metadata,
        grant: Grant,
        now: Timestamp,
    ) -> Result<DiditTokens, TokenRequestFailure> {
        let mut attempt = self.token_endpoint.begin();
        let exchange = self.client.exchange(metadata, grant, now, &self.transport);
        let outcome = exchange.await;
        self.note(&mut attempt, &outcome);
        let exchanged = outcome?;
        let claims = self.verify(metadata, &exchanged).await;
        let claims = claims.map_err(TokenRequestFailure::after_sending)?;
        Ok(exchanged.tokens.of(claims))
    }

    /// Sends a request to an endpoint; an error has its host.
    async fn send(&self, request: Request<Bytes>, to: &Endpoint) -> Result<Response<Bytes>, Error> {
        let response = self.transport.send(request).await;
        response.map_err(|error| Error::from(error).at(to.host()))
    }

    async fn verify(&self, metadata: &Metadata, exchanged: &Exchanged) -> Result<IdClaims, Error> {
        let missing = || Error::with_context(ErrorKind::InvalidAnswer, "no id_token");
        let id_token = exchanged.tokens.id_token().ok_or_else(missing)?;
        let signed = self.check_signature(metadata, id_token).await?;
        signed.accept(&self.rules, &exchanged.bindings(), self.now())
    }

    /// By the clock of now: the token was made while the answer was waited for.
    async fn check_signature(
        &self,
        metadata: &Metadata,
        id_token: &IdToken,
    ) -> Result<SignedIdToken, Error> {
        let algorithms = &metadata.signing_algorithms;
        let received = ReceivedIdToken::read(id_token, &self.rules, algorithms)?;
        match &metadata.signatures {
            Signatures::KeysAt(url) => {
                let now = self.now();
                self.keys.verify(received, url, &self.transport, now).await
            }
            Signatures::TrustTls => Ok(received.trust_tls()),
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::now(&*self.clock)
    }
}

/// A request that carries the access token in its header, and only there (RFC 6750 §2.1).
fn with_access_token(url: &Endpoint, tokens: &DiditTokens) -> Result<Request<Bytes>, Error> {
    let bearer = format!("Bearer {}", tokens.access_token().secret());
    let mut bearer =
        HeaderValue::try_from(bearer).map_err(|_| Error::new(ErrorKind::AccessTokenRefused))?;
    bearer.set_sensitive(true);
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = url.uri();
    request.headers_mut().insert(header::AUTHORIZATION, bearer);
    Ok(request)
}

fn refused(what: &str, status: StatusCode) -> Error {
    let context = format!("{what}: status {}", status.as_u16());
    Error::with_context(ErrorKind::InvalidAnswer, context)
}

/// At once, and as many refreshes. Each takes at most three HTTP time-outs and 3 MiB: tokens, and the keys twice.
const MAX_EXCHANGES: usize = 256;
/// How long a token endpoint that does not answer is left alone.
const REST: Duration = Duration::from_secs(10);
