//! Ids, tokens and secrets that look random.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// Generates ids. They are the same in every run of a test.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: String,
    count: u64,
}

impl Ids {
    pub(crate) fn new(seed: impl Into<String>) -> Self {
        Self {
            seed: seed.into(),
            count: 0,
        }
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let bytes = self.bytes();
        let hex = hex(&bytes);
        format!(
            "{}-{}-4{}-a{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[13..16],
            &hex[17..20],
            &hex[20..32]
        )
    }

    /// 12 characters, as in the URL of a session.
    pub(crate) fn token(&mut self) -> String {
        let mut token = self.secret();
        token.truncate(12);
        token
    }

    /// 43 characters, as the secret of a webhook destination.
    pub(crate) fn secret(&mut self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.bytes())
    }

    fn bytes(&mut self) -> [u8; 32] {
        self.count += 1;
        let hash = digest(
            &SHA256,
            format!("fake didit\0{}\0{}", self.seed, self.count).as_bytes(),
        );
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hash.as_ref());
        bytes
    }
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(digits, "{byte:02x}").expect("writing to a string does not fail");
    }
    digits
}

/// Whether a text is a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
