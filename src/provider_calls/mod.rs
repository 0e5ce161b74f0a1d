//! All that talks to a provider: one function an endpoint, over one transport.

mod cached;
mod fetch;
mod keys;
mod metadata;
mod token_bucket;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use self::{keys::KeyCache, metadata::MetadataCache};
use crate::{
    breaker::{Breaker, Passage},
    clock::{Clock, Timestamp},
    error::{Error, ErrorKind},
    oidc::{
        self, Client, Exchanged, Grant, IdTokenRules, ReceivedIdToken, SignedIdToken,
        TokenRequestFailure, UnverifiedTokens,
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

/// What a refresh needs.
pub(crate) struct ReadyToRefresh {
    permit: OwnedSemaphorePermit,
    metadata: Arc<Metadata>,
}

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

    /// Whether metadata is at hand, be it old.
    pub(crate) fn has_metadata(&self, now: impl FnOnce() -> Timestamp) -> bool {
        self.0.metadata.is_at_hand(now)
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
        outcome
    }

    /// What a refresh needs before it is sent.
    pub(crate) async fn prepare_refresh(&self) -> Result<ReadyToRefresh, Error> {
        let Inner {
            rules,
            keys,
            transport,
            ..
        } = &*self.0;
        // Of their own: whoever is signed in does not suffer from those who want to be.
        let permit = Arc::clone(&self.0.refreshes).try_acquire_owned();
        let permit = permit.map_err(|_| Error::new(ErrorKind::TooManySignIns))?;
        let metadata = self.metadata(self.0.now()).await?;
        // A refresh token that works once is not spent for an ID token that cannot be verified.
        if let Signatures::KeysAt(url) = &metadata.signatures
            && rules.provider.has_single_use_refresh_tokens()
        {
            keys.prepare(url, transport, self.0.now()).await?;
        }
        Ok(ReadyToRefresh { permit, metadata })
    }

    /// Whether a refresh may begin, by what became of those before. A provider that does not answer is asked
    /// for its keys, where a refresh token works once: none is spent to find out.
    pub(crate) async fn check_token_endpoint(&self) -> Result<(), Error> {
        match self.0.token_endpoint.passage() {
            Passage::Closed => Ok(()),
            Passage::Open => Err(Error::new(ErrorKind::TokensUnavailable)),
            Passage::Probe if !self.0.rules.provider.has_single_use_refresh_tokens() => Ok(()),
            Passage::Probe => self.probe().await,
        }
    }

    /// Whether the provider answers at all, whatever it answers.
    async fn probe(&self) -> Result<(), Error> {
        let metadata = self.metadata(self.0.now()).await?;
        let Signatures::KeysAt(url) = &metadata.signatures else {
            return Ok(());
        };
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = url.uri();
        self.0.transport.send(request).await?;
        self.0.token_endpoint.succeeded();
        Ok(())
    }

    /// New tokens for those of a session, of the same user. What was sent is finished if the caller runs
    /// it to its end.
    pub(crate) async fn refresh(
        &self,
        ready: ReadyToRefresh,
        before: &DiditTokens,
    ) -> Result<DiditTokens, TokenRequestFailure> {
        let ReadyToRefresh { permit, metadata } = ready;
        let now = self.0.now();
        let began = Instant::now();
        let refresh = self
            .0
            .client
            .refresh(&metadata, before, now, &self.0.transport);
        let mut refresh = std::pin::pin!(refresh);
        let outcome = match tokio::time::timeout(MAX_SILENCE, &mut refresh).await {
            Ok(outcome) => outcome,
            Err(_) => {
                // Whoever waits has given up by now. What was sent is waited for to its end.
                self.0.token_endpoint.failed(began);
                refresh.await
            }
        };
        self.0.note(began, &outcome);
        let tokens = outcome?;
        self.0
            .check_refreshed(&metadata, &tokens, before)
            .await
            .map_err(TokenRequestFailure::after_sending)?;
        drop(permit);
        Ok(tokens.in_place_of(before))
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
        let status = self.0.transport.send(request).await?.status();
        match status {
            StatusCode::UNAUTHORIZED => Err(Error::new(ErrorKind::AccessTokenRefused)),
            _ if status.is_success() => Ok(()),
            _ => Err(refused("the end of the session", status)),
        }
    }

    /// Revokes these tokens, where the provider does that (RFC 7009): the refresh token, and with it
    /// what was issued for it, else the access token.
    pub(crate) async fn revoke(
        &self,
        metadata: &Metadata,
        tokens: &DiditTokens,
    ) -> Result<(), Error> {
        let Some(request) = self.0.client.revocation(metadata, tokens) else {
            return Ok(());
        };
        let status = self.0.transport.send(request).await?.status();
        if status == StatusCode::OK {
            Ok(())
        } else {
            Err(refused("the revocation", status))
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
        let response = self.0.transport.send(request).await?;
        oidc::user_info(&response, &self.0.rules.provider, tokens.claims())
    }
}

impl Inner {
    async fn exchange(
        &self,
        metadata: &Metadata,
        grant: Grant,
        now: Timestamp,
    ) -> Result<DiditTokens, TokenRequestFailure> {
        let began = Instant::now();
        let exchange = self.client.exchange(metadata, grant, now, &self.transport);
        let outcome = exchange.await;
        self.note(began, &outcome);
        let exchanged = outcome?;
        let claims = self.verify(metadata, &exchanged).await;
        let claims = claims.map_err(TokenRequestFailure::after_sending)?;
        Ok(exchanged.tokens.of(claims))
    }

    async fn verify(&self, metadata: &Metadata, exchanged: &Exchanged) -> Result<IdClaims, Error> {
        let missing = || Error::with_context(ErrorKind::InvalidAnswer, "no id_token");
        let id_token = exchanged.tokens.id_token().ok_or_else(missing)?;
        let signed = self.check_signature(metadata, id_token).await?;
        signed.accept(&self.rules, &exchanged.bindings(), self.now())
    }

    /// OpenID Connect Core §12.2.
    async fn check_refreshed(
        &self,
        metadata: &Metadata,
        tokens: &UnverifiedTokens,
        before: &DiditTokens,
    ) -> Result<(), Error> {
        let Some(id_token) = tokens.id_token() else {
            return Ok(());
        };
        let signed = self.check_signature(metadata, id_token).await?;
        let access_token = tokens.access_token().secret();
        signed.check_refreshed(&self.rules, before.claims(), access_token, self.now())
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

    /// Whether the token endpoint has answered, be it with an error.
    fn note<T>(&self, began: Instant, outcome: &Result<T, TokenRequestFailure>) {
        match outcome.as_ref().map_err(|failure| failure.error.kind()) {
            Err(ErrorKind::ProviderUnreachable | ErrorKind::ProviderTimeout) => {
                self.token_endpoint.failed(began);
            }
            _ => self.token_endpoint.succeeded(),
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::now(&*self.clock)
    }
}

impl fmt::Debug for ProviderCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderCalls")
            .field("client", &self.0.client)
            .field("rules", &self.0.rules)
            .finish_non_exhaustive()
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
/// How long a refresh may be without an answer before others are not sent.
const MAX_SILENCE: Duration = Duration::from_secs(5);
/// How long a token endpoint that does not answer is left alone.
const REST: Duration = Duration::from_secs(10);
