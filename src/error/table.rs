//! One row for each kind: its code, its status, who must act, and what the response says.

use http::StatusCode as Status;

use super::{
    CallbackError, ErrorKind, GuardError, IdTokenError, TokenError, VerificationError, WiringError,
    advice::Advice,
};

pub(crate) struct Row {
    pub(crate) actor: Actor,
    pub(crate) code: &'static str,
    pub(crate) status: Status,
    /// One line for the log and for programs.
    pub(crate) summary: &'static str,
    pub(crate) advice: &'static Advice,
}

/// Who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    User,
    /// The person who configures the application, or the client at the provider.
    Operator,
    Developer,
    Provider,
    /// The person who runs the session store.
    Store,
}

impl ErrorKind {
    /// The row of a kind: the only exhaustive `match` over all kinds.
    #[rustfmt::skip]
    #[expect(clippy::too_many_lines, reason = "it is a table")]
    pub(crate) const fn row(self) -> Row {
        use Actor::{Operator, Provider, Store, User};
        match self {
            Self::AccessDenied => row(User, "access-denied", Status::FORBIDDEN, &Advice::DECLINED,
                "the user declined to sign in"),
            Self::InsufficientAuthentication =>
                row(User, "insufficient-authentication", Status::FORBIDDEN, &Advice::STRONGER,
                    "the user's authentication is too old, or not of a required class"),
            Self::Callback(reason) => match reason {
                CallbackError::Malformed => row(User, "malformed-callback", Status::BAD_REQUEST, &Advice::BAD_LINK,
                    "the callback is not an authorization response"),
                CallbackError::UnknownSignIn => row(User, "unknown-sign-in", Status::BAD_REQUEST, &Advice::BAD_LINK,
                    "this browser has no such sign-in under way"),
                CallbackError::FlowCookieUndecryptable => row(User, "flow-cookie-undecryptable", Status::BAD_REQUEST, &Advice::BAD_LINK,
                    "another key, host or client id sealed the flow cookie"),
                CallbackError::SignInExpired => row(User, "sign-in-expired", Status::BAD_REQUEST, &Advice::TOO_LONG,
                    "the sign-in took too long"),
                CallbackError::AlreadyUsed =>
                    row(User, "callback-already-used", Status::CONFLICT, &Advice::USED_BEFORE,
                        "the callback was used before"),
                CallbackError::CodeMismatch => row(User, "callback-code-mismatch", Status::CONFLICT, &Advice::COMPLETED,
                    "another code arrived for a completed sign-in"),
                // More likely a mistake in the configuration than an attack.
                CallbackError::IssuerMismatch =>
                    row(Operator, "callback-issuer-mismatch", Status::BAD_REQUEST, &Advice::BAD_LINK,
                        "the callback names an issuer that is not the provider's"),
            },
            Self::SessionNotKept => row(User, "session-not-kept", Status::BAD_REQUEST, &Advice::NOT_KEPT,
                "the browser does not keep the session of completed sign-ins"),
            Self::CrossSiteSignOut => row(User, "cross-site-sign-out", Status::FORBIDDEN, &Advice::STILL_SIGNED_IN,
                "another site requested the sign-out"),
            Self::CrossSiteRequest => row(User, "cross-site-request", Status::FORBIDDEN, &Advice::CROSS_SITE,
                "another site sent the request"),
            Self::MethodNotAllowed => row(User, "method-not-allowed", Status::METHOD_NOT_ALLOWED, &Advice::WRONG_WAY,
                "the method is not allowed on this path"),
            Self::NotANavigation => row(User, "not-a-navigation", Status::UNAUTHORIZED, &Advice::WRONG_WAY,
                "a sign-in can only start from a page navigation"),
            Self::NotSignedIn => row(User, "not-signed-in", Status::UNAUTHORIZED, &Advice::SIGN_IN,
                "nobody is signed in"),
            Self::SessionEnded => row(User, "session-ended", Status::UNAUTHORIZED, &Advice::SIGN_IN,
                "the session has ended"),
            Self::StepUpRequired => row(User, "step-up-required", Status::UNAUTHORIZED, &Advice::STEP_UP,
                "a more recent or stronger authentication is required"),
            Self::TokensExpired => row(User, "tokens-expired", Status::UNAUTHORIZED, &Advice::SIGN_IN_AGAIN,
                "the tokens cannot be refreshed: there is no refresh token, or it was already used"),
            Self::AccessTokenRefused => row(User, "access-token-refused", Status::UNAUTHORIZED, &Advice::SIGN_IN_AGAIN,
                "the access token is refused"),
            Self::NotAllowed(reason) => match reason {
                GuardError::NotVerified | GuardError::NotOver18 | GuardError::NotOver21 | GuardError::ScopeNotGranted
                | GuardError::ConditionNotMet =>
                    row(User, "not-allowed", Status::FORBIDDEN, &Advice::NOT_ALLOWED, "the user is not allowed here"),
                GuardError::UserInfoMissing | GuardError::UserInfoTooOld =>
                    row(User, "user-info-outdated", Status::UNAUTHORIZED, &Advice::OUTDATED,
                        "the session's user information is missing or too old"),
            },
            Self::AccessTokenMissing => row(User, "access-token-missing", Status::UNAUTHORIZED, &Advice::WRONG_WAY,
                "the request has no access token"),
            Self::MalformedAuthorization => row(User, "malformed-authorization", Status::BAD_REQUEST, &Advice::WRONG_WAY,
                "the request does not have one well-formed `Authorization: Bearer`"),
            // Strangers can cause this error at will.
            Self::TooManyTokenRequests => row(User, "too-many-token-requests", Status::SERVICE_UNAVAILABLE, &Advice::BUSY,
                "too many sign-ins or refreshes are waiting for the provider"),
            Self::InsufficientScope =>
                row(Operator, "insufficient-scope", Status::FORBIDDEN, &Advice::NOT_SET_UP,
                    "the access token's scopes do not suffice"),
            Self::InvalidScope => operator("invalid-scope", "the provider refuses a scope"),
            Self::ProviderRefused => provider("provider-refused", "the provider refused"),
            Self::TokenRequest(reason) => match reason {
                TokenError::InvalidGrant => row(User, "invalid-grant", Status::BAD_REQUEST, &Advice::NOT_CONFIRMED,
                    "the provider refuses the code or refresh token"),
                TokenError::InvalidScope => Self::InvalidScope.row(),
                TokenError::InvalidRequest =>
                    operator("invalid-request", "the provider calls the token request invalid"),
                TokenError::InvalidClient => operator("invalid-client", "the provider refuses the client id or secret"),
                TokenError::UnauthorizedClient =>
                    operator("unauthorized-client", "the provider does not allow this client to use the grant type"),
                TokenError::UnsupportedGrantType =>
                    operator("unsupported-grant-type", "the provider does not support the grant type"),
                TokenError::Other => Self::ProviderRefused.row(),
            },
            Self::SessionTooLarge => operator("session-too-large", "the session is too large"),
            Self::SealedTokensUndecryptable => operator("sealed-tokens-undecryptable",
                "another key, client id or provider sealed the tokens, or the text is damaged"),
            Self::InvalidResponse => provider("invalid-response", "the provider's response cannot be used"),
            Self::InvalidMetadata => provider("invalid-metadata", "the provider's metadata cannot be used"),
            Self::UserInfoMismatch => provider("user-info-mismatch", "the user information is about another user"),
            Self::IdToken(reason) => match reason {
                IdTokenError::Malformed => provider("malformed-id-token", "the ID token is malformed"),
                IdTokenError::Type => provider("wrong-token-type", "the ID token is another kind of token"),
                IdTokenError::Algorithm => provider("forbidden-algorithm", "the ID token's algorithm is not allowed"),
                IdTokenError::Issuer => provider("invalid-issuer", "the ID token has another issuer"),
                IdTokenError::Audience => provider("invalid-audience", "the ID token has an unexpected audience"),
                IdTokenError::UnknownKey => provider("unknown-key", "no key of the provider matches the ID token"),
                IdTokenError::Signature => provider("invalid-signature", "the signature of the ID token is invalid"),
                IdTokenError::Expired => provider("id-token-expired", "the ID token has expired"),
                IdTokenError::NotYetValid => provider("id-token-not-yet-valid", "the ID token is not yet valid"),
                IdTokenError::Nonce => provider("invalid-nonce", "the ID token belongs to another sign-in"),
                IdTokenError::Hash =>
                    provider("invalid-token-hash", "the ID token belongs to another access token or code"),
                IdTokenError::RefreshMismatch =>
                    provider("refreshed-id-token-mismatch", "the refreshed ID token belongs to another sign-in"),
            },
            Self::ProviderUnreachable =>
                row(Provider, "provider-unreachable", Status::BAD_GATEWAY, &Advice::NO_ANSWER,
                    "the provider cannot be reached"),
            Self::ProviderTimeout =>
                row(Provider, "provider-timeout", Status::GATEWAY_TIMEOUT, &Advice::NO_ANSWER,
                    "the provider did not answer in time"),
            Self::TokensUnavailable =>
                row(Provider, "tokens-unavailable", Status::SERVICE_UNAVAILABLE, &Advice::UNAVAILABLE,
                    "the access token has expired and cannot be refreshed right now"),
            Self::AccessTokenUnverified =>
                row(Provider, "access-token-unverified", Status::SERVICE_UNAVAILABLE, &Advice::UNAVAILABLE,
                    "the access token cannot be verified right now"),
            Self::SessionUnavailable =>
                row(Store, "session-unavailable", Status::SERVICE_UNAVAILABLE, &Advice::UNAVAILABLE,
                    "the session cannot be checked right now: the session store or the provider has failed"),
            Self::SignOutIncomplete =>
                row(Store, "sign-out-incomplete", Status::SERVICE_UNAVAILABLE, &Advice::SIGNED_OUT_HERE,
                    "the session was not ended in the store"),
            Self::UnexpectedClaims => developer("unexpected-claims", "the claims are not what was expected"),
            Self::UnexpectedSessionData => developer("unexpected-session-data",
                "a value for the session is not JSON, or has another type than the application reads"),
            Self::SessionDataTooLarge => developer("session-data-too-large",
                "the application's data in the session is too large"),
            Self::StoreRequired => developer("store-required",
                "sessions are in cookies, so the server cannot list or end the other sessions of a user: keep sessions \
                 in a store (`with_session_store`: `MemoryStore`, `RedisStore`)"),
            Self::NotOffered => developer("not-offered", "the provider has no such endpoint"),
            Self::SingleUseRefreshToken => developer("single-use-refresh-token",
                "the refresh token is single-use: the session and a sealed copy cannot both use it"),
            Self::TooManySessionChecks =>
                row(Actor::Developer, "too-many-session-checks", Status::SERVICE_UNAVAILABLE, &Advice::BUSY,
                    "the session was checked at the provider too often"),
            Self::Verification(reason) => match reason {
                VerificationError::UserBlocked => row(User, "verification-user-blocked", Status::FORBIDDEN, &Advice::BLOCKED,
                    "Didit does not verify this user again: the user is blocked"),
                VerificationError::Required => row(User, "verification-required", Status::FORBIDDEN, &Advice::VERIFY,
                    "only for people whose identity Didit has verified"),
                VerificationError::Declined => row(User, "verification-declined", Status::FORBIDDEN, &Advice::NOT_VERIFIED,
                    "the user did not pass the verification"),
                VerificationError::UnknownSession =>
                    row(User, "unknown-verification", Status::NOT_FOUND, &Advice::WRONG_WAY,
                        "Didit has no such verification session"),
                VerificationError::NoReport =>
                    row(User, "verification-report-missing", Status::CONFLICT, &Advice::WRONG_WAY,
                        "Didit has a report only of sessions that are Approved, Declined, In Review or Kyc Expired"),
                VerificationError::UnknownDestination =>
                    row(User, "unknown-webhook-destination", Status::NOT_FOUND, &Advice::WRONG_WAY,
                        "Didit has no such webhook destination"),
                VerificationError::KeyRefused =>
                    row(Operator, "verification-key-refused", Status::INTERNAL_SERVER_ERROR, &Advice::NOT_VERIFYING,
                        "Didit refuses the API key of the verification"),
                VerificationError::NoCredits =>
                    row(Operator, "verification-credits-exhausted", Status::INTERNAL_SERVER_ERROR, &Advice::NOT_VERIFYING,
                        "the account at Didit has no credits for a verification"),
                VerificationError::InvalidRequest =>
                    row(Actor::Developer, "verification-request-invalid", Status::INTERNAL_SERVER_ERROR, &Advice::NOT_VERIFYING,
                        "the request to Didit's verification API is invalid"),
                VerificationError::RateLimited =>
                    row(Actor::Developer, "verification-rate-limited", Status::SERVICE_UNAVAILABLE, &Advice::BUSY,
                        "Didit's verification API was called too often"),
                VerificationError::Unavailable =>
                    row(Provider, "verification-unavailable", Status::SERVICE_UNAVAILABLE, &Advice::NOT_VERIFYING_NOW,
                        "Didit cannot verify people now"),
            },
            Self::Wiring(reason) => match reason {
                WiringError::LayerMissing =>
                    developer("layer-missing",
                        "the layer `tower_didit::DiditAuth` is missing: add it to the router, after this route and \
                         after `RequireSignIn`"),
                WiringError::BearerLayerMissing =>
                    developer("bearer-layer-missing",
                        "the layer `tower_didit::DiditBearer` is missing: add it to the routes of the API"),
                WiringError::NotACallback =>
                    developer("not-a-callback",
                        "`ReturnTo` is available only in the handler of the callback, the path of the redirect URI"),
                WiringError::InvalidSignIn =>
                    developer("invalid-sign-in", "a parameter of the sign-in cannot be sent"),
                WiringError::AskedTooLate =>
                    developer("asked-too-late",
                        "the application first asked for the session after the response headers were sent"),
                WiringError::UserInfoNotKept =>
                    developer("user-info-not-kept",
                        "a rule of `RequireSignIn` reads the user information, which sessions do not keep: add \
                         `with_user_info_at_sign_in` to the configuration, or, with Didit Authentication, use \
                         `RequireSignIn::when`"),
                WiringError::WebhooksMissing =>
                    developer("webhooks-missing",
                        "the layer `tower_didit::verification::DiditWebhooks` is missing: add it to the webhooks' route"),
                WiringError::ReturnPageGuarded =>
                    developer("return-page-guarded",
                        "`tower_didit::verification::RequireVerified` guards the return page: mount the page outside of \
                         the guard"),
            },
        }
    }
}

const fn row(
    actor: Actor,
    code: &'static str,
    status: Status,
    advice: &'static Advice,
    summary: &'static str,
) -> Row {
    Row {
        actor,
        code,
        status,
        summary,
        advice,
    }
}

const fn operator(code: &'static str, summary: &'static str) -> Row {
    let status = Status::INTERNAL_SERVER_ERROR;
    row(Actor::Operator, code, status, &Advice::NOT_SET_UP, summary)
}

const fn provider(code: &'static str, summary: &'static str) -> Row {
    let status = Status::BAD_GATEWAY;
    let advice = &Advice::NOT_UNDERSTOOD;
    row(Actor::Provider, code, status, advice, summary)
}

const fn developer(code: &'static str, summary: &'static str) -> Row {
    let status = Status::INTERNAL_SERVER_ERROR;
    row(Actor::Developer, code, status, &Advice::NOT_SET_UP, summary)
}
