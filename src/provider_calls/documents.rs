//! The provider's metadata and keys, fetched and cached.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::{
    ProviderCalls,
    cached::{Fetch, Fetched, Outcome},
};
use crate::{
    error::{Error, ErrorKind},
    lock::lock,
    oidc::{Jwks, KeyRefusal},
    provider::{Endpoint, Metadata, MetadataSource},
    transport::{HttpTransport, unexpected_status},
};

/// Keys, with the URL that they were fetched from.
type Keys = (Endpoint, Jwks);

impl ProviderCalls {
    /// The provider's metadata: as configured, cached, or fetched.
    pub(crate) async fn metadata(&self) -> Result<Arc<Metadata>, Error> {
        let url = match &self.metadata_source {
            MetadataSource::Known(metadata) => return Ok(Arc::clone(metadata)),
            MetadataSource::Discovered(url) => url,
        };
        let now = self.now();
        if let Some(fresh) = self.metadata.fresh(now) {
            return Ok(Arc::clone(&fresh.value));
        }
        let provider = self.rules.provider.clone();
        let fetch = self.fetch("the metadata", url, move |document, _| {
            let metadata = provider.read_metadata(document).map(Arc::new);
            metadata.map_err(|why| Error::with_context(ErrorKind::InvalidMetadata, why))
        });
        let fetched = self.metadata.get(now, fetch).await?;
        Ok(Arc::clone(&fetched.value))
    }

    /// The keys at `url`, cached or fetched.
    pub(super) async fn keys(&self, url: &Endpoint) -> Outcome<Keys> {
        self.keys.get(self.now(), self.fetch_keys(url)).await
    }

    /// Verifies the signature of a token with the keys at `url`: calls `verify` with them. If no cached key verifies it, the keys are fetched
    /// once more, unless that happened too often (OpenID Connect Core §10.1.1).
    pub(super) async fn verify_signature(
        &self,
        url: &Endpoint,
        verify: impl Fn(&Jwks) -> Result<(), KeyRefusal>,
    ) -> Result<(), Error> {
        // The metadata may have another URL since the keys were fetched.
        let verify_with = |keys: &Fetched<Keys>| match &keys.value {
            (source, keys) if source == url => verify(keys),
            _ => Err(KeyRefusal::Unknown),
        };
        let known = self.keys(url).await?;
        // Fetch again after a wrong signature too: some providers reuse the `kid` of the old key for a new key.
        let Err(refusal) = verify_with(&known) else {
            return Ok(());
        };
        let now = self.now();
        let may_fetch = || lock(&self.key_refetches).take(now);
        let fetch = self.fetch_keys(url);
        let newer = self.keys.newer(&known, now, may_fetch, fetch);
        match newer.await {
            Some(newer) => Ok(verify_with(&*newer?)?),
            None => Err(Error::from(refusal)
                .with_details("the keys were fetched a moment ago and are not fetched again yet")),
        }
    }

    fn fetch_keys(&self, url: &Endpoint) -> Fetch<Keys> {
        self.fetch("the key set", url, |document, url| {
            Ok((url.clone(), Jwks::parse(document)?))
        })
    }

    /// Fetches a document and reads it. Also returns the time that the document may be cached. `name` is for errors.
    fn fetch<T>(
        &self,
        name: &'static str,
        url: &Endpoint,
        read: impl FnOnce(&[u8], &Endpoint) -> Result<T, Error> + Send + 'static,
    ) -> Fetch<T> {
        let (url, transport) = (url.clone(), self.transport.clone());
        Box::pin(async move {
            let mut request = url.request(Method::GET);
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(header::ACCEPT, json);
            let document = match transport.send(request).await {
                Ok(response) if response.status() == StatusCode::OK => {
                    let document = read(response.body(), &url);
                    document.map(|document| (document, lifetime(response.headers())))
                }
                Ok(response) => Err(unexpected_status(name, response.status())),
                Err(error) => Err(error.into()),
            };
            document.map_err(|error| error.at(url.host()))
        })
    }
}

/// `max-age` (RFC 9111 §5.2.2.1), at least a minute, so that not every sign-in fetches, and at most a day, so that
/// a withdrawn key is used for a day at most.
fn lifetime(headers: &HeaderMap) -> Duration {
    let directives = headers
        .get_all(header::CACHE_CONTROL)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    let mut lifetime = DEFAULT_LIFETIME;
    for directive in directives {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
            return *LIFETIMES.start();
        }
        if name.eq_ignore_ascii_case("max-age")
            && let Ok(seconds) = value.trim_matches('"').parse()
        {
            lifetime = Duration::from_secs(seconds);
        }
    }
    lifetime.clamp(*LIFETIMES.start(), *LIFETIMES.end())
}

const DEFAULT_LIFETIME: Duration = Duration::from_secs(10 * 60);
const LIFETIMES: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(60)..=Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(values: &[&'static str]) -> u64 {
        let headers = values.iter().map(|value| {
            let value = HeaderValue::from_static(value);
            (header::CACHE_CONTROL, value)
        });
        lifetime(&headers.collect()).as_secs()
    }

    #[test]
    fn the_cache_lifetime_is_max_age_within_bounds() {
        assert_eq!(seconds(&[]), 600);
        assert_eq!(seconds(&["public, max-age=300"]), 300);
        assert_eq!(seconds(&["public", "Max-Age=\"301\""]), 301);
        assert_eq!(seconds(&["max-age=0"]), 60);
        assert_eq!(seconds(&["no-cache, max-age=300"]), 60);
        assert_eq!(seconds(&["no-store"]), 60);
        assert_eq!(seconds(&["max-age=31536000"]), 86_400);
        assert_eq!(seconds(&["max-age=99999999999999999999"]), 600);
        assert_eq!(seconds(&["max-age=-1"]), 600);
        assert_eq!(seconds(&["s-maxage=5, x-max-age=7"]), 600);
    }
}
