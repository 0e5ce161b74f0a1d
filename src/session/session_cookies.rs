//! The cookies of a session: the one under its name, and those that it goes on in.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::HeaderValue;

use crate::cookie::{CookieScope, cookies};

/// The cookies of a request that belong to a session. They are attacker-controlled.
#[derive(Default)]
pub(crate) struct SessionCookies<'a> {
    chunks: [Option<&'a [u8]>; MAX_CHUNKS],
    /// A name was there twice: whichever is meant, it is not for us to guess.
    ambiguous: bool,
}

impl<'a> SessionCookies<'a> {
    pub(super) fn read(
        lines: impl IntoIterator<Item = &'a HeaderValue>,
        scope: CookieScope,
    ) -> Self {
        let mut read = Self::default();
        let name = scope.session().as_bytes();
        for (candidate, value) in cookies(lines) {
            let Some(suffix) = candidate.strip_prefix(name) else {
                continue;
            };
            if let Some(chunk) = chunk_index(suffix).and_then(|index| read.chunks.get_mut(index)) {
                read.ambiguous |= chunk.replace(value).is_some();
            }
        }
        read
    }

    pub(super) fn existing(&self) -> ExistingChunks {
        let bits = self.chunks.iter().enumerate();
        ExistingChunks(bits.fold(0, |set, (index, chunk)| {
            set | (u16::from(chunk.is_some()) << index)
        }))
    }

    /// The id of a session in a store.
    pub(super) fn id(&self) -> Option<[u8; 32]> {
        let first = self.chunks[0].filter(|_| !self.ambiguous)?;
        let id = BASE64_URL_SAFE_NO_PAD.decode(first).ok()?;
        id.try_into().ok()
    }

    /// How many chunks there are, by the first one and in fact, and the text of the first one.
    pub(super) fn first(&self) -> Option<(usize, &'a [u8])> {
        let first = self.chunks[0].filter(|_| !self.ambiguous)?;
        let dot = first.iter().position(|byte| *byte == b'.')?;
        let (count, text) = first.split_at(dot);
        let count = number(count)?;
        let present = self.chunks.iter().flatten().count();
        (count == present).then_some((count, text.get(1..)?))
    }

    pub(super) fn chunk(&self, index: usize) -> Option<&'a [u8]> {
        *self.chunks.get(index)?
    }
}

/// Which chunks a browser has, so that none is left behind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExistingChunks(u16);

impl ExistingChunks {
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The `Set-Cookie` values that remove those from `first` on.
    pub(super) fn removals(
        self,
        first: usize,
        scope: CookieScope,
    ) -> impl Iterator<Item = HeaderValue> {
        (first..MAX_CHUNKS)
            .filter(move |index| self.0 & (1 << index) != 0)
            .map(move |index| scope.remove(&chunk_name(index, scope)))
    }
}

pub(super) fn chunk_name(index: usize, scope: CookieScope) -> String {
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

/// Enough for 40 KB.
pub(super) const MAX_CHUNKS: usize = 11;
