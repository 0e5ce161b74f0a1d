//! The authorization request.

use std::{fmt, time::Duration};

use super::{Interaction, PendingSignIn};
use crate::{provider::Endpoint, tokens::Scopes};

/// What every authorization request of an application says (OpenID Connect Core §3.1.2.1).
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Scopes,
    pub(crate) prompt: Option<String>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) login_hint: Option<String>,
    pub(crate) ui_locales: Option<String>,
    pub(crate) acr_values: Option<String>,
}

impl AuthorizationRequest {
    /// Whether it asks the provider not to show anything.
    pub(crate) fn interaction(&self) -> Interaction {
        match self.prompt.as_deref() {
            Some("none") => Interaction::None,
            _ => Interaction::Allowed,
        }
    }

    /// Where to send the browser for one sign-in, with PKCE (RFC 7636 §4.3).
    ///
    /// A query that the endpoint already has is kept (RFC 6749 §3.1).
    pub(crate) fn url(&self, endpoint: &Endpoint, pending: &PendingSignIn) -> String {
        // A sign-in that was to be silent and could not be is repeated without `prompt`.
        let prompt = match (self.interaction(), pending.interaction()) {
            (Interaction::None, Interaction::Allowed) => None,
            _ => self.prompt.as_deref(),
        };
        let max_age = self.max_age.map(|age| age.as_secs().to_string());
        let scopes = Some(self.scopes.as_str()).filter(|scopes| !scopes.is_empty());
        let optional = [
            ("scope", scopes),
            ("nonce", pending.nonce()),
            ("prompt", prompt),
            ("max_age", max_age.as_deref()),
            ("login_hint", self.login_hint.as_deref()),
            ("ui_locales", self.ui_locales.as_deref()),
            ("acr_values", self.acr_values.as_deref()),
        ];

        let mut url = endpoint.url().clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("state", pending.state())
            .append_pair("code_challenge", &pending.code_challenge())
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(
                optional
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
        url.into()
    }
}

impl fmt::Debug for AuthorizationRequest {
    /// Without the hint, which names a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
