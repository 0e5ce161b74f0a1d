//! A claim about a user.

use std::{any::type_name, fmt};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    error::{Error, ErrorKind},
    json,
};

/// The value of a claim (RFC 7519 §2), or a part of it: any JSON value except null.
///
/// A getter gives `None` if the value has another type: the string `"true"` is no boolean.
///
/// ```
/// # fn check(user: tower_didit::IdClaims) {
/// if let Some(address) = user.claim("address") {
///     let country = address.get("country").and_then(|country| country.as_str());
/// #   let _ = country;
/// }
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Claim<'a>(&'a Value);

impl<'a> Claim<'a> {
    /// A member of an object; `None` also if the member is null.
    pub(crate) fn of(members: &'a Map<String, Value>, name: &str) -> Option<Self> {
        json::member(members, name).map(Self)
    }

    pub(crate) fn value(self) -> &'a Value {
        self.0
    }

    /// The value, if it is a string.
    ///
    /// ```
    /// use tower_didit::{tokens::Claim, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let user = FakeDidit::new("app", "secret").id_claims(&Person::john());
    /// assert_eq!(user.claim("aud").and_then(Claim::as_str), Some("app"));
    /// assert_eq!(user.claim("iat").and_then(Claim::as_str), None); // a number
    /// ```
    pub fn as_str(self) -> Option<&'a str> {
        self.0.as_str()
    }

    /// The value, if it is a boolean.
    ///
    /// ```
    /// use tower_didit::{tokens::Claim, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let john = Person::john().with_claim("beta", true.into()).with_claim("staff", "true".into());
    /// let user = FakeDidit::authentication("app").id_claims(&john);
    /// assert_eq!(user.claim("beta").and_then(Claim::as_bool), Some(true));
    /// assert_eq!(user.claim("staff").and_then(Claim::as_bool), None); // a string
    /// ```
    pub fn as_bool(self) -> Option<bool> {
        self.0.as_bool()
    }

    /// A member, if the value is an object.
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_didit::{tokens::Claim, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let john = Person::john().with_claim("address", json!({"country": "ES", "region": null}));
    /// let user = FakeDidit::authentication("app").id_claims(&john);
    /// let address = user.claim("address").unwrap();
    /// assert_eq!(address.get("country").and_then(Claim::as_str), Some("ES"));
    /// assert!(address.get("region").is_none());
    /// ```
    pub fn get(self, name: &str) -> Option<Self> {
        Self::of(self.0.as_object()?, name)
    }

    /// Whether the value is an object of Didit's user information that Didit has verified. Only a JSON `true` in
    /// its member `is_verified` counts.
    ///
    /// ```
    /// use tower_didit::{scope, tokens::Claim, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let john = didit.user_info(&Person::john(), [scope::EMAIL]);
    /// let email = john.claim("email").unwrap();
    /// assert!(!email.is_verified());
    /// assert!(email.is_primary());
    /// ```
    pub fn is_verified(self) -> bool {
        self.get("is_verified").is_some_and(Self::is_true)
    }

    /// Whether the value is an object of Didit's user information that is the user's main one of its kind. Only a JSON
    /// `true` in its member `is_primary` counts.
    /// [Example](Self::is_verified).
    pub fn is_primary(self) -> bool {
        self.get("is_primary").is_some_and(Self::is_true)
    }

    pub(super) fn is_true(self) -> bool {
        self.as_bool() == Some(true)
    }

    pub(super) fn is_object(self) -> bool {
        self.0.is_object()
    }

    /// The value, deserialized.
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// # fn main() -> Result<(), tower_didit::Error> {
    /// #[derive(serde::Deserialize)]
    /// struct Organization {
    ///     id: String,
    ///     roles: Vec<String>,
    /// }
    ///
    /// let john = Person::john().with_claim("org", json!({"id": "org-1", "roles": ["admin"]}));
    /// let user = FakeDidit::authentication("app").id_claims(&john);
    /// let organization: Organization = user.organization().unwrap().read()?;
    /// assert_eq!((organization.id.as_str(), organization.roles.len()), ("org-1", 1));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedClaims`]: the value has another type.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, Error> {
        read(self.0.clone())
    }
}

impl fmt::Debug for Claim<'_> {
    /// Without the value: it is personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claim")
    }
}

/// The error of `serde_json` repeats the value, so it is dropped.
pub(super) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(|_| {
        let context = format!("they do not deserialize as `{}`", type_name::<T>());
        Error::with_context(ErrorKind::UnexpectedClaims, context)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_of_another_type_is_none() {
        let members = json!({"a": "true", "b": true, "c": null, "d": {"e": "f"}});
        let members = members.as_object().unwrap();
        let claim = |name| Claim::of(members, name);
        assert_eq!(claim("a").unwrap().as_bool(), None);
        assert_eq!(claim("a").unwrap().as_str(), Some("true"));
        assert_eq!(claim("b").unwrap().as_bool(), Some(true));
        assert!(claim("c").is_none());
        assert_eq!(claim("d").unwrap().get("e").unwrap().as_str(), Some("f"));
        assert!(claim("a").unwrap().get("e").is_none());
    }

    #[test]
    fn an_error_names_the_type_and_not_the_value() {
        let members = json!({"age": "thirty"});
        let age = Claim::of(members.as_object().unwrap(), "age").unwrap();
        let error = age.read::<u8>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the claims are not what was expected: they do not deserialize as `u8`"
        );
        assert!(!format!("{error:?} {age:?}").contains("thirty"));
    }
}
