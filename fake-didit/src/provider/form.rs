//! A strict parser for `application/x-www-form-urlencoded`.

use std::{collections::HashSet, str};

use http::HeaderMap;

use crate::provider::media_type;

/// The parameters of a query or of a form body.
///
/// Stricter than the URL standard, to reveal mistakes of a client: rejects invalid percent escapes, text
/// that is not UTF-8, and repeated parameters (RFC 6749 §3.1, §3.2).
#[derive(Debug)]
pub(crate) struct Form(Vec<(String, String)>);

/// Why a text is not a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FormError {
    /// A percent escape is invalid, or the text is not UTF-8.
    Malformed,
    /// The name of a repeated parameter.
    Duplicate(String),
}

impl Form {
    /// Parses a form.
    pub(crate) fn parse(text: &str) -> Result<Self, FormError> {
        let form = Self::with_repetitions(text)?;
        match form.repeated() {
            Some(name) => Err(FormError::Duplicate(name.to_owned())),
            None => Ok(form),
        }
    }

    /// Parses a form that may have repeated parameters.
    pub(crate) fn with_repetitions(text: &str) -> Result<Self, FormError> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        });
        pairs
            .collect::<Option<_>>()
            .map(Self)
            .ok_or(FormError::Malformed)
    }

    /// The first parameter that is repeated.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        self.names().find(|name| !seen.insert(*name))
    }

    /// All parameters in order, with repetitions.
    #[cfg(feature = "cli")]
    pub(crate) fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }

    /// The names of all parameters, with repetitions.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// How often a parameter occurs.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(known, _)| known == name).count()
    }

    /// The first value of a parameter. An empty value counts as omitted (RFC 6749 §3.1).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }
}

impl FormError {
    /// The text for `error_description`.
    pub(crate) fn description(&self) -> String {
        match self {
            Self::Malformed => "the parameters are not form-urlencoded".to_owned(),
            Self::Duplicate(name) => format!("parameter {name} is repeated"),
        }
    }
}

/// Decodes a name or value; `None` if the encoding is invalid.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (digits, after) = tail.split_at_checked(2)?;
                // `from_str_radix` alone accepts a sign.
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                bytes.push(u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?);
                rest = after;
                continue;
            }
            other => bytes.push(other),
        }
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

/// Whether `Content-Type` is `application/x-www-form-urlencoded`.
pub(crate) fn has_form_type(headers: &HeaderMap) -> bool {
    media_type::is(headers, "application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plus_and_escapes_are_decoded() {
        let form = Form::parse("a=1+2&b=%C3%A9%3A%25&c").unwrap();
        assert_eq!(form.get("a"), Some("1 2"));
        assert_eq!(form.get("b"), Some("é:%"));
        assert_eq!(form.get("c"), None);
    }

    #[test]
    fn a_repeated_parameter_is_rejected_in_any_encoding() {
        assert_eq!(
            Form::parse("code=1&co%64e=2").unwrap_err(),
            FormError::Duplicate("code".to_owned())
        );
    }

    #[test]
    fn invalid_escapes_are_rejected() {
        for text in ["a=%", "a=%4", "a=%zz", "a=%+1", "a=%ff"] {
            assert_eq!(
                Form::parse(text).unwrap_err(),
                FormError::Malformed,
                "{text}"
            );
        }
    }
}
