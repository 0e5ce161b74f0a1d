//! What a `RedisStore` changes in Redis.

use super::resp::Value;

/// A change of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: Kind,
    /// Of the session in Redis.
    pub(crate) key: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A process is about to send the refresh token.
    BeginRefresh,
    /// It was not sent.
    AbandonRefresh,
    /// New tokens.
    Save,
}

impl Change {
    /// The change that a command makes, if it is one of a session. It is read as `RedisStore` writes it: a
    /// script with the session's key and version, and then a whole value and its lifetime, or the head of a
    /// value: version and refresh attempt. (The list of a user's sessions is no session.)
    pub(crate) fn wanted_by(command: &Value) -> Option<Self> {
        let words = command.words();
        let [b"EVAL", _, b"1", key, _, rest @ ..] = &words[..] else {
            return None;
        };
        if key.starts_with(b"tower-didit:user:") {
            return None;
        }
        let kind = match rest {
            [_value, _lifetime] => Kind::Save,
            [head] if head[8..].iter().all(|byte| *byte == 0) => Kind::AbandonRefresh,
            [_head] => Kind::BeginRefresh,
            _ => panic!("an unknown script: {command:?}"),
        };
        Some(Self {
            kind,
            key: String::from_utf8_lossy(key).into_owned(),
        })
    }
}
