//! A signature that is not the one of what stands before it.

use super::{Forgery, good::Good, stranger::Stranger};
use crate::keys::{Algorithm, base64url::encoded, jws::written};

pub(crate) fn forged(forgery: Forgery, good: &Good<'_>) -> Option<String> {
    let mut signature = good.signature();
    Some(match forgery {
        Forgery::SignatureEmpty => good.with_signature(&[]),
        Forgery::SignatureTruncated => {
            signature.pop();
            good.with_signature(&signature)
        }
        Forgery::SignatureExtended => {
            signature.push(0);
            good.with_signature(&signature)
        }
        Forgery::SignatureBitFlipped => {
            if let Some(last) = signature.last_mut() {
                *last ^= 1;
            }
            good.with_signature(&signature)
        }
        Forgery::SignatureZero => good.with_signature(&vec![0; signature.len()]),
        Forgery::SignatureDer => good.with_signature(&der(&signature, good.algorithm())),
        Forgery::SignatureOfStranger => Stranger::of(good).signed(&good.header, good),
        Forgery::PayloadSwapped => {
            let mut claims = good.claims.clone();
            claims.insert("sub".to_owned(), good.other_subject().into());
            let (header, claims) = (written(&good.header), written(&claims));
            let (header, claims) = (encoded(header), encoded(claims));
            format!("{header}.{claims}.{}", good.halves().1)
        }
        _ => return None,
    })
}

/// A sequence of r and s (RFC 3279 §2.2.3); an RSA signature has no such form and becomes a bit string.
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

/// An unsigned number, without needless zeros (X.690 §8.3).
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
    fn der_has_positive_numbers_without_needless_zeros() {
        let signature = [&[0; 31][..], &[7], &[0x80], &[0; 31]].concat();
        let expected = [&[0x30, 38, 0x02, 1, 7, 0x02, 33, 0, 0x80][..], &[0; 31]].concat();
        assert_eq!(der(&signature, Algorithm::Es256), expected);
        assert_eq!(tagged(3, &[0; 300])[..4], [3, 0x82, 1, 44]);
        assert_eq!(tagged(3, &[0; 200])[..3], [3, 0x81, 200]);
    }
}
