//! The user information.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    Scopes,
    claim::{self, Claim},
};
use crate::{clock::Timestamp, error::Error, scope};

/// The user information (OpenID Connect Core §5.3): the data about the signed-in user that the [granted
/// scopes](crate::ConfigBuilder::with_scopes) yield.
///
/// A handler takes it as an argument; other services call [`UserInfo::of`]. Cloning copies a pointer.
///
/// ```
/// use tower_didit::UserInfo;
///
/// async fn email(user: UserInfo) -> String {
///     let email = user.email().filter(|_| user.email_is_verified());
///     email.unwrap_or("no verified address").to_owned()
/// }
/// # let _router: axum::Router = axum::Router::new().route("/email", axum::routing::get(email));
/// ```
///
/// The first extractor of a request calls the provider, and the others of that request share the response. With
/// [`with_user_info_at_sign_in`](crate::ConfigBuilder::with_user_info_at_sign_in) only the sign-in calls the provider,
/// and the session keeps the response. [`DiditClient::user_info`](crate::DiditClient::user_info) calls it each time.
///
/// As an argument it refuses a request that [`DiditTokens`](crate::DiditTokens) refuse, and any request if the provider
/// does not answer. `Option<UserInfo>` is `None` if nobody is signed in, or if the access token has expired and cannot
/// be refreshed. A response that the session keeps needs neither the tokens nor the provider.
///
/// # Members
///
/// Any member may be missing. Didit's Sign in API has objects where OpenID Connect has strings (`email`, `phone`,
/// `names`); the getters read both. They treat a member of an unexpected JSON type as missing, and only a JSON `true` as
/// true: the string `"true"` is not. [`claim`](Self::claim) reads any other member.
///
/// If a getter finds nothing because its scope was not granted, a `WARN` names the scope, once in a process for each
/// scope.
///
/// [`IdClaims`](crate::IdClaims) identify the user.
#[derive(Clone)]
pub struct UserInfo(Arc<Response>);

struct Response {
    /// A JSON object.
    payload: Box<str>,
    /// Parsed on first use: most requests with a session do not read it.
    members: OnceLock<Map<String, Value>>,
    received_at: Timestamp,
    /// The granted scopes.
    scopes: Scopes,
}

impl UserInfo {
    /// A checked response: its `sub` is that of the ID token.
    pub(crate) fn new(members: Map<String, Value>, scopes: Scopes, received_at: Timestamp) -> Self {
        let payload = serde_json::to_string(&members).expect("JSON has string keys");
        Self(Arc::new(Response {
            payload: payload.into(),
            members: OnceLock::from(members),
            received_at,
            scopes,
        }))
    }

    /// The response that a session has kept; `None` if it is not an object.
    pub(crate) fn kept(payload: &str, scopes: Scopes, received_at: Timestamp) -> Option<Self> {
        payload.starts_with('{').then(|| {
            Self(Arc::new(Response {
                payload: payload.into(),
                members: OnceLock::new(),
                received_at,
                scopes,
            }))
        })
    }

    /// All members: a JSON object.
    pub(crate) fn payload(&self) -> &str {
        &self.0.payload
    }

    pub(crate) fn received(&self) -> Timestamp {
        self.0.received_at
    }

    /// The time of the response: in this request, or at the sign-in
    /// ([`with_user_info_at_sign_in`](crate::ConfigBuilder::with_user_info_at_sign_in)).
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_didit::{scope, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let user = didit.user_info(&Person::john(), [scope::EMAIL]);
    /// didit.clock().advance(Duration::from_secs(600));
    ///
    /// let age = didit.clock().now().duration_since(user.received_at()).unwrap();
    /// assert_eq!(age, Duration::from_secs(600));
    /// ```
    pub fn received_at(&self) -> SystemTime {
        self.0.received_at.into()
    }

    /// The e-mail address. It may belong to another person unless [`email_is_verified`](Self::email_is_verified).
    ///
    /// ```
    /// use tower_didit::{scope, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let user = didit.user_info(&Person::john(), [scope::EMAIL]);
    /// assert_eq!(user.email(), Some("john.doe@example.com"));
    /// assert!(!user.email_is_verified());
    /// assert!(user.email_is_primary());
    /// ```
    pub fn email(&self) -> Option<&str> {
        self.contact(&EMAIL).value
    }

    /// Whether the provider has verified the e-mail address.
    /// [Example](Self::email).
    pub fn email_is_verified(&self) -> bool {
        self.contact(&EMAIL).is_verified
    }

    /// Whether the e-mail address is the user's main one at Didit.
    /// [Example](Self::email).
    pub fn email_is_primary(&self) -> bool {
        self.contact(&EMAIL).is_primary
    }

    /// The phone number.
    ///
    /// ```
    /// use tower_didit::{scope, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let user = didit.user_info(&Person::alejandra(), [scope::PHONE]);
    /// assert_eq!(user.phone_number(), Some("+34123456789"));
    /// assert!(user.phone_number_is_verified());
    /// assert!(user.phone_number_is_primary());
    /// ```
    pub fn phone_number(&self) -> Option<&str> {
        self.contact(&PHONE).value
    }

    /// Whether the provider has verified the phone number.
    /// [Example](Self::phone_number).
    pub fn phone_number_is_verified(&self) -> bool {
        self.contact(&PHONE).is_verified
    }

    /// Whether the phone number is the user's main one at Didit.
    /// [Example](Self::phone_number).
    pub fn phone_number_is_primary(&self) -> bool {
        self.contact(&PHONE).is_primary
    }

    /// The full name.
    ///
    /// ```
    /// use tower_didit::{scope, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let user = didit.user_info(&Person::alejandra(), [scope::NAMES]);
    /// assert_eq!(user.full_name(), Some("Alejandra Rosas"));
    /// assert_eq!(user.first_name(), Some("Alejandra"));
    /// assert_eq!(user.family_name(), Some("Rosas"));
    /// assert!(user.names_are_verified());
    /// ```
    pub fn full_name(&self) -> Option<&str> {
        self.name("full_name", "name")
    }

    /// The first name, in OpenID Connect the given name.
    /// [Example](Self::full_name).
    pub fn first_name(&self) -> Option<&str> {
        self.name("first_name", "given_name")
    }

    /// The family name.
    /// [Example](Self::full_name).
    pub fn family_name(&self) -> Option<&str> {
        self.name("family_name", "family_name")
    }

    /// Whether Didit has verified the names. OpenID Connect has no such claim.
    /// [Example](Self::full_name).
    pub fn names_are_verified(&self) -> bool {
        let names = self.member("names", PROFILE_OR_NAMES);
        names.is_some_and(Claim::is_verified)
    }

    /// The URL of a picture. The URL is untrusted: a server must not fetch it.
    ///
    /// ```
    /// use tower_didit::{scope, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let user = didit.user_info(&Person::alejandra(), [scope::PICTURE]);
    /// assert_eq!(user.picture(), Some("https://example.com/alejandra.png"));
    /// ```
    pub fn picture(&self) -> Option<&str> {
        let scopes = &[scope::PICTURE, scope::PROFILE];
        self.member("picture", scopes)?.as_str()
    }

    /// Whether Didit has verified the user's identity. `false` also if the member is missing.
    ///
    /// ```
    /// use tower_didit::{scope, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let scopes = [scope::IS_VERIFIED, scope::IS_OVER_18, scope::IS_OVER_21];
    /// let john = didit.user_info(&Person::john(), scopes);
    /// assert!(!john.is_verified());
    /// assert!(john.is_over_18());
    /// assert!(!john.is_over_21());
    ///
    /// let unknown = didit.user_info(&Person::new("u-1"), scopes);
    /// assert!(!unknown.is_over_18());
    /// assert!(unknown.claim("is_over_18").is_none()); // "no" and "unknown" differ here
    /// ```
    pub fn is_verified(&self) -> bool {
        self.flag("is_verified", &[scope::IS_VERIFIED])
    }

    /// Whether the user is over 18. `false` also if the member is missing.
    /// [Example](Self::is_verified).
    pub fn is_over_18(&self) -> bool {
        self.flag("is_over_18", &[scope::IS_OVER_18])
    }

    /// Whether the user is over 21. `false` also if the member is missing.
    /// [Example](Self::is_verified).
    pub fn is_over_21(&self) -> bool {
        self.flag("is_over_21", &[scope::IS_OVER_21])
    }

    /// The gender: Didit's object, whose members are not documented, or OpenID Connect's string.
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_didit::{scope, tokens::Claim, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let user = didit.user_info(&Person::alejandra(), [scope::GENDER, scope::BIRTHDATE]);
    /// assert!(user.gender().is_some_and(Claim::is_verified));
    /// assert!(user.birthdate().is_some_and(Claim::is_verified));
    ///
    /// // As an OpenID provider has it.
    /// let john = Person::john().with_member("gender", json!("male"));
    /// let user = didit.user_info(&john, [scope::GENDER]);
    /// assert_eq!(user.gender().and_then(Claim::as_str), Some("male"));
    /// ```
    pub fn gender(&self) -> Option<Claim<'_>> {
        self.object_or_string("gender", &[scope::GENDER, scope::PROFILE])
    }

    /// The date of birth: Didit's object, whose members are not documented, or OpenID Connect's string.
    /// [Example](Self::gender).
    pub fn birthdate(&self) -> Option<Claim<'_>> {
        self.object_or_string("birthdate", &[scope::BIRTHDATE, scope::PROFILE])
    }

    /// The postal address: an object. Didit does not document its members; those of OpenID Connect are in Core §5.1.1.
    ///
    /// ```
    /// use tower_didit::{scope, tokens::Claim, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let user = didit.user_info(&Person::alejandra(), [scope::ADDRESS]);
    /// let address = user.address().unwrap();
    /// assert!(address.is_verified());
    /// // The fake's own: Didit documents no other member.
    /// let formatted = address.get("formatted").and_then(Claim::as_str);
    /// assert_eq!(formatted, Some("Carrer de Mallorca 1, Barcelona"));
    /// ```
    pub fn address(&self) -> Option<Claim<'_>> {
        self.object("address", &[scope::ADDRESS])
    }

    /// The identity document: an object, whose members are not documented.
    ///
    /// ```
    /// use tower_didit::{scope, tokens::Claim, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let scopes = [
    ///     scope::DOCUMENT_DETAIL,
    ///     scope::BANK_ACCOUNT,
    ///     scope::PREFERENCES,
    ///     scope::INSTAGRAM_ACCOUNT,
    ///     scope::X_ACCOUNT,
    ///     scope::TIKTOK_ACCOUNT,
    /// ];
    /// let user = didit.user_info(&Person::alejandra(), scopes);
    /// assert!(user.document_detail().is_some_and(Claim::is_verified));
    /// assert!(user.bank_account().is_some_and(Claim::is_verified));
    /// assert!(user.preferences().is_some());
    /// assert!(user.instagram_account().is_some_and(Claim::is_verified));
    /// assert!(user.x_account().is_some_and(Claim::is_verified));
    /// assert!(user.tiktok_account().is_some_and(Claim::is_verified));
    /// ```
    pub fn document_detail(&self) -> Option<Claim<'_>> {
        self.object("document_detail", &[scope::DOCUMENT_DETAIL])
    }

    /// The bank account: an object, whose members are not documented.
    /// [Example](Self::document_detail).
    pub fn bank_account(&self) -> Option<Claim<'_>> {
        self.object("bank_account", &[scope::BANK_ACCOUNT])
    }

    /// The preferences: an object, whose members are not documented.
    /// [Example](Self::document_detail).
    pub fn preferences(&self) -> Option<Claim<'_>> {
        self.object("preferences", &[scope::PREFERENCES])
    }

    /// The account at Instagram: an object, whose members are not documented.
    /// [Example](Self::document_detail).
    pub fn instagram_account(&self) -> Option<Claim<'_>> {
        self.object("instagram_account", &[scope::INSTAGRAM_ACCOUNT])
    }

    /// The account at X: an object, whose members are not documented.
    /// [Example](Self::document_detail).
    pub fn x_account(&self) -> Option<Claim<'_>> {
        self.object("x_account", &[scope::X_ACCOUNT])
    }

    /// The account at `TikTok`: an object, whose members are not documented.
    /// [Example](Self::document_detail).
    pub fn tiktok_account(&self) -> Option<Claim<'_>> {
        self.object("tiktok_account", &[scope::TIKTOK_ACCOUNT])
    }

    /// A member by its name, of any JSON type; `None` also if the member is null.
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_didit::{scope, tokens::Claim, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let john = Person::john().with_member("locale", json!("es"));
    /// let user = FakeDidit::new("app", "secret").user_info(&john, [scope::OPENID]);
    /// assert_eq!(user.claim("locale").and_then(Claim::as_str), Some("es"));
    /// assert!(user.claim("zoneinfo").is_none());
    /// ```
    pub fn claim(&self, name: &str) -> Option<Claim<'_>> {
        Claim::of(self.members(), name)
    }

    /// All members, deserialized.
    ///
    /// ```
    /// use tower_didit::{scope, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// # fn main() -> Result<(), tower_didit::Error> {
    /// #[derive(serde::Deserialize)]
    /// struct Profile {
    ///     names: Names,
    /// }
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Names {
    ///     first_name: String,
    ///     family_name: String,
    /// }
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let user = didit.user_info(&Person::alejandra(), [scope::NAMES]);
    /// let names = user.extra::<Profile>()?.names;
    /// assert_eq!((names.first_name.as_str(), names.family_name.as_str()), ("Alejandra", "Rosas"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedClaims`](crate::ErrorKind::UnexpectedClaims): a member is missing, or has another type.
    pub fn extra<T: DeserializeOwned>(&self) -> Result<T, Error> {
        claim::read(Value::Object(self.members().clone()))
    }

    /// A value with its verification, both of Didit's object or both of OpenID Connect's claims.
    fn contact(&self, names: &ContactNames) -> Contact<'_> {
        let didit = self.claim(names.object);
        let didit = didit.filter(|object| object.get(names.name).is_some());
        let (value, is_verified, is_primary) = if let Some(object) = didit {
            let value = object.get(names.name);
            (value, object.is_verified(), object.is_primary())
        } else {
            let is_verified = self.claim(names.verified).is_some_and(Claim::is_true);
            (self.claim(names.name), is_verified, false)
        };
        let value = value.and_then(Claim::as_str);
        self.check_granted(value.is_some(), &[names.object]);
        Contact {
            value,
            is_verified: value.is_some() && is_verified,
            is_primary: value.is_some() && is_primary,
        }
    }

    /// A name in Didit's object, or OpenID Connect's claim if there is no object.
    fn name(&self, didit: &str, standard: &str) -> Option<&str> {
        let name = match self.claim("names").filter(|names| names.is_object()) {
            Some(names) => names.get(didit),
            None => self.member(standard, PROFILE_OR_NAMES),
        };
        name?.as_str()
    }

    fn flag(&self, name: &str, scopes: &[&'static str]) -> bool {
        self.member(name, scopes).is_some_and(Claim::is_true)
    }

    fn object(&self, name: &str, scopes: &[&'static str]) -> Option<Claim<'_>> {
        self.member(name, scopes)
            .filter(|member| member.is_object())
    }

    fn object_or_string(&self, name: &str, scopes: &[&'static str]) -> Option<Claim<'_>> {
        let member = self.member(name, scopes);
        member.filter(|member| member.is_object() || member.as_str().is_some())
    }

    /// A member that any of these scopes yields.
    fn member(&self, name: &str, scopes: &[&'static str]) -> Option<Claim<'_>> {
        let member = self.claim(name);
        self.check_granted(member.is_some(), scopes);
        member
    }

    /// Logs, once in a process for each scope, that a member is missing because none of its scopes was granted.
    fn check_granted(&self, is_there: bool, scopes: &[&'static str]) {
        let is_granted = |scope: &&str| self.0.scopes.contains(scope);
        let Some(first) = scopes.first() else { return };
        if is_there || scopes.iter().any(is_granted) || !scope::is_first_report(first) {
            return;
        }
        let scope = scopes.join(" or ");
        tracing::warn!(
            scope,
            "user information read whose scope was not granted: request it with `with_scopes`"
        );
    }

    fn members(&self) -> &Map<String, Value> {
        let parse = || serde_json::from_str(&self.0.payload).unwrap_or_default();
        self.0.members.get_or_init(parse)
    }
}

impl fmt::Debug for UserInfo {
    /// The names of the members, without their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UserInfo")
            .field(&self.members().keys().collect::<Vec<_>>())
            .finish()
    }
}

/// The names of an e-mail address or a phone number.
struct ContactNames {
    /// Didit's object, and the scope of both.
    object: &'static str,
    /// The value, in the object or in OpenID Connect.
    name: &'static str,
    /// OpenID Connect's claim that it is verified.
    verified: &'static str,
}

struct Contact<'a> {
    value: Option<&'a str>,
    is_verified: bool,
    is_primary: bool,
}

const EMAIL: ContactNames = ContactNames {
    object: scope::EMAIL,
    name: "email",
    verified: "email_verified",
};
const PHONE: ContactNames = ContactNames {
    object: scope::PHONE,
    name: "phone_number",
    verified: "phone_number_verified",
};
const PROFILE_OR_NAMES: &[&str] = &[scope::NAMES, scope::PROFILE];

#[cfg(test)]
mod tests;
