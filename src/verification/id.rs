//! The id of a verification session.

use std::{fmt, str::FromStr};

use crate::{
    error::{Error, VerificationError},
    json::{self, Object},
};

/// The id of a verification session at Didit: a UUID.
///
/// Store it for the user when the session is created. An id from the browser may be another person's.
///
/// ```
/// use tower_didit::{Error, verification::VerificationId};
///
/// # fn main() -> Result<(), Error> {
/// let id: VerificationId = "11111111-2222-3333-4444-555555555555".parse()?;
/// assert_eq!(id.to_string(), "11111111-2222-3333-4444-555555555555");
/// assert_eq!("../users".parse::<VerificationId>().unwrap_err().kind().code(), "unknown-verification");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerificationId(u128);

impl VerificationId {
    /// Reads a member of a response. `None` if it is not a UUID.
    pub(super) fn of_member(members: &Object, name: &str) -> Option<Self> {
        json::member(members, name)?.as_str().and_then(read)
    }
}

/// Reads a member that is a UUID, in lower case: Didit's paths are case-sensitive.
pub(super) fn uuid_of_member(members: &Object, name: &str) -> Option<String> {
    VerificationId::of_member(members, name).map(String::from)
}

/// Whether a text is a UUID in its usual form (RFC 9562 §4).
pub(super) fn is_uuid(text: &str) -> bool {
    read(text).is_some()
}

fn read(text: &str) -> Option<VerificationId> {
    let mut digits = String::with_capacity(32);
    for (at, character) in text.chars().enumerate() {
        match (at, character) {
            (8 | 13 | 18 | 23, '-') => {}
            (8 | 13 | 18 | 23, _) => return None,
            (..36, '0'..='9' | 'a'..='f' | 'A'..='F') => digits.push(character),
            _ => return None,
        }
    }
    let is_whole = digits.len() == 32;
    let number = u128::from_str_radix(&digits, 16).ok();
    number.filter(|_| is_whole).map(VerificationId)
}

impl FromStr for VerificationId {
    type Err = Error;

    /// Reads an id. [Example](Self).
    ///
    /// # Errors
    ///
    /// [`VerificationError::UnknownSession`]: the text is not a UUID, so no session has it.
    fn from_str(text: &str) -> Result<Self, Error> {
        let unknown = || Error::with_context(VerificationError::UnknownSession, NOT_A_UUID);
        read(text).ok_or_else(unknown)
    }
}

impl From<VerificationId> for String {
    fn from(id: VerificationId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for VerificationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", self.0);
        let mut rest = digits.as_str();
        for length in [8, 4, 4, 4] {
            let (group, others) = rest.split_at(length);
            write!(f, "{group}-")?;
            rest = others;
        }
        f.write_str(rest)
    }
}

impl fmt::Debug for VerificationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerificationId({self})")
    }
}

const NOT_A_UUID: &str = "the id is not a UUID";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_in_its_usual_form() {
        let text = "0a1b2c3d-0000-4000-8000-00000000000f";
        assert_eq!(read(text).unwrap().to_string(), text);
        assert_eq!(read(&text.to_uppercase()).unwrap().to_string(), text);
        for other in [
            "",
            "0a1b2c3d",
            "0a1b2c3d000040008000-00000000000f",
            "0a1b2c3d-0000-4000-8000-00000000000",
            "0a1b2c3d-0000-4000-8000-00000000000f0",
            "0a1b2c3d-0000-4000-8000-00000000000g",
            "+a1b2c3d-0000-4000-8000-00000000000f",
            "0a1b2c3d-0000-4000-8000/00000000000f",
            "{0a1b2c3d-0000-4000-8000-0000000000f}",
            " 0a1b2c3d-0000-4000-8000-00000000000f",
            "0a1b2c3d-0000-4000-8000-00000000000\u{e9}",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
