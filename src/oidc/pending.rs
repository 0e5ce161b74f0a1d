//! A sign-in whose callback has not arrived yet.

use std::{borrow::Cow, fmt, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Grant, SignInParameters};
use crate::{
    clock::Timestamp,
    provider::{Nonce, Provider},
    return_to::ReturnTo,
    seal::{self, sha256},
};

/// The data that the callback needs about its authorization request.
///
/// It is sealed in a cookie of the browser that started the sign-in, which binds `state` to that browser
/// (RFC 6749 §10.12). The server keeps nothing. It is used once, so it is not `Clone`.
pub(crate) struct PendingSignIn {
    state: Zeroizing<String>,
    nonce: Option<Zeroizing<String>>,
    code_verifier: Zeroizing<String>,
    pub(crate) return_to: ReturnTo,
    /// A hash of the provider's [identity](Provider::identity) and of the redirect URI that was sent.
    binding: String,
    pub(super) interaction: Interaction,
    /// The parameters that the callback needs, with the authentication that the request asked for.
    pub(super) parameters: SignInParameters,
    pub(crate) expires: Timestamp,
}

/// Whether the provider may ask the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interaction {
    Allowed,
    /// `prompt=none` (OpenID Connect Core §3.1.2.1).
    None,
}

impl Interaction {
    pub(crate) fn of(prompt: Option<&str>) -> Self {
        match prompt {
            Some("none") => Self::None,
            _ => Self::Allowed,
        }
    }
}

impl PendingSignIn {
    /// Long enough to scan a QR code or to wait for an e-mail.
    pub(crate) const LIFETIME: Duration = Duration::from_secs(20 * 60);

    /// Starts a sign-in, with 256 random bits each in `state`, `nonce` and code verifier (RFC 6749 §10.10,
    /// RFC 7636 §7.1).
    pub(crate) fn begin(
        provider: &Provider,
        redirect_uri: &str,
        interaction: Interaction,
        parameters: SignInParameters,
        return_to: ReturnTo,
        now: Timestamp,
    ) -> Self {
        Self {
            state: random::<32>(),
            nonce: (provider.nonce != Nonce::NotSent).then(random::<32>),
            code_verifier: random::<32>(),
            return_to,
            binding: binding(provider, redirect_uri),
            interaction,
            parameters,
            expires: now.plus(Self::LIFETIME),
        }
    }

    /// The length of [`cookie_suffix`](Self::cookie_suffix).
    pub(crate) const COOKIE_SUFFIX_LENGTH: usize = 16;

    /// The end of the cookie's name: a hash of `state`, so that the callback finds the cookie.
    pub(crate) fn cookie_suffix(state: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&sha256(&[state.as_bytes()])[..12])
    }

    pub(crate) fn state(&self) -> &str {
        &self.state
    }

    pub(crate) fn nonce(&self) -> Option<&str> {
        self.nonce.as_ref().map(|nonce| nonce.as_str())
    }

    pub(crate) fn started(&self) -> Timestamp {
        let seconds = self.expires.as_unix();
        Timestamp::from_unix(seconds.saturating_sub(Self::LIFETIME.as_secs()))
    }

    /// The S256 code challenge (RFC 7636 §4.2).
    pub(crate) fn code_challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(sha256(&[self.code_verifier.as_bytes()]))
    }

    /// Whether `state` is this sign-in's, in constant time.
    pub(crate) fn has_state(&self, state: &str) -> bool {
        self.state.as_bytes().ct_eq(state.as_bytes()).into()
    }

    /// The one of these redirect URIs that was sent to `provider`, with which the code is exchanged (RFC 6749 §4.1.3).
    /// `None` if the sign-in is for another provider, which must not get the code (RFC 9700 §4.4).
    pub(super) fn redirect_uri<'u>(
        &self,
        provider: &Provider,
        mut redirect_uris: impl Iterator<Item = &'u str>,
    ) -> Option<&'u str> {
        redirect_uris.find(|uri| self.binding == binding(provider, uri))
    }

    /// The code, with the secrets that the token request (RFC 7636 §4.5) and the ID token need.
    pub(super) fn into_grant(self, code: Zeroizing<String>, redirect_uri: &str) -> Grant {
        Grant {
            code,
            redirect_uri: redirect_uri.to_owned(),
            started: self.started(),
            code_verifier: self.code_verifier,
            nonce: self.nonce,
            scopes: self.parameters.scopes(),
            authentication: self.parameters.authentication,
        }
    }

    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let encoded = Encoded(
            &self.state,
            self.nonce(),
            &self.code_verifier,
            self.return_to.as_str().into(),
            &self.binding,
            self.interaction == Interaction::None,
            self.expires.as_unix(),
            Cow::Borrowed(&self.parameters),
        );
        Zeroizing::new(serde_json::to_vec(&encoded).expect("strings and numbers are JSON"))
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let Encoded(state, nonce, code_verifier, return_to, binding, silent, expires, parameters) =
            serde_json::from_slice(bytes).ok()?;
        Some(Self {
            state: Zeroizing::new(state.to_owned()),
            nonce: nonce.map(|nonce| Zeroizing::new(nonce.to_owned())),
            code_verifier: Zeroizing::new(code_verifier.to_owned()),
            return_to: ReturnTo::parse(&return_to)?,
            binding: binding.to_owned(),
            interaction: if silent {
                Interaction::None
            } else {
                Interaction::Allowed
            },
            parameters: parameters.into_owned(),
            expires: Timestamp::from_unix(expires),
        })
    }
}

impl fmt::Debug for PendingSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingSignIn")
            .field("return_to", &self.return_to)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// State, nonce, code verifier, return-to, binding, whether `prompt=none` was sent, expiry, and the parameters if there
/// are any: a build that does not know parameters can still read sign-ins without them. A JSON array is short, and the
/// leading strings, except the return-to, are borrowed, since they need no escaping.
#[derive(Serialize, Deserialize)]
struct Encoded<'a>(
    &'a str,
    #[serde(borrow)] Option<&'a str>,
    &'a str,
    #[serde(borrow)] Cow<'a, str>,
    &'a str,
    bool,
    u64,
    #[serde(default, skip_serializing_if = "no_parameters")] Cow<'a, SignInParameters>,
);

fn no_parameters(parameters: &SignInParameters) -> bool {
    parameters.is_empty()
}

/// A hash: a long redirect URI would leave room for fewer flow cookies.
fn binding(provider: &Provider, redirect_uri: &str) -> String {
    let identity = provider.identity();
    let hash = sha256(&[redirect_uri.as_bytes(), b"\n", identity.as_bytes()]);
    BASE64_URL_SAFE_NO_PAD.encode(&hash[..16])
}

/// `N` random bytes in base64url. 32 bytes also make a code verifier (RFC 7636 §4.1).
pub(super) fn random<const N: usize>() -> Zeroizing<String> {
    let bytes: Zeroizing<[u8; N]> = Zeroizing::new(seal::random());
    Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::RequiredAuthentication;

    const CALLBACK: &str = "https://app.example/callback";

    fn pending() -> PendingSignIn {
        PendingSignIn::begin(
            &Provider::didit(),
            CALLBACK,
            Interaction::None,
            SignInParameters::default(),
            ReturnTo::parse("/orders?page=2").unwrap(),
            Timestamp::from_unix(1000),
        )
    }

    #[test]
    fn a_pending_sign_in_is_read_back_from_its_cookie() {
        let before = pending();
        let after = PendingSignIn::decode(&before.encode()).unwrap();
        assert_eq!(before.encode(), after.encode());
        assert_eq!(after.return_to.as_str(), "/orders?page=2");
        assert_eq!(after.started().as_unix(), 1000);
        assert_eq!(after.expires.as_unix(), 1000 + 20 * 60);
        assert_eq!(after.interaction, Interaction::None);
    }

    fn parameters() -> SignInParameters {
        SignInParameters {
            prompt: Some("none".to_owned()),
            login_hint: Some("john@example.com".to_owned()),
            ui_locales: Some(vec!["es".to_owned()]),
            scopes: Some(vec!["openid".to_owned(), "email".to_owned()]),
            authentication: RequiredAuthentication {
                max_age: Some(60),
                acr_values: Some(vec!["gold".to_owned()]),
            },
            added: vec![("display".to_owned(), "\"page\"".to_owned())],
        }
    }

    // Behaviours 29 and 120. A build that knows no parameters reads the sign-ins without them, and refuses the others,
    // since it would not enforce them.
    #[test]
    fn only_a_sign_in_with_parameters_of_its_own_has_a_longer_format() {
        let length = |pending: &PendingSignIn| {
            let whole: Vec<serde_json::Value> = serde_json::from_slice(&pending.encode()).unwrap();
            whole.len()
        };
        let mut pending = pending();
        assert_eq!(length(&pending), 7);
        pending.parameters = parameters();
        assert_eq!(length(&pending), 8);
        let encoded = pending.encode();
        let after = PendingSignIn::decode(&encoded).unwrap();
        let expected = SignInParameters {
            prompt: None,
            ..parameters()
        };
        assert_eq!(after.parameters, expected);
        for unknown in [
            r#"{"max_age":60,"#,
            r#"{"authentication":{"max_age":-1},"#,
            r#"{"authentication":{"level":1},"#,
        ] {
            let text = String::from_utf8(encoded.to_vec()).unwrap();
            let other = text.replacen('{', unknown, 1);
            assert_ne!(other, text);
            assert!(PendingSignIn::decode(other.as_bytes()).is_none(), "{other}");
        }
        for length in 0..encoded.len() {
            assert!(PendingSignIn::decode(&encoded[..length]).is_none());
        }
    }

    // A newer build, which shares the keys, may have written it.
    #[test]
    fn a_pending_sign_in_of_another_format_is_not_read() {
        let encoded = pending().encode();
        let whole: Vec<serde_json::Value> = serde_json::from_slice(&encoded).unwrap();
        let longer = [&whole[..], &[serde_json::Value::Null]].concat();
        let mut other_page = whole.clone();
        other_page[3] = "https://evil.example".into();
        for other in [
            serde_json::json!(longer),
            serde_json::json!(whole[..6]),
            serde_json::json!({ "version": 2, "sign_in": whole }),
            serde_json::json!(other_page),
        ] {
            let other = other.to_string();
            assert!(PendingSignIn::decode(other.as_bytes()).is_none(), "{other}");
        }
        for length in 0..encoded.len() {
            assert!(
                PendingSignIn::decode(&encoded[..length]).is_none(),
                "{length}"
            );
        }
    }

    // RFC 9700 §4.4; behaviour 29.
    #[test]
    fn a_pending_sign_in_belongs_to_one_provider_and_one_redirect_uri() {
        let pending = pending();
        let other = "https://other.example/callback";
        let sent =
            |provider: &Provider| pending.redirect_uri(provider, [other, CALLBACK].into_iter());
        assert_eq!(sent(&Provider::didit()), Some(CALLBACK));
        let more = Provider::didit().add_issuer("https://more.example");
        assert_eq!(sent(&more), Some(CALLBACK));
        assert_eq!(pending.redirect_uri(&more, [other].into_iter()), None);
        for other in [
            Provider::didit().with_token_endpoint("https://other.example/token"),
            Provider::discovered("https://apx.didit.me"),
            Provider::authentication("https://acme.auth.didit.me"),
        ] {
            assert_eq!(sent(&other), None, "{other:?}");
        }
    }

    #[test]
    fn a_provider_without_nonce_support_gets_none() {
        let provider = Provider::authentication("https://acme.auth.didit.me");
        let return_to = ReturnTo::parse("/").unwrap();
        let now = Timestamp::from_unix(1000);
        let (interaction, none) = (Interaction::Allowed, SignInParameters::default());
        let pending = PendingSignIn::begin(&provider, CALLBACK, interaction, none, return_to, now);
        assert_eq!(pending.nonce(), None);
        let after = PendingSignIn::decode(&pending.encode()).unwrap();
        assert_eq!(after.nonce(), None);
    }

    #[test]
    fn only_its_own_state_is_its_state() {
        let pending = pending();
        let state = pending.state().to_owned();
        assert!(pending.has_state(&state));
        assert!(!pending.has_state(&state[..42]));
        assert!(!pending.has_state(""));
    }

    // Behaviour 95.
    #[test]
    fn debug_shows_no_secret() {
        let pending = pending();
        let debug = format!("{pending:?}");
        let nonce = pending.nonce().unwrap();
        for secret in [pending.state(), nonce, &pending.code_verifier] {
            assert!(!debug.contains(secret), "{debug}");
        }
    }

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let mut pending = pending();
        pending.code_verifier =
            Zeroizing::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
        assert_eq!(
            pending.code_challenge(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
