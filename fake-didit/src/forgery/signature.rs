//! Signatures that do not match the signed input.

use super::{Forgery, attacker::Attacker, valid_token::ValidToken};
use crate::keys::{Algorithm, base64url::encode, jws::to_json};

forgeries! {
    /// Signature.
    impl Forgery {
        /// The signature is empty (RFC 7515 §5.2).
        const SIGNATURE_EMPTY = |valid| valid.with_signature(&[]);

        /// The signature lacks its last byte (RFC 7515 §5.2, RFC 7518 §3.4).
        const SIGNATURE_TRUNCATED = |valid| edited(valid, |signature| {
            signature.pop();
        });

        /// The signature has an additional byte (RFC 7515 §5.2, RFC 7518 §3.4).
        const SIGNATURE_EXTENDED = |valid| edited(valid, |signature| signature.push(0));

        /// One bit of the signature is flipped (RFC 7515 §5.2).
        const SIGNATURE_BIT_FLIPPED = |valid| edited(valid, |signature| {
            if let Some(last) = signature.last_mut() {
                *last ^= 1;
            }
        });

        /// The signature is all zeros (FIPS 186-5 §6.4.2: r and s are at least 1).
        const SIGNATURE_ZERO = |valid| edited(valid, |signature| signature.fill(0));

        /// The signature is in DER (RFC 7518 §3.4: r and s are concatenated).
        const SIGNATURE_DER = |valid| {
            valid.with_signature(&der(&valid.signature(), valid.algorithm()))
        };

        /// The signature is made with a key that is not published (RFC 7515 §5.2).
        const SIGNATURE_BY_OTHER_KEY = |valid| Attacker::of(valid).sign(&valid.header, valid);

        /// `sub` is another person, with the signature of the valid claims (RFC 7515 §5.2).
        const PAYLOAD_SWAPPED = |valid| {
            let mut claims = valid.claims.clone();
            claims.insert("sub".to_owned(), valid.other_subject().into());
            let (_, signature) = valid.split_signature();
            format!("{}.{}.{signature}", encode(to_json(&valid.header)), encode(to_json(&claims)))
        };
    }
}

fn edited(valid: &ValidToken<'_>, edit: fn(&mut Vec<u8>)) -> String {
    let mut signature = valid.signature();
    edit(&mut signature);
    valid.with_signature(&signature)
}

/// The DER sequence of r and s (RFC 3279 §2.2.3). An RSA signature has no such form and becomes a bit
/// string.
fn der(signature: &[u8], algorithm: Algorithm) -> Vec<u8> {
    match algorithm {
        Algorithm::Es256 => {
            let (r, s) = signature.split_at(signature.len() / 2);
            let numbers = [integer(r), integer(s)].concat();
            tagged(0x30, &numbers)
        }
        Algorithm::Rs256 => tagged(0x03, &[&[0], signature].concat()),
    }
}

/// An unsigned integer without leading zeros (X.690 §8.3).
fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let (_, digits) = bytes.split_at(zeros);
    match digits.first() {
        Some(first) if *first < 0x80 => tagged(0x02, digits),
        _ => tagged(0x02, &[&[0], digits].concat()),
    }
}

/// Tag, length and content (X.690 §8.1).
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len())
        .expect("a signature is short")
        .to_be_bytes();
    let length = match (high, low) {
        (0, 0..0x80) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag], &*length, content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_integers_are_positive_and_have_no_leading_zeros() {
        let signature = [&[0; 31][..], &[7], &[0x80], &[0; 31]].concat();
        let expected = [&[0x30, 38, 0x02, 1, 7, 0x02, 33, 0, 0x80][..], &[0; 31]].concat();
        assert_eq!(der(&signature, Algorithm::Es256), expected);
        assert_eq!(tagged(3, &[0; 300])[..4], [3, 0x82, 1, 44]);
        assert_eq!(tagged(3, &[0; 200])[..3], [3, 0x81, 200]);
    }
}
