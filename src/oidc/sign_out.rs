//! The requests of a sign-out, end-session and revocation, and introspection, which is sent like a revocation.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use url::form_urlencoded::{self, byte_serialize};

use super::{Client, pending::random};
use crate::{
    provider::{ClientAuthentication, Endpoint, Metadata},
    tokens::{DiditTokens, IdToken},
};

/// The parameters of every end-session request of an application (OpenID Connect RP-Initiated Logout §2).
#[derive(Clone, Debug)]
pub(crate) struct EndSessionRequest {
    pub(crate) client_id: String,
    /// The page to which the provider sends the browser afterwards, if it is registered there.
    pub(crate) redirect_uri: Option<String>,
}

impl EndSessionRequest {
    /// The URL to which the browser of the user with this ID token is sent.
    ///
    /// A token above 2 KiB is left out, because servers refuse long URLs, and proxies refuse long response headers. The
    /// client id then identifies the application. The `state` that comes back with the browser is not checked.
    pub(crate) fn url(&self, endpoint: &Endpoint, id_token: Option<&IdToken>) -> String {
        let hint = id_token.map(IdToken::secret);
        let hint = hint.filter(|hint| hint.len() <= MAX_HINT);

        let mut url = endpoint.url().clone();
        let mut query = url.query_pairs_mut();
        if let Some(hint) = hint {
            query.append_pair("id_token_hint", hint);
        }
        query.append_pair("client_id", &self.client_id);
        if let Some(redirect_uri) = &self.redirect_uri {
            query
                .append_pair("post_logout_redirect_uri", redirect_uri)
                .append_pair("state", &random::<16>());
        }
        drop(query);
        url.into()
    }
}

impl Client {
    /// The request that revokes the refresh token, or the access token if there is no refresh token (RFC 7009 §2.1).
    /// The client authenticates as at the token endpoint. (Not built with `oauth2`, which insists on https
    /// even on loopback.)
    pub(crate) fn revocation(
        &self,
        metadata: &Metadata,
        url: &Endpoint,
        tokens: &DiditTokens,
    ) -> Request<Bytes> {
        let (token, hint) = match tokens.refresh_token() {
            Some(token) => (token.secret(), "refresh_token"),
            None => (tokens.access_token().secret(), "access_token"),
        };
        self.token_form(
            metadata,
            url,
            &[("token", token), ("token_type_hint", hint)],
        )
    }

    /// The request that introspects an access token (RFC 7662 §2.1). Didit documents `token` as its only parameter.
    pub(crate) fn introspection(
        &self,
        metadata: &Metadata,
        url: &Endpoint,
        token: &str,
    ) -> Request<Bytes> {
        self.token_form(metadata, url, &[("token", token)])
    }

    /// A form about a token. The client authenticates as at the token endpoint.
    fn token_form(
        &self,
        metadata: &Metadata,
        url: &Endpoint,
        parameters: &[(&str, &str)],
    ) -> Request<Bytes> {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(parameters);

        let mut request = url.request(Method::POST);
        let secret = self.secret.as_ref().map(|secret| secret.secret().as_str());
        match (metadata.client_authentication, secret) {
            (ClientAuthentication::Basic, Some(secret)) => {
                let basic = basic(&self.id, secret);
                request.headers_mut().insert(header::AUTHORIZATION, basic);
            }
            (ClientAuthentication::Post, Some(secret)) => {
                body.append_pair("client_id", &self.id)
                    .append_pair("client_secret", secret);
            }
            (ClientAuthentication::None, _) | (_, None) => {
                body.append_pair("client_id", &self.id);
            }
        }
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(header::CONTENT_TYPE, form);
        *request.body_mut() = body.finish().into();
        request
    }
}

/// RFC 6749 §2.3.1: id and secret are form-urlencoded, then joined as in RFC 7617.
fn basic(id: &str, secret: &str) -> HeaderValue {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let joined = BASE64_STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
    let mut basic = HeaderValue::try_from(format!("Basic {joined}")).expect("base64 is ASCII");
    basic.set_sensitive(true);
    basic
}

/// In bytes. Servers refuse URLs above 8 KB, and some proxies refuse response headers above 4 KB, of which `Location`
/// is one.
const MAX_HINT: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    fn url(hint: Option<&str>, redirect_uri: Option<&str>) -> String {
        let endpoint = Endpoint::parse("end-session endpoint", "https://op.example/end?a=b");
        let request = EndSessionRequest {
            client_id: "the client".to_owned(),
            redirect_uri: redirect_uri.map(str::to_owned),
        };
        request.url(&endpoint.unwrap(), hint.map(IdToken::new).as_ref())
    }

    // OpenID Connect RP-Initiated Logout §2; behaviour 90.
    #[test]
    fn the_request_has_the_hint_the_client_and_the_return_page() {
        assert_eq!(
            url(None, None),
            "https://op.example/end?a=b&client_id=the+client"
        );
        let full = url(Some("a.b.c"), Some("https://app.example/bye"));
        let (known, state) = full.split_once("&state=").unwrap();
        assert_eq!(
            known,
            "https://op.example/end?a=b&id_token_hint=a.b.c&client_id=the+client&\
             post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye"
        );
        assert_eq!(state.len(), 22);
        assert_ne!(full, url(Some("a.b.c"), Some("https://app.example/bye")));
    }

    // OpenID Connect RP-Initiated Logout §2; behaviour 90.
    #[test]
    fn a_huge_hint_is_left_out() {
        assert!(url(Some(&"x".repeat(2048)), None).contains("id_token_hint"));
        assert!(!url(Some(&"x".repeat(2049)), None).contains("id_token_hint"));
    }
}
