//! The tokens of a signed-in user.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{AccessToken, IdClaims, IdToken, RefreshToken, Scopes, secret::is_same};
use crate::clock::Timestamp;

/// The tokens of the signed-in user.
///
/// A handler takes it as an argument; other services call [`DiditTokens::of`]. The tokens are a request extension only
/// at the callback and inside [`RequireSignIn::with_tokens`](crate::RequireSignIn::with_tokens). Cloning copies a
/// pointer, and the last clone wipes the secrets from memory.
///
/// ```
/// use tower_didit::DiditTokens;
///
/// async fn profile(tokens: DiditTokens) -> String {
///     format!("you granted {}", tokens.scopes())
/// }
/// # let _router: axum::Router = axum::Router::new().route("/profile", axum::routing::get(profile));
/// ```
///
/// As an argument it refuses a request if nobody is signed in, or if the access token has expired and cannot be
/// refreshed; in these cases `Option<DiditTokens>` is `None`. Both refuse with an [`Error`](crate::Error) if the
/// session store or the provider is needed and does not answer.
///
/// A handler that only needs the user's identity takes [`IdClaims`](crate::IdClaims), which last as long as the
/// session.
///
/// In axum the argument that takes the request's body is the last one:
///
/// ```compile_fail,E0277
/// use axum::{Router, routing::post};
/// use tower_didit::DiditTokens;
///
/// async fn upload(body: String, tokens: DiditTokens) {} // write `(tokens: DiditTokens, body: String)`
///
/// let router: Router = Router::new().route("/upload", post(upload));
/// ```
#[derive(Clone, Debug)]
pub struct DiditTokens {
    set: Arc<TokenSet>,
    /// The user.
    claims: IdClaims,
    is_refresh_token_spent: bool,
}

/// The tokens of a token response. Their user is known once the ID token is verified.
#[derive(Debug)]
pub(crate) struct TokenSet {
    pub(crate) access_token: AccessToken,
    pub(crate) refresh_token: Option<RefreshToken>,
    pub(crate) id_token: Option<IdToken>,
    pub(crate) scopes: Scopes,
    pub(crate) expires_at: Option<Timestamp>,
    /// The time of the token request.
    pub(crate) received_at: Timestamp,
}

impl DiditTokens {
    /// The tokens of the user with these claims of their ID token.
    pub(crate) fn new(set: TokenSet, claims: IdClaims) -> Self {
        Self {
            set: Arc::new(set),
            claims,
            is_refresh_token_spent: false,
        }
    }

    /// The token for calls to Didit's APIs.
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let tokens = FakeDidit::new("app", "secret").tokens(&Person::john(), ["openid"]);
    /// let authorization = format!("{} {}", tokens.token_type(), tokens.access_token().secret());
    /// assert!(authorization.starts_with("Bearer "));
    ///
    /// assert_eq!(format!("{:?}", tokens.access_token()), "[redacted]");
    /// ```
    pub fn access_token(&self) -> &AccessToken {
        &self.set.access_token
    }

    /// The refresh token, which Didit issues for the scope `offline`.
    ///
    /// The layer uses it to refresh the access token shortly before the access token expires. A session kept in cookies
    /// never holds a single-use refresh token.
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let tokens = didit.tokens(&Person::john(), ["openid", "offline"]);
    /// assert!(tokens.refresh_token().is_some());
    ///
    /// let tokens = didit.tokens(&Person::john(), ["openid"]);
    /// assert!(tokens.refresh_token().is_none());
    /// ```
    pub fn refresh_token(&self) -> Option<&RefreshToken> {
        let token = self.set.refresh_token.as_ref();
        token.filter(|_| !self.is_refresh_token_spent)
    }

    /// The ID token as it was received.
    ///
    /// The ID token is available at the callback. Later it is available only if the provider has an end-session
    /// endpoint, whose requests contain it. Didit has no such endpoint.
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let tokens = FakeDidit::new("app", "secret").tokens(&Person::john(), ["openid"]);
    /// let id_token = tokens.id_token().unwrap();
    /// assert_eq!(id_token.secret().split('.').count(), 3); // header, claims, signature
    /// assert_eq!(format!("{id_token:?}"), "[redacted]");
    /// ```
    pub fn id_token(&self) -> Option<&IdToken> {
        self.set.id_token.as_ref()
    }

    /// The granted scopes: those of the token response, else the requested ones (RFC 6749 §5.1).
    /// [Example](Self).
    pub fn scopes(&self) -> &Scopes {
        &self.set.scopes
    }

    /// The type of the access token: always `Bearer` (RFC 6750). A token response with another type is refused.
    /// [Example](Self::access_token).
    pub fn token_type(&self) -> &'static str {
        "Bearer"
    }

    /// When the access token expires, if the token response says so.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let lifetime = Duration::from_secs(600);
    /// let didit = FakeDidit::new("app", "secret").with_access_token_lifetime(lifetime);
    /// let tokens = didit.tokens(&Person::john(), ["openid"]);
    /// assert_eq!(tokens.expires_at(), Some(didit.clock().now() + lifetime));
    /// ```
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expiry().map(SystemTime::from)
    }

    pub(crate) fn expiry(&self) -> Option<Timestamp> {
        self.set.expires_at
    }

    pub(crate) fn received_at(&self) -> Timestamp {
        self.set.received_at
    }

    pub(crate) fn claims(&self) -> &IdClaims {
        &self.claims
    }

    /// Whether the access token is valid. A token without a known expiry is valid.
    pub(crate) fn are_valid(&self, now: Timestamp) -> bool {
        self.expiry().is_none_or(|end| now < end)
    }

    /// Whether the access token is due for a refresh, if there is a refresh token: in the last half minute of its
    /// life, or in the second half of a life shorter than a minute. The moment differs from token to token, so that
    /// tokens that were issued together are not refreshed together.
    pub(crate) fn is_refresh_due(&self, now: Timestamp) -> bool {
        let (Some(end), Some(_)) = (self.expiry(), self.refresh_token()) else {
            return false;
        };
        let rest = end.since(now);
        // Tokens that have expired on arrival are not refreshed with every request.
        if rest > MARGIN || now.since(self.received_at()) < MIN_AGE {
            return false;
        }
        let margin = MARGIN.min(end.since(self.received_at()) / 2);
        let bytes = self.access_token().secret().bytes();
        let spread = bytes.fold(0_u8, u8::wrapping_add) % 16;
        rest <= margin * (32 - u32::from(spread)) / 32
    }

    /// Whether `other` has the same access token and the same refresh token.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.set, &other.set) {
            return self.is_refresh_token_spent == other.is_refresh_token_spent;
        }
        let has_same_refresh_token = match (self.refresh_token(), other.refresh_token()) {
            (Some(own), Some(other)) => is_same(own.secret(), other.secret()),
            (own, other) => own.is_none() && other.is_none(),
        };
        has_same_refresh_token && self.access_token().is(other.access_token())
    }

    /// The same tokens without the refresh token, which is spent.
    pub(crate) fn without_refresh_token(&self) -> Self {
        Self {
            is_refresh_token_spent: true,
            ..self.clone()
        }
    }
}

/// A refresh is due this long before the access token expires.
const MARGIN: Duration = Duration::from_secs(30);
/// Younger tokens are not refreshed.
const MIN_AGE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> DiditTokens {
        DiditTokens::new(
            TokenSet {
                access_token: AccessToken::new("at-secret"),
                refresh_token: Some(RefreshToken::new("rt-secret")),
                id_token: Some(IdToken::new("id-secret")),
                scopes: Scopes::new("openid offline"),
                expires_at: Some(Timestamp::from_unix(0)),
                received_at: Timestamp::from_unix(0),
            },
            IdClaims::of_subject("john"),
        )
    }

    #[test]
    fn debug_shows_scopes_and_times_but_no_token() {
        let debug = format!("{:?}", tokens());
        assert!(debug.contains(r#"["openid", "offline"]"#), "{debug}");
        assert!(!debug.contains("secret"), "{debug}");
    }

    #[test]
    fn a_refresh_is_due_at_the_end_of_the_access_tokens_life() {
        let at = Timestamp::from_unix;
        let tokens = |life: Option<u64>, refresh_token: Option<&str>| {
            DiditTokens::new(
                TokenSet {
                    access_token: AccessToken::new("at"),
                    refresh_token: refresh_token.map(RefreshToken::new),
                    id_token: None,
                    scopes: Scopes::new("openid"),
                    expires_at: life.map(|life| at(1000 + life)),
                    received_at: at(1000),
                },
                IdClaims::of_subject("john"),
            )
        };
        let refreshable = |life| tokens(Some(life), Some("rt"));
        assert!(!refreshable(3600).is_refresh_due(at(4600 - 31)));
        assert!(refreshable(3600).is_refresh_due(at(4600 - 15)));
        assert!(refreshable(3600).is_refresh_due(at(9999)));
        // In the second half of a short life.
        assert!(!refreshable(20).is_refresh_due(at(1009)));
        assert!(refreshable(20).is_refresh_due(at(1015)));
        // Not in the first 10 seconds, however short the life is.
        assert!(!refreshable(0).is_refresh_due(at(1009)));
        assert!(refreshable(0).is_refresh_due(at(1010)));
        assert!(!tokens(Some(20), None).is_refresh_due(at(9999)));
        assert!(!tokens(None, Some("rt")).is_refresh_due(at(9999)));
    }

    #[test]
    fn tokens_without_their_spent_refresh_token_differ() {
        let tokens = tokens();
        let spent = tokens.without_refresh_token();
        assert!(spent.refresh_token().is_none());
        assert!(!spent.is_refresh_due(Timestamp::from_unix(9999)));
        assert!(tokens.same_as(&tokens.clone()) && spent.same_as(&spent.clone()));
        assert!(!tokens.same_as(&spent) && !spent.same_as(&tokens));
    }

    #[test]
    fn a_clone_shares_its_secrets() {
        let tokens = tokens();
        let original = tokens.access_token().secret().as_ptr();
        assert_eq!(tokens.clone().access_token().secret().as_ptr(), original);
    }

    #[test]
    fn tokens_cross_threads() {
        fn assert_auto<T: Clone + Send + Sync + Unpin + 'static>() {}
        assert_auto::<DiditTokens>();
    }
}
