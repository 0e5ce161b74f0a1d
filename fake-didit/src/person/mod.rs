//! The people who have an account at the fake.

pub(crate) mod accounts;
mod claims;
mod file;
mod user_info;

use std::sync::Arc;

use serde_json::{Map, Value, json};

pub use self::file::PeopleError;

/// Someone who can sign in at [`FakeDidit`](crate::FakeDidit), and what Didit knows of them.
///
/// [`alejandra`](Self::alejandra) and [`john`](Self::john) are ready-made. Anyone else is made of a subject
/// and the facts that a test is about; what is not set is absent from answers and tokens. A clone is cheap.
///
/// ```
/// use fake_didit::{FakeDidit, Person};
/// use serde_json::json;
///
/// let ada = Person::new("u-1815")
///     .with_names("Ada", "Lovelace")
///     .with_email("ada@example.com")
///     .with_birth_date("1815-12-10")
///     .with_verified(true)
///     .with_member("preferences", json!({"language": "en"}));
/// assert_eq!(ada.full_name(), Some("Ada Lovelace"));
///
/// // A button of the sign-in page, after those of Alejandra and John.
/// let didit = FakeDidit::new("app", "secret").add_person(ada.clone());
/// assert_eq!(didit.people().last(), Some(&ada));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person(Arc<Facts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Facts {
    subject: String,
    names: Option<Names>,
    email: Option<String>,
    phone: Option<String>,
    birth_date: Option<String>,
    gender: Option<String>,
    picture: Option<String>,
    document: Option<String>,
    address: Option<String>,
    is_verified: bool,
    is_over_18: Option<bool>,
    is_over_21: Option<bool>,
    members: Map<String, Value>,
    authentication_method: String,
    claims: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Names {
    first: String,
    family: String,
    full: String,
}

impl Person {
    /// A person of whom nothing is known but the `sub` of their tokens, which never changes.
    ///
    /// # Panics
    ///
    /// When `subject` is empty.
    pub fn new(subject: impl Into<String>) -> Self {
        let subject = subject.into();
        assert!(!subject.is_empty(), "a person's subject is empty");
        Self(Arc::new(Facts {
            subject,
            names: None,
            email: None,
            phone: None,
            birth_date: None,
            gender: None,
            picture: None,
            document: None,
            address: None,
            is_verified: false,
            is_over_18: None,
            is_over_21: None,
            members: Map::new(),
            authentication_method: "email".to_owned(),
            claims: Map::new(),
        }))
    }

    /// Alejandra Rosas: everything about her is verified, and she signs in with a passkey.
    pub fn alejandra() -> Self {
        Self::new(ALEJANDRA)
            .with_names("Alejandra", "Rosas")
            .with_email("alejandra.rosas@example.com")
            .with_phone("+34123456789")
            .with_gender("FEMALE")
            .with_birth_date("1990-04-12")
            .with_verified(true)
            .with_over_21(true)
            .with_authentication_method("passkey")
            .with_made_up_members("alejandra")
    }

    /// John Doe: nothing about him is verified, and he is nineteen.
    pub fn john() -> Self {
        Self::new(JOHN)
            .with_names("John", "Doe")
            .with_email("john.doe@example.com")
            .with_phone("+15550100")
            .with_gender("MALE")
            .with_birth_date("2006-09-30")
            .with_over_21(false)
            .with_made_up_members("john")
    }

    /// First name and family name, for the scope `names` and the button of the sign-in page. One of them
    /// may be empty. Default: absent; the button shows the subject.
    #[must_use]
    pub fn with_names(self, first: impl Into<String>, family: impl Into<String>) -> Self {
        let (first, family) = (first.into(), family.into());
        let full = format!("{first} {family}").trim().to_owned();
        self.with(|facts| {
            facts.names = Some(Names {
                first,
                family,
                full,
            });
        })
    }

    /// The e-mail address, for the scope `email` and for introspection. Default: absent.
    #[must_use]
    pub fn with_email(self, address: impl Into<String>) -> Self {
        self.with(|facts| facts.email = Some(address.into()))
    }

    /// The phone number, such as `+34123456789`, for the scope `phone`. Default: absent.
    #[must_use]
    pub fn with_phone(self, number: impl Into<String>) -> Self {
        self.with(|facts| facts.phone = Some(number.into()))
    }

    /// The date of birth as `YYYY-MM-DD`, for the scope `birthdate`. It decides neither
    /// [`with_over_18`](Self::with_over_18) nor [`with_over_21`](Self::with_over_21). Default: absent.
    #[must_use]
    pub fn with_birth_date(self, date: impl Into<String>) -> Self {
        self.with(|facts| facts.birth_date = Some(date.into()))
    }

    /// The gender, such as `FEMALE`, for the scope `gender`. Default: absent.
    #[must_use]
    pub fn with_gender(self, gender: impl Into<String>) -> Self {
        self.with(|facts| facts.gender = Some(gender.into()))
    }

    /// The URL of a picture, for the scope `picture`. Default: absent.
    #[must_use]
    pub fn with_picture(self, url: impl Into<String>) -> Self {
        self.with(|facts| facts.picture = Some(url.into()))
    }

    /// The type of the document that they showed, such as `PASSPORT`, for the scope `document_detail`.
    /// Default: absent.
    #[must_use]
    pub fn with_document(self, document_type: impl Into<String>) -> Self {
        self.with(|facts| facts.document = Some(document_type.into()))
    }

    /// The postal address in one line, for the scope `address`. Default: absent.
    #[must_use]
    pub fn with_address(self, formatted: impl Into<String>) -> Self {
        self.with(|facts| facts.address = Some(formatted.into()))
    }

    /// Whether Didit has verified them: `is_verified` of the scope of that name and inside of the other
    /// members, and the claim `verified` of Didit Authentication. Default: `false`.
    #[must_use]
    pub fn with_verified(self, is_verified: bool) -> Self {
        self.with(|facts| facts.is_verified = is_verified)
    }

    /// The answer to the scope `is_over_18`. Default: absent.
    #[must_use]
    pub fn with_over_18(self, is_over_18: bool) -> Self {
        self.with(|facts| facts.is_over_18 = Some(is_over_18))
    }

    /// The answer to the scope `is_over_21`. Default: absent.
    #[must_use]
    pub fn with_over_21(self, is_over_21: bool) -> Self {
        self.with(|facts| facts.is_over_21 = Some(is_over_21))
    }

    /// A member of the user information, in place of the one that the other setters make. It is told when
    /// the scope of its name is granted, and always when no scope has its name. Default: none.
    ///
    /// ```
    /// use fake_didit::Person;
    /// use serde_json::json;
    ///
    /// // An address that is not verified, of a person who is.
    /// let person = Person::alejandra().with_member(
    ///     "email",
    ///     json!({"email": "new@example.com", "is_verified": false, "is_primary": true}),
    /// );
    /// ```
    ///
    /// # Panics
    ///
    /// When `name` is `sub`, which [`new`](Self::new) takes.
    #[must_use]
    pub fn with_member(self, name: impl Into<String>, value: Value) -> Self {
        let name = name.into();
        assert!(
            user_info::may_be_set(&name),
            "the member {name:?} is the person's subject"
        );
        self.with(|facts| {
            facts.members.insert(name, value);
        })
    }

    /// How they sign in to Didit Authentication (RFC 8176): the only value of the tokens' `amr`. Default:
    /// `email`.
    #[must_use]
    pub fn with_authentication_method(self, method: impl Into<String>) -> Self {
        self.with(|facts| facts.authentication_method = method.into())
    }

    /// A claim of Didit Authentication, in its tokens and at `/session/`: `vendor_data`, `org`, `verified`,
    /// `act`, or one that Didit does not have. Default: `verified` tells which of e-mail address, phone
    /// number and identity are [verified](Self::with_verified), and the other three are `null`.
    ///
    /// # Panics
    ///
    /// When the provider decides about the claim: `iss`, `aud`, `sub`, `sid`, `jti`, `iat`, `exp`,
    /// `client_id`; or when it is `amr`, which
    /// [`with_authentication_method`](Self::with_authentication_method) sets.
    #[must_use]
    pub fn with_claim(self, name: impl Into<String>, value: Value) -> Self {
        let name = name.into();
        assert!(
            claims::may_be_set(&name),
            "the claim {name:?} is not about the person"
        );
        self.with(|facts| {
            facts.claims.insert(name, value);
        })
    }

    /// The `sub` of their tokens.
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The first name.
    pub fn first_name(&self) -> Option<&str> {
        self.0.names.as_ref().map(|names| names.first.as_str())
    }

    /// The family name.
    pub fn family_name(&self) -> Option<&str> {
        self.0.names.as_ref().map(|names| names.family.as_str())
    }

    /// First name and family name.
    pub fn full_name(&self) -> Option<&str> {
        self.0.names.as_ref().map(|names| names.full.as_str())
    }

    /// The e-mail address.
    pub fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// The phone number.
    pub fn phone(&self) -> Option<&str> {
        self.0.phone.as_deref()
    }

    /// The date of birth.
    pub fn birth_date(&self) -> Option<&str> {
        self.0.birth_date.as_deref()
    }

    /// The gender.
    pub fn gender(&self) -> Option<&str> {
        self.0.gender.as_deref()
    }

    /// The URL of a picture.
    pub fn picture(&self) -> Option<&str> {
        self.0.picture.as_deref()
    }

    /// The type of the document that they showed.
    pub fn document(&self) -> Option<&str> {
        self.0.document.as_deref()
    }

    /// The postal address.
    pub fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// Whether Didit has verified them.
    pub fn is_verified(&self) -> bool {
        self.0.is_verified
    }

    /// Whether they are over 18, where that is known.
    pub fn is_over_18(&self) -> Option<bool> {
        self.0.is_over_18
    }

    /// Whether they are over 21, where that is known.
    pub fn is_over_21(&self) -> Option<bool> {
        self.0.is_over_21
    }

    /// How they sign in to Didit Authentication.
    pub fn authentication_method(&self) -> &str {
        &self.0.authentication_method
    }

    /// Of these members only the kind of JSON value is known, the rest is made up.
    fn with_made_up_members(self, account: &str) -> Self {
        let is_verified = self.is_verified();
        let profile = json!({"username": account, "is_verified": is_verified});
        self.with_picture(format!("https://example.com/{account}.png"))
            .with_document("PASSPORT")
            .with_address("Carrer de Mallorca 1, Barcelona")
            .with_over_18(true)
            .with_member(
                "bank_account",
                json!({"iban": "ES9121000418450200051332", "is_verified": is_verified}),
            )
            .with_member("preferences", json!({"language": "es"}))
            .with_member("instagram_account", profile.clone())
            .with_member("x_account", profile.clone())
            .with_member("tiktok_account", profile)
    }

    fn with(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

/// Alejandra's subject.
pub(crate) const ALEJANDRA: &str = "8a1d4f0e-52c7-4c0b-9d3f-0b6a1e77c001";
/// John's subject.
pub(crate) const JOHN: &str = "c35e7a92-1f64-4be1-8b02-5d9f43aa0002";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setter_leaves_clones_alone() {
        let before = Person::john();
        let after = before.clone().with_email("new@example.com");
        assert_eq!(before, Person::john());
        assert_eq!(after.email(), Some("new@example.com"));
        assert_ne!(before, after);
    }

    #[test]
    fn a_later_setter_replaces_an_earlier_one() {
        let person = Person::new("u-1")
            .with_names("Ada", "Byron")
            .with_names("Ada", "Lovelace")
            .with_verified(true)
            .with_verified(false);
        assert_eq!(person, Person::new("u-1").with_names("Ada", "Lovelace"));
    }

    #[test]
    fn either_name_may_be_empty() {
        let full_name = |first, family| {
            let person = Person::new("u-1").with_names(first, family);
            person.full_name().map(str::to_owned)
        };
        assert_eq!(full_name("Madonna", "").as_deref(), Some("Madonna"));
        assert_eq!(full_name("", "Suzuki").as_deref(), Some("Suzuki"));
    }

    #[test]
    #[should_panic(expected = "a person's subject is empty")]
    fn a_subject_is_not_empty() {
        drop(Person::new(""));
    }

    #[test]
    #[should_panic(expected = "the member \"sub\" is the person's subject")]
    fn a_member_does_not_change_the_subject() {
        drop(Person::john().with_member("sub", json!("u-1")));
    }

    #[test]
    #[should_panic(expected = "the claim \"exp\" is not about the person")]
    fn a_claim_does_not_change_what_the_provider_decides() {
        drop(Person::john().with_claim("exp", json!(0)));
    }
}
