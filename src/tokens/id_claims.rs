//! The verified claims of an ID token.

use std::{
    fmt, slice,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::claim::{self, Claim};
use crate::{
    clock::Timestamp,
    error::Error,
    json::{self, numeric_date},
};

/// The verified claims of an ID token (OpenID Connect Core §2): who the user is, and how they signed in.
///
/// A handler takes it as an argument, at every request of a signed-in user, the callback included. The value exists
/// only if the token was verified. Cloning copies a pointer.
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
/// As an argument it refuses a request if nobody is signed in; in that case `Option<IdClaims>` is `None`. Both refuse
/// with an [`Error`](crate::Error) if the session store is needed and does not answer.
///
/// [`subject`](Self::subject) identifies the user of one provider: use it as the key in the application's database ([the
/// key of a user](crate::docs::providers#the-key-of-a-user)). An e-mail address does not: its owner may change.
#[derive(Clone)]
pub struct IdClaims {
    verified: Arc<Verified>,
    /// When the session ends at the latest, if the claims are those of a session.
    session_end: Option<Timestamp>,
}

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
        Self {
            verified: Arc::new(Verified {
                payload,
                subject: OnceLock::new(),
                members: OnceLock::new(),
            }),
            session_end: None,
        }
    }

    /// The same claims, in a session that ends at this time at the latest.
    pub(crate) fn with_session_end(self, end: Timestamp) -> Self {
        Self {
            session_end: Some(end),
            ..self
        }
    }

    /// The payload of the token: a JSON object.
    pub(crate) fn payload(&self) -> &str {
        &self.verified.payload
    }

    /// The id of the user at this issuer: at most 255 bytes, never reassigned (`sub`).
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let user = FakeDidit::new("app", "secret").id_claims(&Person::john());
    /// assert_eq!(user.subject(), "c35e7a92-1f64-4be1-8b02-5d9f43aa0002");
    /// ```
    pub fn subject(&self) -> &str {
        #[derive(Deserialize)]
        struct Subject {
            sub: Box<str>,
        }

        self.verified.subject.get_or_init(|| {
            let payload = serde_json::from_str(&self.verified.payload);
            let Subject { sub } = payload.expect("verified: a string");
            sub
        })
    }

    /// The provider's issuer identifier in the token (`iss`).
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let user = FakeDidit::new("app", "secret").id_claims(&Person::john());
    /// assert_eq!(user.issuer(), "https://apx.didit.me");
    ///
    /// let user = FakeDidit::authentication("app").id_claims(&Person::john());
    /// assert_eq!(user.issuer(), "https://app.auth.didit.me");
    /// ```
    pub fn issuer(&self) -> &str {
        self.text("iss").expect("verified: a string")
    }

    /// The audiences of the token (`aud`): this client, and other audiences only if they are trusted.
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let user = FakeDidit::new("client-id", "secret").id_claims(&Person::john());
    /// assert!(user.audiences().eq(["client-id"]));
    /// ```
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        strings(self.value("aud"))
    }

    /// When the token was issued (`iat`).
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let user = didit.id_claims(&Person::john());
    /// assert_eq!(user.issued_at(), didit.clock().now());
    /// ```
    pub fn issued_at(&self) -> SystemTime {
        self.time("iat").expect("verified: a time")
    }

    /// When the user authenticated, if the provider says so (`auth_time`).
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let user = didit.id_claims(&Person::john());
    /// didit.clock().advance(Duration::from_secs(600));
    ///
    /// let age = didit.clock().now().duration_since(user.auth_time().unwrap()).unwrap();
    /// assert_eq!(age, Duration::from_secs(600)); // a payment may ask for a fresh sign-in
    /// ```
    pub fn auth_time(&self) -> Option<SystemTime> {
        self.time("auth_time")
    }

    /// The authentication methods, in the words of RFC 8176 or the provider's own (`amr`). Empty if the provider sends
    /// none.
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let user = FakeDidit::authentication("app").id_claims(&Person::alejandra());
    /// assert!(user.amr().any(|method| method == "passkey"));
    /// ```
    pub fn amr(&self) -> impl Iterator<Item = &str> {
        strings(self.value("amr"))
    }

    /// The id of the provider's session (`sid`), which all tokens of a sign-in share.
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let john = Person::john();
    /// assert!(FakeDidit::authentication("app").id_claims(&john).session_id().is_some());
    /// assert_eq!(FakeDidit::new("app", "secret").id_claims(&john).session_id(), None);
    /// ```
    pub fn session_id(&self) -> Option<&str> {
        self.text("sid")
    }

    /// When the session ends at the latest: its absolute limit
    /// ([`with_session_lifetime`](crate::ConfigBuilder::with_session_lifetime)). `None` for claims without a session, such as
    /// those that a test makes.
    ///
    /// The session ends earlier if it is not used, at a sign-out, and when the provider refuses to refresh its tokens. With
    /// Didit Authentication a session [ends with its access token](crate::docs::flow#when-a-session-ends): this is the
    /// access token's expiry if the token cannot be refreshed, and otherwise the absolute limit, as long as each refresh
    /// succeeds. [`DiditClient::ended`](crate::DiditClient::ended) waits for the end.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use tower_didit::{DiditAuth, IdClaims, fake::{Browser, FakeDidit, FakeDiditExt, Person}};
    ///
    /// // For a page that says when to sign in again.
    /// async fn sign_in_again_at(user: IdClaims) -> String {
    ///     # use std::time::UNIX_EPOCH;
    ///     let ends = user.session_ends().expect("it is a session's");
    ///     ends.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string()
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_didit::ConfigError> {
    /// # let didit = FakeDidit::new("client-id", "client-secret");
    /// # let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
    /// # let app = Router::new().route("/callback", get(sign_in_again_at)).layer(auth);
    /// # let browser = Browser::new("https://app.example", app).add_didit(&didit);
    /// # browser.visit("/login").await;
    /// # let page = browser.sign_in_as(&Person::john()).await;
    /// # let week = didit.clock().now() + std::time::Duration::from_secs(7 * 24 * 3600);
    /// # let week = week.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    /// # assert_eq!(page.text(), week.to_string());
    /// # assert_eq!(didit.id_claims(&Person::john()).session_ends(), None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn session_ends(&self) -> Option<SystemTime> {
        self.session_end.map(SystemTime::from)
    }

    /// Didit Authentication: the text that the application itself attached to the user.
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let john = Person::john().with_claim("vendor_data", "customer-7".into());
    /// let user = FakeDidit::authentication("app").id_claims(&john);
    /// assert_eq!(user.vendor_data(), Some("customer-7"));
    /// ```
    pub fn vendor_data(&self) -> Option<&str> {
        self.text("vendor_data")
    }

    /// Didit Authentication: the facts that Didit has verified about the user; `None` also for `{}`, which
    /// contains no facts.
    ///
    /// Didit does not document which facts there are. An e-mail address may be the only one: look for the fact that the
    /// application needs.
    ///
    /// ```
    /// use tower_didit::{tokens::Claim, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let didit = FakeDidit::authentication("app");
    /// let alejandra = didit.id_claims(&Person::alejandra());
    /// let email = alejandra.verified().and_then(|facts| facts.get("email"));
    /// assert_eq!(email.and_then(Claim::as_bool), Some(true));
    ///
    /// let john = didit.id_claims(&Person::john()); // nothing about him is verified: `{}`
    /// assert!(john.verified().is_none());
    /// ```
    pub fn verified(&self) -> Option<Claim<'_>> {
        let is_empty = self.value("verified")?.as_object()?.is_empty();
        self.claim("verified").filter(|_| !is_empty)
    }

    /// Didit Authentication: the organization that the user acts in (`org`).
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_didit::{tokens::Claim, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let john = Person::john().with_claim("org", json!({"id": "org-1", "role": "admin"}));
    /// let user = FakeDidit::authentication("app").id_claims(&john);
    /// let role = user.organization().and_then(|organization| organization.get("role"));
    /// assert_eq!(role.and_then(Claim::as_str), Some("admin"));
    /// ```
    pub fn organization(&self) -> Option<Claim<'_>> {
        self.claim("org")
    }

    /// The party that acts for the user, if any (`act`, RFC 8693 §4.1): with Didit Authentication an agent.
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_didit::{tokens::Claim, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let john = Person::john().with_claim("act", json!({"sub": "agent-7"}));
    /// let user = FakeDidit::authentication("app").id_claims(&john);
    /// let agent = user.actor().and_then(|actor| actor.get("sub"));
    /// assert_eq!(agent.and_then(Claim::as_str), Some("agent-7"));
    /// ```
    pub fn actor(&self) -> Option<Claim<'_>> {
        self.claim("act")
    }

    /// A claim by its name; `None` also if the claim is null.
    ///
    /// ```
    /// use tower_didit::{tokens::Claim, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let john = Person::john().with_claim("tier", "gold".into());
    /// let user = FakeDidit::authentication("app").id_claims(&john);
    /// assert_eq!(user.claim("tier").and_then(Claim::as_str), Some("gold"));
    /// assert!(user.claim("plan").is_none());
    /// ```
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
        json::member(self.members(), name)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str()
    }

    fn time(&self, name: &str) -> Option<SystemTime> {
        numeric_date(self.value(name)?).map(SystemTime::from)
    }

    fn members(&self) -> &Map<String, Value> {
        self.verified.members.get_or_init(|| {
            serde_json::from_str(&self.verified.payload).expect("verified: an object")
        })
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
