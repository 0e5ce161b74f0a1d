//! The registered client.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, header};
use subtle::ConstantTimeEq;

use crate::provider::{
    form::{self, Form},
    oauth_error::OAuthError,
};

/// The registered client, and how it authenticates.
pub(crate) struct Client {
    pub(crate) id: String,
    secret: Secret,
}

/// Where the client sends its secret.
enum Secret {
    /// In the `Authorization` header, the only method that Didit documents (RFC 6749 §2.3.1).
    Basic(String),
    /// In the body.
    Post(String),
    /// A public client has no secret and sends only its `client_id` (RFC 6749 §3.2.1).
    None,
}

impl Client {
    pub(crate) fn confidential(id: String, secret: String) -> Self {
        Self {
            id,
            secret: Secret::Basic(secret),
        }
    }

    pub(crate) fn public(id: String) -> Self {
        Self {
            id,
            secret: Secret::None,
        }
    }

    pub(crate) fn expect_secret_in_body(&mut self) {
        if let Secret::Basic(secret) = &mut self.secret {
            self.secret = Secret::Post(std::mem::take(secret));
        }
    }

    pub(crate) fn secret(&self) -> Option<&str> {
        match &self.secret {
            Secret::Basic(secret) | Secret::Post(secret) => Some(secret),
            Secret::None => None,
        }
    }

    /// The name of its authentication method (OpenID Connect Core §9).
    pub(crate) fn authentication_method(&self) -> &'static str {
        match self.secret {
            Secret::Basic(_) => "client_secret_basic",
            Secret::Post(_) => "client_secret_post",
            Secret::None => "none",
        }
    }

    pub(crate) fn is_public(&self) -> bool {
        matches!(self.secret, Secret::None)
    }

    /// Authenticates a request to the token endpoint. Secrets are compared in constant time.
    pub(crate) fn authenticate(&self, headers: &HeaderMap, form: &Form) -> Result<(), OAuthError> {
        let header = authorization(headers)?;
        let (sent_id, sent_secret) = (form.get("client_id"), form.get("client_secret"));
        if header.is_some() && sent_secret.is_some() {
            // RFC 6749 §2.3: one method per request.
            return Err(OAuthError::invalid_request(
                "the client uses two authentication methods",
            ));
        }
        match &self.secret {
            Secret::Basic(secret) => {
                let header = header
                    .ok_or_else(|| OAuthError::invalid_client("Basic authentication is missing"))?;
                self.basic(header, secret)?;
                if sent_id.is_some_and(|id| id != self.id) {
                    return Err(OAuthError::invalid_request(
                        "client_id is not the authenticated client",
                    ));
                }
                Ok(())
            }
            _ if header.is_some() => Err(OAuthError::invalid_client(
                "this client may not use an Authorization header",
            )),
            Secret::Post(secret) => {
                let id =
                    sent_id.ok_or_else(|| OAuthError::invalid_client("client_id is missing"))?;
                let sent = sent_secret
                    .ok_or_else(|| OAuthError::invalid_client("client_secret is missing"))?;
                if same(id, &self.id) & same(sent, secret) {
                    Ok(())
                } else {
                    Err(wrong())
                }
            }
            Secret::None if sent_secret.is_some() => {
                Err(OAuthError::invalid_client("a public client has no secret"))
            }
            Secret::None => match sent_id {
                None => Err(OAuthError::invalid_request("client_id is missing")),
                Some(id) if id == self.id => Ok(()),
                Some(_) => Err(wrong()),
            },
        }
    }

    /// Authenticates a request to an endpoint that accepts only Basic.
    pub(crate) fn authenticate_basic(&self, headers: &HeaderMap) -> Result<(), OAuthError> {
        let (Secret::Basic(secret) | Secret::Post(secret)) = &self.secret else {
            return Err(OAuthError::invalid_client(
                "a public client may not use this endpoint",
            ));
        };
        let header = authorization(headers)?;
        self.basic(
            header.ok_or_else(|| OAuthError::invalid_client("Basic authentication is missing"))?,
            secret,
        )
    }

    fn basic(&self, header: &HeaderValue, secret: &str) -> Result<(), OAuthError> {
        let (id, sent) = basic_credentials(header)
            .ok_or_else(|| OAuthError::invalid_client("the Authorization header is not Basic"))?;
        // `&`, not `&&`: the comparison takes the same time for a right and a wrong id.
        if same(&id, &self.id) & same(&sent, secret) {
            Ok(())
        } else {
            Err(wrong())
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn authorization(headers: &HeaderMap) -> Result<Option<&HeaderValue>, OAuthError> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let first = all.next();
    if all.next().is_some() {
        return Err(OAuthError::invalid_request(
            "more than one Authorization header",
        ));
    }
    Ok(first)
}

/// The client id of a Basic `Authorization` header.
#[cfg(feature = "cli")]
pub(crate) fn basic_client_id(header: &str) -> Option<String> {
    let (id, _) = basic_credentials(&HeaderValue::from_str(header).ok()?)?;
    Some(id)
}

/// The client id and the secret. Each is form-urlencoded (RFC 6749 §2.3.1) before they are joined with a
/// colon (RFC 7617).
fn basic_credentials(header: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let joined = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = joined.split_once(':')?;
    Some((form::decode(id)?, form::decode(secret)?))
}

fn same(sent: &str, expected: &str) -> bool {
    sent.as_bytes().ct_eq(expected.as_bytes()).into()
}

fn wrong() -> OAuthError {
    OAuthError::invalid_client("unknown client or wrong secret")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confidential() -> Client {
        Client::confidential("app".to_owned(), "secret".to_owned())
    }

    /// A Basic header with these credentials.
    fn basic(credentials: &str) -> HeaderMap {
        let value = format!("Basic {}", BASE64_STANDARD.encode(credentials));
        HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())])
    }

    /// Asserts the error code of each request, or `ok`.
    fn assert_outcomes(client: &Client, requests: &[(HeaderMap, &str, &str)]) {
        for (headers, body, expected) in requests {
            let result = client.authenticate(headers, &Form::parse(body).unwrap());
            let outcome = result.map_or_else(|error| error.code, |()| "ok".to_owned());
            assert_eq!(outcome, *expected, "{headers:?} {body}");
        }
    }

    #[test]
    fn id_and_secret_are_form_decoded_after_base64() {
        let client = Client::confidential("my:app".to_owned(), "s+cr:t %é".to_owned());
        assert_outcomes(
            &client,
            &[
                (basic("my%3Aapp:s%2Bcr%3At+%25%C3%A9"), "", "ok"),
                (basic("my:app:s+cr:t %é"), "", "invalid_client"),
            ],
        );
    }

    #[test]
    fn a_wrong_secret_is_rejected() {
        assert_outcomes(
            &confidential(),
            &[
                (basic("app:secret"), "", "ok"),
                (basic("app:secre"), "", "invalid_client"),
                (basic("other:secret"), "", "invalid_client"),
            ],
        );
    }

    #[test]
    fn a_missing_header_or_another_scheme_is_rejected() {
        let bearer = HeaderMap::from_iter([(header::AUTHORIZATION, "Bearer app".parse().unwrap())]);
        let in_body = "client_id=app&client_secret=secret";
        assert_outcomes(
            &confidential(),
            &[
                (HeaderMap::new(), in_body, "invalid_client"),
                (bearer, "", "invalid_client"),
            ],
        );
    }

    #[test]
    fn two_authentication_methods_in_one_request_are_rejected() {
        let header = basic("app:secret");
        assert_outcomes(
            &confidential(),
            &[
                (header.clone(), "client_secret=secret", "invalid_request"),
                (header.clone(), "client_id=other", "invalid_request"),
                (header, "client_id=app", "ok"),
            ],
        );
    }

    #[test]
    fn a_public_client_sends_its_id_and_no_secret() {
        let none = HeaderMap::new();
        let with_secret = "client_id=app&client_secret=x";
        assert_outcomes(
            &Client::public("app".to_owned()),
            &[
                (none.clone(), "client_id=app", "ok"),
                (none.clone(), "", "invalid_request"),
                (none.clone(), "client_id=other", "invalid_client"),
                (none, with_secret, "invalid_client"),
                (basic("app:"), "client_id=app", "invalid_client"),
            ],
        );
    }

    #[test]
    fn a_client_with_client_secret_post_sends_id_and_secret_in_the_body() {
        let mut client = confidential();
        client.expect_secret_in_body();
        let none = HeaderMap::new();
        assert_outcomes(
            &client,
            &[
                (none.clone(), "client_id=app&client_secret=secret", "ok"),
                (none, "client_id=app&client_secret=wrong", "invalid_client"),
                (basic("app:secret"), "", "invalid_client"),
            ],
        );
    }
}
