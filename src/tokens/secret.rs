//! Strings that are nobody's business.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Defines a secret: redacted in `Debug`, without `Display`, `PartialEq` and `Serialize`, wiped
/// when dropped, read through `secret()`.
macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name(Zeroizing<String>);

        impl $name {
            pub(crate) fn new(secret: impl Into<String>) -> Self {
                Self(Zeroizing::new(secret.into()))
            }

            /// The secret itself. Keep it out of logs and URLs.
            pub fn secret(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("[redacted]")
            }
        }
    };
}

secret! {
    /// The token that a request to Didit's APIs carries (RFC 6749 §1.4). Didit's are opaque:
    /// do not parse them.
    AccessToken
}

secret! {
    /// The token that new access tokens are had for (RFC 6749 §1.5).
    RefreshToken
}

secret! {
    /// The signed statement of who signed in, as it was received (OpenID Connect Core §2).
    IdToken
}

impl AccessToken {
    pub(crate) fn is(&self, other: &Self) -> bool {
        is_same(&self.0, &other.0)
    }
}

impl RefreshToken {
    pub(crate) fn is(&self, other: &Self) -> bool {
        is_same(&self.0, &other.0)
    }
}

/// In constant time.
fn is_same(own: &str, other: &str) -> bool {
    own.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", AccessToken::new("at")), "[redacted]");
        assert_eq!(format!("{:?}", RefreshToken::new("rt")), "[redacted]");
        assert_eq!(format!("{:?}", IdToken::new("id")), "[redacted]");
    }
}
