//! Sessions that live in cookies.
//!
//! A session is written as a short JSON array and sealed; the text is cut into chunks where it does
//! not fit one cookie. The first chunk is `count.text` under the session's name, the others stand
//! under the name with `.1`, `.2`, …. The name and the count are authenticated, so chunks that are
//! missing, foreign or out of order do not open, and the browser counts as signed out.

use std::{borrow::Cow, fmt};

use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{Limits, Session, SessionId};
use crate::{
    clock::Timestamp,
    cookie::{CookieScope, cookies},
    error::{Error, ErrorKind},
    provider::Provider,
    seal::Sealer,
    tokens::{AccessToken, DiditTokens, IdClaims, RefreshToken, Scopes, TokenSet},
};

/// Opens sessions from the cookies of a request and writes them into those of an answer.
pub(crate) struct SealedSessions {
    sealer: Sealer,
    scope: CookieScope,
    limits: Limits,
    /// The most that all chunks together may take, names and attributes included.
    budget: usize,
    provider: Provider,
    /// What is authenticated with a session of one chunk, of two, and so on.
    labels: Vec<Vec<u8>>,
}

impl SealedSessions {
    pub(crate) fn new(
        sealer: Sealer,
        scope: CookieScope,
        limits: Limits,
        budget: usize,
        provider: Provider,
    ) -> Self {
        let labels = (1..=MAX_CHUNKS)
            .map(|count| format!("{} {count}", scope.session()).into_bytes())
            .collect();
        Self {
            sealer,
            scope,
            limits,
            budget,
            provider,
            labels,
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// The cookies of a request that may hold a session.
    pub(crate) fn read<'a>(&self, headers: &'a HeaderMap) -> SessionCookies<'a> {
        SessionCookies::read(headers, self.scope)
    }

    /// The session of a request, if there is a living one.
    pub(crate) fn open(&self, cookies: &SessionCookies<'_>, now: Timestamp) -> Option<Session> {
        let (count, first) = cookies.first()?;
        let label = self.labels.get(count - 1)?;
        let opened = if count == 1 {
            self.sealer.open(label, first)
        } else {
            let mut sealed = first.to_vec();
            for index in 1..count {
                sealed.extend_from_slice(cookies.chunk(index)?);
            }
            self.sealer.open(label, &sealed)
        }?;
        let session = self.decode(opened.as_bytes())?;
        self.is_alive(&session, now).then_some(session)
    }

    /// Whether a session that was open can still be used.
    pub(crate) fn is_alive(&self, session: &Session, now: Timestamp) -> bool {
        let ends_with_token = self.provider.has_authoritative_session();
        session.lives(self.limits, now) && (!ends_with_token || session.tokens.are_alive(now))
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
        let plaintext = self.encode(session);
        let length = Sealer::sealed_length(plaintext.len());
        let count = length.div_ceil(CHUNK).max(1);
        let taken = length + count * CHUNK_OVERHEAD;
        let label = self
            .labels
            .get(count - 1)
            .filter(|_| taken <= self.budget)
            .ok_or_else(|| {
                Error::with_context(
                    ErrorKind::SessionTooLarge,
                    format!(
                        "{taken} bytes, where {} are allowed; ask for fewer scopes or raise \
                         `with_session_cookie_limit`",
                        self.budget
                    ),
                )
            })?;
        let sealed = self.sealer.seal(label, &plaintext);
        let max_age = session.idle_end.since(now);

        let chunks = sealed.as_bytes().chunks(CHUNK).enumerate();
        let written = chunks.map(|(index, chunk)| {
            let chunk = std::str::from_utf8(chunk).expect("base64url is ASCII");
            match index {
                0 => {
                    let value = format!("{count}.{chunk}");
                    self.scope.set(self.scope.session(), &value, max_age)
                }
                _ => self.scope.set(&self.chunk_name(index), chunk, max_age),
            }
        });
        Ok(written.chain(self.removals(existing, count)).collect())
    }

    /// The `Set-Cookie` values that end the session.
    pub(crate) fn remove(&self, existing: ExistingChunks) -> Vec<HeaderValue> {
        self.removals(existing, 0).collect()
    }

    fn removals(&self, existing: ExistingChunks, from: usize) -> impl Iterator<Item = HeaderValue> {
        (from..MAX_CHUNKS)
            .filter(move |index| existing.contains(*index))
            .map(|index| self.scope.remove(&self.chunk_name(index)))
    }

    fn chunk_name(&self, index: usize) -> String {
        match index {
            0 => self.scope.session().to_owned(),
            _ => format!("{}.{index}", self.scope.session()),
        }
    }
}

impl fmt::Debug for SealedSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedSessions")
            .field("limits", &self.limits)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

/// The cookies of a request that belong to a session. They are attacker-controlled.
#[derive(Default)]
pub(crate) struct SessionCookies<'a> {
    chunks: [Option<&'a [u8]>; MAX_CHUNKS],
    /// A name was there twice: whichever is meant, it is not for us to guess.
    ambiguous: bool,
}

impl<'a> SessionCookies<'a> {
    fn read(headers: &'a HeaderMap, scope: CookieScope) -> Self {
        let lines = headers.get_all(header::COOKIE);
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

    pub(crate) fn existing(&self) -> ExistingChunks {
        let bits = self.chunks.iter().enumerate();
        ExistingChunks(bits.fold(0, |set, (index, chunk)| {
            set | (u16::from(chunk.is_some()) << index)
        }))
    }

    /// How many chunks there are, by the first one and in fact, and the text of the first one.
    fn first(&self) -> Option<(usize, &'a [u8])> {
        let first = self.chunks[0].filter(|_| !self.ambiguous)?;
        let dot = first.iter().position(|byte| *byte == b'.')?;
        let (count, text) = first.split_at(dot);
        let count = number(count)?;
        let present = self.chunks.iter().flatten().count();
        (count == present).then_some((count, text.get(1..)?))
    }

    fn chunk(&self, index: usize) -> Option<&'a [u8]> {
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

    fn contains(self, index: usize) -> bool {
        self.0 & (1 << index) != 0
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

/// Id; started, written, idle end, end; access token, refresh token, scopes, when the token was received and
/// when it ends; the payload of the ID token.
#[derive(Serialize, Deserialize)]
struct Encoded<'a>(
    #[serde(borrow)] Cow<'a, str>,
    u64,
    u64,
    u64,
    u64,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Option<Cow<'a, str>>,
    #[serde(borrow)] Cow<'a, str>,
    u64,
    Option<u64>,
    #[serde(borrow)] &'a RawValue,
);

/// Who made an ID token.
#[derive(Deserialize)]
struct Issuer<'a> {
    #[serde(borrow)]
    iss: Cow<'a, str>,
}

impl SealedSessions {
    /// The raw ID token is left out: Didit has no end-session endpoint that would ask for it. So is a
    /// refresh token that works once: it could come back in an old cookie.
    fn encode(&self, session: &Session) -> Zeroizing<Vec<u8>> {
        let tokens = &session.tokens;
        let refresh_token = tokens
            .refresh_token()
            .filter(|_| self.keeps_refresh_tokens());
        let encoded = Encoded(
            session.id.as_str().into(),
            session.started.as_unix(),
            session.written.as_unix(),
            session.idle_end.as_unix(),
            session.end.as_unix(),
            tokens.access_token().secret().into(),
            refresh_token.map(|token| token.secret().into()),
            tokens.scopes().as_str().into(),
            tokens.received_at().as_unix(),
            tokens.expiry().map(Timestamp::as_unix),
            serde_json::from_str(tokens.claims().payload()).expect("verified: an object"),
        );
        Zeroizing::new(serde_json::to_vec(&encoded).expect("strings and numbers are JSON"))
    }

    fn keeps_refresh_tokens(&self) -> bool {
        !self.provider.has_single_use_refresh_tokens()
    }

    fn decode(&self, plaintext: &[u8]) -> Option<Session> {
        let Encoded(
            id,
            started,
            written,
            idle_end,
            end,
            access_token,
            refresh_token,
            scopes,
            received_at,
            expires_at,
            payload,
        ) = serde_json::from_slice(plaintext).ok()?;
        // The session of another provider's user, or of one that is not accepted any more.
        let issuer: Issuer<'_> = serde_json::from_str(payload.get()).ok()?;
        if !self.provider.accepts_issuer(&issuer.iss) {
            return None;
        }
        // It may be from before the provider was known to have such that work once.
        let refresh_token = refresh_token.filter(|_| self.keeps_refresh_tokens());
        Some(Session {
            id: SessionId(id.into()),
            tokens: DiditTokens::new(TokenSet {
                access_token: AccessToken::new(access_token),
                refresh_token: refresh_token.map(RefreshToken::new),
                id_token: None,
                scopes: Scopes::new(scopes),
                expires_at: expires_at.map(Timestamp::from_unix),
                received_at: Timestamp::from_unix(received_at),
                claims: IdClaims::from_session(payload.get().into()),
            }),
            started: Timestamp::from_unix(started),
            written: Timestamp::from_unix(written),
            idle_end: Timestamp::from_unix(idle_end),
            end: Timestamp::from_unix(end),
        })
    }
}

/// A browser keeps 4096 bytes a cookie, name and attributes included (RFC 6265bis §5.6).
const CHUNK: usize = 4096 - CHUNK_OVERHEAD;
/// The longest name, count and attributes, with room to spare.
const CHUNK_OVERHEAD: usize = 110;
/// Enough for 40 KB.
const MAX_CHUNKS: usize = 11;
