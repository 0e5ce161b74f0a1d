//! The cases of what can go wrong.

use http::StatusCode;

/// The cases of [`Error`](crate::Error), grouped by who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    // The user said no.
    /// The user declined, or Didit did not let them pass: `access_denied` (RFC 6749 §4.1.2.1).
    ///
    /// Code `access-denied`, status 403.
    AccessDenied,
    /// The user proved who they are longer ago than is allowed, or nobody knows when (OpenID Connect Core
    /// §3.1.3.7 step 13).
    ///
    /// Code `authentication-too-old`, status 403.
    AuthenticationTooOld,
    /// The user did not prove who they are in a way that is required (OpenID Connect Core §3.1.3.7 step
    /// 12).
    ///
    /// Code `insufficient-authentication`, status 403.
    InsufficientAuthentication,

    // The browser sent something stale or forged: sign in again.
    /// The callback's query is not an authorization response: a parameter is missing, sent twice,
    /// or not what RFC 6749 appendix A allows.
    ///
    /// Code `malformed-callback`, status 400.
    MalformedCallback,
    /// The callback's `state` belongs to no sign-in that this browser has under way.
    ///
    /// Code `unknown-sign-in`, status 400.
    UnknownSignIn,
    /// The browser has the flow cookie of this sign-in, but it does not open: another key sealed it, or another
    /// host or client id did. Processes that share a host must share their cookie keys.
    ///
    /// Code `foreign-sign-in`, status 400.
    ForeignSignIn,
    /// The sign-in took longer than the 20 minutes that it has.
    ///
    /// Code `sign-in-expired`, status 400.
    SignInExpired,
    /// The callback was used before, whatever came of it.
    ///
    /// Code `sign-in-already-completed`, status 409.
    SignInAlreadyCompleted,
    /// A second authorization code came for a sign-in that is completed.
    ///
    /// Code `sign-in-replayed`, status 409.
    SignInReplayed,
    /// The browser comes back signed out from completed sign-ins, twice within 30 seconds: it does not keep the
    /// session's cookie, or sends another one, or another process answers that has other keys or another store.
    ///
    /// Code `session-not-kept`, status 400.
    SessionNotKept,
    /// The callback names an issuer that is not the provider's (RFC 9207 §2.4).
    ///
    /// Code `foreign-issuer`, status 400.
    ForeignIssuer,
    /// A sign-out was asked for by another site.
    ///
    /// Code `cross-site-sign-out`, status 403.
    CrossSiteSignOut,
    /// The method is not one that this path knows.
    ///
    /// Code `method-not-allowed`, status 405.
    MethodNotAllowed,
    /// Nobody is signed in. A person who opens a page is sent to the sign-in.
    ///
    /// Code `not-signed-in`, status 401.
    NotSignedIn,
    /// Somebody is signed in, but the access token has expired and cannot be refreshed. A person who opens a
    /// page is sent to the sign-in, unless the last one was less than a minute ago.
    ///
    /// Code `tokens-expired`, status 401.
    TokensExpired,
    /// The session has ended meanwhile: somebody signed out, or signed in anew.
    ///
    /// Code `session-ended`, status 401.
    SessionEnded,
    /// The access token cannot be renewed: there is no refresh token, or one that works once and was used.
    ///
    /// Code `not-renewable`, status 401.
    NotRenewable,
    /// A sign-in was asked for by something that cannot show a sign-in page: a `fetch`, a
    /// prefetch, an image.
    ///
    /// Code `not-a-navigation`, status 401.
    NotANavigation,

    // The provider refused: what is configured here and there does not agree, or the code is spent.
    /// `invalid_request`: a parameter of the token request is missing or malformed.
    ///
    /// Code `invalid-request`, status 500.
    InvalidRequest,
    /// `invalid_client`: the client id or secret is wrong.
    ///
    /// Code `invalid-client`, status 500.
    InvalidClient,
    /// `invalid_grant`: the authorization code is invalid, expired or was used before; of a refresh, the
    /// refresh token, which ends the session.
    ///
    /// Code `invalid-grant`, status 400.
    InvalidGrant,
    /// `unauthorized_client`: this client may not use this grant.
    ///
    /// Code `unauthorized-client`, status 500.
    UnauthorizedClient,
    /// `unsupported_grant_type`: the provider does not know this grant.
    ///
    /// Code `unsupported-grant-type`, status 500.
    UnsupportedGrantType,
    /// `invalid_scope`: a scope is unknown or not allowed for this client.
    ///
    /// Code `invalid-scope`, status 500.
    InvalidScope,
    /// The provider refused with a code of its own, at its sign-in page or its token endpoint.
    ///
    /// Code `provider-refused`, status 502.
    ProviderRefused,
    /// The access token is expired, revoked or unknown (RFC 6750 §3.1).
    ///
    /// Code `access-token-refused`, status 401.
    AccessTokenRefused,
    /// The access token's scopes do not suffice (RFC 6750 §3.1).
    ///
    /// Code `insufficient-scope`, status 403.
    InsufficientScope,

    // The provider misbehaved, or cannot be reached.
    /// The provider's answer cannot be used.
    ///
    /// Code `invalid-answer`, status 502.
    InvalidAnswer,
    /// The ID token is not a signed JWT with the claims that every ID token has (RFC 7515 §5.2, OpenID
    /// Connect Core §2).
    ///
    /// Code `malformed-id-token`, status 502.
    MalformedIdToken,
    /// What came as ID token is another kind of token: an access token, a logout token (RFC 8725 §3.11).
    ///
    /// Code `wrong-token-type`, status 502.
    WrongTokenType,
    /// The ID token is signed with an algorithm that is not allowed, or not at all (RFC 8725 §3.1).
    ///
    /// Code `forbidden-algorithm`, status 502.
    ForbiddenAlgorithm,
    /// The ID token is of another issuer (OpenID Connect Core §3.1.3.7 step 2).
    ///
    /// Code `invalid-issuer`, status 502.
    InvalidIssuer,
    /// The ID token is for another client, or for others besides (OpenID Connect Core §3.1.3.7 steps 3
    /// to 5).
    ///
    /// Code `invalid-audience`, status 502.
    InvalidAudience,
    /// No key of the provider's fits the ID token, also among those that it has now.
    ///
    /// Code `unknown-key`, status 502.
    UnknownKey,
    /// The signature of the ID token is wrong (OpenID Connect Core §3.1.3.7 step 6).
    ///
    /// Code `invalid-signature`, status 502.
    InvalidSignature,
    /// The ID token has expired (OpenID Connect Core §3.1.3.7 step 9). If it is fresh, a clock is wrong.
    ///
    /// Code `id-token-expired`, status 502.
    IdTokenExpired,
    /// The ID token is from the future (RFC 7519 §4.1.5, §4.1.6). If it is fresh, a clock is wrong.
    ///
    /// Code `id-token-not-yet-valid`, status 502.
    IdTokenNotYetValid,
    /// The ID token belongs to another sign-in (OpenID Connect Core §3.1.3.7 step 11).
    ///
    /// Code `invalid-nonce`, status 502.
    InvalidNonce,
    /// The ID token belongs to another access token or code (OpenID Connect Core §3.1.3.8).
    ///
    /// Code `invalid-token-hash`, status 502.
    InvalidTokenHash,
    /// A refreshed ID token is of another sign-in (OpenID Connect Core §12.2).
    ///
    /// Code `foreign-id-token`, status 502.
    ForeignIdToken,
    /// The user information is about another user than the ID token (OpenID Connect Core §5.3.2).
    ///
    /// Code `foreign-user-info`, status 502.
    ForeignUserInfo,
    /// The provider's metadata cannot be used (OpenID Connect Discovery §4.3).
    ///
    /// Code `invalid-metadata`, status 502.
    InvalidMetadata,
    /// No connection to the provider, or the connection broke.
    ///
    /// Code `provider-unreachable`, status 502.
    ProviderUnreachable,
    /// The provider did not answer within the time-out.
    ///
    /// Code `provider-timeout`, status 504.
    ProviderTimeout,
    /// Too many sign-ins wait for the provider at this moment. This one can be tried again as it is.
    ///
    /// Code `too-many-sign-ins`, status 503.
    TooManySignIns,

    // The store failed.
    /// The session store does not answer. Nobody knows who is signed in; the request can be tried again as
    /// it is.
    ///
    /// Code `session-unavailable`, status 503.
    SessionUnavailable,
    /// The access token has expired, and the provider does not answer a refresh. The request can be tried again
    /// as it is.
    ///
    /// Code `tokens-unavailable`, status 503.
    TokensUnavailable,

    // The wiring is wrong.
    /// The request did not pass [`DiditAuth`](crate::DiditAuth).
    ///
    /// Code `layer-missing`, status 500.
    LayerMissing,
    /// [`ReturnTo`](crate::ReturnTo) was extracted on another route than the callback's.
    ///
    /// Code `not-a-callback`, status 500.
    NotACallback,
    /// The session was asked for by a body stream or a task, for the first time after the head of the answer
    /// was sent. Ask in the handler.
    ///
    /// Code `asked-too-late`, status 500.
    AskedTooLate,
    /// The tokens do not fit the cookies that a session may have, or are too large for a store.
    ///
    /// Code `session-too-large`, status 500.
    SessionTooLarge,
    /// The provider has no such endpoint.
    ///
    /// Code `not-offered`, status 500.
    NotOffered,
    /// A claim is missing, or is not of the type that the application reads it as.
    ///
    /// Code `unexpected-claims`, status 500.
    UnexpectedClaims,
}

impl ErrorKind {
    /// A stable name for logs, metrics and clients: the `code` member of a problem document.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AccessDenied => "access-denied",
            Self::MalformedCallback => "malformed-callback",
            Self::UnknownSignIn => "unknown-sign-in",
            Self::ForeignSignIn => "foreign-sign-in",
            Self::SignInExpired => "sign-in-expired",
            Self::SignInAlreadyCompleted => "sign-in-already-completed",
            Self::SignInReplayed => "sign-in-replayed",
            Self::SessionNotKept => "session-not-kept",
            Self::ForeignIssuer => "foreign-issuer",
            Self::CrossSiteSignOut => "cross-site-sign-out",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::NotSignedIn => "not-signed-in",
            Self::TokensExpired => "tokens-expired",
            Self::TokensUnavailable => "tokens-unavailable",
            Self::LayerMissing => "layer-missing",
            Self::NotACallback => "not-a-callback",
            Self::AskedTooLate => "asked-too-late",
            Self::SessionEnded => "session-ended",
            Self::NotRenewable => "not-renewable",
            Self::NotANavigation => "not-a-navigation",
            Self::InvalidRequest => "invalid-request",
            Self::InvalidClient => "invalid-client",
            Self::InvalidGrant => "invalid-grant",
            Self::UnauthorizedClient => "unauthorized-client",
            Self::UnsupportedGrantType => "unsupported-grant-type",
            Self::InvalidScope => "invalid-scope",
            Self::ProviderRefused => "provider-refused",
            Self::InvalidAnswer => "invalid-answer",
            Self::ProviderUnreachable => "provider-unreachable",
            Self::ProviderTimeout => "provider-timeout",
            Self::TooManySignIns => "too-many-sign-ins",
            Self::SessionUnavailable => "session-unavailable",
            Self::SessionTooLarge => "session-too-large",
            Self::MalformedIdToken => "malformed-id-token",
            Self::WrongTokenType => "wrong-token-type",
            Self::ForbiddenAlgorithm => "forbidden-algorithm",
            Self::InvalidIssuer => "invalid-issuer",
            Self::InvalidAudience => "invalid-audience",
            Self::UnknownKey => "unknown-key",
            Self::InvalidSignature => "invalid-signature",
            Self::IdTokenExpired => "id-token-expired",
            Self::IdTokenNotYetValid => "id-token-not-yet-valid",
            Self::InvalidNonce => "invalid-nonce",
            Self::InvalidTokenHash => "invalid-token-hash",
            Self::ForeignIdToken => "foreign-id-token",
            Self::ForeignUserInfo => "foreign-user-info",
            Self::InvalidMetadata => "invalid-metadata",
            Self::AuthenticationTooOld => "authentication-too-old",
            Self::InsufficientAuthentication => "insufficient-authentication",
            Self::NotOffered => "not-offered",
            Self::UnexpectedClaims => "unexpected-claims",
            Self::AccessTokenRefused => "access-token-refused",
            Self::InsufficientScope => "insufficient-scope",
        }
    }

    /// The status with which the layer answers the browser.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::AccessDenied
            | Self::CrossSiteSignOut
            | Self::AuthenticationTooOld
            | Self::InsufficientAuthentication
            | Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::MalformedCallback
            | Self::UnknownSignIn
            | Self::ForeignSignIn
            | Self::SessionNotKept
            | Self::SignInExpired
            | Self::ForeignIssuer
            | Self::InvalidGrant => StatusCode::BAD_REQUEST,
            Self::SignInAlreadyCompleted | Self::SignInReplayed => StatusCode::CONFLICT,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotSignedIn
            | Self::TokensExpired
            | Self::SessionEnded
            | Self::NotRenewable
            | Self::NotANavigation
            | Self::AccessTokenRefused => StatusCode::UNAUTHORIZED,
            Self::InvalidRequest
            | Self::InvalidClient
            | Self::UnauthorizedClient
            | Self::UnsupportedGrantType
            | Self::InvalidScope
            | Self::SessionTooLarge
            | Self::LayerMissing
            | Self::NotACallback
            | Self::AskedTooLate
            | Self::NotOffered
            | Self::UnexpectedClaims => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ProviderRefused
            | Self::InvalidAnswer
            | Self::ProviderUnreachable
            | Self::MalformedIdToken
            | Self::WrongTokenType
            | Self::ForbiddenAlgorithm
            | Self::InvalidIssuer
            | Self::InvalidAudience
            | Self::UnknownKey
            | Self::InvalidSignature
            | Self::IdTokenExpired
            | Self::IdTokenNotYetValid
            | Self::InvalidNonce
            | Self::InvalidTokenHash
            | Self::ForeignIdToken
            | Self::ForeignUserInfo
            | Self::InvalidMetadata => StatusCode::BAD_GATEWAY,
            Self::ProviderTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::TooManySignIns | Self::SessionUnavailable | Self::TokensUnavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// The case of an `error` code of RFC 6749 §4.1.2.1 or §5.2.
    pub(crate) fn from_oauth_code(code: &str) -> Self {
        match code {
            "access_denied" => Self::AccessDenied,
            "invalid_request" => Self::InvalidRequest,
            "invalid_client" => Self::InvalidClient,
            "invalid_grant" => Self::InvalidGrant,
            "unauthorized_client" => Self::UnauthorizedClient,
            "unsupported_grant_type" => Self::UnsupportedGrantType,
            "invalid_scope" => Self::InvalidScope,
            _ => Self::ProviderRefused,
        }
    }

    /// One line for a log.
    pub(crate) const fn summary(self) -> &'static str {
        match self {
            Self::AccessDenied => "the user declined to sign in",
            Self::MalformedCallback => "the callback is not an authorization response",
            Self::UnknownSignIn => "this browser has no such sign-in under way",
            Self::ForeignSignIn => "another key, host or client id sealed the flow cookie",
            Self::SignInExpired => "the sign-in took too long",
            Self::SignInAlreadyCompleted => "the callback was used before",
            Self::SignInReplayed => "another code came for a completed sign-in",
            Self::SessionNotKept => "the browser does not keep the session of completed sign-ins",
            Self::ForeignIssuer => "the callback names an issuer that is not the provider's",
            Self::CrossSiteSignOut => "another site asked for the sign-out",
            Self::MethodNotAllowed => "the method is not allowed on this path",
            Self::NotSignedIn => "nobody is signed in",
            Self::TokensExpired => "the access token has expired",
            Self::TokensUnavailable => {
                "the access token has expired and the provider does not answer"
            }
            Self::LayerMissing => {
                "the layer `tower_didit::DiditAuth` is missing: add it to the router, after this \
                 route and after `RequireSignIn`"
            }
            Self::NotACallback => {
                "`ReturnTo` is there only in the handler of the callback, the path of the redirect \
                 URI"
            }
            Self::AskedTooLate => {
                "the session was first asked for after the head of the answer was sent"
            }
            Self::SessionEnded => "the session has ended",
            Self::NotRenewable => "the access token cannot be renewed",
            Self::NotANavigation => "a sign-in can only start from a page navigation",
            Self::InvalidRequest => "the provider calls the token request invalid",
            Self::InvalidClient => "the provider refuses the client id or secret",
            Self::InvalidGrant => "the provider refuses the code or refresh token",
            Self::UnauthorizedClient => "the provider does not allow this client the grant",
            Self::UnsupportedGrantType => "the provider does not know the grant type",
            Self::InvalidScope => "the provider refuses the scope",
            Self::ProviderRefused => "the provider refused",
            Self::InvalidAnswer => "the provider's answer cannot be used",
            Self::ProviderUnreachable => "the provider cannot be reached",
            Self::ProviderTimeout => "the provider did not answer in time",
            Self::TooManySignIns => "too many sign-ins wait for the provider",
            Self::SessionUnavailable => "the session store does not answer",
            Self::SessionTooLarge => "the session is too large",
            Self::MalformedIdToken => "the ID token is malformed",
            Self::WrongTokenType => "the ID token is another kind of token",
            Self::ForbiddenAlgorithm => "the ID token's algorithm is not allowed",
            Self::InvalidIssuer => "the ID token is of another issuer",
            Self::InvalidAudience => "the ID token is not for this client alone",
            Self::UnknownKey => "no key of the provider's fits the ID token",
            Self::InvalidSignature => "the signature of the ID token is wrong",
            Self::IdTokenExpired => "the ID token has expired",
            Self::IdTokenNotYetValid => "the ID token is not yet valid",
            Self::InvalidNonce => "the ID token belongs to another sign-in",
            Self::InvalidTokenHash => "the ID token belongs to another access token or code",
            Self::ForeignIdToken => "the refreshed ID token is of another sign-in",
            Self::ForeignUserInfo => "the user information is about another user",
            Self::InvalidMetadata => "the provider's metadata cannot be used",
            Self::AuthenticationTooOld => "the user's authentication is too old",
            Self::InsufficientAuthentication => {
                "the user's authentication is not of a required class"
            }
            Self::NotOffered => "the provider has no such endpoint",
            Self::UnexpectedClaims => "the claims are not what was expected",
            Self::AccessTokenRefused => "the provider refuses the access token",
            Self::InsufficientScope => "the access token's scopes do not suffice",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_of_rfc_6749_5_2_has_a_case_and_its_name() {
        for code in [
            "invalid_request",
            "invalid_client",
            "invalid_grant",
            "unauthorized_client",
            "unsupported_grant_type",
            "invalid_scope",
        ] {
            let kind = ErrorKind::from_oauth_code(code);
            assert_eq!(kind.code(), code.replace('_', "-"));
        }
        assert_eq!(
            ErrorKind::from_oauth_code("unknown_field"),
            ErrorKind::ProviderRefused
        );
    }

    #[test]
    fn who_must_act_decides_the_status() {
        for (kind, status) in [
            (ErrorKind::AccessDenied, 403),
            (ErrorKind::UnknownSignIn, 400),
            (ErrorKind::ForeignSignIn, 400),
            (ErrorKind::SignInAlreadyCompleted, 409),
            (ErrorKind::SignInReplayed, 409),
            (ErrorKind::SessionNotKept, 400),
            (ErrorKind::InvalidGrant, 400),
            (ErrorKind::InvalidClient, 500),
            (ErrorKind::InvalidAnswer, 502),
            (ErrorKind::ProviderTimeout, 504),
            (ErrorKind::TooManySignIns, 503),
            (ErrorKind::SessionUnavailable, 503),
        ] {
            assert_eq!(kind.status().as_u16(), status, "{}", kind.code());
        }
    }
}
