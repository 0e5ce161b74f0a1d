//! The signing keys: published test keys, see `keys/README.md`.

pub(crate) mod base64url;
pub(crate) mod jws;
pub(crate) mod key_pair;

use serde_json::{Map, Value, json};

use key_pair::KeyPair;

/// The current P-256 and RSA keys, and which generations of keys are published.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    pub(crate) algorithm: Algorithm,
    /// Whether the JWK set has the form of the example in Didit's documentation.
    pub(crate) bare: bool,
    /// The algorithms that have keys.
    pub(crate) algorithms: &'static [Algorithm],
    kid_prefix: &'static str,
    generation: usize,
    oldest: usize,
    newest: usize,
}

/// A signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Es256,
    Rs256,
}

impl Keys {
    /// Keys for these algorithms; the first one signs.
    pub(crate) fn new(algorithms: &'static [Algorithm], kid_prefix: &'static str) -> Self {
        Self {
            algorithm: algorithms.first().copied().unwrap_or(Algorithm::Es256),
            bare: false,
            algorithms,
            kid_prefix,
            generation: 1,
            oldest: 1,
            newest: 1,
        }
    }

    /// Switches to the next keys and publishes only those.
    pub(crate) fn rotate(&mut self) {
        self.generation += 1;
        self.retire();
    }

    /// Switches to the next keys and publishes the previous ones as well.
    pub(crate) fn rotate_gently(&mut self) {
        self.oldest = self.generation;
        self.generation += 1;
        self.newest = self.generation;
    }

    /// Publishes the next keys as well.
    pub(crate) fn announce(&mut self) {
        self.oldest = self.generation;
        self.newest = self.generation + 1;
    }

    /// Publishes only the current keys.
    pub(crate) fn retire(&mut self) {
        (self.oldest, self.newest) = (self.generation, self.generation);
    }

    /// The header of a regular ID token.
    pub(crate) fn header(&self) -> Map<String, Value> {
        let header = [
            ("alg", self.algorithm.name().into()),
            ("kid", self.kid(self.algorithm, self.generation).into()),
            ("typ", "JWT".into()),
        ];
        header
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    }

    /// Signs a token with the configured algorithm, which the header need not name.
    pub(crate) fn sign(&self, header: &Map<String, Value>, claims: &Map<String, Value>) -> String {
        let key = self.signing_key();
        jws::compact(&jws::to_json(header), &jws::to_json(claims), &key)
    }

    /// The current key of the configured algorithm.
    pub(crate) fn signing_key(&self) -> KeyPair {
        self.pair(self.algorithm)
    }

    /// The current key of an algorithm.
    pub(crate) fn pair(&self, algorithm: Algorithm) -> KeyPair {
        algorithm.pair(self.generation)
    }

    /// The JWK set (RFC 7517 §5).
    pub(crate) fn jwks(&self) -> Value {
        let generations = self.oldest..=self.newest;
        let keys = generations.flat_map(|generation| {
            let algorithms = self.algorithms.iter();
            algorithms.map(move |algorithm| self.jwk(*algorithm, generation))
        });
        json!({"keys": keys.collect::<Vec<_>>()})
    }

    /// The `kid`s of the published keys.
    #[cfg(feature = "cli")]
    pub(crate) fn kids(&self) -> Vec<String> {
        let generations = self.oldest..=self.newest;
        let kids = generations.flat_map(|generation| {
            let algorithms = self.algorithms.iter();
            algorithms.map(move |algorithm| self.kid(*algorithm, generation))
        });
        kids.collect()
    }

    /// The JWK of the current key of an algorithm.
    pub(crate) fn current_jwk(&self, algorithm: Algorithm) -> Value {
        self.jwk(algorithm, self.generation)
    }

    fn jwk(&self, algorithm: Algorithm, generation: usize) -> Value {
        let kid = self.kid(algorithm, generation);
        let standard = [("kid", &*kid), ("alg", algorithm.name()), ("use", "sig")];
        let bare = [("crv", "secp256r1")];
        let extra = match (self.bare, algorithm) {
            (false, _) => &standard[..],
            (true, Algorithm::Es256) => &bare,
            (true, Algorithm::Rs256) => &[],
        };
        let mut jwk = algorithm.pair(generation).jwk();
        if let Some(members) = jwk.as_object_mut() {
            members.extend(
                extra
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).into())),
            );
        }
        jwk
    }

    fn kid(&self, algorithm: Algorithm, generation: usize) -> String {
        let (prefix, name) = (self.kid_prefix, algorithm.name().to_ascii_lowercase());
        format!("{prefix}-{name}-{generation}")
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self::new(&[Algorithm::Es256, Algorithm::Rs256], "fake")
    }
}

impl Algorithm {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    fn pair(self, generation: usize) -> KeyPair {
        match (self, generation % 2) {
            (Self::Es256, 1) => KeyPair::ec(include_bytes!("es256-1.der")),
            (Self::Es256, _) => KeyPair::ec(include_bytes!("es256-2.der")),
            (Self::Rs256, 1) => KeyPair::rsa(include_bytes!("rs256-1.der")),
            (Self::Rs256, _) => KeyPair::rsa(include_bytes!("rs256-2.der")),
        }
    }
}
