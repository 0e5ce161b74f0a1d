//! The authentication that a sign-in has to achieve.

use http::HeaderValue;
use serde::{Deserialize, Serialize};

/// How recently and in which way a user has to have authenticated at the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequiredAuthentication {
    /// The longest time since the authentication, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_age: Option<u64>,
    /// The accepted authentication context classes, the preferred one first. `None` accepts every class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) acr_values: Option<Vec<String>>,
}

impl RequiredAuthentication {
    /// Whether every authentication suffices.
    pub(crate) fn is_any(&self) -> bool {
        *self == Self::default()
    }

    /// Adds the challenge of RFC 9470 §3 to that of a 401. `None` if a header cannot contain a class.
    pub(super) fn challenge(&self, scheme_and_realm: &str) -> Option<HeaderValue> {
        let challenge = format!(
            r#"{scheme_and_realm}, error="insufficient_user_authentication", error_description="a more recent or stronger authentication is required""#
        );
        let max_age = self.max_age.map(|seconds| seconds.to_string());
        let acr_values = self.acr_values.as_ref().map(|values| values.join(" "));
        let parameters = [("acr_values", acr_values), ("max_age", max_age)];
        let parameters = parameters
            .into_iter()
            .filter_map(|(name, value)| Some(format!(", {name}={}", quoted(&value?))));
        let challenge = challenge + &parameters.collect::<String>();
        HeaderValue::try_from(challenge).ok()
    }
}

/// A quoted string (RFC 9110 §5.6.4).
pub(crate) fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', r"\\").replace('"', r#"\""#);
    format!(r#""{escaped}""#)
}
