//! Authenticated encryption of cookies and of stored sessions.

use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey},
    digest,
    hkdf::{HKDF_SHA256, KeyType, Salt},
    hmac, rand,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// The use of a key. A value that was sealed for one purpose does not open for another.
#[derive(Clone, Copy)]
pub(crate) struct Purpose(&'static str);

impl Purpose {
    /// Flow cookies.
    pub(crate) const FLOW: Self = Self("flow");
    /// Sessions in cookies.
    pub(crate) const SESSION: Self = Self("session");
    /// Sessions in a store.
    pub(crate) const STORE: Self = Self("store");
    /// Tokens that the application keeps.
    pub(crate) const TOKENS: Self = Self("tokens");
    /// Names of users in a store.
    pub(crate) const USER: Self = Self("user");
    /// Names of sessions for their users.
    pub(crate) const PUBLIC_ID: Self = Self("public id");
}

/// The secrets that keys are derived from, and the layer and origin that the keys are for. Two applications, two layers
/// of one application and two origins of one layer cannot read each other's cookies, although they have the same secrets.
#[derive(Clone, Copy)]
pub(crate) struct KeySource<'a> {
    /// There is at least one. A key is derived from each.
    pub(crate) secrets: &'a [&'a [u8]],
    pub(crate) client_id: &'a str,
    /// Tells the layers of one application apart.
    pub(crate) cookie_name: &'a str,
    /// Empty: for all origins of the application.
    pub(crate) origin: &'a str,
}

/// Seals and opens values for one purpose: AES-256-GCM-SIV with keys derived by HKDF-SHA256.
///
/// The first key seals, every key opens. A sealed value is `key id · nonce · ciphertext · tag`, in base64url for a
/// cookie. The caller's label is authenticated with the value (it is the cipher's associated data). The key id is bound implicitly, because it is derived
/// together with the key.
#[derive(Debug)]
pub(crate) struct Sealer {
    /// Each with its id.
    keys: Vec<([u8; KEY_ID_LENGTH], LessSafeKey)>,
}

impl Sealer {
    pub(crate) fn new(source: KeySource<'_>, purpose: Purpose) -> Self {
        let keys = derive(source, purpose, |derived| {
            let (id, key) = derived.split_at(KEY_ID_LENGTH);
            let key = UnboundKey::new(&AES_256_GCM_SIV, key).expect("32 bytes are left");
            let id = id.try_into().expect("it was split off");
            (id, LessSafeKey::new(key))
        });
        Self { keys }
    }

    /// The length of `seal`'s result.
    pub(crate) const fn sealed_length(plaintext: usize) -> usize {
        ((HEAD_LENGTH + plaintext + MAX_TAG_LEN) * 4).div_ceil(3)
    }

    /// Seals `plaintext` under `label`, as text for a cookie.
    pub(crate) fn seal(&self, label: &[u8], plaintext: &[u8]) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.seal_bytes(label, plaintext))
    }

    /// Seals `plaintext` under `label`.
    pub(crate) fn seal_bytes(&self, label: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let (id, key) = self.keys.first().expect("there is a key");
        let nonce: [u8; NONCE_LEN] = random();
        let mut sealed = [id, &nonce[..], plaintext].concat();
        let (_, in_out) = sealed.split_at_mut(HEAD_LENGTH);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = key
            .seal_in_place_separate_tag(nonce, Aad::from(label), in_out)
            .expect("a session is far shorter than the cipher's limit");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Opens a result of `seal` with the same label; `None` for anything else. `sealed` is attacker-controlled.
    pub(crate) fn open(&self, label: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.open_bytes(label, BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?)
    }

    /// Opens a result of `seal_bytes` with the same label; `None` for anything else.
    pub(crate) fn open_bytes(&self, label: &[u8], sealed: Vec<u8>) -> Option<Zeroizing<Vec<u8>>> {
        let mut buffer = Zeroizing::new(sealed);
        let (id, rest) = buffer.split_first_chunk::<KEY_ID_LENGTH>()?;
        let nonce = Nonce::assume_unique_for_key(*rest.first_chunk()?);
        let (_, key) = self.keys.iter().find(|(own, _)| own == id)?;
        let plaintext = key.open_within(nonce, Aad::from(label), &mut buffer, HEAD_LENGTH..);
        let length = plaintext.ok()?.len();
        buffer.truncate(length);
        Some(buffer)
    }
}

/// Replaces names by their HMAC-SHA256, with keys derived like those of a [`Sealer`]. Without a key the pseudonyms
/// reveal nothing.
#[derive(Debug)]
pub(crate) struct Pseudonyms {
    keys: Vec<hmac::Key>,
}

impl Pseudonyms {
    pub(crate) fn new(source: KeySource<'_>, purpose: Purpose) -> Self {
        let key = |derived: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, derived);
        let keys = derive(source, purpose, key);
        Self { keys }
    }

    /// The pseudonyms of a name: by the key in use, then by the older ones.
    pub(crate) fn of(&self, parts: &[&[u8]]) -> impl Iterator<Item = [u8; 32]> {
        self.keys.iter().map(move |key| {
            let mut hmac = hmac::Context::with_key(key);
            for part in parts {
                hmac.update(&(part.len() as u64).to_be_bytes());
                hmac.update(part);
            }
            let tag = hmac.sign();
            let name = tag.as_ref().first_chunk();
            *name.expect("HMAC-SHA256 has 32 bytes")
        })
    }
}

/// Derives a key of a purpose from each secret.
fn derive<K>(source: KeySource<'_>, purpose: Purpose, key: impl Fn(&[u8]) -> K) -> Vec<K> {
    let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let info = [
        SCHEME,
        purpose.0.as_bytes(),
        &length(source.client_id),
        source.client_id.as_bytes(),
        &length(source.cookie_name),
        source.cookie_name.as_bytes(),
        source.origin.as_bytes(),
    ];
    assert!(
        !source.secrets.is_empty(),
        "the configuration has at least one key"
    );
    let keys = source.secrets.iter().map(|secret| {
        let secret = Salt::new(HKDF_SHA256, &[]).extract(secret);
        let mut derived = Zeroizing::new([0; KEY_ID_LENGTH + KEY_LENGTH]);
        secret
            .expand(&info, Derived)
            .and_then(|okm| okm.fill(derived.as_mut_slice()))
            .expect("HKDF-SHA256 gives up to 8160 bytes");
        key(derived.as_slice())
    });
    keys.collect()
}

/// Random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the system's random source works");
    bytes
}

/// The SHA-256 hash of some parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in parts {
        hash.update(part);
    }
    let hash = hash.finish();
    *hash.as_ref().first_chunk().expect("SHA-256 has 32 bytes")
}

/// The output of HKDF: a key id and a key.
struct Derived;

impl KeyType for Derived {
    fn len(&self) -> usize {
        KEY_ID_LENGTH + KEY_LENGTH
    }
}

/// The version of this scheme: values of another one do not open.
const SCHEME: &[u8] = b"tower-didit/1";
const KEY_ID_LENGTH: usize = 4;
const KEY_LENGTH: usize = 32;
const HEAD_LENGTH: usize = KEY_ID_LENGTH + NONCE_LEN;

#[cfg(test)]
mod tests;
