//! The places where Didit can be asked.

/// One of the endpoints of [`FakeDidit`](super::FakeDidit), found by the path alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `/` and `/auth/v2/authorize`: the sign-in page.
    Authorize,
    /// `/approve` and `/decline`: where the buttons of the sign-in page lead. A real Didit has the
    /// app on the user's phone here.
    Decision,
    /// `/auth/v2/token`.
    Token,
    /// `/auth/v2/users/retrieve`.
    UserInfo,
    /// `/auth/v2/introspect`.
    Introspect,
    /// `/auth/config/jwks` and `/auth/jwks`.
    Jwks,
}

impl Endpoint {
    /// The endpoint at `path`, byte for byte: `/auth/v2/token/` is not the token endpoint.
    pub(super) fn at(path: &str) -> Option<Self> {
        match path {
            "/" | "/auth/v2/authorize" => Some(Self::Authorize),
            "/approve" | "/decline" => Some(Self::Decision),
            "/auth/v2/token" => Some(Self::Token),
            "/auth/v2/users/retrieve" => Some(Self::UserInfo),
            "/auth/v2/introspect" => Some(Self::Introspect),
            "/auth/config/jwks" | "/auth/jwks" => Some(Self::Jwks),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_slash_is_another_path() {
        assert_eq!(Endpoint::at("/auth/v2/token"), Some(Endpoint::Token));
        assert_eq!(Endpoint::at("/auth/v2/token/"), None);
    }
}
