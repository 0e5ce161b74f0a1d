//! Somebody who is signed in.

use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// Somebody who is signed in, and the times of the first access token.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    cookie: String,
    session: String,
    subject: String,
    /// Between these two moments the tokens came.
    came: (Instant, Instant),
    life: Duration,
}

impl Member {
    pub(crate) fn new(
        cookie: String,
        session: &str,
        subject: &str,
        came: (Instant, Instant),
        life: Duration,
    ) -> Self {
        Self {
            cookie,
            session: session.to_owned(),
            subject: subject.to_owned(),
            came,
            life,
        }
    }

    pub(crate) fn cookie(&self) -> &str {
        &self.cookie
    }

    /// The `sid` at the provider.
    pub(crate) fn session(&self) -> &str {
        &self.session
    }

    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }

    pub(crate) fn key(&self) -> String {
        let (_, id) = self.cookie.split_once('=').expect("a cookie has a name");
        key(id)
    }

    /// When the tokens are due in any case: each has a moment of its own, from 17/32 of the last half of
    /// its life before its end at the latest, but ten seconds after it came. Times are in whole seconds.
    pub(crate) fn due(&self) -> Instant {
        let margin = (self.life / 2).min(Duration::from_secs(30)) * 17 / 32;
        let age = self.life.as_secs() - margin.as_secs();
        self.came.1 + Duration::from_secs(age.max(10))
    }

    /// When the access token has ended in any case.
    pub(crate) fn dead(&self) -> Instant {
        self.came.1 + self.life
    }

    /// Until when it lives in any case.
    pub(crate) fn alive(&self) -> Instant {
        self.came.0 + Duration::from_secs(self.life.as_secs() - 1)
    }
}

/// The key of a session in Redis: a hash of its cookie id.
pub(crate) fn key(cookie_id: &str) -> String {
    let cookie_id = BASE64_URL_SAFE_NO_PAD.decode(cookie_id);
    let cookie_id = cookie_id.expect("a cookie id is base64");
    let hash = digest::digest(&digest::SHA256, &cookie_id);
    format!("tower-didit:{}", hex(hash.as_ref()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}
