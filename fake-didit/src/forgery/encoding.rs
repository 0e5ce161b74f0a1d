//! Text that is not three parts of base64url.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE},
};

use super::{Forgery, valid_token::ValidToken};
use crate::keys::{base64url::encode, jws::to_json};

forgeries! {
    /// Compact serialization and base64url.
    impl Forgery {
        /// The token is an empty string (RFC 7515 §7.1).
        const EMPTY = |_| String::new();

        /// The token is not a JWT (RFC 7515 §7.1).
        const NOT_A_TOKEN = |_| "not a token".to_owned();

        /// The third part is missing (RFC 7515 §7.1).
        const TWO_PARTS = |valid| valid.split_signature().0.to_owned();

        /// There is a fourth part (RFC 7515 §7.1).
        const FOUR_PARTS = |valid| format!("{}.{}", valid.token, valid.split_signature().1);

        /// There are five parts, as in an encrypted token (RFC 7516 §7.1).
        const FIVE_PARTS = |valid| {
            let (_, signature) = valid.split_signature();
            format!("{}.{signature}.{signature}", valid.token)
        };

        /// The claims have base64 padding (RFC 7515 §2).
        const PADDED_PAYLOAD = |valid| valid.with_encoded_payload(&padded(to_json(&valid.claims)));

        /// The signature has base64 padding (RFC 7515 §2).
        const PADDED_SIGNATURE = |valid| {
            let (input, _) = valid.split_signature();
            format!("{input}.{}", BASE64_URL_SAFE.encode(valid.signature()))
        };

        /// The claims are in base64 instead of base64url (RFC 7515 §2).
        const STANDARD_BASE64 = |valid| {
            // Three question marks in a row are `Pz8/`.
            let claims = valid.claims_and_member(b"\"x\":\"?????\"");
            valid.with_encoded_payload(&BASE64_STANDARD_NO_PAD.encode(claims))
        };

        /// The claims have a character that is not in base64url (RFC 7515 §2).
        const NOT_BASE64 = |valid| valid.with_encoded_payload(&payload_with(valid, '!'));

        /// The claims have a space (RFC 7515 §2).
        const SPACE_IN_PAYLOAD = |valid| valid.with_encoded_payload(&payload_with(valid, ' '));

        /// The signature has a line break (RFC 7515 §2).
        const LINE_BREAK_IN_SIGNATURE = |valid| {
            let (input, signature) = valid.split_signature();
            let (first, rest) = signature.split_at(signature.len() / 2);
            format!("{input}.{first}\n{rest}")
        };

        /// The token ends with a line break (RFC 7515 §2, §7.1).
        const TRAILING_LINE_BREAK = |valid| format!("{}\n", valid.token);
    }
}

/// The claims with a trailing space where their length would need no padding.
fn padded(mut claims: Vec<u8>) -> String {
    if claims.len().is_multiple_of(3) {
        claims.push(b' ');
    }
    BASE64_URL_SAFE.encode(claims)
}

/// The encoded claims with a character after the first four, where skipping it does not change the rest.
fn payload_with(valid: &ValidToken<'_>, character: char) -> String {
    let payload = encode(to_json(&valid.claims));
    let (first, rest) = payload.split_at(4);
    format!("{first}{character}{rest}")
}
