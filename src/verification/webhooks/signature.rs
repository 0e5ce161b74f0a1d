//! Secrets and signatures.

use std::{fmt, sync::Arc, time::Duration};

use aws_lc_rs::hmac;
use http::HeaderMap;
use subtle::ConstantTimeEq;

use crate::{clock::Timestamp, config::ConfigError};

/// The secrets of a destination: one, or several while it is rotated.
#[derive(Clone)]
pub(super) struct Secrets(Arc<[hmac::Key]>);

impl Secrets {
    /// The key is the text itself, which is not base64.
    pub(super) fn new(
        secrets: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, ConfigError> {
        let keys = secrets.into_iter().map(|secret| {
            let secret = secret.as_ref();
            if secret.is_empty() {
                return Err(invalid("is empty"));
            }
            if secret.trim() != secret {
                return Err(invalid(WHITE_SPACE));
            }
            Ok(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
        });
        let keys: Arc<[_]> = keys.collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(invalid("is missing"));
        }
        Ok(Self(keys))
    }

    /// The secret that has signed `message`. In constant time: it computes the HMAC with every secret, and compares all bytes.
    pub(super) fn signer(&self, message: &[u8], signature: &Signature) -> Option<&hmac::Key> {
        let mut signer = None;
        for key in &*self.0 {
            let expected = hmac::sign(key, message);
            if bool::from(expected.as_ref().ct_eq(&signature.0)) {
                signer = Some(key);
            }
        }
        signer
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The headers of a webhook, not verified yet.
pub(super) struct Presented {
    /// At most 300 s away from the clock.
    pub(super) timestamp: Timestamp,
    /// `X-Signature`, of the received body.
    pub(super) raw: Option<Signature>,
    /// `X-Signature-V2`, of its canonical form.
    pub(super) canonical: Option<Signature>,
}

impl Presented {
    /// Reads the headers, which are attacker-controlled. Fails with what is wrong.
    pub(super) fn read(headers: &HeaderMap, now: Timestamp) -> Result<Self, &'static str> {
        let timestamp = only(headers, "x-timestamp").and_then(seconds);
        let is_fresh = |at: &Timestamp| at.distance(now) <= TOLERANCE;
        let timestamp = timestamp.filter(is_fresh).ok_or("timestamp")?;
        let signature = |name| only(headers, name).and_then(Signature::parse);
        let (raw, canonical) = (signature("x-signature"), signature("x-signature-v2"));
        if raw.is_none() && canonical.is_none() {
            return Err("signature");
        }
        Ok(Self {
            timestamp,
            raw,
            canonical,
        })
    }
}

/// A received HMAC-SHA256.
pub(super) struct Signature([u8; 32]);

impl Signature {
    /// Reads exactly 64 lower-case hex digits.
    fn parse(text: &[u8]) -> Option<Self> {
        let text: &[u8; 64] = text.try_into().ok()?;
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut signature = [0; 32];
        let (pairs, _) = text.as_chunks();
        for (byte, [high, low]) in signature.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Self(signature))
    }
}

/// The value of a header. `None` if it is repeated.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then_some(value.as_bytes())
}

/// Reads a number of seconds without a sign or leading zeros, as Didit writes it.
fn seconds(text: &[u8]) -> Option<Timestamp> {
    let text = str::from_utf8(text).ok()?;
    let seconds: u64 = text.parse().ok()?;
    (seconds.to_string() == text).then(|| Timestamp::from_unix(seconds))
}

fn invalid(why: &'static str) -> ConfigError {
    let name = "webhook secret";
    ConfigError::Invalid { name, why }
}

const WHITE_SPACE: &str = "starts or ends with white space; a file may have added a new line";
const TOLERANCE: Duration = Duration::from_secs(300);
