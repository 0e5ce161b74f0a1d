//! What the program prints when it has started.

use std::fmt::Write as _;

use aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_STANDARD};

use super::START_PAGE;
use crate::{FakeDidit, Product};

/// Where the fake is, and the environment that makes tower-didit sign in at it.
pub(super) fn text(didit: &FakeDidit, origin: &str) -> String {
    let state = didit.lock();
    let (issuer, discovery) = (state.issuer.as_str(), state.issuer.discovery());
    let product = match state.product {
        Product::SignIn => "Sign in API",
        Product::Authentication => "Didit Authentication",
    };
    let mut text = format!(
        "Fake Didit ({product}) listens on {origin}

Start page  {origin}{START_PAGE}
Issuer      {issuer}
Discovery   {discovery}

For tower-didit, for example its `cargo run --example relying_party`:

"
    );
    let redirect_uri = state.redirect_uris.first().map_or("", String::as_str);
    let provider = match state.product {
        Product::SignIn => "discovered",
        Product::Authentication => "authentication",
    };
    let scopes = SCOPES
        .iter()
        .filter(|scope| state.scopes.iter().any(|known| known == *scope));
    let scopes: Vec<_> = scopes.copied().collect();
    let (scopes, cookie_key) = (scopes.join(" "), cookie_key());
    let secret = state.client.secret();
    let lines = [
        ("DIDIT_PROVIDER", Some(provider)),
        ("DIDIT_ISSUER", Some(issuer)),
        ("DIDIT_CLIENT_ID", Some(&state.client.id)),
        ("DIDIT_CLIENT_SECRET", secret),
        ("DIDIT_REDIRECT_URI", Some(redirect_uri)),
        ("DIDIT_SCOPES", Some(&scopes)),
        // Where there is no secret to derive it from.
        (
            "DIDIT_COOKIE_KEYS",
            Some(&*cookie_key).filter(|_| secret.is_none()),
        ),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            let _ = writeln!(text, "export {name}={}", quoted(value));
        }
    }
    text
}

/// A word for a POSIX shell.
fn quoted(value: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "-._~:/@%+=".contains(character);
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

fn cookie_key() -> String {
    let mut key = [0; 32];
    rand::fill(&mut key).expect("the system has random numbers");
    BASE64_STANDARD.encode(key)
}

/// What an example may ask for, of the scopes of both products.
const SCOPES: [&str; 6] = [
    "openid",
    "offline",
    "offline_access",
    "names",
    "profile",
    "email",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_a_value_as_it_is() {
        for (value, word) in [
            (
                "http://localhost:3000/callback",
                "http://localhost:3000/callback",
            ),
            ("openid email", "'openid email'"),
            ("it's", r"'it'\''s'"),
            ("$(id)", "'$(id)'"),
            ("a?b=c&d", "'a?b=c&d'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(value), word);
        }
    }
}
