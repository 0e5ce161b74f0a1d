//! The layer's own paths.

use http::Request;

use super::RelyingParty;

/// One of the layer's own paths.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Route {
    Callback,
    Login,
    Logout,
    /// One of these paths, with an unsupported method.
    OtherMethod {
        allowed: &'static str,
    },
}

impl RelyingParty {
    /// The route of a request; `None` if it is for the application.
    ///
    /// Paths are compared byte for byte. A callback by `POST` (`form_post`) is not supported, and `HEAD` must not
    /// consume a sign-in.
    #[inline]
    pub(crate) fn route<B>(&self, request: &Request<B>) -> Option<Route> {
        let (path, config) = (request.uri().path(), &self.config);
        let callback = &self.origin.redirect_uri.path;
        let (route, allowed) = match Some(path) {
            _ if path == callback => (Route::Callback, "GET"),
            path if path == config.login_path.as_deref() => (Route::Login, "GET"),
            path if path == config.logout_path.as_deref() => (Route::Logout, "POST"),
            _ => return None,
        };
        Some(if request.method() == allowed {
            route
        } else {
            Route::OtherMethod { allowed }
        })
    }
}
