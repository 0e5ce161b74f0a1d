//! The text that the program prints at startup.

use std::fmt::Write as _;

use aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_STANDARD};

use super::START_PAGE;
use crate::{FakeDidit, provider::product::Product};

/// The URLs of the fake, and the environment variables with which tower-didit uses it.
pub(super) fn text(didit: &FakeDidit, origin: &str) -> String {
    let state = didit.lock();
    let (issuer, discovery) = (state.issuer.as_str(), state.issuer.discovery());
    let product = match state.product {
        Product::SignIn => "Sign in API",
        Product::Authentication => "Didit Authentication",
    };
    let verification = &state.verification;
    let api_key = &verification.api_key;
    let workflow = verification.workflows.first().map_or("", String::as_str);
    let webhook_secret = &verification.outbox.secret;
    let mut text = format!(
        "Fake Didit ({product}) listens on {origin}

Start page  {origin}{START_PAGE}
Issuer      {issuer}
Discovery   {discovery}

Identity verification at {origin}/v3/session/

API key     {api_key}
Workflow    {workflow}
Webhooks    signed with {webhook_secret}

For tower-didit, for example its `cargo run --example verified_site`:

"
    );
    let redirect_uris = state.redirect_uris.join(" ");
    let provider = match state.product {
        Product::SignIn => "discovered",
        Product::Authentication => "authentication",
    };
    let scopes = SCOPES
        .iter()
        .filter(|scope| state.scopes.iter().any(|accepted| accepted == *scope));
    let scopes: Vec<_> = scopes.copied().collect();
    let (scopes, cookie_key) = (scopes.join(" "), cookie_key());
    let secret = state.client.secret();
    let lines = [
        ("DIDIT_PROVIDER", Some(provider)),
        ("DIDIT_ISSUER", Some(issuer)),
        ("DIDIT_CLIENT_ID", Some(&state.client.id)),
        ("DIDIT_CLIENT_SECRET", secret),
        ("DIDIT_REDIRECT_URI", Some(&redirect_uris)),
        ("DIDIT_SCOPES", Some(&scopes)),
        // Without a client secret, there is nothing to derive it from.
        (
            "DIDIT_COOKIE_KEYS",
            Some(&*cookie_key).filter(|_| secret.is_none()),
        ),
        ("DIDIT_VERIFICATION_URL", Some(origin)),
        ("DIDIT_API_KEY", Some(api_key)),
        ("DIDIT_WORKFLOW", Some(workflow)),
        ("DIDIT_WEBHOOK_SECRET", Some(webhook_secret)),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            let _ = writeln!(text, "export {name}={}", quote(value));
        }
    }
    text
}

/// Quotes a value for a POSIX shell.
fn quote(value: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "-._~:/@%+=".contains(character);
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

fn cookie_key() -> String {
    let mut key = [0; 32];
    rand::fill(&mut key).expect("the system provides random numbers");
    BASE64_STANDARD.encode(key)
}

/// The scopes that the environment requests, of both products.
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
    fn quoted_values_reach_a_program_unchanged() {
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
            assert_eq!(quote(value), word);
        }
    }
}
