//! Claims, or a header, that are not the one JSON object that they must be.

use super::{Forgery, good::Good};
use crate::keys::jws::written;

pub(crate) fn forged(forgery: Forgery, good: &Good<'_>) -> Option<String> {
    let claims = written(&good.claims);
    Some(match forgery {
        Forgery::PayloadArray => good.with_payload(&[b"[", &*claims, b"]"].concat()),
        Forgery::PayloadText => good.with_payload(b"\"claims\""),
        Forgery::PayloadNull => good.with_payload(b"null"),
        Forgery::PayloadEmpty => good.with_payload(b""),
        Forgery::PayloadNotJson => good.with_payload(b"sub=john"),
        Forgery::PayloadNotUtf8 => good.with_payload(&good.payload_and(b"\"x\":\"\xff\"")),
        Forgery::PayloadWithMoreBehind => good.with_payload(&[&*claims, b"{}"].concat()),
        Forgery::PayloadWithTwoSubjects => {
            let subject = format!("\"sub\":\"{}\"", good.other_subject());
            good.with_payload(&good.payload_and(subject.as_bytes()))
        }
        Forgery::PayloadWithTwoExpirations => {
            let expiration = format!("\"exp\":{}", good.time("exp") + 3600);
            good.with_payload(&good.payload_and(expiration.as_bytes()))
        }
        Forgery::PayloadNested => {
            let nested = format!("\"x\":{}{}", "[".repeat(1000), "]".repeat(1000));
            good.with_payload(&good.payload_and(nested.as_bytes()))
        }
        Forgery::PayloadHuge => good.with_claim("x", "x".repeat(HUGE)),
        Forgery::HeaderNotJson => good.with_raw_header(b"alg=ES256"),
        Forgery::HeaderArray => {
            let header = written(&good.header);
            good.with_raw_header(&[b"[", &*header, b"]"].concat())
        }
        Forgery::HeaderWithTwoAlgorithms => {
            let algorithm = format!("\"alg\":\"{}\"", good.algorithm().name());
            good.with_raw_header(&good.header_and(algorithm.as_bytes()))
        }
        _ => return None,
    })
}

/// base64 makes a third more of it; the whole answer stays below 1 MiB.
const HUGE: usize = 670_000;
