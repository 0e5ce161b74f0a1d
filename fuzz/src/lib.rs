//! What the fuzz targets share: a site with a sign-in, at a provider that says what a target wants.

mod answer;
mod api;
mod sign_in;
mod site;
pub mod verification;

pub use answer::Answer;
pub use api::Api;
pub use sign_in::SignIn;
pub use site::Site;

use bytes::Bytes;
use serde_json::{Value, json};
use tower_didit::{Provider, protocol::SigningAlgorithm};

/// A provider whose ID tokens need no nonce, so that one made long ago does.
pub fn provider() -> Provider {
    Provider::authentication(ISSUER)
        .with_signing_algorithms([SigningAlgorithm::Es256, SigningAlgorithm::Rs256])
}

/// What its token endpoint answers.
pub fn token_answer(id_token: &str) -> Bytes {
    let answer = json!({ "access_token": "access", "token_type": "Bearer", "id_token": id_token });
    answer.to_string().into()
}

/// A document as another parser than the crate's own reads it; null where it is none.
pub fn json(document: &[u8]) -> Value {
    serde_json::from_slice(document).unwrap_or_default()
}

/// Whether `serde_json::Value` reads the document as it stands. It gives an object another meaning that begins with a
/// member of its own name.
pub fn is_ordinary(document: &[u8]) -> bool {
    let own = b"$serde_json::private";
    !document.windows(own.len()).any(|part| part == own)
}

pub const ISSUER: &str = "https://op.example";
pub const CLIENT_ID: &str = "client-id";
/// In seconds since 1970: the second day of 2026, within the lives of the good tokens.
pub const NOW: u32 = 1_767_312_000;

/// The public keys of the good tokens. Nobody has the private ones.
pub const JWKS: &str = include_str!("../seeds/jwks/good");
pub const GOOD_ES256: &str = include_str!("../seeds/id_token/good-es256");
pub const GOOD_RS256: &str = include_str!("../seeds/id_token/good-rs256");
pub const GOOD_WITHOUT_KID: &str = include_str!("../seeds/id_token/good-es256-without-kid");
/// Values of `Authorization` that verify with these keys and permit a request.
pub const GOOD_AUTHORIZATIONS: [&str; 3] = [
    include_str!("../seeds/bearer/good"),
    include_str!("../seeds/bearer/good-twin"),
    include_str!("../seeds/bearer/good-rs256"),
];
/// All tokens that verify with these keys and may sign somebody in.
pub const GOOD_TOKENS: [&str; 4] = [
    GOOD_ES256,
    include_str!("../seeds/id_token/good-es256-twin"),
    GOOD_WITHOUT_KID,
    GOOD_RS256,
];
