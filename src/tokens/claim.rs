//! One statement about a user.

use std::{any::type_name, fmt};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind};

/// The value of a claim (RFC 7519 §2), or a part of it: any JSON but null.
///
/// It is asked for what it should be, and `None` is the answer where it is something else: a string
/// `"true"` is not true.
#[derive(Clone, Copy)]
pub struct Claim<'a>(&'a Value);

impl<'a> Claim<'a> {
    /// The member of an object of claims. One that is null says nothing.
    pub(crate) fn of(members: &'a Map<String, Value>, name: &str) -> Option<Self> {
        members.get(name).filter(|value| !value.is_null()).map(Self)
    }

    /// The text, if it is a string.
    pub fn as_str(self) -> Option<&'a str> {
        self.0.as_str()
    }

    /// True or false, if it is a JSON boolean.
    pub fn as_bool(self) -> Option<bool> {
        self.0.as_bool()
    }

    /// A member, if it is an object that has it.
    pub fn get(self, name: &str) -> Option<Self> {
        Self::of(self.0.as_object()?, name)
    }

    /// The value as any type that can be deserialized.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedClaims`] when it is not of that type.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, Error> {
        read(self.0.clone())
    }
}

impl fmt::Debug for Claim<'_> {
    /// Without the value, which is personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claim")
    }
}

/// What `serde_json` says of a value that does not fit repeats it, so it is dropped.
pub(super) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(|_| {
        let context = format!("they are no `{}`", type_name::<T>());
        Error::with_context(ErrorKind::UnexpectedClaims, context)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_what_it_is_and_nothing_else() {
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
            "the claims are not what was expected: they are no `u8`"
        );
        assert!(!format!("{error:?} {age:?}").contains("thirty"));
    }
}
