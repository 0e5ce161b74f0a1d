//! The data of a person.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The data of a person; also their object in a [people file](super::Person::from_json).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a person")]
pub(super) struct Profile {
    pub(super) subject: String,
    pub(super) first_name: Option<String>,
    pub(super) family_name: Option<String>,
    #[serde(skip)]
    pub(super) full_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) birth_date: Option<String>,
    pub(super) gender: Option<String>,
    pub(super) picture: Option<String>,
    pub(super) document: Option<String>,
    pub(super) address: Option<String>,
    #[serde(default, deserialize_with = "null_is_false")]
    pub(super) verified: bool,
    pub(super) over_18: Option<bool>,
    pub(super) over_21: Option<bool>,
    pub(super) authentication_method: Option<String>,
    #[serde(default)]
    pub(super) members: Map<String, Value>,
    #[serde(default)]
    pub(super) claims: Map<String, Value>,
}

impl Profile {
    pub(super) fn set_names(&mut self, first: String, family: String) {
        self.full_name = Some(format!("{first} {family}").trim().to_owned());
        self.first_name = Some(first);
        self.family_name = Some(family);
    }
}

fn null_is_false<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
