//! `alg` says something else than how the token is signed.

use super::{Forgery, good::Good};
use crate::keys::{Algorithm, base64url::encoded, jws::written};

pub(crate) fn forged(forgery: Forgery, good: &Good<'_>) -> Option<String> {
    let said = |algorithm: &str| good.with_header([("alg", algorithm.into())]);
    Some(match forgery {
        Forgery::AlgorithmNone => unsigned(good, "none"),
        Forgery::AlgorithmNoneInMixedCase => unsigned(good, "NoNe"),
        Forgery::AlgorithmNoneSigned => said("none"),
        Forgery::AlgorithmEmpty => said(""),
        Forgery::AlgorithmMissing => {
            let mut header = good.header.clone();
            header.remove("alg");
            good.keys.sign(&header, &good.claims)
        }
        Forgery::AlgorithmNumber => good.with_header([("alg", 256.into())]),
        Forgery::AlgorithmInSmallLetters => said(&good.algorithm().name().to_ascii_lowercase()),
        Forgery::AlgorithmSwapped => said(match good.algorithm() {
            Algorithm::Es256 => "RS256",
            Algorithm::Rs256 => "ES256",
        }),
        Forgery::AlgorithmRs384 => said("RS384"),
        Forgery::AlgorithmPs256 => said("PS256"),
        Forgery::AlgorithmEs384 => said("ES384"),
        Forgery::AlgorithmEs256k => said("ES256K"),
        Forgery::AlgorithmEdDsa => said("EdDSA"),
        Forgery::AlgorithmHs256 => said("HS256"),
        _ => return None,
    })
}

/// RFC 7515, appendix A.5.
fn unsigned(good: &Good<'_>, algorithm: &str) -> String {
    let header = good.header_with([("alg", algorithm.into())]);
    let (header, claims) = (written(&header), written(&good.claims));
    format!("{}.{}.", encoded(header), encoded(claims))
}
