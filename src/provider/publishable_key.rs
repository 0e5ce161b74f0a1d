//! Didit Authentication's publishable keys.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// The issuer of a publishable key: `pk_live_` or `pk_test_`, then the issuer in base64url. The key is public.
pub(super) fn issuer_of(key: &str) -> Option<String> {
    let encoded = ["pk_live_", "pk_test_"]
        .into_iter()
        .find_map(|prefix| key.strip_prefix(prefix))?;
    let issuer = BASE64_URL_SAFE_NO_PAD.decode(encoded).ok()?;
    String::from_utf8(issuer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuer_is_read_from_the_key() {
        for prefix in ["pk_live_", "pk_test_"] {
            let key = format!("{prefix}aHR0cHM6Ly9hY21lLmF1dGguZGlkaXQubWU");
            assert_eq!(
                issuer_of(&key).as_deref(),
                Some("https://acme.auth.didit.me")
            );
        }
    }

    #[test]
    fn an_invalid_publishable_key_has_no_issuer() {
        for key in [
            "",
            "pk_live",
            "sk_live_aHR0cHM6Ly9hY21lLmF1dGguZGlkaXQubWU",
            "pk_live_aHR0cHM6Ly9hY21lLmF1dGguZGlkaXQubWU=",
            "pk_live_a",
            "pk_test__w",
        ] {
            assert_eq!(issuer_of(key), None, "{key}");
        }
    }
}
