//! The cookies of a session: the one under its name, and those that it goes on in.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::HeaderValue;

use crate::cookie::{CookieScope, cookies};

/// The cookies of a request that belong to a session. They are attacker-controlled.
#[derive(Default)]
pub(crate) struct SessionCookies<'a> {
    chunks: [Option<&'a [u8]>; MAX_CHUNKS],
    existing: ExistingChunks,
    /// Whether a name is there twice with different values.
    pub(super) differ: bool,
}

impl<'a> SessionCookies<'a> {
    /// Reads the cookies of a request; of those that differ under one name, the first.
    ///
    /// They differ only where the prefix `__Host-` is missing: another host of the site, or a script, has planted a
    /// cookie. Browsers send it before or behind the own one (RFC 6265bis §5.8.3), in the same order for each
    /// name, so the first values are one session and the last ones the other. More than two are not tried.
    #[inline]
    pub(super) fn first_of(
        lines: impl IntoIterator<Item = &'a HeaderValue>,
        scope: &CookieScope,
    ) -> Self {
        let mut read = Self::default();
        read.read(lines, scope, |known, _| known);
        read
    }

    /// Likewise, of those that differ the last.
    pub(super) fn last_of(
        lines: impl IntoIterator<Item = &'a HeaderValue>,
        scope: &CookieScope,
    ) -> Self {
        let mut read = Self::default();
        read.read(lines, scope, |_, value| value);
        read
    }

    #[inline]
    fn read(
        &mut self,
        lines: impl IntoIterator<Item = &'a HeaderValue>,
        scope: &CookieScope,
        choose: impl Fn(&'a [u8], &'a [u8]) -> &'a [u8],
    ) {
        let name = scope.session().as_bytes();
        for (candidate, value) in cookies(lines) {
            let Some(suffix) = candidate.strip_prefix(name) else {
                continue;
            };
            if suffix == COMPLETIONS.as_bytes() {
                let count = number(value).and_then(|count| u8::try_from(count).ok());
                let completions = &mut self.existing.completions;
                *completions = (*completions).max(count.unwrap_or_default());
                continue;
            }
            let Some(index) = chunk_index(suffix) else {
                continue;
            };
            let Some(chunk) = self.chunks.get_mut(index) else {
                continue;
            };
            *chunk = Some(match *chunk {
                None => value,
                Some(known) => {
                    self.differ |= known != value;
                    choose(known, value)
                }
            });
            self.existing.chunks |= 1 << index;
        }
    }

    pub(super) fn existing(&self) -> ExistingChunks {
        self.existing
    }

    /// The id of a session in a store.
    pub(super) fn id(&self) -> Option<[u8; 32]> {
        let id = BASE64_URL_SAFE_NO_PAD.decode(self.chunk(0)?).ok()?;
        id.try_into().ok()
    }

    /// How many chunks a session has, by its first one, and the text of that. Further ones are left over from a
    /// longer session: a browser may be unable to remove them.
    pub(super) fn first(&self) -> Option<(usize, &'a [u8])> {
        let first = self.chunk(0)?;
        let dot = first.iter().position(|byte| *byte == b'.')?;
        let (count, text) = first.split_at(dot);
        Some((number(count)?, text.get(1..)?))
    }

    pub(super) fn chunk(&self, index: usize) -> Option<&'a [u8]> {
        *self.chunks.get(index)?
    }
}

/// Which of the session's cookies a browser has, so that none is left behind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExistingChunks {
    chunks: u16,
    completions: u8,
}

impl ExistingChunks {
    pub(crate) fn is_empty(self) -> bool {
        self.chunks == 0
    }

    /// How many sign-ins this browser has completed one after the other, each less than 30 s after the last. It is
    /// not sealed: it grants nothing.
    pub(crate) fn completions(self) -> u8 {
        self.completions
    }

    /// The `Set-Cookie` value that counts another one.
    pub(super) fn count_completion(self, scope: &CookieScope) -> HeaderValue {
        let count = self.completions.saturating_add(1).min(MAX_COMPLETIONS);
        let name = format!("{}{COMPLETIONS}", scope.session());
        scope.set(&name, &count.to_string(), COMPLETIONS_LIFETIME)
    }

    /// The `Set-Cookie` values that remove those from `first` on.
    pub(super) fn removals(
        self,
        first: usize,
        scope: &CookieScope,
    ) -> impl Iterator<Item = HeaderValue> {
        (first..MAX_CHUNKS)
            .filter(move |index| self.chunks & (1 << index) != 0)
            .map(move |index| scope.remove(&chunk_name(index, scope)))
    }

    /// The `Set-Cookie` values that remove all.
    pub(super) fn all_removals(self, scope: &CookieScope) -> impl Iterator<Item = HeaderValue> {
        let name = || scope.remove(&format!("{}{COMPLETIONS}", scope.session()));
        let counter = (self.completions > 0).then(name);
        self.removals(0, scope).chain(counter)
    }
}

pub(super) fn chunk_name(index: usize, scope: &CookieScope) -> String {
    match index {
        0 => scope.session().to_owned(),
        _ => format!("{}.{index}", scope.session()),
    }
}

/// The index of the chunk whose name is the session's with `suffix`.
fn chunk_index(suffix: &[u8]) -> Option<usize> {
    match suffix {
        [] => Some(0),
        [b'.', digits @ ..] => number(digits),
        _ => None,
    }
}

/// A number from 1 to 99, written in the one canonical way.
fn number(digits: &[u8]) -> Option<usize> {
    match digits {
        [a @ b'1'..=b'9'] => Some(usize::from(a - b'0')),
        [a @ b'1'..=b'9', b @ b'0'..=b'9'] => {
            Some(usize::from(a - b'0') * 10 + usize::from(b - b'0'))
        }
        _ => None,
    }
}

/// What the name of the cookie that counts completed sign-ins ends with.
const COMPLETIONS: &str = ".completed";
const COMPLETIONS_LIFETIME: Duration = Duration::from_secs(30);
const MAX_COMPLETIONS: u8 = 9;
/// Enough for 40 KB.
pub(super) const MAX_CHUNKS: usize = 11;
