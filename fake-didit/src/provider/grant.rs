//! A grant: a person's approval of an authorization request.

use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

use crate::{
    person::Person,
    provider::{authorize::AuthorizeRequest, scope::Scope},
};

/// An approved authorization request. Every code and token belongs to one grant; revoking the grant revokes
/// them all.
pub(crate) struct Grant {
    pub(crate) person: Person,
    /// The `sid` of Didit Authentication.
    pub(crate) session: String,
    pub(crate) scope: Scope,
    pub(crate) nonce: Option<String>,
    pub(crate) signed_in_at: u64,
    redirect_uri: String,
    challenge: Option<String>,
    revoked: AtomicBool,
}

impl Grant {
    pub(crate) fn new(
        request: AuthorizeRequest,
        person: Person,
        session: String,
        now: u64,
    ) -> Self {
        Self {
            person,
            session,
            scope: request.scope,
            nonce: request.nonce,
            signed_in_at: now,
            revoked: AtomicBool::new(false),
            redirect_uri: request.redirect_uri,
            challenge: request.challenge,
        }
    }

    pub(crate) fn revoke(&self) {
        self.revoked.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.revoked.load(Ordering::SeqCst)
    }

    /// Checks a token request against the authorization request; the error is the reason.
    pub(crate) fn check(
        &self,
        redirect_uri: &str,
        verifier: Option<&str>,
    ) -> Result<(), &'static str> {
        // RFC 6749 §4.1.3: identical, without normalization.
        if redirect_uri != self.redirect_uri {
            return Err("redirect_uri is not the one of the authorization request");
        }
        match (&self.challenge, verifier) {
            (None, None) => Ok(()),
            // RFC 9700 §2.1.1: prevents PKCE downgrade, where an attacker removes the challenge from the
            // request.
            (None, Some(_)) => {
                Err("code_verifier without a code_challenge in the authorization request")
            }
            (Some(_), None) => Err("code_verifier is missing"),
            (Some(challenge), Some(verifier)) if is_verifier(verifier) => {
                let hash = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
                let same: bool = hash.as_bytes().ct_eq(challenge.as_bytes()).into();
                if same {
                    Ok(())
                } else {
                    Err("code_verifier does not match the code_challenge")
                }
            }
            (Some(_), Some(_)) => Err("code_verifier is malformed"),
        }
    }
}

/// RFC 7636 §4.1: 43 to 128 unreserved characters.
pub(crate) fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}
