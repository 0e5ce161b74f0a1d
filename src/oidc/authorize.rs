//! The authorization request.

use super::{Interaction, PendingSignIn, SignInParameters};
use crate::{
    error::RequiredAuthentication,
    provider::Endpoint,
    tokens::{Scopes, Secret},
};

/// The parameters of an application's authorization requests (OpenID Connect Core §3.1.2.1). A sign-in may replace some
/// of them.
#[derive(Debug)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) scopes: Scopes,
    pub(crate) prompt: Option<String>,
    pub(crate) login_hint: Option<Secret>,
    pub(crate) ui_locales: Option<String>,
    /// The required classes, then those that are only requested.
    pub(crate) acr_values: Option<String>,
    pub(crate) authentication: RequiredAuthentication,
}

impl AuthorizationRequest {
    /// The `prompt` of a sign-in.
    pub(crate) fn prompt<'a>(&'a self, own: &'a SignInParameters) -> Option<&'a str> {
        own.prompt.as_deref().or(self.prompt.as_deref())
    }

    /// The parameters that the callback of a sign-in needs: the authentication that the request asks for, and the
    /// scopes. If the provider must not ask the user, the callback may have to repeat the request, and needs all.
    pub(crate) fn for_callback(
        &self,
        own: &SignInParameters,
        prompt: Option<&str>,
    ) -> SignInParameters {
        let configured = &self.authentication;
        let required = &own.authentication;
        // Of two `max_age` the shorter one counts.
        let max_age = required.max_age.into_iter().chain(configured.max_age).min();
        let acr_values = required
            .acr_values
            .as_ref()
            .or(configured.acr_values.as_ref());
        let needed = SignInParameters {
            scopes: own.scopes.clone(),
            ..SignInParameters::requiring(RequiredAuthentication {
                max_age,
                acr_values: acr_values.cloned(),
            })
        };
        match Interaction::of(prompt) {
            Interaction::Allowed => needed,
            Interaction::None => SignInParameters {
                authentication: needed.authentication,
                prompt: None,
                ..own.clone()
            },
        }
    }

    /// The URL to which the browser is sent for a sign-in, with PKCE (RFC 7636 §4.3). A query of the endpoint is kept
    /// (RFC 6749 §3.1).
    pub(crate) fn url(
        &self,
        own: &SignInParameters,
        prompt: Option<&str>,
        endpoint: &Endpoint,
        redirect_uri: &str,
        pending: &PendingSignIn,
    ) -> String {
        let required = &pending.parameters.authentication;
        let max_age = required.max_age.map(|seconds| seconds.to_string());
        let is_own = required.acr_values != self.authentication.acr_values;
        let own_acr_values = required.acr_values.as_ref().filter(|_| is_own);
        let own_acr_values = own_acr_values.map(|values| values.join(" "));
        let scopes = own.scopes();
        let scopes = scopes.as_ref().unwrap_or(&self.scopes).as_str();
        let login_hint = self.login_hint.as_ref().map(|hint| hint.0.as_str());
        let own_ui_locales = own.ui_locales.as_ref().map(|locales| locales.join(" "));
        let code_challenge = pending.code_challenge();
        let parameters = [
            ("response_type", Some("code")),
            ("client_id", Some(&*self.client_id)),
            ("redirect_uri", Some(redirect_uri)),
            ("state", Some(pending.state())),
            ("code_challenge", Some(&*code_challenge)),
            ("code_challenge_method", Some("S256")),
            ("scope", Some(scopes).filter(|scopes| !scopes.is_empty())),
            ("nonce", pending.nonce()),
            ("prompt", prompt),
            ("max_age", max_age.as_deref()),
            ("login_hint", own.login_hint.as_deref().or(login_hint)),
            (
                "ui_locales",
                own_ui_locales.as_deref().or(self.ui_locales.as_deref()),
            ),
            (
                "acr_values",
                own_acr_values.as_deref().or(self.acr_values.as_deref()),
            ),
        ];
        let parameters = parameters.into_iter();
        let mut url = endpoint.url().clone();
        url.query_pairs_mut()
            .extend_pairs(parameters.filter_map(|(name, value)| Some((name, value?))))
            .extend_pairs(&own.added);
        url.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> AuthorizationRequest {
        AuthorizationRequest {
            client_id: "app".to_owned(),
            scopes: Scopes::new("openid"),
            prompt: None,
            login_hint: None,
            ui_locales: None,
            acr_values: Some("gold silver".to_owned()),
            authentication: RequiredAuthentication {
                max_age: Some(60),
                acr_values: Some(vec!["gold".to_owned()]),
            },
        }
    }

    fn own() -> SignInParameters {
        SignInParameters {
            prompt: Some("none".to_owned()),
            login_hint: Some("john@example.com".to_owned()),
            ui_locales: Some(vec!["es".to_owned()]),
            scopes: Some(vec!["openid".to_owned(), "email".to_owned()]),
            authentication: RequiredAuthentication {
                max_age: Some(90),
                acr_values: None,
            },
            added: vec![("display".to_owned(), "page".to_owned())],
        }
    }

    // Behaviour 120. The callback repeats the whole request only if the provider was not allowed to ask.
    #[test]
    fn a_flow_cookie_has_only_the_parameters_that_the_callback_needs() {
        let (request, own) = (request(), own());
        let needed = SignInParameters {
            scopes: own.scopes.clone(),
            ..SignInParameters::requiring(request.authentication.clone())
        };
        assert_eq!(request.for_callback(&own, None), needed);
        assert_eq!(request.for_callback(&own, Some("login")), needed);
        let all = SignInParameters {
            prompt: None,
            authentication: request.authentication.clone(),
            ..own.clone()
        };
        assert_eq!(request.for_callback(&own, Some("none")), all);
        // The configuration's requirement is that of a sign-in without parameters of its own.
        let plain = SignInParameters::requiring(request.authentication.clone());
        let none = SignInParameters::default();
        assert_eq!(request.for_callback(&none, None), plain);
    }
}
