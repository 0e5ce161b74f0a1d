//! What the fake gave out, and what of it still counts.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
};

use crate::provider::{grant::Grant, scope::Scope, secrets::Secrets};

/// Grants with the codes and tokens that were issued for them. Times are seconds since 1970.
pub(crate) struct Ledger {
    secrets: Secrets,
    grants: Vec<Arc<Grant>>,
    codes: HashMap<String, Code>,
    access_tokens: HashMap<String, AccessToken>,
    refresh_tokens: HashMap<String, RefreshToken>,
    id_tokens: HashSet<String>,
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
            grants: Vec::new(),
            codes: HashMap::new(),
            access_tokens: HashMap::new(),
            refresh_tokens: HashMap::new(),
            id_tokens: HashSet::new(),
        }
    }

    /// A new name for something that is kept elsewhere.
    pub(crate) fn new_id(&mut self, prefix: &str) -> String {
        self.secrets.next(prefix)
    }

    /// Enters a grant.
    pub(crate) fn enter(&mut self, grant: Grant) -> Arc<Grant> {
        let grant = Arc::new(grant);
        self.grants.push(Arc::clone(&grant));
        grant
    }

    /// Enters a grant and gives its code.
    pub(crate) fn issue_code(&mut self, grant: Grant, expires_at: u64) -> String {
        let grant = self.enter(grant);
        let code = self.secrets.next("code");
        self.codes.insert(
            code.clone(),
            Code {
                grant,
                expires_at,
                used: false,
            },
        );
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
        self.access_tokens.insert(token, entry);
    }

    /// From now on the access tokens of a grant so far count no more.
    pub(crate) fn end_access_tokens(&mut self, grant: &Arc<Grant>) {
        self.access_tokens
            .retain(|_, token| !Arc::ptr_eq(&token.grant, grant));
    }

    pub(crate) fn issue_refresh_token(&mut self, grant: Arc<Grant>, expires_at: u64) -> String {
        let token = self.secrets.next("rt");
        self.refresh_tokens.insert(
            token.clone(),
            RefreshToken {
                grant,
                expires_at,
                replaced: false,
            },
        );
        token
    }

    /// Uses a code up; the error says why it is no good. A request that does not fit leaves the code
    /// as it was. A second use of a used one ends its grant (RFC 6749 §4.1.2).
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

    /// The grant of a refresh token that still counts; the error says why it does not. A replaced
    /// token that comes back ends its grant: one of the two holders stole it (RFC 9700 §4.14.2).
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

    /// From now on this refresh token must not come back.
    pub(crate) fn replace_refresh_token(&mut self, token: &str) {
        if let Some(entry) = self.refresh_tokens.get_mut(token) {
            entry.replaced = true;
        }
    }

    /// An access token that still counts, with its grant; the error says why it does not.
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
    pub(crate) fn note_id_token(&mut self, token: String) {
        self.id_tokens.insert(token);
    }

    /// Whether this is an ID token that was issued, however long ago.
    pub(crate) fn knows_id_token(&self, token: &str) -> bool {
        self.id_tokens.contains(token)
    }

    /// Ends an access token; a refresh token with all of its grant (RFC 7009 §2.1), be it the latest of
    /// the grant or not.
    pub(crate) fn revoke(&mut self, token: &str) {
        self.access_tokens.remove(token);
        if let Some(entry) = self.refresh_tokens.get(token) {
            entry.grant.revoke();
        }
    }

    /// How many grants are not revoked.
    #[cfg(feature = "cli")]
    pub(crate) fn living(&self) -> usize {
        self.grants
            .iter()
            .filter(|grant| !grant.is_revoked())
            .count()
    }

    pub(crate) fn revoke_all(&mut self) {
        self.grants.iter().for_each(|grant| grant.revoke());
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("grants", &self.grants.len())
            .finish_non_exhaustive()
    }
}
