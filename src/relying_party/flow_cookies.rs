//! The cookies of sign-ins under way.
//!
//! Each sign-in has a cookie of its own, so that several tabs can sign in at the same time. Together they are bounded,
//! so that abandoned sign-ins do not fill a request's headers.

use std::{cmp::Reverse, iter};

use http::HeaderValue;

use crate::{
    clock::Timestamp,
    cookie::{CookieHeaders, CookieScope, cookies, fitting, line_length},
    error::CallbackError,
    oidc::PendingSignIn,
    seal::Sealer,
};

/// The flow cookies of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlowCookies<'a> {
    pub(super) sealer: &'a Sealer,
    pub(super) scope: &'a CookieScope,
    pub(super) lines: &'a CookieHeaders,
}

impl FlowCookies<'_> {
    /// Opens the sign-in of `state`. The cookies and the state are attacker-controlled.
    ///
    /// # Errors
    ///
    /// - [`CallbackError::UnknownSignIn`]: the browser has no flow cookie of this state;
    /// - [`CallbackError::FlowCookieUndecryptable`]: the flow cookie does not open.
    pub(super) fn open(&self, state: &str) -> Result<PendingSignIn, CallbackError> {
        let name = self.name(state);
        let same_name = cookies(self.lines.iter()).filter(|(other, _)| *other == name.as_bytes());
        let mut failure = CallbackError::UnknownSignIn;
        // Without the prefix `__Host-` another host of the site can set a second one.
        for (name, value) in same_name.take(MAX_SAME_NAME) {
            match self.unseal(name, value) {
                Some(pending) => return Ok(pending),
                None => failure = CallbackError::FlowCookieUndecryptable,
            }
        }
        Err(failure)
    }

    /// The states of this browser's sign-ins under way.
    pub(super) fn states(&self) -> impl Iterator<Item = String> {
        let opened = |(name, value)| Some(self.unseal(name, value)?.state().to_owned());
        // Planted cookies do not open, and must not take the place of those that do.
        self.all().filter_map(opened).take(MAX_COUNT)
    }

    /// The `Set-Cookie` values for a new sign-in: its own cookie, the removal of the cookie that it replaces, and of
    /// the oldest cookies beyond five or beyond 3 KB. Removals that do not fit into the response follow with
    /// the next sign-in; there are so many only if another host has planted cookies.
    pub(super) fn set_cookies(
        &self,
        pending: &PendingSignIn,
        replaced: Option<&str>,
        now: Timestamp,
    ) -> Vec<HeaderValue> {
        let name = self.name(pending.state());
        let replaced = replaced.map(|state| self.name(state));
        let value = self.sealer.seal(name.as_bytes(), &pending.encode());

        let is_replaced = |name: &[u8]| replaced.as_deref().map(str::as_bytes) == Some(name);
        let mut existing: Vec<_> = self
            .all()
            .filter(|(name, _)| !is_replaced(name))
            .map(|(name, value)| {
                // A cookie that does not open counts as oldest: it may be another application's.
                let expires = self.unseal(name, value).map(|pending| pending.expires);
                (expires, name, length(name, value))
            })
            .collect();
        // Newest first. Browsers send older cookies first (RFC 6265bis §5.8.3): the tie-break for equal expiry times.
        existing.reverse();
        existing.sort_by_key(|(expires, ..)| Reverse(*expires));

        let mut count = 1;
        let mut size = length(name.as_bytes(), value.as_bytes());
        let removals = existing.into_iter().filter_map(|(_, name, length)| {
            count += 1;
            size += length;
            (count > MAX_COUNT || size > MAX_SIZE).then(|| self.removal(name))?
        });
        let set = self.scope.set(&name, &value, pending.expires.since(now));
        let replaced = replaced.map(|name| self.scope.remove(&name));
        let room = MAX_LINES.saturating_sub(line_length(&set));
        let removals = fitting(room, replaced.into_iter().chain(removals));
        iter::once(set).chain(removals).collect()
    }

    /// The `Set-Cookie` value that removes the cookie of `state`.
    pub(super) fn removal_of(&self, state: &str) -> HeaderValue {
        self.scope.remove(&self.name(state))
    }

    /// The `Set-Cookie` values that remove all flow cookies, those of sign-ins under way first. The rest does not fit
    /// into the response only if it was planted.
    pub(super) fn removals(&self) -> impl Iterator<Item = HeaderValue> {
        let opens = |&(name, value): &(_, _)| self.unseal(name, value).is_some();
        let (own, others): (Vec<_>, Vec<_>) = self.all().partition(opens);
        let all = own.into_iter().chain(others);
        fitting(MAX_LINES, all.filter_map(|(name, _)| self.removal(name)))
    }

    fn all(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let prefix = self.scope.flow_prefix.as_bytes();
        cookies(self.lines.iter()).filter(move |(name, _)| name.starts_with(prefix))
    }

    fn unseal(&self, name: &[u8], value: &[u8]) -> Option<PendingSignIn> {
        PendingSignIn::decode(&self.sealer.open(name, value)?)
    }

    /// `None` for a name that this layer did not make: it must not reach a header.
    fn removal(&self, name: &[u8]) -> Option<HeaderValue> {
        let suffix = name.strip_prefix(self.scope.flow_prefix.as_bytes())?;
        let is_ours = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        let name = std::str::from_utf8(name).ok()?;
        suffix.iter().all(is_ours).then(|| self.scope.remove(name))
    }

    fn name(&self, state: &str) -> String {
        let suffix = PendingSignIn::cookie_suffix(state);
        self.scope.flow_name(&suffix)
    }
}

/// The length of a cookie in the `Cookie` header.
fn length(name: &[u8], value: &[u8]) -> usize {
    name.len() + "=".len() + value.len() + "; ".len()
}

const MAX_SAME_NAME: usize = 2;
const MAX_COUNT: usize = 5;
/// In bytes of the `Cookie` header.
const MAX_SIZE: usize = 3 * 1024;
/// In bytes of `Set-Cookie` lines. The rest of a response's 4 KB is for the authorization request or the end-session
/// request, and for the removal of a session.
const MAX_LINES: usize = 2 * 1024;
