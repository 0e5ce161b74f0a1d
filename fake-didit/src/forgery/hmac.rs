//! HS256 with what is public: who takes any algorithm for any key is fooled (RFC 8725 §2.1).

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use serde_json::Value;

use super::{Forgery, good::Good, public_key::PublicKey};
use crate::keys::{Algorithm, base64url::encoded, jws::written};

pub(crate) fn forged(forgery: Forgery, good: &Good<'_>) -> Option<String> {
    let secret = ec(forgery, &PublicKey::of(good, Algorithm::Es256))
        .or_else(|| rsa(forgery, &PublicKey::of(good, Algorithm::Rs256)))
        .or_else(|| other(forgery, good))?;
    let header = good.header_with([("alg", "HS256".into())]);
    let (header, claims) = (written(&header), written(&good.claims));
    let input = format!("{}.{}", encoded(header), encoded(claims));
    let signature = sign(&Key::new(HMAC_SHA256, &secret), input.as_bytes());
    Some(format!("{input}.{}", encoded(signature.as_ref())))
}

fn ec(forgery: Forgery, key: &PublicKey) -> Option<Vec<u8>> {
    Some(match forgery {
        Forgery::HmacEcPem => key.pem().into(),
        Forgery::HmacEcPemTrimmed => key.pem().trim_end().into(),
        Forgery::HmacEcDer => key.der(),
        Forgery::HmacEcPoint => key.bare(),
        Forgery::HmacEcJwk => key.jwk().into(),
        Forgery::HmacEcX => key.number("x"),
        Forgery::HmacEcXText => key.text("x").into(),
        Forgery::HmacEcY => key.number("y"),
        Forgery::HmacEcYText => key.text("y").into(),
        _ => return None,
    })
}

fn rsa(forgery: Forgery, key: &PublicKey) -> Option<Vec<u8>> {
    Some(match forgery {
        Forgery::HmacRsaPem => key.pem().into(),
        Forgery::HmacRsaPemTrimmed => key.pem().trim_end().into(),
        Forgery::HmacRsaDer => key.der(),
        Forgery::HmacRsaPkcs1Pem => key.bare_pem().into(),
        Forgery::HmacRsaPkcs1Der => key.bare(),
        Forgery::HmacRsaJwk => key.jwk().into(),
        Forgery::HmacRsaN => key.number("n"),
        Forgery::HmacRsaNText => key.text("n").into(),
        Forgery::HmacRsaE => key.number("e"),
        Forgery::HmacRsaEText => key.text("e").into(),
        _ => return None,
    })
}

fn other(forgery: Forgery, good: &Good<'_>) -> Option<Vec<u8>> {
    Some(match forgery {
        Forgery::HmacKeyId => {
            let name = good.header.get("kid").and_then(Value::as_str);
            name.unwrap_or_default().into()
        }
        Forgery::HmacJwks => good.keys.jwks().to_string().into(),
        Forgery::HmacEmptyKey => Vec::new(),
        _ => return None,
    })
}
