//! The verified claims of an ID token.

use std::{
    fmt, slice,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::claim::{self, Claim};
use crate::{error::Error, json::numeric_date};

/// The verified claims of an ID token (OpenID Connect Core §2): who the user is, and how they signed in.
///
/// A handler takes it as an argument, at every request of a signed-in user, the callback included. It exists only if
/// the token was verified. Cloning copies a pointer.
///
/// ```
/// use tower_didit::IdClaims;
///
/// async fn hello(user: IdClaims) -> String {
///     format!("you are {} to me", user.subject())
/// }
/// # let _router: axum::Router = axum::Router::new().route("/hello", axum::routing::get(hello));
/// ```
///
/// As an argument it refuses a request without a signed-in user; `Option<IdClaims>` is `None` then. Both refuse with an
/// [`Error`](crate::Error) if the session store is needed and does not answer.
///
/// [`issuer`](Self::issuer) and [`subject`](Self::subject) together identify the user: an application keeps both in its
/// database (§5.7). An e-mail address does not: its owner may change.
#[derive(Clone)]
pub struct IdClaims(Arc<Verified>);

struct Verified {
    /// The payload of the token, byte for byte.
    payload: Box<str>,
    /// Parsed on first use. Many handlers ask for the subject alone.
    subject: OnceLock<Box<str>>,
    /// Parsed on first use.
    members: OnceLock<Map<String, Value>>,
}

impl IdClaims {
    /// The claims of a verified ID token.
    pub(crate) fn new(payload: Box<str>) -> Self {
        Self(Arc::new(Verified {
            payload,
            subject: OnceLock::new(),
            members: OnceLock::new(),
        }))
    }

    /// The payload of the token: a JSON object.
    pub(crate) fn payload(&self) -> &str {
        &self.0.payload
    }

    /// The id of the user at this issuer: at most 255 bytes, never reassigned (`sub`).
    pub fn subject(&self) -> &str {
        #[derive(Deserialize)]
        struct Subject {
            sub: Box<str>,
        }

        self.0.subject.get_or_init(|| {
            let payload = serde_json::from_str(&self.0.payload);
            let Subject { sub } = payload.expect("verified: a string");
            sub
        })
    }

    /// The provider, as the token has it (`iss`).
    pub fn issuer(&self) -> &str {
        self.text("iss").expect("verified: a string")
    }

    /// The audiences of the token: this client, and others only if they are trusted (`aud`).
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        strings(self.value("aud"))
    }

    /// When the token was issued (`iat`).
    pub fn issued_at(&self) -> SystemTime {
        self.time("iat").expect("verified: a time")
    }

    /// When the user authenticated, if the provider says so (`auth_time`).
    pub fn auth_time(&self) -> Option<SystemTime> {
        self.time("auth_time")
    }

    /// The authentication methods, in the words of RFC 8176 or the provider's own (`amr`). Empty if the provider does
    /// not say.
    pub fn amr(&self) -> impl Iterator<Item = &str> {
        strings(self.value("amr"))
    }

    /// The id of the provider's session (`sid`), which all tokens of a sign-in share.
    pub fn session_id(&self) -> Option<&str> {
        self.text("sid")
    }

    /// Didit Authentication: the text that the application itself attached to the user.
    pub fn vendor_data(&self) -> Option<&str> {
        self.text("vendor_data")
    }

    /// Didit Authentication: the facts that Didit has verified about the user; `None` also for `{}`, which has
    /// none.
    pub fn verified(&self) -> Option<Claim<'_>> {
        let is_empty = self.value("verified")?.as_object()?.is_empty();
        self.claim("verified").filter(|_| !is_empty)
    }

    /// Didit Authentication: the organization that the user acts in (`org`).
    pub fn organization(&self) -> Option<Claim<'_>> {
        self.claim("org")
    }

    /// The party that acts for the user, if any (`act`, RFC 8693 §4.1): with Didit Authentication an agent.
    pub fn actor(&self) -> Option<Claim<'_>> {
        self.claim("act")
    }

    /// A claim by its name; `None` also if it is null.
    pub fn claim(&self, name: &str) -> Option<Claim<'_>> {
        Claim::of(self.members(), name)
    }

    /// All claims, deserialized.
    ///
    /// ```
    /// # fn check(user: tower_didit::IdClaims) -> Result<(), tower_didit::Error> {
    /// #[derive(serde::Deserialize)]
    /// struct Email {
    ///     email: String,
    ///     #[serde(default)]
    ///     email_verified: bool,
    /// }
    ///
    /// let Email { email, email_verified } = user.extra()?;
    /// # let _ = (email, email_verified);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedClaims`](crate::ErrorKind::UnexpectedClaims): a claim is missing, or has another type.
    pub fn extra<T: DeserializeOwned>(&self) -> Result<T, Error> {
        claim::read(Value::Object(self.members().clone()))
    }

    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        let value = self.members().get(name);
        value.filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str()
    }

    fn time(&self, name: &str) -> Option<SystemTime> {
        numeric_date(self.value(name)?).map(SystemTime::from)
    }

    fn members(&self) -> &Map<String, Value> {
        self.0
            .members
            .get_or_init(|| serde_json::from_str(&self.0.payload).expect("verified: an object"))
    }
}

impl fmt::Debug for IdClaims {
    /// Without personal data, the subject included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdClaims")
            .field("issuer", &self.issuer())
            .finish_non_exhaustive()
    }
}

/// The strings of a claim that is a string or an array.
fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let items = match value {
        Some(Value::Array(items)) => items.as_slice(),
        Some(value) => slice::from_ref(value),
        None => &[],
    };
    items.iter().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl IdClaims {
        /// Claims of a user with this subject.
        pub(crate) fn of_subject(subject: &str) -> Self {
            let payload =
                format!(r#"{{"iss":"https://apx.didit.me","sub":{subject:?},"iat":1000}}"#);
            Self::new(payload.into())
        }
    }

    #[test]
    fn debug_shows_the_issuer_and_no_subject() {
        let debug = format!("{:?}", IdClaims::of_subject("john"));
        assert!(debug.contains("https://apx.didit.me"), "{debug}");
        assert!(!debug.contains("john"), "{debug}");
    }
}
