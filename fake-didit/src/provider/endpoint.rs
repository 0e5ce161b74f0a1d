//! The endpoints.

use std::fmt;

/// An endpoint of [`FakeDidit`](crate::FakeDidit). Its path alone selects it.
///
/// | | Sign in API | Didit Authentication, below the issuer |
/// |---|---|---|
/// | [`Authorize`](Self::Authorize) | `/`, `/auth/v2/authorize` | `/sign-in` |
/// | [`Decision`](Self::Decision) | `/approve`, `/decline` | `/approve`, `/decline` |
/// | [`Token`](Self::Token) | `/auth/v2/token` | `/token/` |
/// | [`UserInfo`](Self::UserInfo) | `/auth/v2/users/retrieve` | |
/// | [`Introspect`](Self::Introspect) | `/auth/v2/introspect` | |
/// | [`Session`](Self::Session) | | `/session/` |
/// | [`Revocation`](Self::Revocation) | `/auth/v2/revoke` | |
/// | [`EndSession`](Self::EndSession) | `/auth/v2/logout` | |
/// | [`Jwks`](Self::Jwks) | `/auth/config/jwks`, `/auth/jwks` | `/.well-known/jwks.json` |
/// | [`Discovery`](Self::Discovery) | `/.well-known/openid-configuration` below the issuer | the same |
///
/// The endpoints of [identity verification](crate::FakeVerification) are the same with both products.
///
/// ```
/// use fake_didit::{Endpoint, FakeDidit, Fault};
///
/// // The provider is down.
/// let didit = FakeDidit::new("app", "secret");
/// for endpoint in Endpoint::ALL {
///     didit.on_every(*endpoint, Fault::error("temporarily_unavailable").with_status(503));
/// }
/// assert_eq!(didit.count(Endpoint::UserInfo), 0);
/// assert_eq!(Endpoint::UserInfo.name(), "user_info");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// The authorization endpoint: shows the sign-in page.
    Authorize,
    /// Where the buttons of the sign-in page lead. Only the fake has it: at Didit, users decide in the app
    /// on their phone.
    Decision,
    /// The token endpoint: exchanges codes and refresh tokens.
    Token,
    /// The userinfo endpoint.
    UserInfo,
    /// The introspection endpoint.
    Introspect,
    /// The session endpoint: checks a session with `GET` and ends it with `DELETE`.
    Session,
    /// The revocation endpoint, if [switched on](crate::FakeDidit::with_revocation_endpoint).
    Revocation,
    /// The end-session endpoint, if [switched on](crate::FakeDidit::with_end_session_endpoint).
    EndSession,
    /// The JWK set.
    Jwks,
    /// The metadata document.
    Discovery,
    /// `POST /v3/session/`: creates a verification session.
    CreateVerification,
    /// `GET /v3/session/{id}/decision/`.
    VerificationDecision,
    /// `PATCH /v3/session/{id}/update-status/`.
    UpdateVerification,
    /// `DELETE /v3/session/{id}/delete/`.
    DeleteVerification,
    /// `GET /v3/session/{id}/generate-pdf/`.
    VerificationReport,
    /// `POST /v3/session/{id}/sandbox/arm/`: selects how a session of the sandbox ends.
    ArmVerification,
    /// `GET /v3/sessions/`.
    ListVerifications,
    /// `/v3/webhook/destinations/` and the paths below it.
    WebhookDestinations,
    /// The hosted page of a session, `/session/{token}`, and its buttons.
    VerificationPage,
}

impl Endpoint {
    /// All endpoints, in the order of a sign-in; then those of identity verification. [Example](Self).
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
        Self::CreateVerification,
        Self::VerificationDecision,
        Self::UpdateVerification,
        Self::DeleteVerification,
        Self::VerificationReport,
        Self::ArmVerification,
        Self::ListVerifications,
        Self::WebhookDestinations,
        Self::VerificationPage,
    ];

    /// The variant's name in snake case, such as `user_info`. [Example](Self).
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
            Self::CreateVerification => "create_verification",
            Self::VerificationDecision => "verification_decision",
            Self::UpdateVerification => "update_verification",
            Self::DeleteVerification => "delete_verification",
            Self::VerificationReport => "verification_report",
            Self::ArmVerification => "arm_verification",
            Self::ListVerifications => "list_verifications",
            Self::WebhookDestinations => "webhook_destinations",
            Self::VerificationPage => "verification_page",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
