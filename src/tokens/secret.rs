//! Secrets.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Defines a secret: redacted in `Debug`, without `Display`, `PartialEq` and `Serialize`, wiped from memory on drop,
/// read through `secret()`.
macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name(Zeroizing<String>);

        impl $name {
            pub(crate) fn new(secret: impl Into<String>) -> Self {
                Self(Zeroizing::new(secret.into()))
            }

            /// The secret itself. Keep it out of logs and URLs.
            /// [Example](crate::DiditTokens::access_token).
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
    /// The token for calls to Didit's APIs (RFC 6749 §1.4). It is opaque: do not parse it.
    ///
    /// The type has no `Display`, so that the token does not get into a page or a log by mistake:
    ///
    /// ```compile_fail,E0277
    /// use tower_didit::DiditTokens;
    ///
    /// async fn profile(tokens: DiditTokens) -> String {
    ///     format!("token: {}", tokens.access_token()) // `.secret()` is for requests to Didit
    /// }
    /// ```
    AccessToken
}

secret! {
    /// The token for new access tokens (RFC 6749 §1.5).
    ///
    /// [Example](crate::DiditTokens::refresh_token).
    RefreshToken
}

secret! {
    /// The ID token as it was received (OpenID Connect Core §2). [`IdClaims`](crate::IdClaims) has its claims.
    ///
    /// [Example](crate::DiditTokens::id_token).
    IdToken
}

/// A private text of the configuration: `Debug` is redacted, and the memory is wiped on drop.
pub(crate) struct Secret(pub(crate) Zeroizing<String>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Whether two secrets are equal, in constant time.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

impl AccessToken {
    pub(crate) fn is(&self, other: &Self) -> bool {
        is_same(&self.0, &other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_is_redacted() {
        assert_eq!(format!("{:?}", AccessToken::new("at")), "[redacted]");
        assert_eq!(format!("{:?}", RefreshToken::new("rt")), "[redacted]");
        assert_eq!(format!("{:?}", IdToken::new("id")), "[redacted]");
    }
}
