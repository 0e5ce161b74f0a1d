//! Text that is not three parts of base64url.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE},
};

use super::{Forgery, good::Good};
use crate::keys::{
    base64url::{decoded, encoded},
    jws::written,
};

pub(crate) fn forged(forgery: Forgery, good: &Good<'_>) -> Option<String> {
    let token = good.token;
    let (input, signature) = good.halves();
    Some(match forgery {
        Forgery::Empty => String::new(),
        Forgery::NotAToken => "not a token".to_owned(),
        Forgery::TwoParts => input.to_owned(),
        Forgery::FourParts => format!("{token}.{signature}"),
        Forgery::FiveParts => format!("{token}.{signature}.{signature}"),
        Forgery::PaddedPayload => good.with_encoded_payload(&padded(written(&good.claims))),
        Forgery::PaddedSignature => {
            let signature = BASE64_URL_SAFE.encode(decoded(signature)?);
            format!("{input}.{signature}")
        }
        Forgery::OtherAlphabet => {
            // Three question marks in a row are `Pz8/`.
            let claims = good.payload_and(b"\"x\":\"?????\"");
            good.with_encoded_payload(&BASE64_STANDARD_NO_PAD.encode(claims))
        }
        Forgery::NotBase64 => good.with_encoded_payload(&payload_with(good, '!')),
        Forgery::SpaceInPayload => good.with_encoded_payload(&payload_with(good, ' ')),
        Forgery::LineBreakInSignature => {
            let (first, rest) = signature.split_at(signature.len() / 2);
            format!("{input}.{first}\n{rest}")
        }
        Forgery::LineBreakAtEnd => format!("{token}\n"),
        _ => return None,
    })
}

/// Claims of a length that needs padding: JSON does not mind a space at its end.
fn padded(mut claims: Vec<u8>) -> String {
    if claims.len().is_multiple_of(3) {
        claims.push(b' ');
    }
    BASE64_URL_SAFE.encode(claims)
}

fn payload_with(good: &Good<'_>, character: char) -> String {
    let payload = encoded(written(&good.claims));
    // Behind four characters, so that whoever leaves it out reads the rest as it was.
    let (first, rest) = payload.split_at(4);
    format!("{first}{character}{rest}")
}
