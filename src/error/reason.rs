//! The reasons inside some kinds.

use super::ErrorKind;

/// Why the provider refuses a token request: the codes of RFC 6749 §5.2.
///
/// ```
/// use tower_didit::{Error, ErrorKind, reason::TokenError};
///
/// /// Whether a background job has to wait until its user signs in again.
/// fn is_revoked(error: &Error) -> bool {
///     error.kind() == ErrorKind::TokenRequest(TokenError::InvalidGrant)
/// }
/// # let error = tower_didit::transport::TransportError::timed_out().into();
/// # assert!(!is_revoked(&error));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenError {
    /// `invalid_request`: a parameter is missing or malformed.
    InvalidRequest,
    /// `invalid_client`: the client id or secret is wrong.
    InvalidClient,
    /// `invalid_grant`: the code or the refresh token is invalid, expired, or was used before. In the response to a
    /// refresh it ends the session.
    InvalidGrant,
    /// `unauthorized_client`: the client may not use this grant type.
    UnauthorizedClient,
    /// `unsupported_grant_type`: the provider does not support this grant type.
    UnsupportedGrantType,
    /// `invalid_scope`: a scope is unknown, or not allowed for the client.
    InvalidScope,
    /// Any other code: [`provider_code`](crate::Error::provider_code).
    Other,
}

impl TokenError {
    /// The reason with this `error` code.
    pub(crate) fn from_code(code: &str) -> Self {
        match code {
            "invalid_request" => Self::InvalidRequest,
            "invalid_client" => Self::InvalidClient,
            "invalid_grant" => Self::InvalidGrant,
            "unauthorized_client" => Self::UnauthorizedClient,
            "unsupported_grant_type" => Self::UnsupportedGrantType,
            "invalid_scope" => Self::InvalidScope,
            _ => Self::Other,
        }
    }
}

/// Why an ID token is refused, in the order of the checks.
///
/// ```
/// use tower_didit::{ErrorKind, reason::IdTokenError};
///
/// /// Whether this machine's clock may be wrong.
/// fn is_about_time(kind: ErrorKind) -> bool {
///     matches!(kind, ErrorKind::IdToken(IdTokenError::Expired | IdTokenError::NotYetValid))
/// }
///
/// assert!(is_about_time(IdTokenError::NotYetValid.into()));
/// assert!(!is_about_time(IdTokenError::Nonce.into()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdTokenError {
    /// The token is not a signed JWT with the claims that every ID token has (RFC 7515 §5.2, OpenID Connect Core §2).
    Malformed,
    /// The token is of another kind: an access token, a logout token (RFC 8725 §3.11).
    Type,
    /// The token is signed with an algorithm that is not allowed, or not signed (RFC 8725 §3.1).
    Algorithm,
    /// The token is of another issuer (OpenID Connect Core §3.1.3.7 step 2).
    Issuer,
    /// The token is for another client, or for untrusted audiences as well (steps 3 to 5).
    Audience,
    /// None of the provider's keys fits the token, even after the keys were fetched again.
    UnknownKey,
    /// The token's signature is wrong (step 6).
    Signature,
    /// The token has expired (step 9). The log has its time and this machine's: if the token is fresh, a clock is
    /// wrong.
    Expired,
    /// The token is from the future (RFC 7519 §4.1.5, §4.1.6). The log has its time and this machine's: if the token is
    /// fresh, a clock is wrong.
    NotYetValid,
    /// The token belongs to another sign-in (step 11).
    Nonce,
    /// The token belongs to another access token or code (OpenID Connect Core §3.1.3.8).
    Hash,
    /// The token came with a refresh, and belongs to another sign-in (OpenID Connect Core §12.2).
    RefreshMismatch,
}

/// Why a callback is refused.
///
/// ```
/// use tower_didit::{ErrorKind, reason::CallbackError};
///
/// fn text(kind: ErrorKind) -> &'static str {
///     match kind {
///         ErrorKind::Callback(CallbackError::SignInExpired) => "That took more than 20 minutes.",
///         ErrorKind::Callback(CallbackError::AlreadyUsed) => "This link was used before.",
///         _ => "The sign-in failed.",
///     }
/// }
///
/// assert_eq!(text(CallbackError::SignInExpired.into()), "That took more than 20 minutes.");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallbackError {
    /// The query is not an authorization response: a parameter is missing, is repeated, or has characters that RFC 6749
    /// appendix A does not allow.
    Malformed,
    /// The `state` belongs to no sign-in that this browser has started and not finished.
    UnknownSignIn,
    /// The flow cookie of this sign-in was sealed by another key, host or client id. Processes that share a host must
    /// share their cookie keys.
    FlowCookieUndecryptable,
    /// The sign-in took longer than 20 minutes.
    SignInExpired,
    /// The callback was used before, with or without success.
    AlreadyUsed,
    /// A second authorization code came for a sign-in that is completed.
    CodeMismatch,
    /// The `iss` is not the provider's issuer (RFC 9207 §2.4).
    IssuerMismatch,
}

/// Why a rule of [`RequireSignIn`](crate::RequireSignIn) refuses a signed-in user.
///
/// ```
/// use tower_didit::{ErrorKind, reason::GuardError};
///
/// fn text(kind: ErrorKind) -> &'static str {
///     match kind {
///         ErrorKind::NotAllowed(GuardError::NotVerified) => "Let Didit verify your identity first.",
///         ErrorKind::NotAllowed(GuardError::NotOver18) => "This page is for adults.",
///         _ => "This page is not open to you.",
///     }
/// }
///
/// assert_eq!(text(GuardError::NotOver18.into()), "This page is for adults.");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GuardError {
    /// [`verified`](crate::RequireSignIn::verified): the identity is not verified, or nothing is known about it.
    NotVerified,
    /// [`over_18`](crate::RequireSignIn::over_18): the user is not over 18, or the age is unknown.
    NotOver18,
    /// [`over_21`](crate::RequireSignIn::over_21): the user is not over 21, or the age is unknown.
    NotOver21,
    /// [`scope`](crate::RequireSignIn::scope): the scope was not granted at the sign-in.
    ScopeNotGranted,
    /// [`when`](crate::RequireSignIn::when): the application's condition is not met.
    ConditionNotMet,
    /// The session keeps no user information: it began before
    /// [`with_user_info_at_sign_in`](crate::ConfigBuilder::with_user_info_at_sign_in) was set.
    UserInfoMissing,
    /// [`no_older_than`](crate::RequireSignIn::no_older_than): the user information that the session keeps is too old.
    UserInfoTooOld,
}

impl GuardError {
    /// The details for the sender of the request: the rule, without data about the user.
    pub(crate) const fn details(self) -> &'static str {
        match self {
            Self::NotVerified => "only for people whose identity Didit has verified",
            Self::NotOver18 => "only for people over 18",
            Self::NotOver21 => "only for people over 21",
            Self::ScopeNotGranted => "only for people who share the required data at the sign-in",
            Self::ConditionNotMet => "only for some people",
            Self::UserInfoMissing => "the session began before the site asked for it",
            Self::UserInfoTooOld => "it is older than allowed here",
        }
    }
}

/// Why Didit's verification API refuses a call (feature `verification`).
///
/// ```
/// use tower_didit::{Error, ErrorKind, reason::VerificationError};
///
/// fn is_deleted(error: &Error) -> bool {
///     error.kind() == ErrorKind::Verification(VerificationError::UnknownSession)
/// }
/// # let error = tower_didit::transport::TransportError::timed_out().into();
/// # assert!(!is_deleted(&error));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerificationError {
    /// The request is invalid, or the status of the session does not allow it.
    /// [`provider_code`](crate::Error::provider_code) names the wrong member, or is `detail`;
    /// [`provider_description`](crate::Error::provider_description) is Didit's text. A request that is certainly invalid is
    /// not sent; the error's text says why.
    InvalidRequest,
    /// The user is blocked in Didit's console.
    UserBlocked,
    /// Didit has no such session: it was deleted, or is of another application.
    UnknownSession,
    /// Didit has no report of the session in its present status.
    NoReport,
    /// Didit has no such webhook destination: it was deleted, or is of another application.
    UnknownDestination,
    /// Didit refuses the API key, or does not allow it this call.
    KeyRefused,
    /// The account at Didit has no credits for a verification.
    NoCredits,
    /// A script or an API client requested a page that is open to verified users only. The error's text names the page to
    /// open in the browser.
    Required,
    /// The user did not pass the verification.
    Declined,
    /// There were too many calls: Didit has refused this one, or the client did not send it
    /// ([rate limits](crate::verification::VerificationClient#rate-limits)).
    /// [`retry_after`](crate::Error::retry_after) is the time to wait, if it is known.
    RateLimited,
    /// The guard or the return page cannot verify the user now: Didit does not respond, or responds with an error. The
    /// error's source says which.
    Unavailable,
}

/// A mistake in the wiring of the application.
///
/// ```
/// use http::Extensions;
/// use tower_didit::{DiditClient, ErrorKind, reason::WiringError};
///
/// // The extensions of a request that did not pass the layer.
/// let error = DiditClient::of(&Extensions::new()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Wiring(WiringError::LayerMissing));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WiringError {
    /// The request did not pass [`DiditAuth`](crate::DiditAuth).
    LayerMissing,
    /// The request did not pass [`DiditBearer`](crate::DiditBearer).
    BearerLayerMissing,
    /// [`ReturnTo`](crate::ReturnTo) was extracted on another route than the callback's.
    NotACallback,
    /// A parameter of a handler's [`SignIn`](crate::SignIn) cannot be sent, or the provider is not declared to return
    /// the claim that verifies it. The error's text names the parameter.
    InvalidSignIn,
    /// A body stream or a task first asked for the session after the response headers were sent. Ask in the handler.
    AskedTooLate,
    /// A rule of [`RequireSignIn`](crate::RequireSignIn) reads the user information, which sessions do not keep. Add
    /// [`with_user_info_at_sign_in`](crate::ConfigBuilder::with_user_info_at_sign_in).
    UserInfoNotKept,
    /// The request did not pass `verification::DiditWebhooks` (feature `verification`), the layer of the webhooks'
    /// route.
    WebhooksMissing,
    /// `verification::RequireVerified` (feature `verification`) guards the return page, which would redirect to itself
    /// for ever.
    ReturnPageGuarded,
}

impl From<TokenError> for ErrorKind {
    fn from(reason: TokenError) -> Self {
        Self::TokenRequest(reason)
    }
}

impl From<IdTokenError> for ErrorKind {
    fn from(reason: IdTokenError) -> Self {
        Self::IdToken(reason)
    }
}

impl From<CallbackError> for ErrorKind {
    fn from(reason: CallbackError) -> Self {
        Self::Callback(reason)
    }
}

impl From<GuardError> for ErrorKind {
    fn from(reason: GuardError) -> Self {
        Self::NotAllowed(reason)
    }
}

impl From<VerificationError> for ErrorKind {
    fn from(reason: VerificationError) -> Self {
        Self::Verification(reason)
    }
}

impl From<WiringError> for ErrorKind {
    fn from(reason: WiringError) -> Self {
        Self::Wiring(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 6749 §5.2; behaviour 33.
    #[test]
    fn each_code_of_a_token_request_has_a_reason_with_its_name() {
        for code in [
            "invalid_request",
            "invalid_client",
            "invalid_grant",
            "unauthorized_client",
            "unsupported_grant_type",
            "invalid_scope",
        ] {
            let kind = ErrorKind::from(TokenError::from_code(code));
            assert_eq!(kind.code(), code.replace('_', "-"));
        }
        assert_eq!(TokenError::from_code("unknown_field"), TokenError::Other);
    }
}
