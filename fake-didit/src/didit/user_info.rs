//! User information without a request.

use serde_json::{Map, Value};

use super::FakeDidit;
use crate::{person::Person, provider::scope::Scope};

impl FakeDidit {
    /// The user information about a person for these scopes, as the endpoint responds, without any request.
    ///
    /// ```
    /// use fake_didit::{FakeDidit, Person};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let members = didit.user_info_members(&Person::john(), ["openid", "names"]);
    /// assert_eq!(members["names"]["full_name"], "John Doe");
    /// assert!(!members.contains_key("email"));
    /// ```
    ///
    /// # Panics
    ///
    /// If a scope is not [known](Self::with_scopes).
    pub fn user_info_members<I>(&self, person: &Person, scopes: I) -> Map<String, Value>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let state = self.lock();
        let mut scope = Scope::none();
        for name in scopes {
            scope.add(name.as_ref(), &state.scopes);
        }
        person.user_info(&scope)
    }
}
