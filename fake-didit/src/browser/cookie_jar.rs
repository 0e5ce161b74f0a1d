//! A browser's cookies (RFC 6265bis §5).

use http::{HeaderMap, header};
use url::Url;

use crate::{
    browser::{
        rejected_cookie::RejectedCookie,
        stored_cookie::{SameSite, StoredCookie},
    },
    clock::{FakeClock, unix_seconds},
};

/// The cookies of one browser, oldest first, and those that it refused.
#[derive(Clone, Debug, Default)]
pub(crate) struct CookieJar {
    clock: Option<FakeClock>,
    cookies: Vec<StoredCookie>,
    rejected: Vec<RejectedCookie>,
}

/// Who caused a request, as far as `SameSite` asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The person, or a page of the same site.
    SameSite,
    /// A link of another site: a top-level navigation by a safe method.
    ForeignLink,
    /// Anything else of another site: a form, a script.
    Foreign,
}

impl CookieJar {
    pub(crate) fn new(clock: Option<FakeClock>) -> Self {
        Self {
            clock,
            ..Self::default()
        }
    }

    /// Takes in all `Set-Cookie` lines of an answer from `url`.
    pub(crate) fn receive(&mut self, url: &Url, headers: &HeaderMap) {
        for line in headers.get_all(header::SET_COOKIE) {
            let line = String::from_utf8_lossy(line.as_bytes());
            match StoredCookie::parse(&line, url, self.now()) {
                Ok(cookie) => self.put(cookie),
                Err(reason) => self
                    .rejected
                    .push(RejectedCookie::new(line.into_owned(), reason)),
            }
        }
    }

    /// Stores a cookie in place of an older version, or deletes that when the new one has expired.
    pub(crate) fn put(&mut self, cookie: StoredCookie) {
        let expired = cookie.is_expired(self.now());
        let older = self
            .cookies
            .iter_mut()
            .find(|older| older.is_replaced_by(&cookie));
        match (older, expired) {
            // The place among the others stays: it stands for the time of creation.
            (Some(older), false) => *older = cookie,
            (None, false) => self.cookies.push(cookie),
            (_, true) => self.cookies.retain(|older| !older.is_replaced_by(&cookie)),
        }
    }

    /// Removes all cookies of this name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.cookies.retain(|cookie| cookie.name() != name);
    }

    /// The value of the `Cookie` header for `url`: longer paths first, then older cookies (§5.8.3).
    pub(crate) fn header(&self, url: &Url, cause: Cause) -> Option<String> {
        let mut sent = self.cookies();
        sent.retain(|cookie| cookie.belongs_to(url) && travels(cookie.same_site(), cause));
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path().len()));
        let pairs: Vec<_> = sent
            .iter()
            .map(|cookie| format!("{}={}", cookie.name(), cookie.value()))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The cookies that have not expired, oldest first.
    pub(crate) fn cookies(&self) -> Vec<StoredCookie> {
        let now = self.now();
        self.cookies
            .iter()
            .filter(|cookie| !cookie.is_expired(now))
            .cloned()
            .collect()
    }

    pub(crate) fn rejected(&self) -> &[RejectedCookie] {
        &self.rejected
    }

    /// The same clock, no cookies.
    pub(crate) fn emptied(&self) -> Self {
        Self::new(self.clock.clone())
    }

    /// Without a clock it is always 1970: whatever a server deletes is gone, nothing else expires.
    fn now(&self) -> u64 {
        self.clock
            .as_ref()
            .map_or(0, |clock| unix_seconds(clock.now()))
    }
}

/// RFC 6265bis §5.8.3 step 1; no attribute counts as `Lax`.
fn travels(same_site: Option<SameSite>, cause: Cause) -> bool {
    match (same_site.unwrap_or(SameSite::Lax), cause) {
        (_, Cause::SameSite) | (SameSite::None, _) | (SameSite::Lax, Cause::ForeignLink) => true,
        (SameSite::Lax, Cause::Foreign) | (SameSite::Strict, _) => false,
    }
}

#[cfg(test)]
mod tests;
