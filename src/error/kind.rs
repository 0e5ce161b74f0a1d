//! The kinds of errors.

use http::StatusCode;

use super::{CallbackError, GuardError, IdTokenError, TokenError, VerificationError, WiringError};

/// The kind of a failure, grouped by who must act. Some kinds contain a reason.
///
/// | code | status | meaning | what to do |
/// |---|---|---|---|
/// | | | **The user** | |
/// | `access-denied` | 403 | the user declined, or Didit did not let them pass | nothing; the page offers another sign-in |
/// | `insufficient-authentication` | 403 | `max_age` or a required `acr` is not met | the user signs in again; if the next sign-in fails too, the provider ignores `max_age` or `acr_values` |
/// | `malformed-callback` | 400 | the callback's query is not an authorization response | nothing; the page offers another sign-in |
/// | `unknown-sign-in` | 400 | this browser has no such sign-in under way | nothing; if it happens to all users: does the browser return to the host that it started on? |
/// | `flow-cookie-undecryptable` | 400 | another key, host or client id sealed the flow cookie | nothing; if it happens to all users, give all processes of a host the same cookie keys |
/// | `sign-in-expired` | 400 | the sign-in took longer than 20 minutes | nothing; the page offers another sign-in |
/// | `callback-already-used` | 409 | the callback was used before | nothing; the page offers another sign-in |
/// | `callback-code-mismatch` | 409 | a second code arrived for a completed sign-in | nothing; the page offers another sign-in |
/// | `session-not-kept` | 400 | the browser returns without a session after completing sign-ins | nothing; if it happens to all users, give all processes the same cookie keys and store, and keep the host name |
/// | `cross-site-sign-out` | 403 | another site, or a page that hides its origin, requested the sign-out | sign out from a page of this site; `Referrer-Policy: same-origin` |
/// | `cross-site-request` | 403 | another site, or a page that hides its origin, sent a request that [`same_origin`](crate::RequireSignIn::same_origin) refuses | use a page of this site; `Referrer-Policy: same-origin` |
/// | `method-not-allowed` | 405 | the path does not have this method | use the method of the `Allow` header |
/// | `not-a-navigation` | 401 | a script, a prefetch or an image requested a sign-in | open the sign-in as a page |
/// | `not-signed-in` | 401 | nobody is signed in, or the session has ended | sign in: a person who opens a page is redirected there, except in the first minute after a sign-in, which stops a redirect loop |
/// | `session-ended` | 401 | the session ended while one of its [`DiditClient`](crate::DiditClient)s was in use | sign in, as for `not-signed-in` |
/// | `step-up-required` | 401 | a user is signed in, but not as recently or as strongly as the page requires | authenticate again: a person who opens a page is redirected there; the challenge says what is required |
/// | `tokens-expired` | 401 | the access token has expired, or a handler requests a new one, and no refresh token works | sign in, as for `not-signed-in` |
/// | `access-token-refused` | 401 | the provider refuses the session's access token, or [`DiditBearer`](crate::DiditBearer) refuses that of an API request: expired, revoked, unknown, for another audience | sign in, as for `not-signed-in`; an API's client gets a new token |
/// | `not-allowed` | 403 | a rule of [`RequireSignIn`](crate::RequireSignIn) refuses the signed-in user; the text says which | nothing |
/// | `user-info-outdated` | 401 | a rule reads user information that the session does not keep, or that is too old | sign in, as for `not-signed-in` |
/// | `invalid-grant` | 400 | the provider refuses the code or refresh token: used before, expired, revoked | sign in again |
/// | `too-many-token-requests` | 503 | 256 sign-ins, or 256 refreshes, wait for the provider | repeat the request after a moment |
/// | `access-token-missing` | 401 | an API's request has no access token | send one: `Authorization: Bearer` |
/// | `malformed-authorization` | 400 | an API's request has several `Authorization` headers, or one that is malformed | send one header with one token |
/// | `verification-user-blocked` | 403 | Didit does not verify this user again: the user is blocked in Didit's console | nothing |
/// | `verification-required` | 403 | [`RequireVerified`](crate::docs::verification) refuses a program's request of a user who is not verified; the text names the page to open | open the page in the browser |
/// | `verification-declined` | 403 | the user did not pass the verification | nothing; in Didit's console you can let the user repeat steps |
/// | `unknown-verification` | 404 | Didit has no such verification session | nothing; if it happens to all users, is the API key that of the application that created the sessions? |
/// | `verification-report-missing` | 409 | Didit has a report only of sessions that are Approved, Declined, In Review or Kyc Expired | ask for the report after the decision |
/// | `unknown-webhook-destination` | 404 | Didit has no such webhook destination | list the destinations anew |
/// | | | **The operator** | |
/// | `callback-issuer-mismatch` | 400 | the callback's `iss` is not the provider's issuer | compare with the accepted issuers in the log; if they are right, the callback is an attack |
/// | `insufficient-scope` | 403 | the access token's scopes do not suffice | request more scopes: [`with_scopes`](crate::ConfigBuilder::with_scopes); in an API, the client requests those of the `WWW-Authenticate` header |
/// | `invalid-scope` | 500 | a scope is unknown, or not allowed for the client | correct [`with_scopes`](crate::ConfigBuilder::with_scopes), or allow the scope at the provider |
/// | `invalid-request` | 500 | the provider calls the token request malformed | compare the [`Provider`](crate::Provider)'s settings with its documentation |
/// | `invalid-client` | 500 | the client id or secret is wrong | correct the configuration: [`with_client_secret`](crate::ConfigBuilder::with_client_secret) |
/// | `unauthorized-client` | 500 | the client may not use this grant type | allow the grant type at the provider |
/// | `unsupported-grant-type` | 500 | the provider does not support this grant type | do not request a refresh token, or use another provider |
/// | `session-too-large` | 500 | the session exceeds the limit of the cookies, or of the store | request fewer scopes, use a session store, or raise [`with_session_cookie_limit`](crate::ConfigBuilder::with_session_cookie_limit) |
/// | `sealed-tokens-undecryptable` | 500 | another key, client id or provider sealed the tokens, or the text is damaged | give all processes the same cookie keys; keep an old key until its tokens are sealed again |
/// | `verification-key-refused` | 500 | Didit refuses the API key, or the key may not do this | compare the key with that of the application in Didit's console |
/// | `verification-credits-exhausted` | 500 | the account at Didit has no credits for a verification | top up in Didit's console |
/// | | | **The provider** | |
/// | `provider-refused` | 502 | the provider refused with any other code | see [`provider_code`](crate::Error::provider_code) |
/// | `invalid-response` | 502 | the provider's response cannot be used | see the log |
/// | `invalid-metadata` | 502 | the provider's metadata cannot be used | see the log; often the configured issuer is not exactly the provider's |
/// | `user-info-mismatch` | 502 | the user information is about another user | report it to the provider |
/// | `malformed-id-token` | 502 | the ID token is not a signed JWT with the required claims | report it to the provider |
/// | `wrong-token-type` | 502 | the ID token is another kind of token | report it to the provider |
/// | `forbidden-algorithm` | 502 | the ID token's algorithm is not allowed | compare with the allowed ones in the log |
/// | `invalid-issuer` | 502 | the ID token has another issuer | compare with the accepted issuers in the log |
/// | `invalid-audience` | 502 | the ID token has an unexpected audience | compare the client id; [`add_trusted_audience`](crate::ConfigBuilder::add_trusted_audience) |
/// | `unknown-key` | 502 | none of the provider's keys fits the ID token | compare the JWKS URI |
/// | `invalid-signature` | 502 | the ID token's signature is wrong | report it to the provider |
/// | `id-token-expired` | 502 | the ID token has expired | compare the two times in the log; set the clock, or raise [`with_clock_skew`](crate::ConfigBuilder::with_clock_skew) |
/// | `id-token-not-yet-valid` | 502 | the ID token is from the future | compare the two times in the log; set the clock, or raise [`with_clock_skew`](crate::ConfigBuilder::with_clock_skew) |
/// | `invalid-nonce` | 502 | the ID token belongs to another sign-in | report it to the provider |
/// | `invalid-token-hash` | 502 | the ID token belongs to another access token or code | report it to the provider |
/// | `refreshed-id-token-mismatch` | 502 | the ID token of a refresh is of another sign-in | report it to the provider |
/// | `provider-unreachable` | 502 | no connection to the provider, or the connection broke | look at the network, the proxy, the certificates |
/// | `provider-timeout` | 504 | the provider did not answer in time | wait; [`with_http_timeout`](crate::ConfigBuilder::with_http_timeout) |
/// | `tokens-unavailable` | 503 | the access token has expired, and the refresh failed temporarily; the source says why | wait; the request can be repeated |
/// | `access-token-unverified` | 503 | the access token of an API's request cannot be verified: the provider has failed; the source says how | wait; the request can be repeated |
/// | `verification-unavailable` | 503 | a user cannot be verified now: Didit does not respond, or responds with an error; the source says which | wait; the request can be repeated |
/// | | | **The store** | |
/// | `session-unavailable` | 503 | the session store failed, or the refresh of a session that ends with its access token failed; the source says which | look at the store or the provider; the request can be repeated |
/// | `sign-out-incomplete` | 503 | the store did not answer a sign-out: the browser is signed out, but other processes may still accept a copy of its cookie | look at the store; the session is deleted if the store answers within a minute, or when a copy reaches this process |
/// | | | **The developer** | |
/// | `unexpected-claims` | 500 | a claim is missing, or has another type than the application reads | read it as an `Option`, or as its actual type |
/// | `unexpected-session-data` | 500 | a value cannot be written as JSON, or has another type than the application reads | read the type that was set |
/// | `session-data-too-large` | 500 | a key exceeds 64 bytes, or all data of a session 1 KiB | keep an id in the session, and the rest in a database |
/// | `store-required` | 500 | the sessions of a user are in cookies, where the server cannot find them | [`with_session_store`](crate::ConfigBuilder::with_session_store) |
/// | `not-offered` | 500 | the provider has no such endpoint | do not call the endpoint, or set it in the [`Provider`](crate::Provider) |
/// | `single-use-refresh-token` | 500 | [`seal_tokens`](crate::DiditAuth::seal_tokens): the refresh token works once, so the session and a copy cannot both use it | refresh inside a request of the session |
/// | `too-many-session-checks` | 503 | sessions were checked at the provider more than 30 times in a minute, or 300 times in an hour | check rarely, before what must not happen in an ended session; see [`retry_after`](crate::Error::retry_after) |
/// | `verification-request-invalid` | 500 | a request to Didit's verification API is invalid | correct the member that [`provider_code`](crate::Error::provider_code) names |
/// | `verification-rate-limited` | 503 | Didit's verification API is called too often | wait; see [`retry_after`](crate::Error::retry_after) |
/// | `layer-missing` | 500 | the request did not pass [`DiditAuth`](crate::DiditAuth) | add the layer, after the routes and after [`RequireSignIn`](crate::RequireSignIn) |
/// | `bearer-layer-missing` | 500 | the request did not pass [`DiditBearer`](crate::DiditBearer) | add the layer to the routes of the API |
/// | `not-a-callback` | 500 | [`ReturnTo`](crate::ReturnTo) was extracted on another route than the callback's | extract an `Option` |
/// | `invalid-sign-in` | 500 | a parameter of a [`SignIn`](crate::SignIn) cannot be sent, or the provider is not declared to return the claim that verifies it | see the log |
/// | `asked-too-late` | 500 | the application first asked for the session after the response headers were sent | ask in the handler |
/// | `user-info-not-kept` | 500 | a rule of [`RequireSignIn`](crate::RequireSignIn) reads the user information, which sessions do not keep | [`with_user_info_at_sign_in`](crate::ConfigBuilder::with_user_info_at_sign_in) |
/// | `webhooks-missing` | 500 | a webhook's request did not pass `verification::DiditWebhooks` | add the layer to the route |
/// | `return-page-guarded` | 500 | `verification::RequireVerified` guards the return page | mount the return page outside of the guard |
///
/// Each error is logged once, when its response is made, with its details, its source and the provider's host: at
/// `DEBUG` if it is the user who has to act, otherwise at `WARN`, up to a [limit](crate::docs::logs).
///
/// ```
/// use tower_didit::{Error, ErrorKind, reason::TokenError};
///
/// fn advice(error: &Error) -> &'static str {
///     match error.kind() {
///         ErrorKind::ProviderUnreachable | ErrorKind::ProviderTimeout => "try again in a minute",
///         ErrorKind::TokensExpired | ErrorKind::TokenRequest(TokenError::InvalidGrant) => "sign in again",
///         _ => "tell the operator",
///     }
/// }
/// # let error = tower_didit::transport::TransportError::timed_out().into();
/// # assert_eq!(advice(&error), "try again in a minute");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The user declined, or Didit did not let them pass: `access_denied` (RFC 6749 §4.1.2.1).
    AccessDenied,
    /// The user's authentication is older than `max_age`, of unknown age, or not of a required class (OpenID
    /// Connect Core §3.1.3.7 steps 12 and 13).
    InsufficientAuthentication,
    /// The callback belongs to no sign-in of this browser.
    Callback(CallbackError),
    /// Another site requested the sign-out.
    CrossSiteSignOut,
    /// Another site sent a request that [`same_origin`](crate::RequireSignIn::same_origin) refuses.
    CrossSiteRequest,
    /// The path does not have this method.
    MethodNotAllowed,
    /// The request for a sign-in came from a `fetch`, a prefetch or an image, which cannot show a sign-in page.
    NotANavigation,
    /// Nobody is signed in, or the session has ended.
    NotSignedIn,
    /// The session ended while a handler, a stream or a socket still held its [`DiditClient`](crate::DiditClient):
    /// the user has signed out, or has signed in again.
    SessionEnded,
    /// A user is signed in, but has not authenticated as recently or as strongly as
    /// [`RequireSignIn`](crate::RequireSignIn) or a handler requires. The `WWW-Authenticate` header of the response says
    /// what is required (RFC 9470 §3).
    StepUpRequired,
    /// A user is signed in, but the access token cannot be refreshed, although it has expired or a handler asks for a
    /// new one: there is no refresh token, or a single-use one was already sent.
    TokensExpired,
    /// The provider refuses the session's access token, or [`DiditBearer`](crate::DiditBearer) refuses that of an API request (`invalid_token`,
    /// RFC 6750 §3.1).
    AccessTokenRefused,
    /// A rule of [`RequireSignIn`](crate::RequireSignIn) refuses the signed-in user.
    NotAllowed(GuardError),
    /// The access token's scopes do not suffice (`insufficient_scope`, RFC 6750 §3.1).
    InsufficientScope,
    /// A request to an API has no access token.
    AccessTokenMissing,
    /// A request to an API has several `Authorization` headers, or one that is malformed (`invalid_request`, RFC 6750
    /// §3.1).
    MalformedAuthorization,
    /// The access token of a request to an API cannot be verified at present: the provider does not respond, its response
    /// cannot be used, or too many verifications wait. [`source`](std::error::Error::source) says which.
    AccessTokenUnverified,
    /// Sessions were checked at the provider more often than Didit allows.
    TooManySessionChecks,
    /// The provider refuses a scope at its sign-in page: `invalid_scope` (RFC 6749 §4.1.2.1).
    InvalidScope,
    /// The provider refuses at its sign-in page, with a code that has no own kind.
    ProviderRefused,
    /// The provider refuses a token request (RFC 6749 §5.2).
    TokenRequest(TokenError),
    /// The provider's response cannot be used.
    InvalidResponse,
    /// The provider's metadata cannot be used (OpenID Connect Discovery §4.3).
    InvalidMetadata,
    /// The user information is about another user than the ID token (OpenID Connect Core §5.3.2).
    UserInfoMismatch,
    /// The provider's ID token cannot be accepted.
    IdToken(IdTokenError),
    /// No connection to the provider, or the connection broke.
    ProviderUnreachable,
    /// The provider did not answer within the timeout.
    ProviderTimeout,
    /// 256 sign-ins, or 256 refreshes, of this process wait for the provider.
    TooManyTokenRequests,
    /// It is unknown whether a user is signed in: the session store failed, or the refresh of a session that
    /// [ends with its access token](crate::docs::flow#when-a-session-ends) failed.
    /// [`source`](std::error::Error::source) says which.
    SessionUnavailable,
    /// The session store did not answer a sign-out. The browser and this process are signed out. The session is deleted
    /// if the store answers within a minute, or when a copy of its cookie reaches this process.
    SignOutIncomplete,
    /// The access token has expired, and the refresh failed temporarily: the provider does not respond, its response
    /// has no tokens, or too many refreshes wait. [`source`](std::error::Error::source) says which.
    TokensUnavailable,
    /// The browser returned without a session after completing sign-ins, twice within 30 seconds: the browser does not
    /// keep the session's cookie, or sends an older one, or the processes have different cookie keys or stores.
    SessionNotKept,
    /// The session exceeds [`with_session_cookie_limit`](crate::ConfigBuilder::with_session_cookie_limit), or the 64 KB
    /// of a stored session.
    SessionTooLarge,
    /// The text is not the sealed tokens of this client and provider, or none of the keys opens it.
    SealedTokensUndecryptable,
    /// A claim is missing, or has another type than the application reads.
    UnexpectedClaims,
    /// A value for the session is not JSON, or the session's value has another type than the application reads.
    UnexpectedSessionData,
    /// A key exceeds 64 bytes, or the application's data in a session 1 KiB.
    SessionDataTooLarge,
    /// Sessions are in cookies: the server cannot list a user's sessions, or end those of other browsers. It can
    /// with a [session store](crate::ConfigBuilder::with_session_store).
    StoreRequired,
    /// The provider has no such endpoint.
    NotOffered,
    /// Tokens with a single-use refresh token cannot be sealed: the session or the copy would send it a second time.
    SingleUseRefreshToken,
    /// Didit's verification API refuses a call (feature `verification`).
    Verification(VerificationError),
    /// The application is wired incorrectly.
    Wiring(WiringError),
}

impl ErrorKind {
    /// A stable name for logs, metrics and clients: the `code` member of problem details.
    ///
    /// A refusal at the sign-in page and a refusal of a token request share the codes `invalid-scope` and
    /// `provider-refused`: the remedy is the same.
    ///
    /// ```
    /// use tower_didit::{ErrorKind, reason::IdTokenError};
    ///
    /// assert_eq!(ErrorKind::NotSignedIn.code(), "not-signed-in");
    /// assert_eq!(ErrorKind::IdToken(IdTokenError::Nonce).code(), "invalid-nonce");
    /// ```
    pub const fn code(self) -> &'static str {
        self.row().code
    }

    /// The status of the response.
    ///
    /// ```
    /// use http::StatusCode;
    /// use tower_didit::ErrorKind;
    ///
    /// assert_eq!(ErrorKind::NotSignedIn.status(), StatusCode::UNAUTHORIZED);
    /// assert_eq!(ErrorKind::ProviderTimeout.status(), StatusCode::GATEWAY_TIMEOUT);
    /// ```
    pub const fn status(self) -> StatusCode {
        self.row().status
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::error::table::Actor;

    /// Lists all kinds: one that is missing is a compile error.
    macro_rules! every_kind {
        ($($kind:ident $(($reason:path))?),* $(,)?) => {
            pub(crate) const EVERY: &[ErrorKind] = &[$(ErrorKind::$kind $(($reason))?),*];

            const _: fn(ErrorKind) = |kind| match kind {
                $(ErrorKind::$kind $(($reason))? => {})*
            };
        };
    }

    every_kind![
        AccessDenied,
        InsufficientAuthentication,
        Callback(CallbackError::Malformed),
        Callback(CallbackError::UnknownSignIn),
        Callback(CallbackError::FlowCookieUndecryptable),
        Callback(CallbackError::SignInExpired),
        Callback(CallbackError::AlreadyUsed),
        Callback(CallbackError::CodeMismatch),
        SessionNotKept,
        CrossSiteSignOut,
        CrossSiteRequest,
        MethodNotAllowed,
        NotANavigation,
        NotSignedIn,
        SessionEnded,
        StepUpRequired,
        TokensExpired,
        AccessTokenRefused,
        NotAllowed(GuardError::NotVerified),
        NotAllowed(GuardError::NotOver18),
        NotAllowed(GuardError::NotOver21),
        NotAllowed(GuardError::ScopeNotGranted),
        NotAllowed(GuardError::ConditionNotMet),
        NotAllowed(GuardError::UserInfoMissing),
        NotAllowed(GuardError::UserInfoTooOld),
        TokenRequest(TokenError::InvalidGrant),
        TooManyTokenRequests,
        AccessTokenMissing,
        MalformedAuthorization,
        Verification(VerificationError::UserBlocked),
        Verification(VerificationError::Required),
        Verification(VerificationError::Declined),
        Verification(VerificationError::UnknownSession),
        Verification(VerificationError::NoReport),
        Verification(VerificationError::UnknownDestination),
        Callback(CallbackError::IssuerMismatch),
        InsufficientScope,
        InvalidScope,
        TokenRequest(TokenError::InvalidScope),
        TokenRequest(TokenError::InvalidRequest),
        TokenRequest(TokenError::InvalidClient),
        TokenRequest(TokenError::UnauthorizedClient),
        TokenRequest(TokenError::UnsupportedGrantType),
        SessionTooLarge,
        SealedTokensUndecryptable,
        Verification(VerificationError::KeyRefused),
        Verification(VerificationError::NoCredits),
        ProviderRefused,
        TokenRequest(TokenError::Other),
        InvalidResponse,
        InvalidMetadata,
        UserInfoMismatch,
        IdToken(IdTokenError::Malformed),
        IdToken(IdTokenError::Type),
        IdToken(IdTokenError::Algorithm),
        IdToken(IdTokenError::Issuer),
        IdToken(IdTokenError::Audience),
        IdToken(IdTokenError::UnknownKey),
        IdToken(IdTokenError::Signature),
        IdToken(IdTokenError::Expired),
        IdToken(IdTokenError::NotYetValid),
        IdToken(IdTokenError::Nonce),
        IdToken(IdTokenError::Hash),
        IdToken(IdTokenError::RefreshMismatch),
        ProviderUnreachable,
        ProviderTimeout,
        TokensUnavailable,
        AccessTokenUnverified,
        Verification(VerificationError::Unavailable),
        SessionUnavailable,
        SignOutIncomplete,
        UnexpectedClaims,
        UnexpectedSessionData,
        SessionDataTooLarge,
        StoreRequired,
        NotOffered,
        SingleUseRefreshToken,
        TooManySessionChecks,
        Verification(VerificationError::InvalidRequest),
        Verification(VerificationError::RateLimited),
        Wiring(WiringError::LayerMissing),
        Wiring(WiringError::BearerLayerMissing),
        Wiring(WiringError::NotACallback),
        Wiring(WiringError::InvalidSignIn),
        Wiring(WiringError::AskedTooLate),
        Wiring(WiringError::UserInfoNotKept),
        Wiring(WiringError::WebhooksMissing),
        Wiring(WiringError::ReturnPageGuarded),
    ];

    #[test]
    fn the_documented_table_is_the_one_that_answers() {
        let source = include_str!("kind.rs");
        let rows = source.lines().filter(|line| line.starts_with("/// | `"));
        let documented: Vec<_> = rows
            .map(|row| row.split('|').skip(1).take(2).collect::<String>())
            .map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        let mut answered: Vec<_> = EVERY
            .iter()
            .map(|kind| format!("`{}` {}", kind.code(), kind.status().as_u16()))
            .collect();
        answered.dedup();
        assert_eq!(documented, answered);
    }

    #[test]
    fn kinds_with_one_code_have_one_remedy() {
        for kind in EVERY {
            let row = kind.row();
            for other in EVERY.iter().filter(|other| other.code() == row.code) {
                let other = other.row();
                assert_eq!(row.status, other.status, "{kind:?}");
                assert_eq!(row.actor, other.actor, "{kind:?}");
                assert_eq!(row.advice.text, other.advice.text, "{kind:?}");
            }
        }
    }

    #[test]
    fn who_must_act_decides_the_status() {
        for kind in EVERY {
            let status = kind.status().as_u16();
            let allowed: &[u16] = match kind.row().actor {
                Actor::User => &[400, 401, 403, 404, 405, 409, 503],
                Actor::Operator => &[400, 403, 500],
                Actor::Developer => &[500, 503],
                Actor::Provider => &[502, 503, 504],
                Actor::Store => &[503],
            };
            assert!(allowed.contains(&status), "{kind:?}: {status}");
        }
    }
}
