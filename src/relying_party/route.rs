//! Which requests are the layer's own.

use http::{Method, Uri};

use crate::config::Config;

/// One of the layer's own paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Callback,
    Login,
    Logout,
    /// Its path knows this method alone.
    OnlyBy(Method),
}

impl Route {
    /// The route of a request; none if it is for the application.
    ///
    /// Only the path counts, byte for byte. A callback by `POST` (`form_post`) is not offered, and
    /// `HEAD` must not use up a sign-in.
    pub(super) fn of(method: &Method, uri: &Uri, config: &Config) -> Option<Self> {
        let path = uri.path();
        let is = |own: &Option<String>| own.as_deref() == Some(path);
        let (route, own) = if path == config.redirect_uri.path {
            (Self::Callback, Method::GET)
        } else if is(&config.login_path) {
            (Self::Login, Method::GET)
        } else if is(&config.logout_path) {
            (Self::Logout, Method::POST)
        } else {
            return None;
        };
        Some(if *method == own {
            route
        } else {
            Self::OnlyBy(own)
        })
    }
}
