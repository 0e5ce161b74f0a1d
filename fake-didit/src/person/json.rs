//! People from JSON.

use std::{collections::HashSet, fmt, sync::Arc};

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor},
};
use serde_path_to_error::Track;

use super::{PeopleError, Person, claims, profile::Profile, user_info};

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
    /// Each field corresponds to the setter of its name: `verified` to
    /// [`with_verified`](Self::with_verified), a member of `members` to [`with_member`](Self::with_member),
    /// a member of `claims` to [`with_claim`](Self::with_claim).
    ///
    /// # Errors
    ///
    /// If the text is not such an array, or if an entry has an empty or repeated subject, an unknown field,
    /// or a value of another type.
    pub fn from_json(json: &str) -> Result<Vec<Self>, PeopleError> {
        let mut track = Track::new();
        let mut json = serde_json::Deserializer::from_str(json);
        let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
        tracked
            .deserialize_seq(PeopleVisitor)
            .and_then(|people| json.end().map(|()| people))
            .map_err(|error| PeopleError::new(&error, &track.path()))
    }
}

/// Reads the array.
struct PeopleVisitor;

impl<'de> Visitor<'de> for PeopleVisitor {
    type Value = Vec<Person>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of people")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Vec<Person>, A::Error> {
        let (mut people, mut subjects) = (Vec::new(), HashSet::new());
        while let Some(person) = entries.next_element_seed(PersonSeed(&mut subjects))? {
            people.push(person);
        }
        Ok(people)
    }
}

/// Reads an entry whose subject is not among these. A seed, so that its errors have the position of the
/// entry.
struct PersonSeed<'a>(&'a mut HashSet<String>);

impl<'de> DeserializeSeed<'de> for PersonSeed<'_> {
    type Value = Person;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Person, D::Error> {
        let mut profile = Profile::deserialize(deserializer)?;
        if profile.subject.is_empty() {
            return Err(D::Error::custom("the subject is empty"));
        }
        let mut members = profile.members.keys();
        if let Some(name) = members.find(|name| !user_info::is_settable(name)) {
            return Err(D::Error::custom(format!("`members` cannot set `{name}`")));
        }
        if let Some(name) = profile
            .claims
            .keys()
            .find(|name| !claims::is_settable(name))
        {
            return Err(D::Error::custom(format!("`claims` cannot set `{name}`")));
        }
        if !self.0.insert(profile.subject.clone()) {
            let message = format!("the subject {:?} is repeated", profile.subject);
            return Err(D::Error::custom(message));
        }
        let (first, family) = (profile.first_name.take(), profile.family_name.take());
        if first.is_some() || family.is_some() {
            profile.set_names(first.unwrap_or_default(), family.unwrap_or_default());
        }
        Ok(Person(Arc::new(profile)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(json: &str) -> String {
        Person::from_json(json).unwrap_err().to_string()
    }

    #[test]
    fn a_field_corresponds_to_the_setter_of_its_name() {
        let people = Person::from_json(
            r#"[{"subject": "u-1"}, {
                "subject": "u-2", "first_name": "Ada", "family_name": "Lovelace", "email": "a@example.com",
                "phone": "+44", "birth_date": "1815-12-10", "gender": "FEMALE",
                "picture": "https://example.com/a.png", "document": "PASSPORT", "address": "London",
                "verified": true, "over_18": true, "over_21": false, "authentication_method": "passkey",
                "members": {"beta": [1]}, "claims": {"org": "o-1"}
            }, {"subject": "u-3", "family_name": "Suzuki", "email": null, "verified": null}]"#,
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
    fn an_error_names_the_position_the_entry_and_the_field() {
        for (json, expected) in [
            (
                "[\n  {\"subject\": \"u-1\"},\n  {\"subject\": \"u-2\", \"eMail\": \"x\"}\n]",
                "line 3, column 28, entry 2: unknown field `eMail`, expected one of `subject`, \
                 `first_name`, `family_name`, `email`, `phone`, `birth_date`, `gender`, `picture`, \
                 `document`, `address`, `verified`, `over_18`, `over_21`, `authentication_method`, \
                 `members`, `claims`",
            ),
            (
                r#"[{"subject": "u-1", "phone": 15550100}]"#,
                "line 1, column 37, entry 1, field `phone`: invalid type: integer `15550100`, expected a \
                 string",
            ),
            (
                r#"[{"subject": "u-1", "members": []}]"#,
                "line 1, column 31, entry 1, field `members`: invalid type: sequence, expected a map",
            ),
            (
                r#"[{"first_name": "Ada"}]"#,
                "line 1, column 22, entry 1: missing field `subject`",
            ),
            (
                r#"[{"subject": ""}]"#,
                "line 1, column 17, entry 1: the subject is empty",
            ),
            (
                "[{\"subject\": \"u-1\"},\n{\"subject\": \"u-1\"}]",
                "line 2, column 19, entry 2: the subject \"u-1\" is repeated",
            ),
            (
                r#"[{"subject": "u-1", "subject": "u-2"}]"#,
                "line 1, column 29, entry 1: duplicate field `subject`",
            ),
            (
                r#"[{"subject": "u-1", "members": {"sub": "u-2"}}]"#,
                "line 1, column 47, entry 1: `members` cannot set `sub`",
            ),
            (
                r#"[{"subject": "u-1", "claims": {"amr": []}}]"#,
                "line 1, column 43, entry 1: `claims` cannot set `amr`",
            ),
            (
                r#"["u-1"]"#,
                "line 1, column 6, entry 1: invalid type: string \"u-1\", expected a person",
            ),
            (
                r#"{"subject": "u-1"}"#,
                "line 1, column 0: invalid type: map, expected an array of people",
            ),
            ("[]\n{}", "line 2, column 1: trailing characters"),
            ("", "line 1, column 0: EOF while parsing a value"),
        ] {
            assert_eq!(error(json), expected, "{json}");
        }
    }
}
