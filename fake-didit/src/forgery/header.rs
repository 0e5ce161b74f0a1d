//! Members of the header that say what the token is, which key to use, and what must be understood.

use serde_json::{Value, json};

use super::{Forgery, good::Good, stranger::Stranger};

pub(crate) fn forged(forgery: Forgery, good: &Good<'_>) -> Option<String> {
    let stranger = Stranger::of(good);
    let by_stranger =
        |name, value: Value| stranger.signed(&good.header_with([(name, value)]), good);
    Some(match forgery {
        Forgery::TypeAccessToken => good.with_header([("typ", "at+jwt".into())]),
        Forgery::TypeLogoutToken => good.with_header([("typ", "logout+jwt".into())]),
        Forgery::KeyIdUnknown => good.with_header([("kid", "unknown".into())]),
        Forgery::KeyIdNumber => good.with_header([("kid", 1.into())]),
        Forgery::KeyIdUrl => by_stranger("kid", JWKS_OF_STRANGER.into()),
        Forgery::KeyIdJwk => by_stranger("kid", stranger.jwk().to_string().into()),
        Forgery::HeaderJwk => by_stranger("jwk", stranger.jwk()),
        Forgery::HeaderJku => by_stranger("jku", JWKS_OF_STRANGER.into()),
        Forgery::HeaderX5u => by_stranger("x5u", "https://evil.example/certificate.pem".into()),
        Forgery::HeaderX5c => by_stranger("x5c", json!([stranger.certificate()])),
        Forgery::CriticalUnknown => {
            let name = "https://evil.example/extension";
            good.with_header([("crit", json!([name])), (name, true.into())])
        }
        Forgery::CriticalEmpty => good.with_header([("crit", json!([]))]),
        Forgery::CriticalText => good.with_header([("crit", "alg".into())]),
        Forgery::UnencodedPayload => {
            good.with_header([("b64", false.into()), ("crit", json!(["b64"]))])
        }
        Forgery::UnencodedPayloadNotCritical => good.with_header([("b64", false.into())]),
        _ => return None,
    })
}

const JWKS_OF_STRANGER: &str = "https://evil.example/jwks.json";
