//! The cookies of sign-ins under way.
//!
//! One cookie an attempt, so that several tabs can sign in at the same time; together they are
//! bounded, so that abandoned attempts never fill a request's headers.

use std::{cmp, iter};

use http::HeaderValue;

use crate::{
    clock::Timestamp,
    cookie::{CookieScope, cookies},
    error::CallbackError,
    oidc::PendingSignIn,
    seal::Sealer,
};

/// Reads and writes flow cookies.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlowCookies<'a> {
    pub(super) sealer: &'a Sealer,
    pub(super) scope: &'a CookieScope,
}

impl FlowCookies<'_> {
    /// Opens the sign-in that `state` belongs to. The cookies and the state are attacker-controlled.
    ///
    /// # Errors
    ///
    /// - [`CallbackError::UnknownSignIn`]: the browser has no flow cookie of this state;
    /// - [`CallbackError::ForeignSignIn`]: it has one that does not open.
    pub(super) fn open<'b>(
        &self,
        lines: impl IntoIterator<Item = &'b HeaderValue>,
        state: &str,
    ) -> Result<PendingSignIn, CallbackError> {
        let wanted = self.name(state);
        let mut failure = CallbackError::UnknownSignIn;
        let same_name = cookies(lines).filter(|(name, _)| *name == wanted.as_bytes());
        // Without the prefix `__Host-` another host of the site can set a second one.
        for (name, value) in same_name.take(MAX_SAME_NAME) {
            match self.unseal(name, value) {
                Some(pending) => return Ok(pending),
                None => failure = CallbackError::ForeignSignIn,
            }
        }
        Err(failure)
    }

    /// The states of all sign-ins that this browser has under way.
    pub(super) fn states<'b>(
        &self,
        lines: impl IntoIterator<Item = &'b HeaderValue>,
    ) -> impl Iterator<Item = String> {
        self.all(lines)
            .take(MAX_COUNT)
            .filter_map(|(name, value)| Some(self.unseal(name, value)?.state().to_owned()))
    }

    /// The `Set-Cookie` values for a new sign-in: its own, and the removal of the one that it takes
    /// the place of, and of the oldest where there would be more than five, or more than 3 KB of them.
    pub(super) fn begin<'b>(
        &self,
        lines: impl IntoIterator<Item = &'b HeaderValue>,
        pending: &PendingSignIn,
        replaced: Option<&str>,
        now: Timestamp,
    ) -> Vec<HeaderValue> {
        let name = self.name(pending.state());
        let replaced = replaced.map(|state| self.name(state));
        let value = self.sealer.seal(name.as_bytes(), &pending.encode());

        // What does not open counts as oldest: it may be another application's on this host.
        let is_replaced = |name: &[u8]| {
            replaced
                .as_ref()
                .is_some_and(|other| other.as_bytes() == name)
        };
        let mut existing: Vec<_> = self
            .all(lines)
            .filter(|(name, _)| !is_replaced(name))
            .map(|(name, value)| {
                let pending = self.unseal(name, value);
                let expires = pending.map_or(Timestamp::from_unix(0), |pending| pending.expires);
                (expires, name, length(name, value))
            })
            .collect();
        // Newest first. Browsers send older cookies first (RFC 6265bis §5.8.3), which decides
        // between those of the same second.
        existing.reverse();
        existing.sort_by_key(|(expires, ..)| cmp::Reverse(*expires));

        let mut count = 1;
        let mut size = length(name.as_bytes(), value.as_bytes());
        let removals = existing.into_iter().filter_map(|(_, name, length)| {
            count += 1;
            size += length;
            (count > MAX_COUNT || size > MAX_SIZE).then(|| self.removal(name))?
        });
        let set = self.scope.set(&name, &value, pending.expires.since(now));
        let replaced = replaced.iter().map(|name| self.scope.remove(name));
        iter::once(set)
            .chain(replaced)
            .chain(removals.take(MAX_REMOVALS))
            .collect()
    }

    /// The `Set-Cookie` value that ends the sign-in of `state`.
    pub(super) fn end(&self, state: &str) -> HeaderValue {
        self.scope.remove(&self.name(state))
    }

    /// The `Set-Cookie` values that end all of them.
    pub(super) fn end_all<'b>(
        &self,
        lines: impl IntoIterator<Item = &'b HeaderValue>,
    ) -> Vec<HeaderValue> {
        self.all(lines)
            .filter_map(|(name, _)| self.removal(name))
            .take(MAX_REMOVALS)
            .collect()
    }

    fn all<'b>(
        &self,
        lines: impl IntoIterator<Item = &'b HeaderValue>,
    ) -> impl Iterator<Item = (&'b [u8], &'b [u8])> {
        let prefix = self.scope.flow_prefix().as_bytes();
        cookies(lines).filter(move |(name, _)| name.starts_with(prefix))
    }

    fn unseal(&self, name: &[u8], value: &[u8]) -> Option<PendingSignIn> {
        PendingSignIn::decode(&self.sealer.open(name, value)?)
    }

    /// Nothing for a name that only a stranger could have made up: it must not reach a header.
    fn removal(&self, name: &[u8]) -> Option<HeaderValue> {
        let suffix = name.strip_prefix(self.scope.flow_prefix().as_bytes())?;
        let is_ours = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        let name = std::str::from_utf8(name).ok()?;
        suffix.iter().all(is_ours).then(|| self.scope.remove(name))
    }

    fn name(&self, state: &str) -> String {
        let suffix = PendingSignIn::cookie_suffix(state);
        format!("{}{suffix}", self.scope.flow_prefix())
    }
}

/// What a cookie takes of the `Cookie` header.
fn length(name: &[u8], value: &[u8]) -> usize {
    name.len() + "=".len() + value.len() + "; ".len()
}

const MAX_SAME_NAME: usize = 2;
const MAX_COUNT: usize = 5;
/// In bytes of the `Cookie` header.
const MAX_SIZE: usize = 3 * 1024;
/// More than a browser that was not tampered with can need: a stranger must not blow up the answer.
const MAX_REMOVALS: usize = 64;
