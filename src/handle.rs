//! What the layer and the handlers of one request tell each other.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::Extensions;

use crate::{provider_calls::ProviderCalls, return_to::ReturnTo};

/// The layer's own extension of each request that it forwards: proof that the layer is there,
/// whether there is a session, the provider to call, and a slot for what happened to the session.
///
/// The layer keeps a clone and reads it when the head of the answer is ready; what is noted after
/// that has no effect.
#[derive(Debug)]
pub(crate) struct Handle {
    signed_in: bool,
    session_read: AtomicBool,
    calls: ProviderCalls,
}

impl Handle {
    pub(crate) fn new(signed_in: bool, calls: ProviderCalls) -> Arc<Self> {
        Arc::new(Self {
            signed_in,
            session_read: AtomicBool::new(false),
            calls,
        })
    }

    pub(crate) fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<Arc<Self>>().map(AsRef::as_ref)
    }

    /// Whether this browser has a session. Asking notes that the answer depends on it.
    pub(crate) fn signed_in(&self) -> bool {
        self.note_session_read();
        self.signed_in
    }

    pub(crate) fn calls(&self) -> &ProviderCalls {
        &self.calls
    }

    /// The answer depends on the session: it must not be cached for others.
    pub(crate) fn note_session_read(&self) {
        // Relaxed: the answer is handed back through a future, which orders the accesses.
        self.session_read.store(true, Ordering::Relaxed);
    }

    pub(crate) fn session_was_read(&self) -> bool {
        self.session_read.load(Ordering::Relaxed)
    }
}

/// Marks an answer that asks for a sign-in: the layer, which saw the address of the page, turns it
/// into a redirect where a person is waiting for a page.
#[derive(Clone, Debug)]
pub(crate) enum SignInWanted {
    /// By a refusal: only a `GET` is redirected, and comes back to the page itself.
    ToGoOn,
    /// Likewise, of somebody who is signed in and whose access token has ended: not if that was a
    /// moment ago.
    ForTokens,
    /// By a handler's own answer: any page navigation is redirected, and comes back to this page,
    /// else as above.
    Now { return_to: Option<ReturnTo> },
}
