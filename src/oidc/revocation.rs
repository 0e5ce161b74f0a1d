//! The revocation request (RFC 7009 §2.1).

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use url::form_urlencoded::{self, byte_serialize};

use super::Client;
use crate::{
    provider::{ClientAuthentication, Endpoint, Metadata},
    tokens::DiditTokens,
};

impl Client {
    /// The request that revokes the refresh token, or the access token if there is no refresh token. The client
    /// authenticates as at the token endpoint. (The request of `oauth2` needs https, also on loopback.)
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
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("token", token)
            .append_pair("token_type_hint", hint);

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
