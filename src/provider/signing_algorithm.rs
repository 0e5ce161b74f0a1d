//! The signature algorithms of ID tokens.

use std::fmt;

/// An asymmetric signature algorithm of RFC 7518 §3.1.
///
/// `none` and keyed hashes such as `HS256` are excluded: an ID token with one of them is refused (RFC 8725 §3.1).
/// See [`Provider::with_signing_algorithms`](crate::Provider::with_signing_algorithms).
///
/// ```
/// use tower_didit::protocol::SigningAlgorithm;
///
/// assert_eq!(SigningAlgorithm::Es256.name(), "ES256");
/// assert!(SigningAlgorithm::ALL.contains(&SigningAlgorithm::Rs256));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
}

impl SigningAlgorithm {
    /// All algorithms.
    pub const ALL: &'static [Self] = &[
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
    ];

    /// The `alg` value, for example `RS256`.
    /// [Example](Self).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
        }
    }

    /// The algorithm with this `alg` value, which is case-sensitive (RFC 7515 §4.1.1).
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|algorithm| algorithm.name() == name)
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_name_is_a_name() {
        for algorithm in SigningAlgorithm::ALL.iter().copied() {
            assert_eq!(SigningAlgorithm::by_name(algorithm.name()), Some(algorithm));
        }
        for other in [
            "none", "NoNe", "", "HS256", "rs256", "RS256 ", "ES256K", "EdDSA",
        ] {
            assert_eq!(SigningAlgorithm::by_name(other), None, "{other}");
        }
    }
}
