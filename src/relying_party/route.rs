//! Which requests are the layer's own.

use http::{Method, request::Parts};

use crate::config::Config;

/// What a request is to the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Application,
    Callback,
    Login,
    Logout,
}

impl Route {
    /// The route of a request, or the one method that its path knows.
    ///
    /// Only the path counts, byte for byte. A callback by `POST` (`form_post`) is not offered, and
    /// `HEAD` must not use up a sign-in.
    pub(super) fn of(request: &Parts, config: &Config) -> Result<Self, Method> {
        let path = request.uri.path();
        let is = |own: &Option<String>| own.as_deref() == Some(path);
        let (route, method) = if path == config.redirect_uri.path() {
            (Self::Callback, Method::GET)
        } else if is(&config.routes.login) {
            (Self::Login, Method::GET)
        } else if is(&config.routes.logout) {
            (Self::Logout, Method::POST)
        } else {
            return Ok(Self::Application);
        };
        if request.method == method {
            Ok(route)
        } else {
            Err(method)
        }
    }
}
