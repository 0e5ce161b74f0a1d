//! JSON from strangers.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::clock::Timestamp;

/// Reads a JSON object; `None` for anything else, and where any object in it names a member twice:
/// two readers could see two different values (RFC 7515 §4, RFC 7519 §4).
pub(crate) fn object(text: &[u8]) -> Option<Map<String, Value>> {
    // Most have nothing nested.
    let mut openings = text.iter().filter(|byte| matches!(byte, b'{' | b'['));
    if openings.nth(1).is_some() {
        serde_json::from_slice::<NoMemberTwice>(text).ok()?;
    }
    let Members(members) = serde_json::from_slice(text).ok()?;
    Some(members)
}

/// A member of an object. Null counts as absent.
pub(crate) fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// Reads a `NumericDate` (RFC 7519 §2), a fraction of a second cut off; `None` for what is no number,
/// and for what is no time: before 1970, or after the year 9999.
pub(crate) fn numeric_date(value: &Value) -> Option<Timestamp> {
    let seconds = if let Some(seconds) = value.as_u64() {
        seconds
    } else {
        let seconds = value.as_f64().filter(|seconds| *seconds >= 0.0)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is not negative, and the cast saturates"
        )]
        let whole = seconds as u64;
        whole
    };
    (seconds <= END_OF_9999).then(|| Timestamp::from_unix(seconds))
}

/// An object that names no member of its own twice.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Collect)
    }
}

struct Collect;

impl<'de> Visitor<'de> for Collect {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object that names no member twice")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = map.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(de::Error::custom("a member is there twice"));
            }
        }
        Ok(Members(members))
    }
}

/// Any JSON in which no object names a member twice. It only looks: what the values are is read
/// afterwards, as other crates of an application may change how `serde_json` hands out numbers.
struct NoMemberTwice;

impl<'de> Deserialize<'de> for NoMemberTwice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Look)
    }
}

struct Look;

impl<'de> Visitor<'de> for Look {
    type Value = NoMemberTwice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON in which no object names a member twice")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NoMemberTwice, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == RAW_VALUE {
                return Err(de::Error::custom("a member has a name of serde_json's own"));
            }
            if !names.insert(name) {
                return Err(de::Error::custom("a member is there twice"));
            }
            map.next_value::<NoMemberTwice>()?;
        }
        Ok(NoMemberTwice)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<NoMemberTwice, A::Error> {
        while items.next_element::<NoMemberTwice>()?.is_some() {}
        Ok(NoMemberTwice)
    }

    fn visit_bool<E>(self, _: bool) -> Result<NoMemberTwice, E> {
        Ok(NoMemberTwice)
    }

    fn visit_i64<E>(self, _: i64) -> Result<NoMemberTwice, E> {
        Ok(NoMemberTwice)
    }

    fn visit_u64<E>(self, _: u64) -> Result<NoMemberTwice, E> {
        Ok(NoMemberTwice)
    }

    fn visit_f64<E>(self, _: f64) -> Result<NoMemberTwice, E> {
        Ok(NoMemberTwice)
    }

    fn visit_str<E>(self, _: &str) -> Result<NoMemberTwice, E> {
        Ok(NoMemberTwice)
    }

    fn visit_unit<E>(self) -> Result<NoMemberTwice, E> {
        Ok(NoMemberTwice)
    }
}

/// In place of an object with this member `serde_json` reads the JSON in the member's text, which
/// nobody has looked at, at whatever depth.
const RAW_VALUE: &str = "$serde_json::private::RawValue";
const END_OF_9999: u64 = 253_402_300_799;

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
    fn a_member_is_there_once_at_every_depth() {
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
    fn no_text_in_it_is_read_as_json() {
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
