//! Texts of a request, with no secret in full.

use crate::provider::client;

/// Shows texts of requests from an application with this client secret.
///
/// A secret is also where it does not belong: credentials swapped, a token as the last part of a path, JSON
/// where a form is expected.
pub(super) struct Redaction<'a> {
    pub(super) client_secret: Option<&'a str>,
}

impl Redaction<'_> {
    /// A text that is no secret, but may have one inside: words as long as a code or a token are cut.
    pub(super) fn text(&self, text: &str) -> String {
        if self.client_secret == Some(text) {
            return beginning(text);
        }
        // No more than what decides about the text that is shown.
        let start = text.char_indices().nth(LONGEST + LONGEST_WORD + 1);
        let start = start.and_then(|(end, _)| text.get(..end)).unwrap_or(text);
        let words = start.split_inclusive(|character| !is_part_of_a_word(character));
        let words = words.map(|word| {
            let end = word.trim_end_matches(|character| !is_part_of_a_word(character));
            if end.len() <= LONGEST_WORD {
                return word.to_owned();
            }
            let separator = word.strip_prefix(end).unwrap_or_default();
            beginning(end) + separator
        });
        shortened(&words.collect::<String>())
    }

    /// The name of a parameter. A body that is no form is read as one long name.
    pub(super) fn name(&self, name: &str) -> String {
        let is_name =
            |character: char| is_part_of_a_word(character) || matches!(character, '.' | '[' | ']');
        if name.chars().all(is_name) {
            self.text(name)
        } else {
            beginning(name)
        }
    }

    /// The value of `Authorization`: the scheme, and the client id; of a token the beginning.
    pub(super) fn authorization(&self, value: &str) -> String {
        if let Some(id) = client::basic_client_id(value) {
            return format!("Basic {}:…", self.text(&id));
        }
        match value.split_once(' ') {
            Some((scheme, token)) if scheme.len() <= MOST_OF_A_SECRET => {
                format!("{scheme} {}", beginning(token))
            }
            _ => beginning(value),
        }
    }
}

/// The beginning of what may be a secret: enough to tell it from another, never enough to use it.
pub(super) fn beginning(secret: &str) -> String {
    let shown = (secret.chars().count() / 4).min(MOST_OF_A_SECRET);
    let mut text: String = secret.chars().take(shown).collect();
    if !secret.is_empty() {
        text.push('…');
    }
    text
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The characters of codes, tokens and code verifiers.
fn is_part_of_a_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '~')
}

const MOST_OF_A_SECRET: usize = 6;
/// In characters. A UUID has 36, a code verifier at least 43 (RFC 7636 §4.1), as has what the fake issues.
const LONGEST_WORD: usize = 40;
/// In characters.
const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    const REDACTION: Redaction<'_> = Redaction {
        client_secret: Some("hunter2"),
    };

    #[test]
    fn a_long_word_is_cut_wherever_it_is() {
        let token = format!("rt_{}", "0123456789".repeat(4));
        for (text, shown) in [
            (token.clone(), "rt_012…"),
            (format!("/auth/v2/{token}"), "/auth/v2/rt_012…"),
            (
                format!("parameter {token} is there more than once"),
                "parameter rt_012… is there more than once",
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
    fn the_client_secret_is_cut_where_the_id_belongs() {
        assert_eq!(REDACTION.text("hunter2"), "h…");
        // hunter2:app
        assert_eq!(
            REDACTION.authorization("Basic aHVudGVyMjphcHA="),
            "Basic h…:…"
        );
    }

    #[test]
    fn a_name_that_is_no_name_is_cut() {
        for (name, shown) in [
            ("code_challenge_method", "code_challenge_method"),
            ("ids[]", "ids[]"),
            (r#"{"client_secret": "hunter3"}"#, r#"{"clie…"#),
        ] {
            assert_eq!(REDACTION.name(name), shown);
        }
    }

    #[test]
    fn a_header_that_is_no_scheme_is_cut_too() {
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
    fn a_long_text_is_shortened() {
        let shown = REDACTION.text(&"é ".repeat(400));
        assert_eq!(shown.chars().count(), LONGEST + 1);
        let token = format!("{}rt_{}", "é ".repeat(LONGEST / 2 - 5), "x".repeat(99));
        assert!(REDACTION.text(&token).ends_with(" rt_xxx…"));
    }
}
