//! Untrusted JSON.

use std::{collections::HashSet, fmt, time::Duration};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::clock::Timestamp;

/// The members of a JSON object.
pub(crate) type Object = Map<String, Value>;

/// Reads a JSON object. `None` for anything else, and if any object in it has a member twice, because two readers
/// could see different values (RFC 7515 §4, RFC 7519 §4).
pub(crate) fn object(text: &[u8]) -> Option<Object> {
    // `Members` checks the outer object. Most objects have no other.
    let mut openings = text.iter().filter(|byte| matches!(byte, b'{' | b'['));
    if openings.nth(1).is_some() {
        serde_json::from_slice::<Unique>(text).ok()?;
    }
    let mut json = serde_json::Deserializer::from_slice(text);
    let object = json.deserialize_map(Members).ok()?;
    json.end().ok()?;
    Some(object)
}

/// A member of an object. Null counts as absent.
pub(crate) fn member<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// Reads a `NumericDate` (RFC 7519 §2) and drops the fraction of a second. `None` for anything but a number, and for
/// times before 1970 or after the year 9999.
pub(crate) fn numeric_date(value: &Value) -> Option<Timestamp> {
    let seconds = Duration::try_from_secs_f64(value.as_f64()?).ok()?.as_secs();
    (seconds < END_OF_9999).then(|| Timestamp::from_unix(seconds))
}

/// Reads an object and refuses a repeated member.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with different members")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut members = Object::new();
        while let Some((name, value)) = map.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(de::Error::custom("a member is there twice"));
            }
        }
        Ok(members)
    }
}

/// Any JSON in which no object has a member twice. The values are discarded: features of `serde_json` that another
/// crate of the application enables change how numbers are visited.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate members")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == RAW_VALUE {
                return Err(de::Error::custom("a member has a name of serde_json's own"));
            }
            if !names.insert(name) {
                return Err(de::Error::custom("a member is there twice"));
            }
            map.next_value::<Self>()?;
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
}

/// `serde_json` replaces an object with this member by the JSON in the member's text, at any depth. That JSON would
/// not be checked.
const RAW_VALUE: &str = "$serde_json::private::RawValue";
/// In seconds.
const END_OF_9999: u64 = 253_402_300_800;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_numeric_date_is_a_number_within_reason() {
        let date = |value| numeric_date(&value).map(Timestamp::as_unix);
        assert_eq!(date(json!(1_767_225_600)), Some(1_767_225_600));
        assert_eq!(date(json!(1_767_225_600.9)), Some(1_767_225_600));
        assert_eq!(date(json!(0)), Some(0));
        for other in [
            json!("1767225600"),
            json!(-1),
            json!(-0.5),
            json!(1e300),
            json!(u64::MAX),
            json!(true),
            json!(null),
            json!([1]),
        ] {
            assert_eq!(date(other.clone()), None, "{other}");
        }
    }

    #[test]
    fn an_object_is_read_whole() {
        let read = object(br#" {"a":[1,-2,3.5,null,true,{"b":"c"}]} "#).unwrap();
        assert_eq!(read["a"][5]["b"], "c");
        assert!(object(b"{}").unwrap().is_empty());
    }

    #[test]
    fn anything_else_is_not_an_object() {
        for text in [
            "", "[]", "\"{}\"", "1", "null", "{", "{} {}", "{}x", "{\"a\":}",
        ] {
            assert!(object(text.as_bytes()).is_none(), "{text}");
        }
        assert!(object(b"{\"a\":\"\xff\"}").is_none());
    }

    #[test]
    fn duplicate_members_are_refused_at_every_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"b":2}]}"#,
        ] {
            assert!(object(text.as_bytes()).is_none(), "{text}");
        }
        assert!(object(br#"{"a":{"b":1},"b":{"a":1}}"#).is_some());
    }

    #[test]
    fn no_string_is_read_as_json() {
        for name in [
            "$serde_json::private::RawValue",
            "\\u0024serde_json::private::RawValue",
        ] {
            for text in [
                format!(r#"{{"a":{{"{name}":"1"}}}}"#),
                format!(r#"{{"a":[{{"{name}":"{{\"b\":1,\"b\":2}}"}}]}}"#),
            ] {
                assert!(object(text.as_bytes()).is_none(), "{text}");
            }
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(object(deep.as_bytes()).is_none());
    }
}
