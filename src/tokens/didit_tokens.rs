//! The tokens of a signed-in user.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{AccessToken, IdClaims, IdToken, RefreshToken, Scopes};
use crate::clock::Timestamp;

/// The tokens of the user whose request this is.
///
/// A handler takes it as an argument; other services call [`DiditTokens::of`]. It is in the extensions only of
/// the callback's request, and inside of [`RequireSignIn::with_tokens`](crate::RequireSignIn::with_tokens).
/// Cloning copies a pointer, never a secret, and the secrets are wiped from memory with the last clone.
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
/// As an argument it refuses requests of users who are not signed in, or whose access token has expired and
/// cannot be refreshed; `Option<DiditTokens>` is `None` then. Both refuse with an [`Error`](crate::Error) while the
/// session store or the provider is needed and does not answer. The argument goes before one that takes the
/// request's body.
///
/// Who only wants to know who the user is takes [`IdClaims`](crate::IdClaims), which last as long as the
/// session.
#[derive(Clone)]
pub struct DiditTokens(Arc<TokenSet>);

/// What [`DiditTokens`] shares.
pub(crate) struct TokenSet<C = IdClaims> {
    pub(crate) access_token: AccessToken,
    pub(crate) refresh_token: Option<RefreshToken>,
    pub(crate) id_token: Option<IdToken>,
    pub(crate) scopes: Scopes,
    pub(crate) expires_at: Option<Timestamp>,
    /// When they were asked for.
    pub(crate) received_at: Timestamp,
    /// Whose tokens they are.
    pub(crate) claims: C,
}

impl DiditTokens {
    pub(crate) fn new(tokens: TokenSet) -> Self {
        Self(Arc::new(tokens))
    }

    /// The token to call Didit with.
    pub fn access_token(&self) -> &AccessToken {
        &self.0.access_token
    }

    /// The refresh token, which Didit issues when the scope `offline` is granted. The layer renews the
    /// access token with it, shortly before that ends. A session in cookies keeps none that works only once.
    pub fn refresh_token(&self) -> Option<&RefreshToken> {
        self.0.refresh_token.as_ref()
    }

    /// The ID token as it was received.
    ///
    /// It is there at the callback. A session keeps it only where the provider has an end-session
    /// endpoint that asks for it, which Didit has not.
    pub fn id_token(&self) -> Option<&IdToken> {
        self.0.id_token.as_ref()
    }

    /// The scopes that were granted: those of Didit's answer, else those that were asked for
    /// (RFC 6749 §5.1).
    pub fn scopes(&self) -> &Scopes {
        &self.0.scopes
    }

    /// How the access token is used: always `Bearer` (RFC 6750). Another type is refused when the
    /// tokens arrive.
    pub fn token_type(&self) -> &'static str {
        "Bearer"
    }

    /// When the access token stops working, if Didit said so.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.0.expires_at.map(SystemTime::from)
    }

    pub(crate) fn claims(&self) -> &IdClaims {
        &self.0.claims
    }

    /// Whether the access token still works, as far as is known.
    pub(crate) fn are_alive(&self, now: Timestamp) -> bool {
        self.0.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it is time to renew the access token, if it can be: in the last half minute of its life, or
    /// in the second half of it if that is shorter. Each token has a moment of its own, so that those that were
    /// issued together are not renewed together.
    pub(crate) fn are_due(&self, now: Timestamp) -> bool {
        let (Some(end), Some(_)) = (self.0.expires_at, &self.0.refresh_token) else {
            return false;
        };
        let rest = end.since(now);
        // Tokens that are dead when they arrive are not renewed with every request.
        if rest > MARGIN || now.since(self.0.received_at) < AT_LEAST {
            return false;
        }
        let margin = MARGIN.min(end.since(self.0.received_at) / 2);
        let bytes = self.0.access_token.secret().bytes();
        let spread = bytes.fold(0_u8, u8::wrapping_add) % 16;
        rest <= margin * (32 - u32::from(spread)) / 32
    }

    /// Whether these are the very tokens that `other` are.
    pub(crate) fn are(&self, other: &Self) -> bool {
        let have_same_refresh_token = || match (&self.0.refresh_token, &other.0.refresh_token) {
            (Some(own), Some(other)) => own.is(other),
            (own, other) => own.is_none() && other.is_none(),
        };
        Arc::ptr_eq(&self.0, &other.0)
            || (have_same_refresh_token() && self.0.access_token.is(&other.0.access_token))
    }

    /// The same tokens, of which the refresh token is spent.
    pub(crate) fn without_refresh_token(&self) -> Self {
        let TokenSet {
            access_token,
            id_token,
            scopes,
            expires_at,
            received_at,
            claims,
            ..
        } = &*self.0;
        Self::new(TokenSet {
            access_token: AccessToken::new(access_token.secret()),
            refresh_token: None,
            id_token: id_token.as_ref().map(|token| IdToken::new(token.secret())),
            scopes: scopes.clone(),
            expires_at: *expires_at,
            received_at: *received_at,
            claims: claims.clone(),
        })
    }

    pub(crate) fn received_at(&self) -> Timestamp {
        self.0.received_at
    }

    pub(crate) fn expiry(&self) -> Option<Timestamp> {
        self.0.expires_at
    }
}

impl fmt::Debug for DiditTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiditTokens")
            .field("access_token", &self.0.access_token)
            .field("refresh_token", &self.0.refresh_token)
            .field("id_token", &self.0.id_token)
            .field("scopes", &self.0.scopes)
            .field("expires_at", &self.expires_at())
            .finish()
    }
}

/// How long before its end an access token is renewed.
const MARGIN: Duration = Duration::from_secs(30);
/// How long an access token is used at least.
const AT_LEAST: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> DiditTokens {
        DiditTokens::new(TokenSet {
            access_token: AccessToken::new("at-secret"),
            refresh_token: Some(RefreshToken::new("rt-secret")),
            id_token: Some(IdToken::new("id-secret")),
            scopes: Scopes::new("openid offline"),
            expires_at: Some(Timestamp::from_unix(0)),
            received_at: Timestamp::from_unix(0),
            claims: IdClaims::of_subject("john"),
        })
    }

    #[test]
    fn debug_shows_scopes_and_times_but_no_token() {
        let debug = format!("{:?}", tokens());
        assert!(debug.contains(r#"["openid", "offline"]"#), "{debug}");
        assert!(!debug.contains("secret"), "{debug}");
    }

    #[test]
    fn tokens_are_due_at_the_end_of_their_life_if_they_can_be_renewed() {
        let at = Timestamp::from_unix;
        let tokens = |life: Option<u64>, refresh_token: Option<&str>| {
            DiditTokens::new(TokenSet {
                access_token: AccessToken::new("at"),
                refresh_token: refresh_token.map(RefreshToken::new),
                id_token: None,
                scopes: Scopes::new("openid"),
                expires_at: life.map(|life| at(1000 + life)),
                received_at: at(1000),
                claims: IdClaims::of_subject("john"),
            })
        };
        let renewable = |life| tokens(Some(life), Some("rt"));
        assert!(!renewable(3600).are_due(at(4600 - 31)));
        assert!(renewable(3600).are_due(at(4600 - 15)));
        assert!(renewable(3600).are_due(at(9999)));
        // In the second half of a short life, and not at once.
        assert!(!renewable(20).are_due(at(1009)));
        assert!(renewable(20).are_due(at(1015)));
        // Not with every request, however short it is.
        assert!(!renewable(0).are_due(at(1009)));
        assert!(renewable(0).are_due(at(1010)));
        assert!(!tokens(Some(20), None).are_due(at(9999)));
        assert!(!tokens(None, Some("rt")).are_due(at(9999)));
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
