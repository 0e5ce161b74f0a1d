//! The people who can sign in.

pub(crate) mod accounts;
mod claims;
mod json;
mod people_error;
mod profile;
mod ready_made;
mod user_info;

use std::sync::Arc;

use serde_json::Value;

pub use self::people_error::PeopleError;
use self::profile::Profile;
pub(crate) use self::ready_made::{ALEJANDRA, JOHN};

/// A person who can sign in at [`FakeDidit`](crate::FakeDidit), with the data that Didit returns about them.
///
/// [`alejandra`](Self::alejandra) and [`john`](Self::john) are predefined. Others are built from a subject
/// and the data that a test needs; responses and tokens omit what is not set. Cloning is cheap.
///
/// ```
/// use fake_didit::{FakeDidit, Person};
/// use serde_json::json;
///
/// let ada = Person::new("u-1815")
///     .with_names("Ada", "Lovelace")
///     .with_email("ada@example.com")
///     .with_phone("+442071234567")
///     .with_birth_date("1815-12-10")
///     .with_gender("FEMALE")
///     .with_picture("https://example.com/ada.png")
///     .with_document("PASSPORT")
///     .with_address("12 St James's Square, London")
///     .with_verified(true)
///     .with_over_18(true)
///     .with_over_21(true)
///     .with_member("preferences", json!({"language": "en"}))
///     .with_authentication_method("passkey")
///     .with_claim("vendor_data", json!("customer-7"));
/// assert_eq!(ada.subject(), "u-1815");
/// assert_eq!(ada.full_name(), Some("Ada Lovelace"));
/// assert_eq!(ada.email(), Some("ada@example.com"));
///
/// // A third button on the sign-in page, after those of Alejandra and John.
/// let didit = FakeDidit::new("app", "secret").add_person(ada.clone());
/// assert_eq!(didit.people().last(), Some(&ada));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person(Arc<Profile>);

impl Person {
    /// A person of whom only the subject is known: the `sub` of their tokens. [Example](Self).
    ///
    /// # Panics
    ///
    /// If `subject` is empty.
    pub fn new(subject: impl Into<String>) -> Self {
        let subject = subject.into();
        assert!(!subject.is_empty(), "a person's subject is empty");
        Self(Arc::new(Profile {
            subject,
            ..Profile::default()
        }))
    }

    /// First name and family name, for the scope `names` and the button on the sign-in page. One of them may
    /// be empty. Default: absent, and the button shows the subject. [Example](Self).
    #[must_use]
    pub fn with_names(self, first: impl Into<String>, family: impl Into<String>) -> Self {
        self.with(|profile| profile.set_names(first.into(), family.into()))
    }

    /// The e-mail address, for the scope `email` and for introspection. Default: absent. [Example](Self).
    #[must_use]
    pub fn with_email(self, address: impl Into<String>) -> Self {
        self.with(|profile| profile.email = Some(address.into()))
    }

    /// The phone number, such as `+34123456789`, for the scope `phone`. Default: absent. [Example](Self).
    #[must_use]
    pub fn with_phone(self, number: impl Into<String>) -> Self {
        self.with(|profile| profile.phone = Some(number.into()))
    }

    /// The date of birth as `YYYY-MM-DD`, for the scope `birthdate`. Independent of
    /// [`with_over_18`](Self::with_over_18) and [`with_over_21`](Self::with_over_21). Default: absent.
    /// [Example](Self).
    #[must_use]
    pub fn with_birth_date(self, date: impl Into<String>) -> Self {
        self.with(|profile| profile.birth_date = Some(date.into()))
    }

    /// The gender, such as `FEMALE`, for the scope `gender`. Default: absent. [Example](Self).
    #[must_use]
    pub fn with_gender(self, gender: impl Into<String>) -> Self {
        self.with(|profile| profile.gender = Some(gender.into()))
    }

    /// The URL of a picture, for the scope `picture`. Default: absent. [Example](Self).
    #[must_use]
    pub fn with_picture(self, url: impl Into<String>) -> Self {
        self.with(|profile| profile.picture = Some(url.into()))
    }

    /// The type of the identity document, such as `PASSPORT`, for the scope `document_detail`. Default:
    /// absent. [Example](Self).
    #[must_use]
    pub fn with_document(self, document_type: impl Into<String>) -> Self {
        self.with(|profile| profile.document = Some(document_type.into()))
    }

    /// The postal address in one line, for the scope `address`. Default: absent. [Example](Self).
    #[must_use]
    pub fn with_address(self, formatted: impl Into<String>) -> Self {
        self.with(|profile| profile.address = Some(formatted.into()))
    }

    /// Whether Didit has verified the person: the scope `is_verified`, `is_verified` in other members, and
    /// the claim `verified` of Didit Authentication. Default: `false`. [Example](Self).
    #[must_use]
    pub fn with_verified(self, is_verified: bool) -> Self {
        self.with(|profile| profile.verified = is_verified)
    }

    /// Whether the person is over 18, for the scope `is_over_18`. Default: absent. [Example](Self).
    #[must_use]
    pub fn with_over_18(self, is_over_18: bool) -> Self {
        self.with(|profile| profile.over_18 = Some(is_over_18))
    }

    /// Whether the person is over 21, for the scope `is_over_21`. Default: absent. [Example](Self).
    #[must_use]
    pub fn with_over_21(self, is_over_21: bool) -> Self {
        self.with(|profile| profile.over_21 = Some(is_over_21))
    }

    /// A member of the user information, which replaces the one of another setter. If a scope has its name,
    /// it is returned with that scope, otherwise always. Default: none.
    ///
    /// ```
    /// use fake_didit::Person;
    /// use serde_json::json;
    ///
    /// // A verified person with an e-mail address that is not verified.
    /// let person = Person::alejandra().with_member(
    ///     "email",
    ///     json!({"email": "new@example.com", "is_verified": false, "is_primary": true}),
    /// );
    /// ```
    ///
    /// # Panics
    ///
    /// If `name` is `sub`, which [`new`](Self::new) sets.
    #[must_use]
    pub fn with_member(self, name: impl Into<String>, value: Value) -> Self {
        let name = name.into();
        assert!(
            user_info::is_settable(&name),
            "the member {name:?} is the person's subject"
        );
        self.with(|profile| {
            profile.members.insert(name, value);
        })
    }

    /// The method with which the person signs in to Didit Authentication: the only value of `amr` (RFC
    /// 8176). Default: `email`. [Example](Self).
    #[must_use]
    pub fn with_authentication_method(self, method: impl Into<String>) -> Self {
        self.with(|profile| profile.authentication_method = Some(method.into()))
    }

    /// A claim of Didit Authentication, in tokens and at `/session/`: `vendor_data`, `org`, `verified`,
    /// `act`, or any other. Default: `verified` follows [`with_verified`](Self::with_verified), the other
    /// three are `null`. [Example](Self).
    ///
    /// # Panics
    ///
    /// If the provider sets the claim (`iss`, `aud`, `sub`, `sid`, `jti`, `iat`, `exp`, `client_id`), or for
    /// `amr`, which [`with_authentication_method`](Self::with_authentication_method) sets.
    #[must_use]
    pub fn with_claim(self, name: impl Into<String>, value: Value) -> Self {
        let name = name.into();
        assert!(
            claims::is_settable(&name),
            "the claim {name:?} cannot be set"
        );
        self.with(|profile| {
            profile.claims.insert(name, value);
        })
    }

    /// The `sub` of the person's tokens. It never changes. [Example](Self).
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// First name and family name. [Example](Self).
    pub fn full_name(&self) -> Option<&str> {
        self.0.full_name.as_deref()
    }

    /// The e-mail address. [Example](Self).
    pub fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    pub(crate) fn first_name(&self) -> Option<&str> {
        self.0.first_name.as_deref()
    }

    pub(crate) fn phone(&self) -> Option<&str> {
        self.0.phone.as_deref()
    }

    pub(crate) fn birth_date(&self) -> Option<&str> {
        self.0.birth_date.as_deref()
    }

    pub(crate) fn gender(&self) -> Option<&str> {
        self.0.gender.as_deref()
    }

    pub(crate) fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    pub(crate) fn is_verified(&self) -> bool {
        self.0.verified
    }

    pub(crate) fn authentication_method(&self) -> &str {
        self.0.authentication_method.as_deref().unwrap_or("email")
    }

    fn with(mut self, change: impl FnOnce(&mut Profile)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_setter_does_not_change_clones() {
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
    fn an_empty_subject_panics() {
        drop(Person::new(""));
    }

    #[test]
    #[should_panic(expected = "the member \"sub\" is the person's subject")]
    fn a_member_cannot_replace_the_subject() {
        drop(Person::john().with_member("sub", json!("u-1")));
    }

    #[test]
    #[should_panic(expected = "the claim \"exp\" cannot be set")]
    fn a_claim_of_the_provider_cannot_be_set() {
        drop(Person::john().with_claim("exp", json!(0)));
    }
}
