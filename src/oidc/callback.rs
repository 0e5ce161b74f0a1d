//! The authorization response.

use std::collections::HashMap;

use url::form_urlencoded;
use zeroize::Zeroizing;

use super::{Interaction, PendingSignIn, SignInParameters};
use crate::{
    clock::Timestamp,
    error::{CallbackError, Error, ErrorKind, RequiredAuthentication},
    provider::{Metadata, Provider},
    seal::sha256,
    tokens::Scopes,
};

/// The parameters of a request to the callback: attacker-controlled until [`Callback::accept`] matches them
/// with a pending sign-in.
pub(crate) struct Callback {
    pub(crate) state: String,
    issuer: Option<String>,
    response: Response,
}

/// Identifies an authorization code.
pub(crate) type CodeHash = [u8; 32];

enum Response {
    Code(Zeroizing<String>),
    /// `error` and `error_description` (RFC 6749 §4.1.2.1).
    Refused(String, Option<String>),
}

impl Callback {
    /// Reads the query. Unknown parameters are ignored (RFC 6749 §4.1.2). Known ones are there at most once
    /// (§3.1) and have the characters of appendix A.
    pub(crate) fn parse(query: &str) -> Result<Self, Error> {
        if query.len() > MAX_QUERY {
            return Err(malformed("the query is too long"));
        }
        let mut parameters = HashMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
            if Self::is_parameter(&name) && parameters.insert(name, value).is_some() {
                return Err(malformed("a parameter is repeated"));
            }
        }

        let state = parameters
            .remove("state")
            .filter(|state| is_visible(state))
            .ok_or_else(|| malformed("no usable state"))?;
        let response = match (parameters.remove("code"), parameters.remove("error")) {
            (Some(code), None) if is_visible(&code) => Ok(Response::Code(Zeroizing::new(code))),
            (Some(_), None) => Err("the code has invalid characters"),
            (None, Some(error)) if is_visible(&error) => {
                let description = parameters.remove("error_description");
                Ok(Response::Refused(error, description))
            }
            (None, Some(_)) => Err("the error has invalid characters"),
            (Some(_), Some(_)) => Err("both a code and an error"),
            (None, None) => Err("neither a code nor an error"),
        };
        Ok(Self {
            state,
            issuer: parameters.remove("iss"),
            response: response.map_err(malformed)?,
        })
    }

    /// Whether a query must have this parameter at most once.
    pub(crate) fn is_parameter(name: &str) -> bool {
        ["state", "code", "error", "error_description", "iss"].contains(&name)
    }

    /// The SHA-256 of the code, if there is one.
    pub(crate) fn code_hash(&self) -> Option<CodeHash> {
        match &self.response {
            Response::Code(code) => Some(sha256(&[code.as_bytes()])),
            Response::Refused(..) => None,
        }
    }

    /// Accepts the response to `pending`, which is from the cookie named after this state.
    ///
    /// The checks are in the order of RFC 9700 §4.7 (state) and §4.4 (provider), RFC 9207 §2.4 (issuer, also of
    /// errors) and RFC 6749 §4.1.2.1. `requested` are the scopes of a
    /// sign-in that has none of its own.
    pub(crate) fn accept<'u>(
        self,
        pending: PendingSignIn,
        provider: &Provider,
        redirect_uris: impl Iterator<Item = &'u str>,
        metadata: &Metadata,
        requested: &Scopes,
        now: Timestamp,
    ) -> Result<Accepted, Error> {
        let redirect_uri = pending
            .redirect_uri(provider, redirect_uris)
            .filter(|_| pending.has_state(&self.state))
            .ok_or_else(|| Error::new(CallbackError::UnknownSignIn))?;
        if now >= pending.expires {
            let (end, now) = (pending.expires.as_unix(), now.as_unix());
            let context = format!("its end was {end}, and the clock here says {now}");
            return Err(Error::with_context(CallbackError::SignInExpired, context));
        }
        match &self.issuer {
            Some(issuer) if !provider.accepts_issuer(issuer) => {
                let context = format!("accepted are {}", provider.issuers.join(", "));
                return Err(Error::with_context(CallbackError::IssuerMismatch, context));
            }
            None if metadata.has_iss_parameter => {
                let context = "it has no iss, which the provider's metadata announces";
                return Err(Error::with_context(CallbackError::IssuerMismatch, context));
            }
            _ => {}
        }
        match self.response {
            Response::Code(code) => Ok(Accepted::Grant(pending.into_grant(code, redirect_uri))),
            Response::Refused(error, _)
                if pending.interaction == Interaction::None
                    && NEED_INTERACTION.contains(&error.as_str()) =>
            {
                Ok(Accepted::InteractionNeeded(pending.parameters))
            }
            Response::Refused(error, description) => {
                let own = pending.parameters.scopes();
                let requested = own.as_ref().unwrap_or(requested);
                Err(refused(&error, description.as_deref(), requested))
            }
        }
    }
}

/// The outcome of an accepted authorization response.
pub(crate) enum Accepted {
    Grant(Grant),
    /// `prompt=none` was sent, and the provider has to ask the user: start the sign-in again with these parameters, without
    /// `prompt`.
    InteractionNeeded(SignInParameters),
}

/// An authorization code with the secrets of its sign-in. It is used once, so it is not `Clone`.
pub(crate) struct Grant {
    pub(crate) code: Zeroizing<String>,
    /// The redirect URI of the authorization request.
    pub(crate) redirect_uri: String,
    pub(crate) code_verifier: Zeroizing<String>,
    /// The ID token must have the same nonce.
    pub(crate) nonce: Option<Zeroizing<String>>,
    /// The start of the sign-in.
    pub(crate) started: Timestamp,
    /// The requested scopes, unless they are those of the configuration.
    pub(crate) scopes: Option<Scopes>,
    /// The authentication that was asked for.
    pub(crate) authentication: RequiredAuthentication,
}

/// Two codes of RFC 6749 §4.1.2.1 have a kind of their own: the user refused, or a scope is not allowed. The others
/// have names of token endpoint errors but another meaning.
fn refused(code: &str, description: Option<&str>, requested: &Scopes) -> Error {
    let refused = |kind| Error::from_provider(kind, code, description);
    match code {
        "access_denied" => refused(ErrorKind::AccessDenied),
        "invalid_scope" => refused(ErrorKind::InvalidScope).with_scopes(requested.as_str()),
        _ => refused(ErrorKind::ProviderRefused),
    }
}

fn malformed(context: &'static str) -> Error {
    Error::with_context(CallbackError::Malformed, context)
}

/// One or more `VSCHAR` (RFC 6749 appendix A.5, A.7 and A.11).
fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// OpenID Connect Core §3.1.2.6: the errors of `prompt=none`.
const NEED_INTERACTION: [&str; 4] = [
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
];
/// In bytes.
const MAX_QUERY: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn context(query: &str) -> String {
        let error = Callback::parse(query).err().expect("malformed");
        assert_eq!(error.kind(), CallbackError::Malformed.into());
        error.to_string()
    }

    #[test]
    fn a_code_or_an_error_with_a_state_is_a_callback() {
        for query in [
            "code=c&state=s",
            "state=s&code=a%20b&extra=1&extra=2",
            "error=access_denied&state=s",
            "error=x&error_description=y&error_uri=z&state=s&iss=i",
        ] {
            assert_eq!(Callback::parse(query).ok().unwrap().state, "s", "{query}");
        }
    }

    #[test]
    fn anything_else_is_malformed() {
        let text = "the callback is not an authorization response: ";
        for (query, why) in [
            ("", "no usable state"),
            ("code=c", "no usable state"),
            ("code=c&state=", "no usable state"),
            ("code=c&state=%00", "no usable state"),
            ("code=c&state=%C3%A9", "no usable state"),
            ("state=s", "neither a code nor an error"),
            ("codec=c&state=s", "neither a code nor an error"),
            ("code=c&error=e&state=s", "both a code and an error"),
            ("code=&state=s", "the code has invalid characters"),
            ("code=%FF&state=s", "the code has invalid characters"),
            ("error=&state=s", "the error has invalid characters"),
            ("code=c%0D%0A&state=s", "the code has invalid characters"),
        ] {
            assert_eq!(context(query), format!("{text}{why}"), "{query}");
        }
        for name in ["code", "state", "error", "error_description", "iss"] {
            let twice = format!("state=s&code=c&{name}=a&{name}=a");
            assert_eq!(context(&twice), format!("{text}a parameter is repeated"));
        }
        let long = format!("state=s&code={}", "c".repeat(MAX_QUERY));
        assert_eq!(context(&long), format!("{text}the query is too long"));
    }
}
