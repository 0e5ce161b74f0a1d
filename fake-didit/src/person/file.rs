//! People from a JSON file.

use std::{collections::HashSet, error::Error, fmt};

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor},
};
use serde_json::{Map, Value};
use serde_path_to_error::{Segment, Track};

use super::{Person, claims, user_info};

impl Person {
    /// Reads people from JSON: an array of objects, in which only `subject` is required.
    ///
    /// ```
    /// use fake_didit::{FakeDidit, Person};
    ///
    /// let people = Person::from_json(r#"[
    ///     {
    ///         "subject": "u-1815",
    ///         "first_name": "Ada",
    ///         "family_name": "Lovelace",
    ///         "email": "ada@example.com",
    ///         "phone": "+442071234567",
    ///         "birth_date": "1815-12-10",
    ///         "gender": "FEMALE",
    ///         "picture": "https://example.com/ada.png",
    ///         "document": "PASSPORT",
    ///         "address": "12 St James's Square, London",
    ///         "verified": true,
    ///         "over_18": true,
    ///         "over_21": true,
    ///         "members": {"preferences": {"language": "en"}},
    ///         "authentication_method": "passkey",
    ///         "claims": {"vendor_data": "customer-7"}
    ///     },
    ///     {"subject": "u-1912", "first_name": "Alan"}
    /// ]"#)?;
    /// assert_eq!(people[0].full_name(), Some("Ada Lovelace"));
    ///
    /// let didit = FakeDidit::new("app", "secret").with_people(people);
    /// # Ok::<_, fake_didit::PeopleError>(())
    /// ```
    ///
    /// Each field is the setter of its name: `verified` is [`with_verified`](Self::with_verified), a
    /// member of `members` is [`with_member`](Self::with_member), one of `claims` is
    /// [`with_claim`](Self::with_claim).
    ///
    /// # Errors
    ///
    /// When the text is not such an array; when an entry has no subject, the subject of an entry before,
    /// a field that is not known or a value of another type.
    pub fn from_json(json: &str) -> Result<Vec<Self>, PeopleError> {
        let mut track = Track::new();
        let mut json = serde_json::Deserializer::from_str(json);
        let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
        tracked
            .deserialize_seq(ReadPeople)
            .and_then(|people| json.end().map(|()| people))
            .map_err(|error| PeopleError::new(&error, &track.path()))
    }
}

/// Why a text is not a list of [people](Person::from_json).
///
/// Its text says the line, the column, the entry and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeopleError {
    line: usize,
    column: usize,
    entry: Option<usize>,
    field: Option<String>,
    what: String,
}

impl PeopleError {
    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column, from 1; 0 before the first character of a line.
    pub fn column(&self) -> usize {
        self.column
    }

    /// Which entry of the array it is about, from 1; `None` when it is about no entry.
    pub fn entry(&self) -> Option<usize> {
        self.entry
    }

    fn new(error: &serde_json::Error, path: &serde_path_to_error::Path) -> Self {
        let (line, column) = (error.line(), error.column());
        let what = error.to_string();
        let place = format!(" at line {line} column {column}");
        let mut segments = path.iter();
        let entry = match segments.next() {
            Some(Segment::Seq { index }) => Some(index + 1),
            _ => None,
        };
        let field = match segments.next() {
            Some(Segment::Map { key }) => Some(key.clone()),
            _ => None,
        };
        Self {
            line,
            column,
            entry,
            field,
            what: what.strip_suffix(&place).unwrap_or(&what).to_owned(),
        }
    }
}

impl fmt::Display for PeopleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if let Some(entry) = self.entry {
            write!(f, ", entry {entry}")?;
        }
        // Serde names a field itself that is unknown or there twice.
        let field = self.field.as_ref().map(|field| format!("`{field}`"));
        if let Some(field) = field.filter(|field| !self.what.contains(field)) {
            write!(f, ", field {field}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl Error for PeopleError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a person")]
struct Entry {
    subject: String,
    first_name: Option<String>,
    family_name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    birth_date: Option<String>,
    gender: Option<String>,
    picture: Option<String>,
    document: Option<String>,
    address: Option<String>,
    verified: Option<bool>,
    over_18: Option<bool>,
    over_21: Option<bool>,
    authentication_method: Option<String>,
    #[serde(default)]
    members: Map<String, Value>,
    #[serde(default)]
    claims: Map<String, Value>,
}

impl Entry {
    /// The name of a member or claim that a person cannot have.
    fn forbidden(&self) -> Option<String> {
        let member = self
            .members
            .keys()
            .find(|name| !user_info::may_be_set(name));
        let claim = self.claims.keys().find(|name| !claims::may_be_set(name));
        member
            .map(|name| format!("`{name}` cannot be one of `members`"))
            .or_else(|| claim.map(|name| format!("`{name}` cannot be one of `claims`")))
    }
}

impl From<Entry> for Person {
    fn from(entry: Entry) -> Self {
        let mut person = Self::new(entry.subject);
        if entry.first_name.is_some() || entry.family_name.is_some() {
            person = person.with_names(
                entry.first_name.unwrap_or_default(),
                entry.family_name.unwrap_or_default(),
            );
        }
        let person = set(person, entry.email, Self::with_email);
        let person = set(person, entry.phone, Self::with_phone);
        let person = set(person, entry.birth_date, Self::with_birth_date);
        let person = set(person, entry.gender, Self::with_gender);
        let person = set(person, entry.picture, Self::with_picture);
        let person = set(person, entry.document, Self::with_document);
        let person = set(person, entry.address, Self::with_address);
        let person = set(person, entry.verified, Self::with_verified);
        let person = set(person, entry.over_18, Self::with_over_18);
        let person = set(person, entry.over_21, Self::with_over_21);
        let person = set(
            person,
            entry.authentication_method,
            Self::with_authentication_method,
        );
        let with_member =
            |person: Self, (name, value): (String, Value)| person.with_member(name, value);
        let person = entry.members.into_iter().fold(person, with_member);
        let with_claim =
            |person: Self, (name, value): (String, Value)| person.with_claim(name, value);
        entry.claims.into_iter().fold(person, with_claim)
    }
}

fn set<T>(person: Person, value: Option<T>, setter: impl FnOnce(Person, T) -> Person) -> Person {
    match value {
        Some(value) => setter(person, value),
        None => person,
    }
}

/// Reads the array.
struct ReadPeople;

impl<'de> Visitor<'de> for ReadPeople {
    type Value = Vec<Person>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of people")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Vec<Person>, A::Error> {
        let (mut people, mut subjects) = (Vec::new(), HashSet::new());
        while let Some(person) = entries.next_element_seed(ReadPerson(&mut subjects))? {
            people.push(person);
        }
        Ok(people)
    }
}

/// Reads an entry; its errors are of the entry, not of the array. These subjects are taken.
struct ReadPerson<'a>(&'a mut HashSet<String>);

impl<'de> DeserializeSeed<'de> for ReadPerson<'_> {
    type Value = Person;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Person, D::Error> {
        let entry = Entry::deserialize(deserializer)?;
        if entry.subject.is_empty() {
            return Err(D::Error::custom("the subject is empty"));
        }
        if let Some(forbidden) = entry.forbidden() {
            return Err(D::Error::custom(forbidden));
        }
        if !self.0.insert(entry.subject.clone()) {
            let why = format!("the subject {:?} is that of an entry before", entry.subject);
            return Err(D::Error::custom(why));
        }
        Ok(entry.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The error's text, and the entry that it names.
    fn refused(json: &str) -> (String, Option<usize>) {
        let error = Person::from_json(json).unwrap_err();
        (error.to_string(), error.entry())
    }

    #[test]
    fn a_field_is_the_setter_of_its_name() {
        let people = Person::from_json(
            r#"[{"subject": "u-1"}, {
                "subject": "u-2", "first_name": "Ada", "family_name": "Lovelace", "email": "a@example.com",
                "phone": "+44", "birth_date": "1815-12-10", "gender": "FEMALE",
                "picture": "https://example.com/a.png", "document": "PASSPORT", "address": "London",
                "verified": true, "over_18": true, "over_21": false, "authentication_method": "passkey",
                "members": {"beta": [1]}, "claims": {"org": "o-1"}
            }, {"subject": "u-3", "family_name": "Suzuki", "email": null}]"#,
        );
        let ada = Person::new("u-2")
            .with_names("Ada", "Lovelace")
            .with_email("a@example.com")
            .with_phone("+44")
            .with_birth_date("1815-12-10")
            .with_gender("FEMALE")
            .with_picture("https://example.com/a.png")
            .with_document("PASSPORT")
            .with_address("London")
            .with_verified(true)
            .with_over_18(true)
            .with_over_21(false)
            .with_authentication_method("passkey")
            .with_member("beta", json!([1]))
            .with_claim("org", json!("o-1"));
        let suzuki = Person::new("u-3").with_names("", "Suzuki");
        assert_eq!(people.unwrap(), [Person::new("u-1"), ada, suzuki]);
        assert_eq!(Person::from_json("[]").unwrap(), []);
    }

    #[test]
    fn an_error_names_the_place_the_entry_and_the_field() {
        for (json, entry, expected) in [
            (
                "[\n  {\"subject\": \"u-1\"},\n  {\"subject\": \"u-2\", \"eMail\": \"x\"}\n]",
                Some(2),
                "line 3, column 28, entry 2: unknown field `eMail`, expected one of `subject`, \
                 `first_name`, `family_name`, `email`, `phone`, `birth_date`, `gender`, `picture`, \
                 `document`, `address`, `verified`, `over_18`, `over_21`, `authentication_method`, \
                 `members`, `claims`",
            ),
            (
                r#"[{"subject": "u-1", "phone": 15550100}]"#,
                Some(1),
                "line 1, column 37, entry 1, field `phone`: invalid type: integer `15550100`, expected a \
                 string",
            ),
            (
                r#"[{"subject": "u-1", "members": []}]"#,
                Some(1),
                "line 1, column 31, entry 1, field `members`: invalid type: sequence, expected a map",
            ),
            (
                r#"[{"first_name": "Ada"}]"#,
                Some(1),
                "line 1, column 22, entry 1: missing field `subject`",
            ),
            (
                r#"[{"subject": ""}]"#,
                Some(1),
                "line 1, column 17, entry 1: the subject is empty",
            ),
            (
                "[{\"subject\": \"u-1\"},\n{\"subject\": \"u-1\"}]",
                Some(2),
                "line 2, column 19, entry 2: the subject \"u-1\" is that of an entry before",
            ),
            (
                r#"[{"subject": "u-1", "subject": "u-2"}]"#,
                Some(1),
                "line 1, column 29, entry 1: duplicate field `subject`",
            ),
            (
                r#"[{"subject": "u-1", "members": {"sub": "u-2"}}]"#,
                Some(1),
                "line 1, column 47, entry 1: `sub` cannot be one of `members`",
            ),
            (
                r#"[{"subject": "u-1", "claims": {"amr": []}}]"#,
                Some(1),
                "line 1, column 43, entry 1: `amr` cannot be one of `claims`",
            ),
            (
                r#"["u-1"]"#,
                Some(1),
                "line 1, column 6, entry 1: invalid type: string \"u-1\", expected a person",
            ),
            (
                r#"{"subject": "u-1"}"#,
                None,
                "line 1, column 0: invalid type: map, expected an array of people",
            ),
            ("[]\n{}", None, "line 2, column 1: trailing characters"),
            ("", None, "line 1, column 0: EOF while parsing a value"),
        ] {
            assert_eq!(refused(json), (expected.to_owned(), entry), "{json}");
        }
    }
}
