//! The authorization request.

use std::time::Duration;

use super::{Interaction, PendingSignIn};
use crate::{
    provider::Endpoint,
    tokens::{Scopes, Secret},
};

/// The parameters of every authorization request of an application (OpenID Connect Core §3.1.2.1).
#[derive(Debug)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) scopes: Scopes,
    pub(crate) prompt: Option<String>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) login_hint: Option<Secret>,
    pub(crate) ui_locales: Option<String>,
    pub(crate) acr_values: Option<String>,
}

impl AuthorizationRequest {
    /// [`Interaction::None`] for `prompt=none`.
    pub(crate) fn interaction(&self) -> Interaction {
        match self.prompt.as_deref() {
            Some("none") => Interaction::None,
            _ => Interaction::Allowed,
        }
    }

    /// The URL to which the browser is sent for a sign-in, with PKCE (RFC 7636 §4.3). A query of the endpoint is kept
    /// (RFC 6749 §3.1).
    pub(crate) fn url(
        &self,
        endpoint: &Endpoint,
        redirect_uri: &str,
        pending: &PendingSignIn,
    ) -> String {
        // A sign-in that failed with `prompt=none` is repeated without `prompt`.
        let prompt = match (self.interaction(), pending.interaction) {
            (Interaction::None, Interaction::Allowed) => None,
            _ => self.prompt.as_deref(),
        };
        let max_age = self.max_age.map(|age| age.as_secs().to_string());
        let scope = Some(self.scopes.as_str()).filter(|scopes| !scopes.is_empty());
        let login_hint = self.login_hint.as_ref().map(|hint| hint.0.as_str());
        let code_challenge = pending.code_challenge();
        let parameters = [
            ("response_type", Some("code")),
            ("client_id", Some(&*self.client_id)),
            ("redirect_uri", Some(redirect_uri)),
            ("state", Some(pending.state())),
            ("code_challenge", Some(&*code_challenge)),
            ("code_challenge_method", Some("S256")),
            ("scope", scope),
            ("nonce", pending.nonce()),
            ("prompt", prompt),
            ("max_age", max_age.as_deref()),
            ("login_hint", login_hint),
            ("ui_locales", self.ui_locales.as_deref()),
            ("acr_values", self.acr_values.as_deref()),
        ];
        let parameters = parameters.into_iter();
        let mut url = endpoint.url().clone();
        url.query_pairs_mut()
            .extend_pairs(parameters.filter_map(|(name, value)| Some((name, value?))));
        url.into()
    }
}
