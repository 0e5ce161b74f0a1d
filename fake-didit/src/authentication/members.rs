//! A strict parser for JSON objects of strings.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize,
    de::{Deserializer, Error, MapAccess, Visitor},
};

/// The members of a request body: strings with unique names.
pub(crate) struct Members(BTreeMap<String, String>);

impl Members {
    /// Parses a body; `None` if it is anything else.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// The value of a member. An empty value counts as missing.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// The name of a member that is not in `names`.
    pub(crate) fn other_than(&self, names: &[&str]) -> Option<&str> {
        let mut all = self.0.keys().map(String::as_str);
        all.find(|name| !names.contains(name))
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a name is repeated"));
            }
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_of_strings_with_unique_names_are_parsed() {
        let members = Members::parse(br#"{"a":"1","b":""}"#).unwrap();
        assert_eq!((members.get("a"), members.get("b")), (Some("1"), None));
        assert_eq!(members.other_than(&["a", "b", "c"]), None);
        assert_eq!(members.other_than(&["a"]), Some("b"));
        for text in [
            "",
            "a=1",
            "[]",
            "\"a\"",
            r#"{"a":1}"#,
            r#"{"a":null}"#,
            r#"{"a":"1","a":"1"}"#,
            r#"{"a":"1"}x"#,
        ] {
            assert!(Members::parse(text.as_bytes()).is_none(), "{text}");
        }
    }
}
