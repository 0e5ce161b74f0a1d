//! The origins of an application, one relying party for each, and the host by which a request selects one.

use std::{cmp::Reverse, fmt, iter, sync::Arc};

use http::{HeaderMap, Request, Uri, header, uri::Authority};
use tokio_util::task::TaskTracker;

use super::{CallbackFlights, RelyingParty, Reported};
use crate::{
    config::{Config, HostMatch, Origin},
    lock::lock,
    oidc::{Client, EndSessionRequest},
    provider_calls::ProviderCalls,
    session::lifecycle::{OriginParts, SessionLifecycle},
};

/// The state of one layer: a relying party for each of its origins. They share the provider, the session store, the
/// callbacks in flight and the background tasks.
pub(crate) struct Origins {
    /// That of the first redirect URI.
    pub(crate) first: Arc<RelyingParty>,
    others: Vec<Arc<RelyingParty>>,
}

impl Origins {
    pub(crate) fn new(config: Config) -> Self {
        let config = Arc::new(config);
        let secret = config.client_secret.as_ref();
        let client = Client::new(
            &config.request.client_id,
            secret.map(|secret| secret.0.as_str()),
            config.provider().token_requests,
            config.request.scopes.clone(),
        );
        let calls = ProviderCalls::new(
            client,
            config.id_token_rules.clone(),
            config.metadata.clone(),
            config.transport.clone(),
            Arc::clone(&config.clock),
        );
        let stored = config.origins.iter();
        let stored = stored.filter_map(|origin| origin.sessions.stored().cloned());
        let all_stored: Arc<[_]> = stored.collect();
        let parts = |origin: &Origin| OriginParts {
            all_stored: Arc::clone(&all_stored),
            origin: origin.redirect_uri.origin.clone(),
            sessions: Arc::clone(&origin.sessions),
            end_session: EndSessionRequest {
                client_id: config.request.client_id.clone(),
                redirect_uri: origin.post_logout_redirect_uri.clone(),
            },
        };
        let (first, others) = config
            .origins
            .split_first()
            .expect("there is a redirect URI");
        let lifecycle = SessionLifecycle::new(
            parts(first),
            calls,
            config.sign_out_pages.clone(),
            config.user_info_at_sign_in,
            config.transport.timeout,
            Arc::clone(&config.clock),
            TaskTracker::new(),
        );
        let (flights, reported) = (
            Arc::<CallbackFlights>::default(),
            Arc::<Reported>::default(),
        );
        let relying_party = |origin: &Arc<Origin>, lifecycle| {
            Arc::new(RelyingParty {
                config: Arc::clone(&config),
                origin: Arc::clone(origin),
                lifecycle,
                flights: Arc::clone(&flights),
                reported: Arc::clone(&reported),
            })
        };
        let others = others
            .iter()
            .map(|origin| relying_party(origin, lifecycle.at_origin(parts(origin))));
        Self {
            others: others.collect(),
            first: relying_party(first, lifecycle),
        }
    }

    /// The relying party at the origin of a request; the first one if the host of the request is no origin's.
    #[inline]
    pub(crate) fn select<B>(&self, request: &Request<B>) -> &Arc<RelyingParty> {
        if self.others.is_empty() {
            return &self.first;
        }
        self.select_by_host(host(request.uri(), request.headers()))
    }

    fn select_by_host(&self, host: Option<&str>) -> &Arc<RelyingParty> {
        let host: Option<Authority> = host.and_then(|host| host.parse().ok());
        let all = iter::once(&self.first).chain(&self.others);
        let best = host.and_then(|host| {
            let found = all.map(|one| (one, one.origin.redirect_uri.compare(&host)));
            let found = found.filter(|(_, found)| *found > HostMatch::OtherHost);
            // The first of equal matches.
            found.min_by_key(|(_, found)| Reverse(*found))
        });
        best.map_or(&self.first, |(one, _)| one)
    }
}

impl RelyingParty {
    /// Logs the host on which a sign-in starts if no redirect URI has this host: the browser comes back to another
    /// host, without the cookies of this one. Logs each host once, up to a limit, because strangers can send any host.
    pub(super) fn check_host(&self, host: Option<&str>) {
        let Some(host) = host else { return };
        let authority: Option<Authority> = host.parse().ok();
        let mut uris = self
            .config
            .origins
            .iter()
            .map(|origin| &origin.redirect_uri);
        let is_own = authority
            .is_some_and(|host| uris.any(|uri| uri.compare(&host) >= HostMatch::PortMissing));
        if is_own {
            return;
        }
        let host = host.get(..MAX_LOGGED).unwrap_or(host).to_ascii_lowercase();
        let mut hosts = lock(&self.reported.hosts);
        if hosts.len() < MAX_HOSTS && hosts.insert(host.clone()) {
            let redirect_uri = &*self.origin.redirect_uri.text;
            tracing::warn!(
                host,
                redirect_uri,
                "sign-in started on a host without a redirect URI: let the proxy pass `Host` on, redirect this \
                 host to that of the redirect URI, or add one with `add_redirect_uri`"
            );
        }
    }
}

/// The host that a request is for: that of its URI (`:authority` in HTTP/2; RFC 9112 §3.2.2), else the `Host` header.
/// Attacker-controlled.
pub(super) fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers.get(header::HOST)?.to_str().ok(),
    }
}

impl fmt::Debug for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origins").finish_non_exhaustive()
    }
}

/// The number of hosts that are logged.
const MAX_HOSTS: usize = 8;
/// The number of bytes of a host that are logged. Valid names are not longer.
const MAX_LOGGED: usize = 255;
