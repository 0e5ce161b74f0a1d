//! The body of a webhook, as Python writes it.

use std::fmt::Write;

use serde_json::{Map, Value};

/// Sorted by name, without spaces, in UTF-8: also the form that `X-Signature-V2` signs.
///
/// The fake's own numbers are integers or have a fraction, which both languages write alike.
pub(crate) fn canonical(members: &Map<String, Value>) -> String {
    let mut text = String::new();
    write_object(members, &mut text);
    text.replace(&format!("\"{LONG_NUMBER}\""), LONG_DIGITS)
}

/// With all other characters than ASCII escaped.
pub(crate) fn ascii(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            escaped.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            write!(escaped, "\\u{unit:04x}").expect("writing to a string does not fail");
        }
    }
    escaped
}

fn write_value(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => write_object(members, text),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_value(item, text);
            }
            text.push(']');
        }
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 => {
                write!(text, "{float:.0}").expect("writing to a string does not fail");
            }
            _ => text.push_str(&number.to_string()),
        },
        other => text.push_str(&other.to_string()),
    }
}

fn write_object(members: &Map<String, Value>, text: &mut String) {
    // The order of a `Map` depends on a feature of serde_json.
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    text.push('{');
    for (at, (name, value)) in sorted.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&Value::from(name.as_str()).to_string());
        text.push(':');
        write_value(value, text);
    }
    text.push('}');
}

/// A text in whose place [`canonical`] writes a number that no 64-bit integer can hold.
pub(crate) const LONG_NUMBER: &str = "a number of 39 digits (fake-didit)";
const LONG_DIGITS: &str = "118120836164494130086420187336801405660";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(value: &Value) -> String {
        let mut text = String::new();
        write_value(value, &mut text);
        text
    }

    #[test]
    fn members_are_sorted_by_code_point() {
        let value = json!({"b": 1, "a": {"10": 1, "9": 2}, "\u{ff61}": 1, "\u{1f600}": 2});
        assert_eq!(
            written(&value),
            "{\"a\":{\"10\":1,\"9\":2},\"b\":1,\"\u{ff61}\":1,\"\u{1f600}\":2}"
        );
    }

    #[test]
    fn whole_floats_are_integers() {
        assert_eq!(
            written(&json!([92.0, 97.5, -3.0, 1e20])),
            "[92,97.5,-3,100000000000000000000]"
        );
    }

    #[test]
    fn control_characters_are_escaped_and_slashes_are_not() {
        assert_eq!(
            written(&json!("\u{8}\u{c}\n\r\t\u{1f}\"\\/é")),
            r#""\b\f\n\r\t\u001f\"\\/é""#
        );
    }

    #[test]
    fn ascii_uses_surrogate_pairs() {
        assert_eq!(ascii("é\u{1f600}"), "\\u00e9\\ud83d\\ude00");
    }
}
