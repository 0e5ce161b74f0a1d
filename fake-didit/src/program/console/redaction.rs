//! Texts of a request, without secrets.

use crate::provider::client;

/// Truncates secrets in the texts of requests.
///
/// A faulty client sends secrets in wrong places: id and secret swapped, a token in the path, JSON instead
/// of a form.
pub(super) struct Redaction<'a> {
    pub(super) client_secret: Option<&'a str>,
}

impl Redaction<'_> {
    /// A text that may contain a secret: words as long as a code or a token are truncated.
    pub(super) fn text(&self, text: &str) -> String {
        if self.client_secret == Some(text) {
            return truncate(text);
        }
        // The part of the text that determines the result.
        let start = text.char_indices().nth(MAX_TEXT + MAX_WORD + 1);
        let start = start.and_then(|(end, _)| text.get(..end)).unwrap_or(text);
        let words = start.split_inclusive(|character| !is_word_character(character));
        let words = words.map(|word| {
            let end = word.trim_end_matches(|character| !is_word_character(character));
            if end.len() <= MAX_WORD {
                return word.to_owned();
            }
            let separator = word.strip_prefix(end).unwrap_or_default();
            truncate(end) + separator
        });
        shortened(&words.collect::<String>())
    }

    /// The name of a parameter. A body that is not a form parses as one long name.
    pub(super) fn name(&self, name: &str) -> String {
        let is_name =
            |character: char| is_word_character(character) || matches!(character, '.' | '[' | ']');
        if name.chars().all(is_name) {
            self.text(name)
        } else {
            truncate(name)
        }
    }

    /// The value of `Authorization`: the scheme, with the client id or the truncated token.
    pub(super) fn authorization(&self, value: &str) -> String {
        if let Some(id) = client::basic_client_id(value) {
            return format!("Basic {}:…", self.text(&id));
        }
        match value.split_once(' ') {
            Some((scheme, token)) if scheme.len() <= MAX_SHOWN => {
                format!("{scheme} {}", truncate(token))
            }
            _ => truncate(value),
        }
    }
}

/// The first characters of a possible secret: enough to distinguish it from others, not enough to use it.
pub(super) fn truncate(secret: &str) -> String {
    let shown = (secret.chars().count() / 4).min(MAX_SHOWN);
    let mut text: String = secret.chars().take(shown).collect();
    if !secret.is_empty() {
        text.push('…');
    }
    text
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The characters of codes, tokens and code verifiers.
fn is_word_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '~')
}

/// How many characters of a secret are shown, at most.
const MAX_SHOWN: usize = 6;
/// The longest word that is shown, in characters. A UUID has 36; a code verifier has at least 43 (RFC 7636
/// §4.1), and so have the fake's codes and tokens.
const MAX_WORD: usize = 40;
/// The longest text that is shown, in characters.
const MAX_TEXT: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    const REDACTION: Redaction<'_> = Redaction {
        client_secret: Some("hunter2"),
    };

    #[test]
    fn long_words_are_truncated_anywhere() {
        let token = format!("rt_{}", "0123456789".repeat(4));
        for (text, shown) in [
            (token.clone(), "rt_012…"),
            (format!("/auth/v2/{token}"), "/auth/v2/rt_012…"),
            (
                format!("parameter {token} is repeated"),
                "parameter rt_012… is repeated",
            ),
            (format!("{token}.{token}."), "rt_012….rt_012…."),
            (
                "8a1d4f0e-52c7-4c0b-9d3f-0b6a1e77c001".to_owned(),
                "8a1d4f0e-52c7-4c0b-9d3f-0b6a1e77c001",
            ),
            ("é ü\n".to_owned(), "é ü\n"),
        ] {
            assert_eq!(REDACTION.text(&text), shown);
        }
    }

    #[test]
    fn the_client_secret_is_truncated_in_place_of_the_id() {
        assert_eq!(REDACTION.text("hunter2"), "h…");
        // hunter2:app
        assert_eq!(
            REDACTION.authorization("Basic aHVudGVyMjphcHA="),
            "Basic h…:…"
        );
    }

    #[test]
    fn a_body_that_parses_as_a_name_is_truncated() {
        for (name, shown) in [
            ("code_challenge_method", "code_challenge_method"),
            ("ids[]", "ids[]"),
            (r#"{"client_secret": "hunter3"}"#, r#"{"clie…"#),
        ] {
            assert_eq!(REDACTION.name(name), shown);
        }
    }

    #[test]
    fn an_authorization_header_without_a_scheme_is_truncated() {
        for (sent, shown) in [
            ("Bearer at_0123456789abcdef0123456789", "Bearer at_012…"),
            ("at_0123456789abcdef0123456789", "at_012…"),
            ("at_0123456789abcdef0123456789 x", "at_012…"),
            ("Basic !!!!!!!!", "Basic !!…"),
            ("", ""),
        ] {
            assert_eq!(REDACTION.authorization(sent), shown);
        }
    }

    #[test]
    fn long_texts_are_shortened() {
        let shown = REDACTION.text(&"é ".repeat(400));
        assert_eq!(shown.chars().count(), MAX_TEXT + 1);
        let token = format!("{}rt_{}", "é ".repeat(MAX_TEXT / 2 - 5), "x".repeat(99));
        assert!(REDACTION.text(&token).ends_with(" rt_xxx…"));
    }
}
