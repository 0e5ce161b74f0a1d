//! A browser's cookies (RFC 6265bis §5).

use http::{HeaderMap, header};
use url::Url;

use crate::{
    browser::stored_cookie::{SameSite, StoredCookie},
    clock::{FakeClock, unix_seconds},
};

/// The cookies of a browser, oldest first, and the name and the reason of those that it rejected.
#[derive(Clone, Debug, Default)]
pub(crate) struct CookieJar {
    clock: Option<FakeClock>,
    cookies: Vec<StoredCookie>,
    rejected: Vec<String>,
}

/// The relation of a request to the site that initiated it, which `SameSite` restricts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SiteContext {
    /// Initiated by the person, or by a page of the same site.
    SameSite,
    /// A top-level navigation from another site with a safe method, such as a link.
    CrossSiteNavigation,
    /// Any other request from another site: a form, a script.
    CrossSite,
}

impl CookieJar {
    pub(crate) fn new(clock: Option<FakeClock>) -> Self {
        Self {
            clock,
            ..Self::default()
        }
    }

    /// Stores the cookies of a response from `url`.
    pub(crate) fn receive(&mut self, url: &Url, headers: &HeaderMap) {
        for line in headers.get_all(header::SET_COOKIE) {
            let line = String::from_utf8_lossy(line.as_bytes());
            match StoredCookie::parse(&line, url, self.now()) {
                Ok(cookie) => self.put(cookie),
                Err(reason) => {
                    // Without `=`, the line is a value without a name.
                    let name = line.split_once('=').map_or("", |(name, _)| name.trim());
                    self.rejected.push(format!("{name}: {reason}"));
                }
            }
        }
    }

    /// Stores a cookie, which replaces an older version. An expired cookie deletes it.
    pub(crate) fn put(&mut self, cookie: StoredCookie) {
        let expired = cookie.is_expired(self.now());
        let older = self
            .cookies
            .iter_mut()
            .find(|older| older.is_replaced_by(&cookie));
        match (older, expired) {
            // Keeps its position, which is its creation time (RFC 6265bis §5.7 step 22.3).
            (Some(older), false) => *older = cookie,
            (None, false) => self.cookies.push(cookie),
            (_, true) => self.cookies.retain(|older| !older.is_replaced_by(&cookie)),
        }
    }

    /// Removes all cookies with this name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.cookies.retain(|cookie| cookie.name() != name);
    }

    /// The value of the `Cookie` header for `url`: longer paths first, then older cookies (§5.8.3).
    pub(crate) fn header(&self, url: &Url, context: SiteContext) -> Option<String> {
        let mut sent = self.cookies();
        sent.retain(|cookie| cookie.belongs_to(url) && is_sent(cookie.same_site(), context));
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

    pub(crate) fn rejected(&self) -> &[String] {
        &self.rejected
    }

    /// An empty jar with the same clock.
    pub(crate) fn emptied(&self) -> Self {
        Self::new(self.clock.clone())
    }

    /// 1970 without a clock: cookies that a server deletes expire, others do not.
    fn now(&self) -> u64 {
        self.clock
            .as_ref()
            .map_or(0, |clock| unix_seconds(clock.now()))
    }
}

/// RFC 6265bis §5.8.3 step 1; without the attribute, `Lax` applies.
fn is_sent(same_site: Option<SameSite>, context: SiteContext) -> bool {
    match (same_site.unwrap_or(SameSite::Lax), context) {
        (_, SiteContext::SameSite)
        | (SameSite::None, _)
        | (SameSite::Lax, SiteContext::CrossSiteNavigation) => true,
        (SameSite::Lax, SiteContext::CrossSite) | (SameSite::Strict, _) => false,
    }
}

#[cfg(test)]
mod tests;
