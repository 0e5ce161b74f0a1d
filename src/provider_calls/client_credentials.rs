//! Access tokens of the application itself (RFC 6749 §4.4), cached.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio_util::task::TaskTracker;

use super::ProviderCalls;
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
    flight::{Flight, Progress},
    lock::lock,
    oidc::TokenRequestFailure,
    provider::ClientAuthentication,
    tokens::{AccessToken, Scopes},
};

/// The tokens by their scopes.
#[derive(Default)]
pub(super) struct ClientTokens(Mutex<HashMap<String, Entry>>);

#[derive(Default)]
struct Entry {
    token: Option<ClientToken>,
    request: Option<Flight<Outcome>>,
}

type Outcome = Result<ClientToken, Error>;

#[derive(Clone)]
struct ClientToken {
    token: Arc<AccessToken>,
    received_at: Timestamp,
    /// `None`: the response did not say. The token is not used again.
    expires_at: Option<Timestamp>,
}

impl ClientToken {
    fn is_valid(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| now < end)
    }

    /// Whether the token has more than half a minute left, or more than half of a life shorter than a minute.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| {
            let margin = MARGIN.min(end.since(self.received_at) / 2);
            self.received_at <= now && now.plus(margin) < end
        })
    }
}

impl ProviderCalls {
    /// An access token of the application itself for these scopes. Concurrent calls share one token request, and later
    /// ones its token until shortly before its end.
    pub(crate) async fn client_credentials(
        self: &Arc<Self>,
        scopes: Scopes,
    ) -> Result<Arc<AccessToken>, Error> {
        let now = self.now();
        let (valid, request) = {
            let mut known = lock(&self.client_tokens.0);
            let entry = entry(&mut known, scopes.as_str(), now)?;
            let valid = entry.token.clone().filter(|token| token.is_valid(now));
            if let Some(fresh) = valid.as_ref().filter(|token| token.is_fresh(now)) {
                return Ok(Arc::clone(&fresh.token));
            }
            let request = match entry.request.clone() {
                Some(in_flight) => Ok(in_flight),
                None => self.start_client_token_request(scopes),
            };
            entry.request = request.as_ref().ok().cloned();
            (valid, request)
        };
        let outcome = match request {
            Ok(request) => {
                let lost = || Err(Error::new(ErrorKind::ProviderUnreachable));
                request.outcome().await.unwrap_or_else(lost)
            }
            Err(error) => Err(error),
        };
        match (outcome, valid) {
            (Ok(new), _) => Ok(new.token),
            (Err(error), Some(old)) if old.is_valid(self.now()) => {
                error.log("failed to renew the token of the application");
                Ok(old.token)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Starts a token request, unless too many wait or the token endpoint does not answer.
    fn start_client_token_request(
        self: &Arc<Self>,
        scopes: Scopes,
    ) -> Result<Flight<Outcome>, Error> {
        let permit = Arc::clone(&self.refreshes).try_acquire_owned();
        let permit = permit.map_err(|_| Error::new(ErrorKind::TooManyTokenRequests))?;
        let mut call = self.token_endpoint.try_begin().ok_or_else(|| {
            let context = "the token endpoint did not answer a moment ago";
            Error::with_context(ErrorKind::ProviderUnreachable, context)
        })?;
        let calls = Arc::clone(self);
        // A shutdown need not wait for it.
        Ok(Flight::start(&TaskTracker::new(), async move {
            let request = calls.request_client_token(&scopes);
            let outcome = calls.watch(&mut call, request).await;
            calls.note(&mut call, &outcome);
            drop(permit);
            outcome.map_err(|failure| failure.error)
        }))
    }

    async fn request_client_token(
        &self,
        scopes: &Scopes,
    ) -> Result<ClientToken, TokenRequestFailure> {
        let metadata = self.metadata().await;
        let metadata = metadata.map_err(TokenRequestFailure::repeatable)?;
        let is_public = metadata.client_authentication == ClientAuthentication::None;
        if is_public || !self.client.has_secret() {
            let context = "client credentials: the client has no secret";
            let error = Error::with_context(ErrorKind::NotOffered, context);
            return Err(TokenRequestFailure::repeatable(error));
        }
        let (now, transport) = (self.now(), &self.transport);
        let request = self
            .client
            .client_credentials(&metadata, scopes, now, transport);
        let set = request.await?;
        Ok(ClientToken {
            token: Arc::new(set.access_token),
            received_at: now,
            expires_at: set.expires_at,
        })
    }
}

/// The entry of these scopes. A new one replaces those that are no longer needed.
fn entry<'a>(
    known: &'a mut HashMap<String, Entry>,
    scopes: &str,
    now: Timestamp,
) -> Result<&'a mut Entry, Error> {
    if !known.contains_key(scopes) {
        known.retain(|_, entry| {
            entry.settle();
            entry.is_needed(now)
        });
        if known.len() >= MAX_SCOPE_LISTS {
            let context = "too many different lists of scopes";
            return Err(Error::with_context(
                ErrorKind::TooManyTokenRequests,
                context,
            ));
        }
    }
    let entry = known.entry(scopes.to_owned()).or_default();
    entry.settle();
    Ok(entry)
}

impl Entry {
    /// Keeps the token of a request that has completed. A failed request is forgotten.
    fn settle(&mut self) {
        match self.request.as_ref().map(Flight::progress) {
            Some(Progress::InFlight) | None => return,
            Some(Progress::Completed(Ok(token))) => self.token = Some(token),
            Some(Progress::Completed(Err(_)) | Progress::Lost) => {}
        }
        self.request = None;
    }

    fn is_needed(&self, now: Timestamp) -> bool {
        let token = self.token.as_ref();
        self.request.is_some() || token.is_some_and(|token| token.is_valid(now))
    }
}

/// The limit of lists of scopes with a token.
const MAX_SCOPE_LISTS: usize = 256;
/// A token is replaced this long before it expires.
const MARGIN: Duration = Duration::from_secs(30);
