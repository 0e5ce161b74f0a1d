//! The verified claims of an access token.

use std::{fmt, slice, sync::Arc, time::SystemTime};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Scopes,
    claim::{self, Claim},
};
use crate::{
    clock::Timestamp,
    error::Error,
    json::{self, Object},
};

/// The verified claims of the access token of a request: on whose behalf the request was sent, by which client, for
/// which scopes.
///
/// A handler behind [`DiditBearer`](crate::DiditBearer) takes it as an argument. The claims are those of the token, if
/// it is a JWT (RFC 9068 §2.2), or the provider's answer to an introspection (RFC 7662 §2.2). Cloning copies a pointer.
///
/// ```
/// use tower_didit::AccessClaims;
///
/// async fn orders(access: AccessClaims) -> String {
///     format!("the orders of {}", access.subject())
/// }
/// # let _router: axum::Router = axum::Router::new().route("/orders", axum::routing::get(orders));
/// ```
///
/// `Option<AccessClaims>` is `None` for a request without a token behind
/// [`DiditBearer::optional`](crate::DiditBearer::optional).
#[derive(Clone)]
pub struct AccessClaims(Arc<Verified>);

struct Verified {
    members: Object,
    issuer: Box<str>,
    subject: Box<str>,
    /// Those of `aud`, or else the client.
    audiences: Vec<Box<str>>,
    scopes: Scopes,
    expires_at: Option<Timestamp>,
}

impl AccessClaims {
    /// Verified claims, of which `sub` is a string.
    pub(crate) fn new(
        members: Object,
        issuer: Box<str>,
        scopes: Scopes,
        expires_at: Option<Timestamp>,
    ) -> Self {
        let subject = text(&members, "sub").unwrap_or_default().into();
        let audiences = match json::member(&members, "aud") {
            Some(Value::Array(several)) => several.as_slice(),
            Some(one) => slice::from_ref(one),
            None => members.get("client_id").map_or(&[][..], slice::from_ref),
        };
        let audiences = audiences.iter().filter_map(Value::as_str).map(Into::into);
        Self(Arc::new(Verified {
            subject,
            audiences: audiences.collect(),
            members,
            issuer,
            scopes,
            expires_at,
        }))
    }

    /// The id of the user at this issuer, or of the client itself if the token is of
    /// [`client_credentials`](crate::DiditClient::client_credentials) (`sub`). It equals
    /// [`IdClaims::subject`](crate::IdClaims::subject) of the same user and client.
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let didit = FakeDidit::authentication("app");
    /// let access = didit.access_claims(&Person::john(), ["openid"]);
    /// assert_eq!(access.subject(), didit.id_claims(&Person::john()).subject());
    /// ```
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The provider's issuer identifier (`iss`).
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let access = FakeDidit::authentication("app").access_claims(&Person::john(), ["openid"]);
    /// assert_eq!(access.issuer(), "https://app.auth.didit.me");
    /// ```
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The client that the token was issued to (`client_id`). Every JWT has it (RFC 9068 §2.2), and every introspection
    /// of Didit's.
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let access = FakeDidit::authentication("app").access_claims(&Person::john(), ["openid"]);
    /// assert_eq!(access.client_id(), Some("app"));
    /// ```
    pub fn client_id(&self) -> Option<&str> {
        text(&self.0.members, "client_id")
    }

    /// The scopes of the token: `scope`, or `claims` in an introspection of Didit's. Empty for the access tokens of
    /// Didit Authentication, which name none.
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let access = FakeDidit::new("app", "secret").access_claims(&Person::john(), ["openid", "email"]);
    /// assert!(access.scopes().contains("email"));
    /// ```
    pub fn scopes(&self) -> &Scopes {
        &self.0.scopes
    }

    /// When the token expires (`exp`). A JWT always has it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let didit = FakeDidit::authentication("app");
    /// let access = didit.access_claims(&Person::john(), ["openid"]);
    /// assert_eq!(access.expires_at(), Some(didit.clock().now() + Duration::from_secs(300)));
    /// ```
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.0.expires_at.map(SystemTime::from)
    }

    /// A claim by its name; `None` also if the claim is null.
    ///
    /// ```
    /// use tower_didit::{tokens::Claim, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let john = Person::john().with_claim("vendor_data", "customer-7".into());
    /// let access = FakeDidit::authentication("app").access_claims(&john, ["openid"]);
    /// assert_eq!(access.claim("vendor_data").and_then(Claim::as_str), Some("customer-7"));
    /// assert!(access.claim("plan").is_none());
    /// ```
    pub fn claim(&self, name: &str) -> Option<Claim<'_>> {
        Claim::of(&self.0.members, name)
    }

    /// All claims, deserialized.
    ///
    /// ```
    /// # fn check(access: tower_didit::AccessClaims) -> Result<(), tower_didit::Error> {
    /// #[derive(serde::Deserialize)]
    /// struct Session {
    ///     sid: String,
    ///     #[serde(default)]
    ///     amr: Vec<String>,
    /// }
    ///
    /// let Session { sid, amr } = access.extra()?;
    /// # let _ = (sid, amr);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedClaims`](crate::ErrorKind::UnexpectedClaims): a claim is missing, or has another type.
    pub fn extra<T: DeserializeOwned>(&self) -> Result<T, Error> {
        claim::read(Value::Object(self.0.members.clone()))
    }

    pub(crate) fn expiry(&self) -> Option<Timestamp> {
        self.0.expires_at
    }

    /// Whether the token is for one of these audiences (RFC 9068 §4). A token without an audience is for the client that
    /// it was issued to.
    pub(crate) fn is_for(&self, audiences: &[String]) -> bool {
        let mut own = self.0.audiences.iter();
        own.any(|own| audiences.iter().any(|known| **known == **own))
    }
}

fn text<'a>(members: &'a Object, name: &str) -> Option<&'a str> {
    json::member(members, name)?.as_str()
}

impl fmt::Debug for AccessClaims {
    /// Without personal data, the subject included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessClaims")
            .field("issuer", &self.issuer())
            .field("scopes", self.scopes())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(members: Value) -> AccessClaims {
        let Value::Object(members) = members else {
            panic!("not an object")
        };
        let issuer = "https://apx.didit.me".into();
        AccessClaims::new(members, issuer, Scopes::new("openid"), None)
    }

    #[test]
    fn debug_shows_issuer_and_scopes_and_no_subject() {
        let debug = format!("{:?}", claims(json!({"sub": "john"})));
        assert!(debug.contains("https://apx.didit.me") && debug.contains("openid"));
        assert!(!debug.contains("john"), "{debug}");
    }

    // RFC 9068 §4, RFC 7662 §2.2; behaviour 124.
    #[test]
    fn a_token_is_for_one_of_its_audiences_or_else_for_its_client() {
        let own = ["api".to_owned(), "app".to_owned()];
        for (members, is_own) in [
            (json!({"aud": "app", "client_id": "other"}), true),
            (json!({"aud": ["x", "api"]}), true),
            (json!({"client_id": "app"}), true),
            (json!({"aud": null, "client_id": "app"}), true),
            (json!({"aud": "other", "client_id": "app"}), false),
            (json!({"aud": "app api"}), false),
            (json!({"aud": [], "client_id": "app"}), false),
            (json!({"aud": 7, "client_id": "app"}), false),
            (json!({"aud": [["app"]]}), false),
            (json!({"client_id": ["app"]}), false),
            (json!({}), false),
        ] {
            assert_eq!(claims(members.clone()).is_for(&own), is_own, "{members}");
        }
    }
}
