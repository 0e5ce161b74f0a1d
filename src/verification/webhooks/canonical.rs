//! The canonical form of JSON that `X-Signature-V2` signs.

/// Writes JSON without white space, with sorted keys and without needless escapes. `None` if the canonical form is not
/// certain.
///
/// `text` must be JSON that [`json::object`](crate::json::object) accepts: this bounds the depth. Didit writes numbers as
/// Python does, so they stay as they are written, except whole ones with a fraction or an exponent.
pub(super) fn form(text: &[u8]) -> Option<String> {
    let text = str::from_utf8(text).ok()?;
    let mut form = String::with_capacity(text.len());
    Scanner { rest: text }.value()?.write(&mut form)?;
    Some(form)
}

enum Canonical<'a> {
    /// A number, `true`, `false` or `null`.
    Token(&'a str),
    /// An integer that was written with a fraction or an exponent.
    Number(String),
    String(String),
    Array(Vec<Self>),
    /// Sorted by key: the order of UTF-8 is that of code points.
    Object(Vec<(String, Self)>),
}

impl Canonical<'_> {
    fn write(&self, form: &mut String) -> Option<()> {
        match self {
            Self::Token(token) => form.push_str(token),
            Self::Number(number) => form.push_str(number),
            Self::String(string) => write_string(string, form)?,
            Self::Array(items) => {
                form.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        form.push(',');
                    }
                    item.write(form)?;
                }
                form.push(']');
            }
            Self::Object(members) => {
                form.push('{');
                for (at, (key, value)) in members.iter().enumerate() {
                    if at > 0 {
                        form.push(',');
                    }
                    write_string(key, form)?;
                    form.push(':');
                    value.write(form)?;
                }
                form.push('}');
            }
        }
        Some(())
    }
}

/// `serde_json` escapes as the canonical form does: quotes, backslashes and control characters only.
fn write_string(string: &str, form: &mut String) -> Option<()> {
    form.push_str(&serde_json::to_string(string).ok()?);
    Some(())
}

struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn value(&mut self) -> Option<Canonical<'a>> {
        match self.peek()? {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => self.string().map(Canonical::String),
            _ => self.token(),
        }
    }

    fn object(&mut self) -> Option<Canonical<'a>> {
        let mut members = Vec::new();
        self.take("{")?;
        while self.peek()? != b'}' {
            if !members.is_empty() {
                self.take(",")?;
            }
            self.peek()?;
            let key = self.string()?;
            self.peek()?;
            self.take(":")?;
            members.push((key, self.value()?));
        }
        self.take("}")?;
        members.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Some(Canonical::Object(members))
    }

    fn array(&mut self) -> Option<Canonical<'a>> {
        let mut items = Vec::new();
        self.take("[")?;
        while self.peek()? != b']' {
            if !items.is_empty() {
                self.take(",")?;
            }
            items.push(self.value()?);
        }
        self.take("]")?;
        Some(Canonical::Array(items))
    }

    fn string(&mut self) -> Option<String> {
        let mut bytes = self.rest.bytes().enumerate().skip(1);
        let end = loop {
            match bytes.next()? {
                (at, b'"') => break at + 1,
                (_, b'\\') => drop(bytes.next()),
                _ => {}
            }
        };
        serde_json::from_str(self.split(end)?).ok()
    }

    fn token(&mut self) -> Option<Canonical<'a>> {
        let end = self.rest.find([',', ']', '}', ' ', '\t', '\r', '\n']);
        let token = self.split(end.unwrap_or(self.rest.len()))?;
        match token {
            "true" | "false" | "null" => Some(Canonical::Token(token)),
            "-0" => Some(Canonical::Token("0")),
            _ if token.contains(['.', 'e', 'E']) => fraction(token),
            _ => Some(Canonical::Token(token)),
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        self.rest.bytes().next()
    }

    fn take(&mut self, punctuation: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(punctuation)?;
        Some(())
    }

    fn split(&mut self, end: usize) -> Option<&'a str> {
        let (token, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        Some(token)
    }
}

/// A number that is written with a fraction or an exponent: an integer if it is whole, otherwise as it is written. Digits are
/// moved as text, so nothing is rounded.
fn fraction(token: &str) -> Option<Canonical<'_>> {
    let unsigned = token.trim_start_matches('-');
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{part}");
    let digits = all.trim_end_matches('0');
    let zeros = i64::try_from(all.len() - digits.len()).ok()? - i64::try_from(part.len()).ok()?;
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(Canonical::Token("0"));
    }
    let Ok(zeros) = usize::try_from(zeros.checked_add(exponent.parse().ok()?)?) else {
        return Some(Canonical::Token(token));
    };
    if digits.len().saturating_add(zeros) > MOST_DIGITS {
        return None;
    }
    let number: u64 = format!("{digits}{}", "0".repeat(zeros)).parse().ok()?;
    let sign = if token.len() > unsigned.len() {
        "-"
    } else {
        ""
    };
    (number <= MOST_CERTAIN).then(|| Canonical::Number(format!("{sign}{number}")))
}

/// Up to here every integer is a floating-point number. Above, Didit's spelling of `1e23`, for example, is not certain.
const MOST_CERTAIN: u64 = 1 << 53;
const MOST_DIGITS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn form_of(text: &str) -> Option<String> {
        form(text.as_bytes())
    }

    #[test]
    fn numbers_stay_as_they_are_spelled_unless_they_are_whole() {
        for (number, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("7", "7"),
            ("-12", "-12"),
            ("9007199254740993", "9007199254740993"),
            (
                "118120836164494130000000000000000000001",
                "118120836164494130000000000000000000001",
            ),
            ("0.5", "0.5"),
            ("-87.99", "-87.99"),
            ("0.7034920634920635", "0.7034920634920635"),
            ("1e-05", "1e-05"),
            ("1.5e-07", "1.5e-07"),
            ("0.50", "0.50"),
            ("12.5e0", "12.5e0"),
            ("0.0", "0"),
            ("-0.0", "0"),
            ("0e5", "0"),
            ("92.0", "92"),
            ("-3.00", "-3"),
            ("1e2", "100"),
            ("1E+2", "100"),
            ("1.5e1", "15"),
            ("1200e-2", "12"),
            ("120.0e-1", "12"),
            ("9007199254740992.0", "9007199254740992"),
        ] {
            assert_eq!(form_of(number).as_deref(), Some(expected), "{number}");
        }
    }

    #[test]
    fn a_whole_number_whose_spelling_is_uncertain_has_no_form() {
        for number in [
            "9007199254740993.0",
            "1e16",
            "1e23",
            "-1.5e300",
            "1e99999999999999999999",
        ] {
            assert_eq!(form_of(number), None, "{number}");
        }
    }

    #[test]
    fn keys_are_sorted_by_code_point_and_arrays_keep_their_order() {
        let text = "{ \"b\" : 1,\n\"\\uD83D\\uDE00\": 2, \"\u{e9}\": [3, 1,2], \"\u{ffe6}\": 4, \"B\":5, \"\": {}, \"10\":6, \"9\":7, \"a\": [] }";
        let expected = "{\"\":{},\"10\":6,\"9\":7,\"B\":5,\"a\":[],\"b\":1,\"\u{e9}\":[3,1,2],\"\u{ffe6}\":4,\"\u{1f600}\":2}";
        assert_eq!(form_of(text).as_deref(), Some(expected));
    }

    #[test]
    fn only_quotes_backslashes_and_controls_are_escaped() {
        let text = r#""\u0041\/\u003c\"\\\b\f\n\r\t\u0001\u001F\u007f\u00e9\u2028""#;
        let expected = "\"A/<\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\u{7f}\u{e9}\u{2028}\"";
        assert_eq!(form_of(text).as_deref(), Some(expected));
    }

    #[test]
    fn half_a_surrogate_pair_has_no_form() {
        assert_eq!(form_of(r#"["\ud83d"]"#), None);
    }
}
