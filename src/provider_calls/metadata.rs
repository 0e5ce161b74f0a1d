//! The provider's metadata, kept.

use std::sync::Arc;

use super::{cached::Cached, fetch::fetch};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
    provider::{Metadata, MetadataSource, Provider},
    transport::LimitedTransport,
};

/// Metadata that is known, or that is fetched when it is first needed.
pub(super) struct MetadataCache {
    source: MetadataSource,
    cached: Cached<Arc<Metadata>>,
}

impl MetadataCache {
    pub(super) fn new(source: MetadataSource) -> Self {
        Self {
            source,
            cached: Cached::new("metadata"),
        }
    }

    /// The metadata, if it need not be fetched.
    pub(super) fn known(&self, now: Timestamp) -> Option<Arc<Metadata>> {
        match &self.source {
            MetadataSource::Known(metadata) => Some(Arc::clone(metadata)),
            MetadataSource::Discovered(_) => Some(Arc::clone(&self.cached.fresh(now)?.value)),
        }
    }

    /// The metadata of `provider`.
    pub(super) async fn get(
        &self,
        provider: &Provider,
        transport: &LimitedTransport,
        now: Timestamp,
    ) -> Result<Arc<Metadata>, Error> {
        let url = match &self.source {
            MetadataSource::Known(metadata) => return Ok(Arc::clone(metadata)),
            MetadataSource::Discovered(url) => url,
        };
        if let Some(metadata) = self.known(now) {
            return Ok(metadata);
        }
        let (provider, transport, url) = (provider.clone(), transport.clone(), url.clone());
        let fetch = async move {
            let published = fetch(&transport, &url, "the metadata").await?;
            let metadata = provider.read_metadata(&published.body).map_err(|why| {
                Error::with_context(ErrorKind::InvalidMetadata, why).at(url.host())
            })?;
            Ok((Arc::new(metadata), published.lifetime))
        };
        let kept = self.cached.get(now, fetch).await?;
        Ok(Arc::clone(&kept.value))
    }
}
