//! Sessions that live in cookies.
//!
//! A session is written as a short JSON array and sealed; the text is cut into chunks where it does
//! not fit one cookie. The first chunk is `count.text` under the session's name, the others stand
//! under the name with `.1`, `.2`, …. The name and the count are authenticated, so chunks that are
//! missing, foreign or out of order do not open, and the browser counts as signed out.

use std::fmt;

use http::HeaderValue;

use super::{
    ExistingChunks, Session,
    codec::Codec,
    session_cookies::{MAX_CHUNKS, SessionCookies, chunk_name},
    unseal_cache::UnsealCache,
};
use crate::{
    clock::Timestamp,
    cookie::CookieScope,
    error::{Error, ErrorKind},
    provider::Provider,
    seal::Sealer,
};

/// Opens sessions from the cookies of a request and writes them into those of an answer.
pub(crate) struct SealedSessions {
    sealer: Sealer,
    scope: CookieScope,
    codec: Codec,
    /// The most that all chunks together may take, names and attributes included.
    budget: usize,
    /// What is authenticated with a session of one chunk, of two, and so on.
    labels: Vec<Vec<u8>>,
    recent: UnsealCache,
}

impl SealedSessions {
    pub(crate) fn new(
        sealer: Sealer,
        scope: CookieScope,
        budget: usize,
        provider: Provider,
    ) -> Self {
        let labels = (1..=MAX_CHUNKS)
            .map(|count| format!("{} {count}", scope.session()).into_bytes())
            .collect();
        Self {
            sealer,
            scope,
            codec: Codec::for_cookies(provider),
            budget,
            labels,
            recent: UnsealCache::new(),
        }
    }

    /// The session of a request, if there is one; it may have ended.
    pub(super) fn open(&self, cookies: &SessionCookies<'_>) -> Option<Session> {
        let (count, first) = cookies.first()?;
        let label = self.labels.get(count - 1)?;
        if count == 1 {
            return self.recent.open(label, first, || self.unseal(label, first));
        }
        let mut sealed = first.to_vec();
        for index in 1..count {
            sealed.extend_from_slice(cookies.chunk(index)?);
        }
        self.unseal(label, &sealed)
    }

    fn unseal(&self, label: &[u8], sealed: &[u8]) -> Option<Session> {
        let opened = self.sealer.open(label, sealed)?;
        self.codec.decode(&opened)
    }

    /// The `Set-Cookie` values that write `session` over whatever chunks `existing` names.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SessionTooLarge`] when they would take more than the budget.
    pub(crate) fn write(
        &self,
        session: &Session,
        existing: ExistingChunks,
        now: Timestamp,
    ) -> Result<Vec<HeaderValue>, Error> {
        let plaintext = self.codec.encode(session);
        let (count, label) = self.fit(&plaintext)?;
        let sealed = self.sealer.seal(label, &plaintext);
        let max_age = session.idle_rest(now);

        let chunks = sealed.as_bytes().chunks(CHUNK).enumerate();
        let written = chunks.map(|(index, chunk)| {
            let chunk = std::str::from_utf8(chunk).expect("base64url is ASCII");
            let name = chunk_name(index, &self.scope);
            if index == 0 {
                let value = format!("{count}.{chunk}");
                self.scope.set(&name, &value, max_age)
            } else {
                self.scope.set(&name, chunk, max_age)
            }
        });
        Ok(written
            .chain(existing.removals(count, &self.scope))
            .collect())
    }
}

impl SealedSessions {
    /// Whether the cookies can take a session.
    pub(super) fn check(&self, session: &Session) -> Result<(), Error> {
        self.fit(&self.codec.encode(session)).map(drop)
    }

    /// Into how many chunks it is cut, and what is authenticated with it.
    fn fit(&self, plaintext: &[u8]) -> Result<(usize, &[u8]), Error> {
        let length = Sealer::sealed_length(plaintext.len());
        let count = length.div_ceil(CHUNK).max(1);
        let taken = length + count * CHUNK_OVERHEAD;
        let label = self.labels.get(count - 1).filter(|_| taken <= self.budget);
        let label = label.ok_or_else(|| {
            let context = format!(
                "{taken} bytes, where {} are allowed; ask for fewer scopes, keep sessions on the server \
                 (`with_session_store`: `MemoryStore`, `RedisStore`), or raise \
                 `with_session_cookie_limit`",
                self.budget
            );
            Error::with_context(ErrorKind::SessionTooLarge, context)
        })?;
        Ok((count, label))
    }
}

impl fmt::Debug for SealedSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedSessions")
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

/// A browser keeps 4096 bytes a cookie, name and attributes included (RFC 6265bis §5.6).
const CHUNK: usize = 4096 - CHUNK_OVERHEAD;
/// The longest name, count and attributes, with room to spare.
const CHUNK_OVERHEAD: usize = 110;
