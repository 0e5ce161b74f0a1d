//! The table of all kinds: what each is called, who must act, and what a person is told.

use http::StatusCode as Status;

use super::{
    CallbackError, ErrorKind, IdTokenError, TokenError, WiringError,
    advice::{
        Advice, BAD_LINK, CROWDED, DECLINED, NO_ANSWER, NOT_CONFIRMED, NOT_KEPT, NOT_SET_UP,
        NOT_UNDERSTOOD, REPLAYED, SIGN_IN, SIGN_IN_AGAIN, STILL_SIGNED_IN, STRONGER, TOO_LONG,
        UNAVAILABLE, USED_BEFORE, WRONG_WAY,
    },
};

/// One row: everything that depends on the kind.
pub(crate) struct Row {
    pub(crate) actor: Actor,
    pub(crate) code: &'static str,
    pub(crate) status: Status,
    /// One line for a log and for a program.
    pub(crate) summary: &'static str,
    pub(crate) advice: &'static Advice,
}

/// Who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    User,
    /// Whoever configures the application, or the client at the provider.
    Operator,
    Developer,
    Provider,
    /// Whoever runs the session store.
    Store,
}

impl ErrorKind {
    /// What there is to say of a kind. Nothing else tells all kinds apart.
    #[rustfmt::skip]
    #[expect(clippy::too_many_lines, reason = "it is a table")]
    pub(crate) const fn row(self) -> Row {
        use Actor::{Developer, Operator, Provider, Store, User};
        match self {
            Self::AccessDenied =>
                row(User, "access-denied", Status::FORBIDDEN, "the user declined to sign in", &DECLINED),
            Self::InsufficientAuthentication =>
                row(User, "insufficient-authentication", Status::FORBIDDEN,
                    "the user's authentication is too old, or not of a required class", &STRONGER),
            Self::Callback(CallbackError::Malformed) =>
                row(User, "malformed-callback", Status::BAD_REQUEST,
                    "the callback is not an authorization response", &BAD_LINK),
            Self::Callback(CallbackError::UnknownSignIn) =>
                row(User, "unknown-sign-in", Status::BAD_REQUEST,
                    "this browser has no such sign-in under way", &BAD_LINK),
            Self::Callback(CallbackError::ForeignSignIn) =>
                row(User, "foreign-sign-in", Status::BAD_REQUEST,
                    "another key, host or client id sealed the flow cookie", &BAD_LINK),
            Self::Callback(CallbackError::SignInExpired) =>
                row(User, "sign-in-expired", Status::BAD_REQUEST, "the sign-in took too long", &TOO_LONG),
            Self::Callback(CallbackError::AlreadyCompleted) =>
                row(User, "sign-in-already-completed", Status::CONFLICT,
                    "the callback was used before", &USED_BEFORE),
            Self::Callback(CallbackError::Replayed) =>
                row(User, "sign-in-replayed", Status::CONFLICT,
                    "another code came for a completed sign-in", &REPLAYED),
            // More likely a mistake in the configuration than an attack.
            Self::Callback(CallbackError::ForeignIssuer) =>
                row(Operator, "foreign-issuer", Status::BAD_REQUEST,
                    "the callback names an issuer that is not the provider's", &BAD_LINK),
            Self::SessionNotKept =>
                row(User, "session-not-kept", Status::BAD_REQUEST,
                    "the browser does not keep the session of completed sign-ins", &NOT_KEPT),
            Self::CrossSiteSignOut =>
                row(User, "cross-site-sign-out", Status::FORBIDDEN,
                    "another site asked for the sign-out", &STILL_SIGNED_IN),
            Self::MethodNotAllowed =>
                row(User, "method-not-allowed", Status::METHOD_NOT_ALLOWED,
                    "the method is not allowed on this path", &WRONG_WAY),
            Self::NotANavigation =>
                row(User, "not-a-navigation", Status::UNAUTHORIZED,
                    "a sign-in can only start from a page navigation", &WRONG_WAY),
            Self::NotSignedIn =>
                row(User, "not-signed-in", Status::UNAUTHORIZED, "nobody is signed in", &SIGN_IN),
            Self::SessionEnded =>
                row(User, "session-ended", Status::UNAUTHORIZED, "the session has ended", &SIGN_IN),
            Self::TokensExpired =>
                row(User, "tokens-expired", Status::UNAUTHORIZED,
                    "the access token has expired, or cannot be renewed", &SIGN_IN_AGAIN),
            Self::AccessTokenRefused =>
                row(User, "access-token-refused", Status::UNAUTHORIZED,
                    "the provider refuses the access token", &SIGN_IN_AGAIN),
            Self::InsufficientScope =>
                row(Operator, "insufficient-scope", Status::FORBIDDEN,
                    "the access token's scopes do not suffice", &NOT_SET_UP),
            Self::InvalidScope | Self::TokenRequest(TokenError::InvalidScope) =>
                row(Operator, "invalid-scope", Status::INTERNAL_SERVER_ERROR,
                    "the provider refuses a scope", &NOT_SET_UP),
            Self::ProviderRefused | Self::TokenRequest(TokenError::Other) =>
                row(Provider, "provider-refused", Status::BAD_GATEWAY, "the provider refused", &NOT_UNDERSTOOD),
            Self::TokenRequest(TokenError::InvalidRequest) =>
                row(Operator, "invalid-request", Status::INTERNAL_SERVER_ERROR,
                    "the provider calls the token request invalid", &NOT_SET_UP),
            Self::TokenRequest(TokenError::InvalidClient) =>
                row(Operator, "invalid-client", Status::INTERNAL_SERVER_ERROR,
                    "the provider refuses the client id or secret", &NOT_SET_UP),
            Self::TokenRequest(TokenError::InvalidGrant) =>
                row(User, "invalid-grant", Status::BAD_REQUEST,
                    "the provider refuses the code or refresh token", &NOT_CONFIRMED),
            Self::TokenRequest(TokenError::UnauthorizedClient) =>
                row(Operator, "unauthorized-client", Status::INTERNAL_SERVER_ERROR,
                    "the provider does not allow this client the grant", &NOT_SET_UP),
            Self::TokenRequest(TokenError::UnsupportedGrantType) =>
                row(Operator, "unsupported-grant-type", Status::INTERNAL_SERVER_ERROR,
                    "the provider does not know the grant type", &NOT_SET_UP),
            Self::InvalidAnswer =>
                row(Provider, "invalid-answer", Status::BAD_GATEWAY,
                    "the provider's answer cannot be used", &NOT_UNDERSTOOD),
            Self::InvalidMetadata =>
                row(Provider, "invalid-metadata", Status::BAD_GATEWAY,
                    "the provider's metadata cannot be used", &NOT_UNDERSTOOD),
            Self::ForeignUserInfo =>
                row(Provider, "foreign-user-info", Status::BAD_GATEWAY,
                    "the user information is about another user", &NOT_UNDERSTOOD),
            Self::IdToken(IdTokenError::Malformed) =>
                id_token("malformed-id-token", "the ID token is malformed"),
            Self::IdToken(IdTokenError::Type) =>
                id_token("wrong-token-type", "the ID token is another kind of token"),
            Self::IdToken(IdTokenError::Algorithm) =>
                id_token("forbidden-algorithm", "the ID token's algorithm is not allowed"),
            Self::IdToken(IdTokenError::Issuer) =>
                id_token("invalid-issuer", "the ID token is of another issuer"),
            Self::IdToken(IdTokenError::Audience) =>
                id_token("invalid-audience", "the ID token is not for this client alone"),
            Self::IdToken(IdTokenError::UnknownKey) =>
                id_token("unknown-key", "no key of the provider's fits the ID token"),
            Self::IdToken(IdTokenError::Signature) =>
                id_token("invalid-signature", "the signature of the ID token is wrong"),
            Self::IdToken(IdTokenError::Expired) =>
                id_token("id-token-expired", "the ID token has expired"),
            Self::IdToken(IdTokenError::NotYetValid) =>
                id_token("id-token-not-yet-valid", "the ID token is not yet valid"),
            Self::IdToken(IdTokenError::Nonce) =>
                id_token("invalid-nonce", "the ID token belongs to another sign-in"),
            Self::IdToken(IdTokenError::Hash) =>
                id_token("invalid-token-hash", "the ID token belongs to another access token or code"),
            Self::IdToken(IdTokenError::OtherSignIn) =>
                id_token("foreign-id-token", "the refreshed ID token is of another sign-in"),
            Self::ProviderUnreachable =>
                row(Provider, "provider-unreachable", Status::BAD_GATEWAY,
                    "the provider cannot be reached", &NO_ANSWER),
            Self::ProviderTimeout =>
                row(Provider, "provider-timeout", Status::GATEWAY_TIMEOUT,
                    "the provider did not answer in time", &NO_ANSWER),
            // Strangers can cause it at will.
            Self::TooManySignIns =>
                row(User, "too-many-sign-ins", Status::SERVICE_UNAVAILABLE,
                    "too many sign-ins wait for the provider", &CROWDED),
            Self::SessionUnavailable =>
                row(Store, "session-unavailable", Status::SERVICE_UNAVAILABLE,
                    "the session store does not answer", &UNAVAILABLE),
            Self::TokensUnavailable =>
                row(Provider, "tokens-unavailable", Status::SERVICE_UNAVAILABLE,
                    "the access token has expired and the provider does not answer", &UNAVAILABLE),
            Self::SessionTooLarge =>
                row(Operator, "session-too-large", Status::INTERNAL_SERVER_ERROR,
                    "the session is too large", &NOT_SET_UP),
            Self::UnexpectedClaims =>
                row(Developer, "unexpected-claims", Status::INTERNAL_SERVER_ERROR,
                    "the claims are not what was expected", &NOT_SET_UP),
            Self::NotOffered =>
                row(Developer, "not-offered", Status::INTERNAL_SERVER_ERROR,
                    "the provider has no such endpoint", &NOT_SET_UP),
            Self::Wiring(WiringError::LayerMissing) =>
                wiring("layer-missing",
                    "the layer `tower_didit::DiditAuth` is missing: add it to the router, after this route and \
                     after `RequireSignIn`"),
            Self::Wiring(WiringError::NotACallback) =>
                wiring("not-a-callback",
                    "`ReturnTo` is there only in the handler of the callback, the path of the redirect URI"),
            Self::Wiring(WiringError::AskedTooLate) =>
                wiring("asked-too-late",
                    "the session was first asked for after the head of the answer was sent"),
        }
    }
}

const fn row(
    actor: Actor,
    code: &'static str,
    status: Status,
    summary: &'static str,
    advice: &'static Advice,
) -> Row {
    Row {
        actor,
        code,
        status,
        summary,
        advice,
    }
}

const fn id_token(code: &'static str, summary: &'static str) -> Row {
    row(
        Actor::Provider,
        code,
        Status::BAD_GATEWAY,
        summary,
        &NOT_UNDERSTOOD,
    )
}

const fn wiring(code: &'static str, summary: &'static str) -> Row {
    row(
        Actor::Developer,
        code,
        Status::INTERNAL_SERVER_ERROR,
        summary,
        &NOT_SET_UP,
    )
}
