//! Sessions in cookies.
//!
//! A session is encoded as a short JSON array, sealed, and cut into chunks if it does not fit one cookie. The first
//! chunk is `count.text` under the session's name; the others are under the name with `.1`, `.2`, …. Name and count
//! are authenticated: chunks that are missing, of another session or out of order do not open, and the browser counts
//! as signed out.

use std::sync::Arc;

use http::HeaderValue;

use super::{
    PresentedCookies, Session,
    codec::Codec,
    session_cookies::{Chunks, MAX_CHUNKS, chunk_name, counter_name},
    unseal_cache::UnsealCache,
};
use crate::{
    clock::Timestamp,
    cookie::{CookieScope, fitting},
    error::{Error, ErrorKind},
    oidc::PendingSignIn,
    provider::Provider,
    seal::Sealer,
};

/// Reads sessions from the cookies of a request and writes them to those of a response.
pub(crate) struct SealedSessions {
    sealer: Sealer,
    scope: CookieScope,
    codec: Codec,
    /// The limit of all `Set-Cookie` lines of a response that writes a session, in bytes.
    budget: usize,
    /// The length of each chunk's line, without the chunk.
    line_length: usize,
    /// The length of the other lines of the response that begins a session: the removal of the flow cookie, and the
    /// count of completed sign-ins.
    other_lines: usize,
    /// The authenticated label of a session of one chunk, of two, and so on.
    labels: Vec<Vec<u8>>,
    recent: UnsealCache,
}

impl SealedSessions {
    pub(crate) fn new(
        sealer: Sealer,
        scope: CookieScope,
        budget: usize,
        provider: Provider,
    ) -> Arc<Self> {
        let label = |count| format!("{} {count}", scope.session()).into_bytes();
        let [flow, count] = [scope.flow_name(""), counter_name(&scope)];
        Arc::new(Self {
            line_length: scope.line_length(&chunk_name(MAX_CHUNKS - 1, &scope)) + "11.".len(),
            other_lines: scope.line_length(&flow)
                + PendingSignIn::COOKIE_SUFFIX_LENGTH
                + scope.line_length(&count),
            sealer,
            // A single-use refresh token could come back in an old cookie.
            codec: Codec {
                keeps_refresh_tokens: !provider.single_use_refresh_tokens,
                provider,
            },
            budget,
            labels: (1..=MAX_CHUNKS).map(label).collect(),
            recent: UnsealCache::new(),
            scope,
        })
    }

    /// The session in these cookies, if they open. It may have ended.
    pub(super) fn open(&self, chunks: &Chunks<'_>) -> Option<Session> {
        let (count, first) = chunks.first()?;
        let label = self.labels.get(count - 1)?;
        if count == 1 {
            return self.recent.open(label, first, || self.unseal(label, first));
        }
        let mut sealed = first.to_vec();
        for index in 1..count {
            sealed.extend_from_slice(chunks.get(index)?);
        }
        self.unseal(label, &sealed)
    }

    fn unseal(&self, label: &[u8], sealed: &[u8]) -> Option<Session> {
        let opened = self.sealer.open(label, sealed)?;
        self.codec.decode(&opened)
    }

    /// The `Set-Cookie` values that write `session` in place of the `existing` chunks.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SessionTooLarge`] if the cookies exceed the size limit.
    pub(crate) fn write(
        &self,
        session: &Session,
        existing: PresentedCookies,
        now: Timestamp,
    ) -> Result<Vec<HeaderValue>, Error> {
        let plaintext = self.codec.encode(session);
        let (count, room, label) = self.fit(&plaintext)?;
        let sealed = self.sealer.seal(label, &plaintext);
        let chunks = sealed.as_bytes().chunks(CHUNK).enumerate();
        let written = chunks.map(|(index, chunk)| {
            let chunk = str::from_utf8(chunk).expect("base64url is ASCII");
            let first = (index == 0).then(|| format!("{count}.{chunk}"));
            let value = first.as_deref().unwrap_or(chunk);
            let name = chunk_name(index, &self.scope);
            self.scope.set(&name, value, session.0.idle_end.since(now))
        });
        // What does not fit is removed with the session, or expires.
        let removals = fitting(room, existing.removals(count, &self.scope));
        Ok(written.chain(removals).collect())
    }

    /// Checks that the cookies can take a session.
    pub(super) fn check(&self, session: &Session) -> Result<(), Error> {
        self.fit(&self.codec.encode(session)).map(drop)
    }

    /// The number of chunks, the rest of the budget, and the label.
    fn fit(&self, plaintext: &[u8]) -> Result<(usize, usize, &[u8]), Error> {
        let length = Sealer::sealed_length(plaintext.len());
        let count = length.div_ceil(CHUNK).max(1);
        let taken = length + count * self.line_length + self.other_lines;
        let fitted = self.budget.checked_sub(taken);
        let fitted =
            fitted.and_then(|room| Some((count, room, self.labels.get(count - 1)?.as_slice())));
        fitted.ok_or_else(|| {
            let context = format!(
                "its cookies take {taken} bytes of a response, where {} are allowed; ask for fewer scopes, keep sessions \
                 on the server (`with_session_store`: `MemoryStore`, `RedisStore`), or raise \
                 `with_session_cookie_limit` and the limit of the proxy (nginx: `proxy_buffer_size`)",
                self.budget
            );
            Error::with_context(ErrorKind::SessionTooLarge, context)
        })
    }
}

/// Browsers store at most 4096 bytes per cookie, name and attributes included (RFC 6265bis §5.6).
const CHUNK: usize = 4096 - CHUNK_OVERHEAD;
/// More than the total of the longest name, count and attributes.
const CHUNK_OVERHEAD: usize = 110;
