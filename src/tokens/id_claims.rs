//! Who signed in.

use std::{
    fmt, slice,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::claim::{self, Claim};
use crate::{error::Error, json::numeric_date};

/// The verified claims of an ID token (OpenID Connect Core §2): who signed in, and how.
///
/// A handler takes it as an argument; it is there for every request of a signed-in user, the
/// callback's included, and it exists only if the token was verified. Cloning copies a pointer.
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
/// As an argument it refuses requests of users who are not signed in; `Option<IdClaims>` is `None` then. Both
/// refuse with an [`Error`](crate::Error) while the session store is needed and does not answer.
///
/// A user is the pair of [`issuer`](Self::issuer) and [`subject`](Self::subject): that is what an
/// application keeps in its database (§5.7). An e-mail address is not: it changes hands.
#[derive(Clone)]
pub struct IdClaims(Arc<Verified>);

struct Verified {
    /// The payload of the token, byte for byte.
    payload: Box<str>,
    /// Read when first asked for, alone: many handlers ask for nothing else.
    subject: OnceLock<Box<str>>,
    /// Likewise.
    members: OnceLock<Map<String, Value>>,
}

impl IdClaims {
    /// Claims that were just verified: `members` are those of `payload`.
    pub(crate) fn new(payload: Box<str>, members: Map<String, Value>) -> Self {
        Self(Arc::new(Verified {
            payload,
            subject: OnceLock::new(),
            members: members.into(),
        }))
    }

    /// Claims that were verified before, from where nobody could have changed them.
    pub(crate) fn from_session(payload: Box<str>) -> Self {
        Self(Arc::new(Verified {
            payload,
            subject: OnceLock::new(),
            members: OnceLock::new(),
        }))
    }

    /// As if this subject had been verified.
    #[cfg(test)]
    pub(crate) fn of_subject(subject: &str) -> Self {
        let payload = format!(r#"{{"iss":"https://apx.didit.me","sub":{subject:?},"iat":1000}}"#);
        Self::from_session(payload.into())
    }

    /// The payload of the token: a JSON object.
    pub(crate) fn payload(&self) -> &str {
        &self.0.payload
    }

    /// The user, among all users of this issuer: at most 255 bytes, never reassigned (`sub`).
    pub fn subject(&self) -> &str {
        #[derive(Deserialize)]
        struct Subject {
            sub: Box<str>,
        }

        self.0.subject.get_or_init(|| {
            let payload: Subject =
                serde_json::from_str(&self.0.payload).expect("verified: a string");
            payload.sub
        })
    }

    /// The provider that vouches for it, as the token has it (`iss`).
    pub fn issuer(&self) -> &str {
        self.text("iss").expect("verified: a string")
    }

    /// Whom the token is for: this client, and others only if they are trusted (`aud`).
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        strings(self.members().get("aud"))
    }

    /// When the token was made (`iat`).
    pub fn issued_at(&self) -> SystemTime {
        self.time("iat").expect("verified: a time")
    }

    /// When the user proved who they are, if the provider says so (`auth_time`).
    pub fn auth_time(&self) -> Option<SystemTime> {
        self.time("auth_time")
    }

    /// How the user proved it, in the words of RFC 8176 or the provider's own (`amr`). Empty where
    /// the provider does not say.
    pub fn amr(&self) -> impl Iterator<Item = &str> {
        strings(self.members().get("amr"))
    }

    /// The provider's session (`sid`), which all tokens of a sign-in share.
    pub fn session_id(&self) -> Option<&str> {
        self.text("sid")
    }

    /// Didit Authentication: what the application itself attached to the user.
    pub fn vendor_data(&self) -> Option<&str> {
        self.text("vendor_data")
    }

    /// Didit Authentication: what Didit has verified about the user; `None` also for `{}`, which
    /// says that nothing is.
    pub fn verified(&self) -> Option<Claim<'_>> {
        let nothing = self.members().get("verified")?.as_object()?.is_empty();
        self.claim("verified").filter(|_| !nothing)
    }

    /// Didit Authentication: the organization that the user acts in (`org`).
    pub fn organization(&self) -> Option<Claim<'_>> {
        self.claim("org")
    }

    /// Who acts for the user, if it is not the user (`act`, RFC 8693 §4.1): with Didit
    /// Authentication an agent.
    pub fn actor(&self) -> Option<Claim<'_>> {
        self.claim("act")
    }

    /// Any claim by its name; `None` also where it is null.
    pub fn claim(&self, name: &str) -> Option<Claim<'_>> {
        Claim::of(self.members(), name)
    }

    /// All claims, as a type of the application's.
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
    /// [`ErrorKind::UnexpectedClaims`](crate::ErrorKind::UnexpectedClaims) when a claim is missing
    /// or of another type.
    pub fn extra<T: DeserializeOwned>(&self) -> Result<T, Error> {
        claim::read(Value::Object(self.members().clone()))
    }

    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        let value = self.members().get(name);
        value.filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.members().get(name)?.as_str()
    }

    fn time(&self, name: &str) -> Option<SystemTime> {
        numeric_date(self.members().get(name)?).map(SystemTime::from)
    }

    fn members(&self) -> &Map<String, Value> {
        self.0
            .members
            .get_or_init(|| serde_json::from_str(&self.0.payload).expect("verified: an object"))
    }
}

impl fmt::Debug for IdClaims {
    /// Without the subject and everything else that is personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdClaims")
            .field("issuer", &self.issuer())
            .finish_non_exhaustive()
    }
}

/// The strings of a claim that is one string or an array.
fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let items = match value {
        Some(Value::Array(items)) => items.as_slice(),
        Some(value) => slice::from_ref(value),
        None => &[],
    };
    items.iter().filter_map(Value::as_str)
}
