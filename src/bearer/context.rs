//! The extension of a request that has passed the layer.

use std::sync::Arc;

use http::Extensions;

use crate::{
    context::RequestContext,
    error::{Error, WiringError},
    return_to::ReturnTo,
    tokens::{AccessClaims, DiditTokens, IdClaims},
};

/// The layer's extension of each request that it forwards.
#[derive(Clone, Debug)]
pub(crate) struct BearerContext {
    /// `None`: the request has no access token, and the layer lets such requests through.
    pub(super) claims: Option<AccessClaims>,
}

impl BearerContext {
    /// The context of a request.
    pub(crate) fn of(extensions: &Extensions) -> Result<&Self, Error> {
        let context = extensions.get();
        context.ok_or_else(|| Error::new(WiringError::BearerLayerMissing))
    }

    /// Whether the request has an access token, so that its cookies do not count.
    pub(crate) fn has_token(extensions: &Extensions) -> bool {
        extensions
            .get::<Self>()
            .is_some_and(|context| context.claims.is_some())
    }

    /// Adds the context to a request. The session of a request with a token does not count.
    pub(super) fn add_to(self, extensions: &mut Extensions) {
        if self.claims.is_some() && extensions.remove::<Arc<RequestContext>>().is_some() {
            extensions.remove::<DiditTokens>();
            extensions.remove::<IdClaims>();
            extensions.remove::<ReturnTo>();
        }
        extensions.insert(self);
    }

    pub(crate) fn claims(&self) -> Option<&AccessClaims> {
        self.claims.as_ref()
    }
}
