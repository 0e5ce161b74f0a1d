//! Tokens without a sign-in.

use std::{fmt, sync::Arc, time::Duration};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    authentication,
    didit::FakeDidit,
    forgery::Forgery,
    person::Person,
    provider::{
        authorize::AuthorizeRequest, grant::Grant, id_token, product::Product, scope::Scope, token,
    },
};

/// Tokens from [`FakeDidit::issue_tokens`], which has an example. `Debug` shows no token.
#[derive(Clone, Deserialize)]
pub struct IssuedTokens {
    access_token: String,
    refresh_token: Option<String>,
    id_token: String,
    #[serde(default)]
    scope: String,
    expires_in: u64,
}

impl IssuedTokens {
    /// The access token.
    pub fn access_token(&self) -> &str {
        &self.access_token
    }

    /// The refresh token, if the scopes include `offline` (Didit Authentication: `offline_access`).
    pub fn refresh_token(&self) -> Option<&str> {
        self.refresh_token.as_deref()
    }

    /// The ID token.
    pub fn id_token(&self) -> &str {
        &self.id_token
    }

    /// The granted scopes, separated by spaces.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// The lifetime of the access token.
    pub fn expires_in(&self) -> Duration {
        Duration::from_secs(self.expires_in)
    }
}

impl fmt::Debug for IssuedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedTokens")
            .field("scope", &self.scope)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

impl FakeDidit {
    /// Issues tokens as after a sign-in of this person, without any request. They are valid at every
    /// endpoint.
    ///
    /// ```
    /// use fake_didit::{FakeDidit, Person};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let tokens = didit.issue_tokens(&Person::alejandra(), ["openid", "offline"]);
    /// assert!(tokens.refresh_token().is_some());
    /// assert_eq!(tokens.scope(), "openid offline");
    /// ```
    ///
    /// # Panics
    ///
    /// If a scope is not [known](Self::with_scopes).
    pub fn issue_tokens<I>(&self, person: &Person, scopes: I) -> IssuedTokens
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let mut state = self.lock();
        let mut scope = Scope::none();
        for name in scopes {
            scope.add(name.as_ref(), &state.scopes);
        }
        let (session, now) = (state.tokens.new_id("session"), state.now());
        let request = AuthorizeRequest::for_scope(scope);
        let grant = Arc::new(Grant::new(request, person.clone(), session, now));
        let tokens = match state.product {
            Product::SignIn => json!(token::issue(&mut state, grant)),
            Product::Authentication => authentication::token::issue(&mut state, grant),
        };
        serde_json::from_value(tokens).expect("a response of the token endpoint")
    }
}

/// # Access tokens that are JWTs
///
/// For an API that verifies the access tokens of Didit Authentication itself.
impl FakeDidit {
    /// A forged token: `token` with one thing wrong. `None` if `token` is not a JWT.
    ///
    /// ```
    /// use fake_didit::{FakeDidit, Forgery, Person};
    ///
    /// let didit = FakeDidit::authentication("app");
    /// let tokens = didit.issue_tokens(&Person::john(), ["openid"]);
    /// for forgery in Forgery::all() {
    ///     let forged = didit.forge_token(tokens.access_token(), forgery).unwrap();
    ///     // Send it to the API, and fail with `forgery.name()` if the API accepts it.
    ///     # assert_ne!(forged, tokens.access_token());
    /// }
    /// ```
    pub fn forge_token(&self, token: &str, forgery: Forgery) -> Option<String> {
        forgery.apply(token, &self.lock().keys)
    }

    /// The token with its header and claims edited, signed again with the fake's key. `None` if `token` is not a JWT.
    ///
    /// ```
    /// use fake_didit::{FakeDidit, Person};
    ///
    /// let didit = FakeDidit::authentication("app");
    /// let tokens = didit.issue_tokens(&Person::john(), ["openid"]);
    /// let foreign = didit.edit_token(tokens.access_token(), |_header, claims| {
    ///     claims.insert("aud".to_owned(), "another-api".into());
    /// });
    /// assert_ne!(foreign.unwrap(), tokens.access_token());
    /// ```
    pub fn edit_token(
        &self,
        token: &str,
        edit: impl FnOnce(&mut Map<String, Value>, &mut Map<String, Value>),
    ) -> Option<String> {
        id_token::edited(token, &self.lock().keys, edit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_products_issue_all_tokens_and_record_nothing() {
        for (didit, offline) in [
            (FakeDidit::new("app", "secret"), "offline"),
            (FakeDidit::authentication("app"), "offline_access"),
        ] {
            let tokens = didit.issue_tokens(&Person::john(), ["openid", offline]);
            assert!(tokens.refresh_token().is_some());
            assert_eq!(tokens.id_token().split('.').count(), 3);
            assert_eq!(tokens.scope(), format!("openid {offline}"));
            assert!(didit.requests().is_empty());
            for secret in [tokens.access_token(), tokens.id_token()] {
                assert!(!format!("{tokens:?}").contains(secret));
            }
        }
    }

    #[test]
    fn a_scope_of_with_scopes_is_accepted() {
        let didit = FakeDidit::new("app", "secret").with_scopes(["openid", "admin"]);
        let tokens = didit.issue_tokens(&Person::john(), ["openid", "admin"]);
        assert_eq!(tokens.scope(), "openid admin");
    }

    #[test]
    #[should_panic(expected = "unknown scope \"admin\"")]
    fn an_unknown_scope_panics() {
        FakeDidit::new("app", "secret").issue_tokens(&Person::john(), ["admin"]);
    }
}
