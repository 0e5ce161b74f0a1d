//! Issued codes and tokens.

use std::{fmt, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};

use crate::{
    keys::base64url::encode,
    provider::{
        bounded_map::BoundedMap, grant::Grant, scope::Scope, token_generator::TokenGenerator,
    },
};

/// The issued codes and tokens, each with its grant. Times are in seconds since 1970.
pub(crate) struct TokenStore {
    generator: TokenGenerator,
    codes: BoundedMap<Code>,
    access_tokens: BoundedMap<AccessToken>,
    refresh_tokens: BoundedMap<RefreshToken>,
    /// Keyed by hash, which is shorter than the token.
    id_tokens: BoundedMap<()>,
}

struct Code {
    grant: Arc<Grant>,
    expires_at: u64,
    used: bool,
}

/// An issued access token.
pub(crate) struct AccessToken {
    pub(crate) scope: Scope,
    pub(crate) issued_at: u64,
    pub(crate) expires_at: u64,
    grant: Arc<Grant>,
}

struct RefreshToken {
    grant: Arc<Grant>,
    expires_at: u64,
    replaced: bool,
}

impl TokenStore {
    pub(crate) fn new(client_id: &str) -> Self {
        Self {
            generator: TokenGenerator::new(client_id),
            codes: BoundedMap::default(),
            access_tokens: BoundedMap::default(),
            refresh_tokens: BoundedMap::default(),
            id_tokens: BoundedMap::default(),
        }
    }

    /// A unique id for an object outside of this store, such as a session.
    pub(crate) fn new_id(&mut self, prefix: &str) -> String {
        self.generator.next(prefix)
    }

    /// Issues a code.
    pub(crate) fn issue_code(&mut self, grant: Grant, now: u64, lifetime: u64) -> String {
        let code = self.generator.next("code");
        let entry = Code {
            grant: Arc::new(grant),
            expires_at: now.saturating_add(lifetime),
            used: false,
        };
        self.codes
            .insert(code.clone(), entry, |code| code.is_valid(now));
        code
    }

    /// Stores an access token.
    pub(crate) fn issue_access_token(
        &mut self,
        token: String,
        grant: Arc<Grant>,
        scope: Scope,
        now: u64,
        lifetime: u64,
    ) {
        let entry = AccessToken {
            scope,
            issued_at: now,
            expires_at: now.saturating_add(lifetime),
            grant,
        };
        self.access_tokens
            .insert(token, entry, |token| token.is_valid(now));
    }

    /// Removes all access tokens of a grant.
    pub(crate) fn end_access_tokens(&mut self, grant: &Arc<Grant>) {
        self.access_tokens
            .retain(|token| !Arc::ptr_eq(&token.grant, grant));
    }

    /// Issues a refresh token.
    pub(crate) fn issue_refresh_token(
        &mut self,
        grant: Arc<Grant>,
        now: u64,
        lifetime: u64,
    ) -> String {
        let token = self.generator.next("rt");
        let entry = RefreshToken {
            grant,
            expires_at: now.saturating_add(lifetime),
            replaced: false,
        };
        self.refresh_tokens
            .insert(token.clone(), entry, |token| token.is_valid(now));
        token
    }

    /// Redeems a code; the error is the reason. A token request that does not match the authorization
    /// request leaves the code valid. A second use of a code revokes its grant (RFC 6749 §4.1.2).
    pub(crate) fn redeem(
        &mut self,
        code: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
        now: u64,
    ) -> Result<Arc<Grant>, &'static str> {
        let entry = self.codes.get_mut(code).ok_or("the code is unknown")?;
        let grant = &entry.grant;
        if entry.used {
            grant.revoke();
            return Err("the code was used before");
        }
        if now >= entry.expires_at {
            return Err("the code has expired");
        }
        if grant.is_revoked() {
            return Err("the grant was revoked");
        }
        grant.check(redirect_uri, verifier)?;
        entry.used = true;
        Ok(Arc::clone(grant))
    }

    /// The grant of a valid refresh token; the error is the reason. Reuse of a replaced token revokes its
    /// grant (RFC 9700 §4.14.2).
    pub(crate) fn refresh(&mut self, token: &str, now: u64) -> Result<Arc<Grant>, &'static str> {
        let entry = self
            .refresh_tokens
            .get(token)
            .ok_or("the refresh token is unknown")?;
        let grant = &entry.grant;
        if entry.replaced {
            grant.revoke();
            return Err("the refresh token was used before");
        }
        if grant.is_revoked() {
            return Err("the refresh token was revoked");
        }
        if now >= entry.expires_at {
            return Err("the refresh token has expired");
        }
        Ok(Arc::clone(grant))
    }

    /// Marks a refresh token as replaced: its reuse revokes the grant.
    pub(crate) fn replace_refresh_token(&mut self, token: &str) {
        if let Some(entry) = self.refresh_tokens.get_mut(token) {
            entry.replaced = true;
        }
    }

    /// A valid access token with its grant; the error is the reason.
    pub(crate) fn access(
        &self,
        token: &str,
        now: u64,
    ) -> Result<(&AccessToken, &Grant), &'static str> {
        let entry = self.access_tokens.get(token);
        let entry = entry.ok_or("the access token is unknown")?;
        if entry.grant.is_revoked() {
            return Err("the access token was revoked");
        }
        if now >= entry.expires_at {
            return Err("the access token has expired");
        }
        Ok((entry, &entry.grant))
    }

    /// Stores an ID token.
    pub(crate) fn record_id_token(&mut self, token: &str) {
        self.id_tokens.insert(hash(token), (), |()| true);
    }

    /// Whether this ID token was issued; it may have expired.
    pub(crate) fn knows_id_token(&self, token: &str) -> bool {
        self.id_tokens.get(&hash(token)).is_some()
    }

    /// Revokes an access token, or the grant of a refresh token (RFC 7009 §2.1), even of a replaced one.
    pub(crate) fn revoke(&mut self, token: &str) {
        self.access_tokens.remove(token);
        if let Some(entry) = self.refresh_tokens.get(token) {
            entry.grant.revoke();
        }
    }

    /// The number of grants that are not revoked.
    #[cfg(feature = "cli")]
    pub(crate) fn active_grants(&self) -> usize {
        let active = self.grants().filter(|grant| !grant.is_revoked());
        let unique: std::collections::HashSet<_> = active.map(Arc::as_ptr).collect();
        unique.len()
    }

    pub(crate) fn revoke_all(&mut self) {
        self.grants().for_each(|grant| grant.revoke());
    }

    /// The grants of all codes and tokens, with repetitions.
    fn grants(&self) -> impl Iterator<Item = &Arc<Grant>> {
        let codes = self.codes.values().map(|code| &code.grant);
        let access_tokens = self.access_tokens.values().map(|token| &token.grant);
        let refresh_tokens = self.refresh_tokens.values().map(|token| &token.grant);
        codes.chain(access_tokens).chain(refresh_tokens)
    }
}

impl Code {
    fn is_valid(&self, now: u64) -> bool {
        !self.used && now < self.expires_at && !self.grant.is_revoked()
    }
}

impl AccessToken {
    fn is_valid(&self, now: u64) -> bool {
        now < self.expires_at && !self.grant.is_revoked()
    }
}

impl RefreshToken {
    fn is_valid(&self, now: u64) -> bool {
        !self.replaced && now < self.expires_at && !self.grant.is_revoked()
    }
}

impl fmt::Debug for TokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenStore").finish_non_exhaustive()
    }
}

fn hash(token: &str) -> String {
    encode(digest(&SHA256, token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Person, provider::authorize::AuthorizeRequest};

    fn grant() -> Grant {
        let request = AuthorizeRequest::for_scope(Scope::none());
        Grant::new(request, Person::john(), "session".to_owned(), 0)
    }

    #[test]
    fn a_valid_token_survives_thousands_of_expired_ones() {
        let mut tokens = TokenStore::new("app");
        let (short, long) = (Arc::new(grant()), Arc::new(grant()));
        let token = tokens.issue_refresh_token(Arc::clone(&long), 0, 1_000_000);
        for now in 0..30_000 {
            tokens.issue_refresh_token(Arc::clone(&short), now, 10);
        }
        assert!(tokens.refresh(&token, 30_000).is_ok());
    }

    #[test]
    fn grants_are_removed_with_their_codes() {
        let mut tokens = TokenStore::new("app");
        let first = tokens.issue_code(grant(), 0, 60);
        for _ in 0..10_000 {
            tokens.issue_code(grant(), 100, 60);
        }
        assert!(tokens.grants().count() <= 10_000);
        assert_eq!(
            tokens.redeem(&first, "", None, 100).err(),
            Some("the code is unknown")
        );
    }

    #[test]
    fn revoke_all_revokes_grants_without_a_code() {
        let mut tokens = TokenStore::new("app");
        let grant = Arc::new(grant());
        let token = tokens.issue_refresh_token(grant, 0, 60);
        tokens.revoke_all();
        assert_eq!(
            tokens.refresh(&token, 0).err(),
            Some("the refresh token was revoked")
        );
    }
}
