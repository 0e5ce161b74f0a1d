//! The parameters of one sign-in, and the checks of all parameters that an application sets.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::{
    error::{Error, RequiredAuthentication, WiringError},
    provider::{ClaimSupport, Endpoint, Provider},
    tokens::Scopes,
};

/// The parameters of one sign-in. Each that is set replaces that of the configuration.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SignInParameters {
    #[serde(skip)]
    pub(crate) prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) login_hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ui_locales: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none", with = "spaced")]
    pub(crate) scopes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "RequiredAuthentication::is_any")]
    pub(crate) authentication: RequiredAuthentication,
    /// Parameters without a setter of their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) added: Vec<(String, String)>,
}

impl SignInParameters {
    /// Whether the sign-in has no parameters of its own.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn requiring(authentication: RequiredAuthentication) -> Self {
        Self {
            authentication,
            ..Self::default()
        }
    }

    /// The scopes, unless they are those of the configuration.
    pub(crate) fn scopes(&self) -> Option<Scopes> {
        Some(Scopes::new(self.scopes.as_ref()?.join(" ")))
    }

    /// Checks all that can be checked without the configuration.
    pub(crate) fn check(&self) -> Result<(), InvalidParameter> {
        if let Some(prompt) = &self.prompt {
            check_prompt(prompt)?;
        }
        check_words("ui_locales", self.ui_locales.iter().flatten())?;
        check_authentication(&self.authentication)?;
        check_scopes(self.scopes.as_deref().unwrap_or_default())?;
        for (position, (name, _)) in self.added.iter().enumerate() {
            let refused = |why| Err(InvalidParameter::of("parameter", name, why));
            let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if name.is_empty() || !name.bytes().all(is_name_byte) {
                return refused("must have letters, digits, `-`, `.` and `_` only");
            }
            if RESERVED.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                return refused("is set by the layer, has a setter of its own, or is not allowed");
            }
            let before = self.added.iter().take(position);
            if before.into_iter().any(|(other, _)| other == name) {
                return refused("is added twice");
            }
        }
        if self.length() > MAX_LENGTH {
            let why = "take more than 512 bytes in the provider's address";
            return Err(InvalidParameter::new("parameters of the sign-in", why));
        }
        Ok(())
    }

    /// Checks these parameters against the provider and the configuration.
    pub(crate) fn check_for(
        &self,
        provider: &Provider,
        configured: &RequiredAuthentication,
        authorization_endpoint: &Endpoint,
    ) -> Result<(), InvalidParameter> {
        if let Some(scopes) = self.scopes() {
            check_openid(&scopes, provider)?;
        }
        check_support(&self.authentication, provider, configured)?;
        let query = authorization_endpoint.url().query_pairs();
        for (name, _) in query {
            if self.added.iter().any(|(added, _)| *added == name) {
                let why = "is already in the address of the authorization endpoint";
                return Err(InvalidParameter::of("parameter", &name, why));
            }
        }
        Ok(())
    }

    /// Checks that these parameters, which the callback needs, fit into the flow cookie.
    pub(crate) fn check_size(&self) -> Result<(), InvalidParameter> {
        let json = serde_json::to_vec(self).expect("strings and numbers are JSON");
        if json.len() <= MAX_SEALED_LENGTH {
            return Ok(());
        }
        let why = "take more than 256 bytes in the flow cookie";
        Err(InvalidParameter::new("parameters of the sign-in", why))
    }

    /// The length of the parameters in a URL.
    fn length(&self) -> usize {
        let lists = [
            &self.ui_locales,
            &self.scopes,
            &self.authentication.acr_values,
        ];
        let listed = lists.into_iter().flatten().flatten();
        let words = listed.chain(&self.prompt).chain(&self.login_hint);
        let added = self.added.iter().flat_map(|(name, value)| [name, value]);
        words
            .chain(added)
            .map(|word| form_urlencoded::byte_serialize(word.as_bytes()))
            .map(|parts| parts.map(str::len).sum::<usize>() + "&".len())
            .sum()
    }
}

impl fmt::Debug for SignInParameters {
    /// Without the values, which may be personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let added: Vec<_> = self.added.iter().map(|(name, _)| name).collect();
        f.debug_struct("SignInParameters")
            .field("prompt", &self.prompt)
            .field("ui_locales", &self.ui_locales)
            .field("scopes", &self.scopes)
            .field("authentication", &self.authentication)
            .field("added", &added)
            .finish_non_exhaustive()
    }
}

/// A parameter of the authorization request that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvalidParameter {
    pub(crate) name: &'static str,
    pub(crate) value: Option<String>,
    pub(crate) why: &'static str,
}

impl InvalidParameter {
    fn new(name: &'static str, why: &'static str) -> Self {
        let value = None;
        Self { name, value, why }
    }

    fn of(name: &'static str, value: &str, why: &'static str) -> Self {
        let value = Some(value.to_owned());
        Self { name, value, why }
    }
}

impl fmt::Display for InvalidParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, why } = self;
        match value {
            Some(value) => write!(f, "the {name} {value:?} {why}"),
            None => write!(f, "the {name} {why}"),
        }
    }
}

impl From<InvalidParameter> for Error {
    fn from(parameter: InvalidParameter) -> Self {
        Self::with_context(WiringError::InvalidSignIn, parameter.to_string())
    }
}

/// OpenID Connect Core §3.1.2.1: a list of words with a space in between.
pub(crate) fn check_prompt(prompt: &str) -> Result<(), InvalidParameter> {
    let refused = |why| Err(InvalidParameter::of("prompt", prompt, why));
    if prompt != "none" && prompt.split(' ').any(|word| word == "none") {
        return refused("has `none` beside something else");
    }
    if !prompt.split(' ').all(is_word) {
        return refused("is not a list of words with a space in between");
    }
    Ok(())
}

pub(crate) fn check_words<'a>(
    name: &'static str,
    words: impl IntoIterator<Item = &'a String>,
) -> Result<(), InvalidParameter> {
    let why = "is empty, or has white space";
    match words.into_iter().find(|word| !is_word(word)) {
        Some(word) => Err(InvalidParameter::of(name, word, why)),
        None => Ok(()),
    }
}

pub(crate) fn check_authentication(
    required: &RequiredAuthentication,
) -> Result<(), InvalidParameter> {
    let Some(values) = &required.acr_values else {
        return Ok(());
    };
    if values.is_empty() {
        let name = "list of required acr_values";
        return Err(InvalidParameter::new(name, "is empty"));
    }
    check_words("acr_values", values)
}

/// RFC 6749 §3.3.
pub(crate) fn check_scopes(scopes: &[String]) -> Result<(), InvalidParameter> {
    let is_scope_byte = |byte: u8| byte.is_ascii_graphic() && !b"\"\\".contains(&byte);
    let is_scope = |scope: &&String| !scope.is_empty() && scope.bytes().all(is_scope_byte);
    let why = "is not visible ASCII without space, quote and backslash";
    match scopes.iter().find(|scope| !is_scope(scope)) {
        Some(scope) => Err(InvalidParameter::of("scope", scope, why)),
        None => Ok(()),
    }
}

/// `openid` is required if it is one of the provider's scopes (OpenID Connect Core §3.1.2.1).
pub(crate) fn check_openid(scopes: &Scopes, provider: &Provider) -> Result<(), InvalidParameter> {
    if scopes.contains("openid") || !provider.default_scopes.contains(&"openid") {
        return Ok(());
    }
    let (name, why) = ("list of scopes", "lacks `openid`");
    Err(InvalidParameter::of(name, scopes.as_str(), why))
}

/// Checks that the provider is declared to return the claims with which a step-up is verified, and that a step-up can
/// meet the configuration's own requirements.
pub(crate) fn check_support(
    required: &RequiredAuthentication,
    provider: &Provider,
    configured: &RequiredAuthentication,
) -> Result<(), InvalidParameter> {
    if required.max_age.is_some() && provider.auth_time != ClaimSupport::Declared {
        return Err(InvalidParameter::new("max_age", NO_AUTH_TIME));
    }
    let Some(values) = &required.acr_values else {
        return Ok(());
    };
    if provider.acr != ClaimSupport::Declared {
        return Err(InvalidParameter::new("acr_values", NO_ACR));
    }
    match &configured.acr_values {
        Some(accepted) if !values.iter().any(|value| accepted.contains(value)) => {
            let why = "has none of the values that `require_acr_values` accepts";
            let name = "list of acr_values";
            Err(InvalidParameter::of(name, &values.join(" "), why))
        }
        _ => Ok(()),
    }
}

/// Checks that the provider is not known to lack the claims that the configuration requires of every sign-in.
pub(crate) fn check_not_absent(
    required: &RequiredAuthentication,
    provider: &Provider,
) -> Result<(), InvalidParameter> {
    if required.max_age.is_some() && provider.auth_time == ClaimSupport::Absent {
        return Err(InvalidParameter::new("max_age", NO_AUTH_TIME));
    }
    if required.acr_values.is_some() && provider.acr == ClaimSupport::Absent {
        return Err(InvalidParameter::new("acr_values", NO_ACR));
    }
    Ok(())
}

/// Scopes in one string: a sign-in may have many.
mod spaced {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde gives a reference to the field")]
    pub(super) fn serialize<S: Serializer>(
        scopes: &Option<Vec<String>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let scopes = scopes.as_deref().unwrap_or_default();
        serializer.serialize_str(&scopes.join(" "))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<String>>, D::Error> {
        let scopes = String::deserialize(deserializer)?;
        Ok(Some(scopes.split(' ').map(str::to_owned).collect()))
    }
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Parameters that the layer sets, those with setters of their own, and those that would change how the provider
/// responds or what it trusts.
const RESERVED: [&str; 18] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "code_challenge",
    "code_challenge_method",
    "scope",
    "nonce",
    "prompt",
    "max_age",
    "login_hint",
    "ui_locales",
    "acr_values",
    "response_mode",
    "request",
    "request_uri",
    "claims",
    "id_token_hint",
];
/// In bytes. The address and the flow cookie are in one response, whose headers have to fit into the 4 KB of an nginx with
/// its default buffers.
const MAX_LENGTH: usize = 512;
/// In bytes. The flow cookie leaves room for the removal of the oldest ones.
const MAX_SEALED_LENGTH: usize = 256;
const NO_AUTH_TIME: &str = "cannot be verified: the provider is not declared to return `auth_time`; declare it with \
                            `Provider::with_auth_time` if its ID tokens have that claim";
const NO_ACR: &str = "cannot be verified: the provider is not declared to return `acr`; declare it with \
                      `Provider::with_acr` if its ID tokens have that claim";
