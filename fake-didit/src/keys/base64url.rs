//! base64url without padding, the encoding of all parts of a token (RFC 7515 §2).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Undoes [`encode`]; `None` when the text is not such an encoding.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}
