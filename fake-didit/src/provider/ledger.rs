//! The codes and tokens that the fake issued, and whether they are valid.

use std::{fmt, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};

use crate::{
    keys::base64url::encode,
    provider::{grant::Grant, issued::Issued, scope::Scope, secrets::Secrets},
};

/// The codes and tokens that were issued, each with its grant. Times are seconds since 1970.
pub(crate) struct Ledger {
    secrets: Secrets,
    codes: Issued<Code>,
    access_tokens: Issued<AccessToken>,
    refresh_tokens: Issued<RefreshToken>,
    /// Hashes of them, which are shorter.
    id_tokens: Issued<()>,
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

impl Ledger {
    pub(crate) fn new(client_id: &str) -> Self {
        Self {
            secrets: Secrets::new(client_id),
            codes: Issued::default(),
            access_tokens: Issued::default(),
            refresh_tokens: Issued::default(),
            id_tokens: Issued::default(),
        }
    }

    /// A new unique value for what is stored elsewhere, such as a session.
    pub(crate) fn new_id(&mut self, prefix: &str) -> String {
        self.secrets.next(prefix)
    }

    /// Issues the code of a grant.
    pub(crate) fn issue_code(&mut self, grant: Grant, now: u64, lifetime: u64) -> String {
        let code = self.secrets.next("code");
        let entry = Code {
            grant: Arc::new(grant),
            expires_at: now.saturating_add(lifetime),
            used: false,
        };
        self.codes
            .insert(code.clone(), entry, |code| code.is_valid(now));
        code
    }

    /// Enters an access token.
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

    /// Invalidates the access tokens that a grant has so far.
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
        let token = self.secrets.next("rt");
        let entry = RefreshToken {
            grant,
            expires_at: now.saturating_add(lifetime),
            replaced: false,
        };
        self.refresh_tokens
            .insert(token.clone(), entry, |token| token.is_valid(now));
        token
    }

    /// Redeems a code; the error says why the code is refused. A request that does not match the authorization
    /// request leaves the code valid. A second use of a redeemed code revokes its grant (RFC 6749 §4.1.2).
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
        grant.fits(redirect_uri, verifier)?;
        entry.used = true;
        Ok(Arc::clone(grant))
    }

    /// The grant of a valid refresh token; the error says why the token is invalid. The reuse of a replaced
    /// token revokes its grant (RFC 9700 §4.14.2).
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

    /// A valid access token with its grant; the error says why the token is invalid.
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

    /// Enters an ID token.
    pub(crate) fn note_id_token(&mut self, token: &str) {
        self.id_tokens.insert(hash(token), (), |()| true);
    }

    /// Whether this is an ID token that was issued, expired or not.
    pub(crate) fn knows_id_token(&self, token: &str) -> bool {
        self.id_tokens.get(&hash(token)).is_some()
    }

    /// Revokes an access token, or the whole grant of a refresh token (RFC 7009 §2.1), replaced or not.
    pub(crate) fn revoke(&mut self, token: &str) {
        self.access_tokens.remove(token);
        if let Some(entry) = self.refresh_tokens.get(token) {
            entry.grant.revoke();
        }
    }

    /// How many grants are not revoked.
    #[cfg(feature = "cli")]
    pub(crate) fn living(&self) -> usize {
        let living = self.grants().filter(|grant| !grant.is_revoked());
        let places: std::collections::HashSet<_> = living.map(Arc::as_ptr).collect();
        places.len()
    }

    pub(crate) fn revoke_all(&mut self) {
        self.grants().for_each(|grant| grant.revoke());
    }

    /// The grants of all codes and tokens; a grant with several of them is there as often.
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

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
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
    fn a_valid_token_outlives_thousands_of_expired_ones() {
        let mut ledger = Ledger::new("app");
        let (short, long) = (Arc::new(grant()), Arc::new(grant()));
        let token = ledger.issue_refresh_token(Arc::clone(&long), 0, 1_000_000);
        for now in 0..30_000 {
            ledger.issue_refresh_token(Arc::clone(&short), now, 10);
        }
        assert!(ledger.refresh(&token, 30_000).is_ok());
    }

    #[test]
    fn grants_are_dropped_with_their_codes() {
        let mut ledger = Ledger::new("app");
        let first = ledger.issue_code(grant(), 0, 60);
        for _ in 0..10_000 {
            ledger.issue_code(grant(), 100, 60);
        }
        assert!(ledger.grants().count() <= 10_000);
        assert_eq!(
            ledger.redeem(&first, "", None, 100).err(),
            Some("the code is unknown")
        );
    }

    #[test]
    fn revocation_of_all_reaches_grants_without_a_code() {
        let mut ledger = Ledger::new("app");
        let grant = Arc::new(grant());
        let token = ledger.issue_refresh_token(grant, 0, 60);
        ledger.revoke_all();
        assert_eq!(
            ledger.refresh(&token, 0).err(),
            Some("the refresh token was revoked")
        );
    }
}
