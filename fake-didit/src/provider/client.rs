//! The one application that is registered at the fake.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, header};
use subtle::ConstantTimeEq;

use crate::provider::{
    form::{self, Form},
    oauth_error::OAuthError,
};

/// A registered client and how it proves itself.
pub(crate) struct Client {
    pub(crate) id: String,
    secret: Secret,
}

/// Where the client's secret is expected.
enum Secret {
    /// In the `Authorization` header: all that Didit documents (RFC 6749 §2.3.1).
    Basic(String),
    /// In the body.
    Post(String),
    /// Nowhere: a public client only says who it is (RFC 6749 §3.2.1).
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

    /// The name of its method (OpenID Connect Core §9).
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

    /// Checks a request of the token endpoint, in constant time where secrets meet.
    pub(crate) fn authenticate(&self, headers: &HeaderMap, form: &Form) -> Result<(), OAuthError> {
        let header = authorization(headers)?;
        let (sent_id, sent_secret) = (form.get("client_id"), form.get("client_secret"));
        if header.is_some() && sent_secret.is_some() {
            // RFC 6749 §2.3: not more than one method in a request.
            return Err(OAuthError::invalid_request(
                "the client authenticates in two ways at once",
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

    /// Checks an endpoint that only takes Basic authentication.
    pub(crate) fn authenticate_basic(&self, headers: &HeaderMap) -> Result<(), OAuthError> {
        let (Secret::Basic(secret) | Secret::Post(secret)) = &self.secret else {
            return Err(OAuthError::invalid_client("a public client may not ask"));
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
        // `&`, not `&&`: a right id must not take another time than a wrong one.
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

/// The client id in the value of a Basic `Authorization` header.
#[cfg(feature = "cli")]
pub(crate) fn basic_client_id(header: &str) -> Option<String> {
    let (id, _) = basic_credentials(&HeaderValue::from_str(header).ok()?)?;
    Some(id)
}

/// RFC 6749 §2.3.1: id and secret are form-urlencoded before RFC 7617 joins them with a colon.
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

    fn headers(credentials: &str) -> HeaderMap {
        let value = format!("Basic {}", BASE64_STANDARD.encode(credentials));
        HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())])
    }

    fn outcome(client: &Client, headers: &HeaderMap, body: &str) -> String {
        match client.authenticate(headers, &Form::parse(body).unwrap()) {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.code,
        }
    }

    #[test]
    fn id_and_secret_are_form_decoded_after_base64() {
        let client = Client::confidential("my:app".to_owned(), "s+cr:t %é".to_owned());
        assert_eq!(
            outcome(&client, &headers("my%3Aapp:s%2Bcr%3At+%25%C3%A9"), ""),
            "ok"
        );
        assert_eq!(
            outcome(&client, &headers("my:app:s+cr:t %é"), ""),
            "invalid_client"
        );
    }

    #[test]
    fn a_wrong_secret_is_refused() {
        let client = Client::confidential("app".to_owned(), "secret".to_owned());
        assert_eq!(outcome(&client, &headers("app:secret"), ""), "ok");
        assert_eq!(
            outcome(&client, &headers("app:secre"), ""),
            "invalid_client"
        );
        assert_eq!(
            outcome(&client, &headers("other:secret"), ""),
            "invalid_client"
        );
    }

    #[test]
    fn a_missing_header_or_another_scheme_is_refused() {
        let client = Client::confidential("app".to_owned(), "secret".to_owned());
        let bearer = HeaderMap::from_iter([(header::AUTHORIZATION, "Bearer app".parse().unwrap())]);
        assert_eq!(
            outcome(
                &client,
                &HeaderMap::new(),
                "client_id=app&client_secret=secret"
            ),
            "invalid_client"
        );
        assert_eq!(outcome(&client, &bearer, ""), "invalid_client");
    }

    #[test]
    fn two_authentications_at_once_are_refused() {
        let client = Client::confidential("app".to_owned(), "secret".to_owned());
        assert_eq!(
            outcome(&client, &headers("app:secret"), "client_secret=secret"),
            "invalid_request"
        );
        assert_eq!(
            outcome(&client, &headers("app:secret"), "client_id=other"),
            "invalid_request"
        );
        assert_eq!(
            outcome(&client, &headers("app:secret"), "client_id=app"),
            "ok"
        );
    }

    #[test]
    fn a_public_client_says_who_it_is_and_nothing_else() {
        let client = Client::public("app".to_owned());
        assert_eq!(outcome(&client, &HeaderMap::new(), "client_id=app"), "ok");
        assert_eq!(outcome(&client, &HeaderMap::new(), ""), "invalid_request");
        assert_eq!(
            outcome(&client, &HeaderMap::new(), "client_id=other"),
            "invalid_client"
        );
        assert_eq!(
            outcome(&client, &HeaderMap::new(), "client_id=app&client_secret=x"),
            "invalid_client"
        );
        assert_eq!(
            outcome(&client, &headers("app:"), "client_id=app"),
            "invalid_client"
        );
    }

    #[test]
    fn a_post_client_sends_both_in_the_body() {
        let mut client = Client::confidential("app".to_owned(), "secret".to_owned());
        client.expect_secret_in_body();
        assert_eq!(
            outcome(
                &client,
                &HeaderMap::new(),
                "client_id=app&client_secret=secret"
            ),
            "ok"
        );
        assert_eq!(
            outcome(
                &client,
                &HeaderMap::new(),
                "client_id=app&client_secret=wrong"
            ),
            "invalid_client"
        );
        assert_eq!(
            outcome(&client, &headers("app:secret"), ""),
            "invalid_client"
        );
    }
}
