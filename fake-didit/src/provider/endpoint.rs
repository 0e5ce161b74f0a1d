//! Didit's endpoints.

use std::fmt;

/// One of the endpoints of [`FakeDidit`](crate::FakeDidit), found by the path alone.
///
/// The second path is that of Didit Authentication; it is below the path of the issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `/` and `/auth/v2/authorize`; `/sign-in`: the sign-in page.
    Authorize,
    /// `/approve` and `/decline`: where the buttons of the sign-in page lead. A real Didit has the
    /// app on the user's phone here.
    Decision,
    /// `/auth/v2/token`; `/token/`.
    Token,
    /// `/auth/v2/users/retrieve`; none.
    UserInfo,
    /// `/auth/v2/introspect`; none.
    Introspect,
    /// None; `/session/`: the live check, and sign-out.
    Session,
    /// `/auth/v2/revoke`, if it is [switched on](crate::FakeDidit::with_revocation_endpoint); none.
    Revocation,
    /// `/auth/v2/logout`, if it is [switched on](crate::FakeDidit::with_end_session_endpoint); none. The
    /// page where a session at the provider ends.
    EndSession,
    /// `/auth/config/jwks` and `/auth/jwks`; `/.well-known/jwks.json`.
    Jwks,
    /// `/.well-known/openid-configuration`, below the path of the issuer for both.
    Discovery,
}

impl Endpoint {
    /// All of them, as a sign-in meets them.
    pub const ALL: &[Self] = &[
        Self::Discovery,
        Self::Authorize,
        Self::Decision,
        Self::Token,
        Self::Jwks,
        Self::UserInfo,
        Self::Introspect,
        Self::Session,
        Self::Revocation,
        Self::EndSession,
    ];

    /// The variant's name in snake case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Decision => "decision",
            Self::Token => "token",
            Self::UserInfo => "user_info",
            Self::Introspect => "introspect",
            Self::Session => "session",
            Self::Revocation => "revocation",
            Self::EndSession => "end_session",
            Self::Jwks => "jwks",
            Self::Discovery => "discovery",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
