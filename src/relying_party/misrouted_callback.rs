//! A callback that reaches the layer at another path than that of the redirect URI.

use std::sync::atomic::Ordering;

use http::Uri;

use super::RelyingParty;
use crate::{cookie::CookieHeaders, oidc::Callback};

impl RelyingParty {
    /// Logs, once, a callback whose path was changed on its way to the layer: whatever answers it, nobody is signed in.
    #[inline]
    pub(super) fn report_misrouted_callback(&self, uri: &Uri, cookies: &CookieHeaders) {
        if let Some(query) = uri.query()
            && query.contains("state=")
        {
            self.report_if_misrouted(uri.path(), query, cookies);
        }
    }

    #[cold]
    fn report_if_misrouted(&self, path: &str, query: &str, cookies: &CookieHeaders) {
        let reported = &self.reported.misrouted_callback;
        if !reported.load(Ordering::Relaxed)
            && self.is_misrouted_callback(query, cookies)
            && !reported.swap(true, Ordering::Relaxed)
        {
            tracing::error!(
                callback = self.origin.redirect_uri.path,
                path,
                "callback at another path: the layer is in a nested router, or a proxy strips a prefix"
            );
        }
    }

    /// Whether a request with this query, which is at another path, is a callback of a sign-in of this browser. Callbacks
    /// of other OAuth clients have a state without a flow cookie.
    pub(super) fn is_misrouted_callback(&self, query: &str, cookies: &CookieHeaders) -> bool {
        let callback = Callback::parse(query);
        callback.is_ok_and(|callback| self.flow_cookies(cookies).open(&callback.state).is_ok())
    }
}
