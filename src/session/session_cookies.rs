//! The cookies of a session: the one under its name, and further chunks.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::HeaderValue;

use super::{Sessions, store::SessionKey};
use crate::cookie::{CookieScope, cookies};

/// The session cookies of a request. They are attacker-controlled.
///
/// Two cookies under one name differ only without the prefix `__Host-`, after another host of the site or a script has
/// set one of them (cookie tossing). Browsers send that one before or after the genuine one (RFC 6265bis §5.8.3), in
/// the same order for each name: the first values are one session and the last values the other. More than two are not
/// tried.
#[derive(Default)]
pub(super) struct SessionCookies<'a> {
    /// The first value of each name.
    pub(super) first: Chunks<'a>,
    /// The last value of each name, if any differs from the first.
    pub(super) last: Option<Box<Chunks<'a>>>,
    pub(super) existing: PresentedCookies,
}

/// The values of a session's cookies, in their order.
#[derive(Clone, Copy, Default)]
pub(super) struct Chunks<'a>([Option<&'a [u8]>; MAX_CHUNKS]);

impl<'a> SessionCookies<'a> {
    #[inline]
    pub(super) fn read(
        lines: impl IntoIterator<Item = &'a HeaderValue>,
        scope: &CookieScope,
    ) -> Self {
        let mut read = Self::default();
        let name = scope.session().as_bytes();
        for (candidate, value) in cookies(lines) {
            let index = match candidate.strip_prefix(name) {
                Some([]) => 0,
                Some(suffix) if suffix == COMPLETIONS.as_bytes() => {
                    let count = number(value).unwrap_or_default();
                    read.existing.completions = read.existing.completions.max(count);
                    continue;
                }
                Some([b'.', digits @ ..]) => number(digits).map_or(MAX_CHUNKS, usize::from),
                Some(_) | None => continue,
            };
            let Some(first) = read.first.0.get_mut(index) else {
                continue;
            };
            match *first {
                None => *first = Some(value),
                Some(first) if first != value => {
                    read.last.get_or_insert_with(|| Box::new(read.first));
                }
                Some(_) => {}
            }
            if let Some(last) = read.last.as_mut().and_then(|last| last.0.get_mut(index)) {
                *last = Some(value);
            }
            read.existing.chunks |= 1 << index;
        }
        read
    }
}

impl<'a> Chunks<'a> {
    /// The key of the session in a store.
    pub(super) fn key(&self) -> Option<SessionKey> {
        let cookie_id = BASE64_URL_SAFE_NO_PAD.decode(self.get(0)?).ok()?;
        Some(SessionKey::of_cookie_id(&cookie_id.try_into().ok()?))
    }

    /// How many chunks the session has and the text of the first. Further chunks may be left over from a longer
    /// session: a browser may be unable to remove them.
    pub(super) fn first(&self) -> Option<(usize, &'a [u8])> {
        let first = self.get(0)?;
        let dot = first.iter().position(|byte| *byte == b'.')?;
        let (count, text) = first.split_at(dot);
        Some((number(count)?.into(), text.get(1..)?))
    }

    pub(super) fn get(&self, index: usize) -> Option<&'a [u8]> {
        *self.0.get(index)?
    }
}

/// Which of a session's cookies a browser has, so that all of them can be removed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PresentedCookies {
    chunks: u16,
    completions: u8,
}

impl PresentedCookies {
    /// How many sign-ins this browser has completed one after the other, each less than 30 s after the last. The
    /// count is not sealed: it grants nothing.
    pub(crate) fn completions(self) -> u8 {
        self.completions
    }

    /// The `Set-Cookie` values that remove all chunks from `first` on.
    pub(super) fn removals(
        self,
        first: usize,
        scope: &CookieScope,
    ) -> impl Iterator<Item = HeaderValue> {
        (first..MAX_CHUNKS)
            .filter(move |index| self.chunks & (1 << index) != 0)
            .map(move |index| scope.remove(&chunk_name(index, scope)))
    }
}

impl Sessions {
    /// The `Set-Cookie` values that remove all cookies of a session.
    pub(crate) fn removals(&self, existing: PresentedCookies) -> impl Iterator<Item = HeaderValue> {
        let counter = self.completions_removal(existing);
        existing.removals(0, &self.scope).chain(counter)
    }

    /// The `Set-Cookie` value that resets the count of completed sign-ins.
    pub(crate) fn completions_removal(&self, existing: PresentedCookies) -> Option<HeaderValue> {
        (existing.completions > 0).then(|| self.scope.remove(&counter_name(&self.scope)))
    }

    /// The `Set-Cookie` value that counts a completed sign-in of a browser.
    pub(crate) fn completion_cookie(&self, existing: PresentedCookies) -> HeaderValue {
        let count = existing.completions.saturating_add(1).min(MAX_COMPLETIONS);
        let name = counter_name(&self.scope);
        self.scope
            .set(&name, &count.to_string(), COMPLETIONS_LIFETIME)
    }
}

/// The name of the cookie that counts completed sign-ins.
pub(super) fn counter_name(scope: &CookieScope) -> String {
    format!("{}{COMPLETIONS}", scope.session())
}

pub(super) fn chunk_name(index: usize, scope: &CookieScope) -> String {
    match index {
        0 => scope.session().to_owned(),
        _ => format!("{}.{index}", scope.session()),
    }
}

/// A number from 1 to 99 without leading zeros.
fn number(digits: &[u8]) -> Option<u8> {
    match digits {
        [a @ b'1'..=b'9'] => Some(a - b'0'),
        [a @ b'1'..=b'9', b @ b'0'..=b'9'] => Some((a - b'0') * 10 + (b - b'0')),
        _ => None,
    }
}

/// The suffix of the cookie that counts completed sign-ins.
const COMPLETIONS: &str = ".completed";
const COMPLETIONS_LIFETIME: Duration = Duration::from_secs(30);
const MAX_COMPLETIONS: u8 = 9;
/// Enough for 40 KB.
pub(super) const MAX_CHUNKS: usize = 11;
