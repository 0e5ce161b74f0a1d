//! The people on the sign-in page.

use std::collections::HashMap;

use super::Person;

/// The people on the sign-in page, in order. Subjects are unique.
#[derive(Debug)]
pub(crate) struct Accounts(Vec<Person>);

impl Accounts {
    /// Adds a person, or replaces the one with the same subject.
    pub(crate) fn put(&mut self, person: Person) {
        let mut people = self.0.iter_mut();
        match people.find(|other| other.subject() == person.subject()) {
            Some(other) => *other = person,
            None => self.0.push(person),
        }
    }

    /// Removes the person with this subject; `false` if there is none.
    #[cfg(feature = "cli")]
    pub(crate) fn remove(&mut self, subject: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|person| person.subject() != subject);
        self.0.len() < before
    }

    /// The person with this subject.
    pub(crate) fn by_subject(&self, subject: &str) -> Option<&Person> {
        self.0.iter().find(|person| person.subject() == subject)
    }

    #[cfg(feature = "cli")]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// All people.
    pub(crate) fn to_vec(&self) -> Vec<Person> {
        self.0.clone()
    }

    /// All people, each with a unique word of letters, digits and hyphens for element ids.
    pub(crate) fn with_slugs(&self) -> impl Iterator<Item = (&Person, String)> {
        // The words in use, each with its last suffix.
        let mut taken = HashMap::<String, usize>::new();
        self.0.iter().map(move |person| {
            let word = slug(person);
            let mut unique = word.clone();
            let mut number = taken.get(&word).copied().unwrap_or_default();
            while taken.contains_key(&unique) {
                number += 1;
                unique = format!("{word}-{number}");
            }
            taken.insert(word, number.max(1));
            taken.entry(unique.clone()).or_insert(1);
            (person, unique)
        })
    }
}

impl Default for Accounts {
    fn default() -> Self {
        Self(vec![Person::alejandra(), Person::john()])
    }
}

impl FromIterator<Person> for Accounts {
    fn from_iter<I: IntoIterator<Item = Person>>(people: I) -> Self {
        let mut accounts = Self(Vec::new());
        for person in people {
            accounts.put(person);
        }
        accounts
    }
}

/// The first name in lower case, else the full name, else the subject.
fn slug(person: &Person) -> String {
    let words = [
        person.first_name(),
        person.full_name(),
        Some(person.subject()),
    ];
    let mut slugs = words.into_iter().flatten().map(slugify);
    slugs
        .find(|slug| !slug.is_empty())
        .unwrap_or_else(|| "person".to_owned())
}

/// Letters and digits in lower case; a hyphen for other characters between them.
fn slugify(text: &str) -> String {
    let words = text.split(|character: char| !character.is_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slugs(people: impl IntoIterator<Item = Person>) -> Vec<String> {
        let accounts: Accounts = people.into_iter().collect();
        accounts.with_slugs().map(|(_, slug)| slug).collect()
    }

    #[test]
    fn the_predefined_people_are_the_default() {
        let accounts = Accounts::default();
        let slugs: Vec<_> = accounts.with_slugs().map(|(_, slug)| slug).collect();
        assert_eq!(slugs, ["alejandra", "john"]);
    }

    #[test]
    fn a_slug_is_the_first_name_or_else_the_subject() {
        let named = |first, family| Person::new("u-1").with_names(first, family);
        assert_eq!(slugs([named("Jean-Luc  O'Neil", "X")]), ["jean-luc-o-neil"]);
        assert_eq!(slugs([named("", "Suzuki")]), ["suzuki"]);
        assert_eq!(slugs([named("Zoë", "")]), ["zoë"]);
        assert_eq!(slugs([named("\"><b>", "'")]), ["b"]);
        assert_eq!(slugs([named("…", "!")]), ["u-1"]);
        assert_eq!(slugs([Person::new("auth0|7F")]), ["auth0-7f"]);
        assert_eq!(slugs([Person::new("|")]), ["person"]);
    }

    #[test]
    fn a_repeated_slug_gets_a_number() {
        let named = |subject, first| Person::new(subject).with_names(first, "Doe");
        let people = [
            named("1", "John"),
            named("2", "John 2"),
            named("3", "john"),
            named("4", "JOHN"),
        ];
        assert_eq!(slugs(people), ["john", "john-2", "john-3", "john-4"]);
    }

    #[test]
    fn a_person_replaces_the_one_with_the_same_subject() {
        let mut accounts = Accounts::default();
        accounts.put(Person::alejandra().with_email("new@example.com"));
        let emails: Vec<_> = accounts.0.iter().map(Person::email).collect();
        assert_eq!(
            emails,
            [Some("new@example.com"), Some("john.doe@example.com")]
        );
    }
}
