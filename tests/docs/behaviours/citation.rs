//! Citations of behaviours in the comments of Rust sources, which rustfmt has formatted.

/// A behaviour, and the tests that cite it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Citation {
    pub(super) behaviour: u32,
    /// Whether a clause of a specification, or an advisory, stands in front.
    pub(super) has_clause: bool,
    pub(super) line: usize,
    /// The names of test functions; none in a fuzz target.
    pub(super) tests: Vec<String>,
}

/// All citations of a file, and the malformed ones.
pub(super) fn citations_in(path: &str, source: &str) -> (Vec<Citation>, Vec<String>) {
    let mut scan = Scan::default();
    for (index, line) in source.lines().enumerate() {
        scan.line(index + 1, line);
    }
    scan.comment_ends(None);
    scan.finish(path)
}

/// A file, as far as it was read.
#[derive(Default)]
struct Scan {
    /// The comment above the line, with the number of its first line.
    comment: Option<(usize, String)>,
    /// The `//!` lines.
    head: Option<(usize, String)>,
    is_attribute: bool,
    is_test: bool,
    /// The test whose body is read, and the line that ends it.
    test: Option<(String, String)>,
    tests: Vec<String>,
    citations: Vec<Citation>,
    wrong: Vec<(usize, String)>,
}

impl Scan {
    fn line(&mut self, number: usize, line: &str) {
        let text = line.trim_start();
        let indent = line.strip_suffix(text).unwrap_or_default();
        if let Some(text) = text.strip_prefix("//!") {
            extend(&mut self.head, number, text);
        } else if text.starts_with("//") {
            extend(&mut self.comment, number, text.trim_start_matches('/'));
        } else {
            if first_citation(line).is_some() {
                let wrong = "a citation stands on lines of its own";
                self.wrong.push((number, wrong.to_owned()));
            }
            self.code(indent, text);
        }
    }

    fn code(&mut self, indent: &str, text: &str) {
        if let Some((test, end)) = self.test.take() {
            self.comment_ends(Some(&test));
            if end.strip_prefix(indent) != Some(text) {
                self.test = Some((test, end));
            }
        } else if self.is_attribute || text.starts_with("#[") {
            self.is_attribute = !text.ends_with(']');
            self.is_test |= text == "#[test]" || text.starts_with("#[tokio::test");
        } else {
            let name = function(text).filter(|_| self.is_test);
            self.comment_ends(name);
            self.is_test = false;
            if let Some(name) = name {
                self.tests.push(name.to_owned());
                if !text.ends_with('}') {
                    self.test = Some((name.to_owned(), format!("{indent}}}")));
                }
            }
        }
    }

    /// Adds the behaviours that the comment cites, for this test.
    fn comment_ends(&mut self, test: Option<&str>) {
        let Some((line, comment)) = self.comment.take() else {
            return;
        };
        match (parse(&comment), test) {
            (Ok(cited), Some(test)) => {
                let tests = [test.to_owned()];
                self.citations.extend(citations(&cited, line, &tests));
            }
            (Ok(cited), None) => {
                if !cited.is_empty() {
                    let wrong = "a behaviour is cited at a test, and this is none";
                    self.wrong.push((line, wrong.to_owned()));
                }
            }
            (Err(wrong), _) => self.wrong.push((line, wrong)),
        }
    }

    fn finish(mut self, path: &str) -> (Vec<Citation>, Vec<String>) {
        if let Some((line, head)) = self.head.take() {
            let may_cite = !self.tests.is_empty() || path.starts_with("fuzz/fuzz_targets/");
            match parse(&head) {
                Ok(cited) if may_cite || cited.is_empty() => {
                    self.citations.extend(citations(&cited, line, &self.tests));
                }
                Ok(_) => {
                    let wrong = "a behaviour is cited for the tests of this file, and it has none";
                    self.wrong.push((line, wrong.to_owned()));
                }
                Err(wrong) => self.wrong.push((line, wrong)),
            }
        }
        let wrong = self.wrong.into_iter();
        let wrong = wrong.map(|(line, wrong)| format!("{path}:{line}: {wrong}"));
        (self.citations, wrong.collect())
    }
}

/// Adds a line to a comment.
fn extend(comment: &mut Option<(usize, String)>, number: usize, text: &str) {
    let (_, comment) = comment.get_or_insert_with(|| (number, String::new()));
    comment.push(' ');
    comment.push_str(text.trim());
}

/// The name of the function that begins on this line.
fn function(text: &str) -> Option<&str> {
    let text = text.strip_prefix("async ").unwrap_or(text);
    let (name, _) = text.strip_prefix("fn ")?.split_once('(')?;
    Some(name)
}

fn citations(cited: &[Cited], line: usize, tests: &[String]) -> Vec<Citation> {
    let citation = |&Cited {
                        behaviour,
                        has_clause,
                    }| Citation {
        behaviour,
        has_clause,
        line,
        tests: tests.to_vec(),
    };
    cited.iter().map(citation).collect()
}

/// The text of a comment.
#[derive(Debug, PartialEq, Eq)]
struct Cited {
    behaviour: u32,
    has_clause: bool,
}

/// The behaviours that a comment cites.
fn parse(comment: &str) -> Result<Vec<Cited>, String> {
    let (mut cited, mut rest) = (Vec::new(), comment);
    while let Some(Start {
        before,
        word,
        after,
    }) = first_citation(rest)
    {
        let sentence = before.rsplit_once(". ").map_or(before, |(_, last)| last);
        let sentence = sentence.trim();
        let has_clause = match word {
            "behaviour" | "behaviours" if sentence.ends_with(';') => true,
            "Behaviour" | "Behaviours" if sentence.is_empty() => false,
            _ => return Err(HOW.to_owned()),
        };
        let numbers;
        (numbers, rest) = list(after).ok_or_else(|| HOW.to_owned())?;
        if word.ends_with('s') != (numbers.len() > 1) {
            return Err(HOW.to_owned());
        }
        cited.extend(numbers.into_iter().map(|behaviour| Cited {
            behaviour,
            has_clause,
        }));
    }
    Ok(cited)
}

/// The first word of a citation, and the text around it.
struct Start<'a> {
    before: &'a str,
    word: &'a str,
    after: &'a str,
}

/// The first word that reads as the start of a citation, whatever its form: a number follows.
fn first_citation(text: &str) -> Option<Start<'_>> {
    let lower = text.to_ascii_lowercase();
    lower.match_indices("behavio").find_map(|(start, _)| {
        let (before, rest) = text.split_at_checked(start)?;
        let end = rest.find(|c: char| !c.is_alphabetic())?;
        let (word, after) = rest.split_at_checked(end)?;
        let next = after.trim_start_matches(|c: char| !c.is_alphanumeric());
        let is_citation = next.starts_with(|c: char| c.is_ascii_digit());
        is_citation.then_some(Start {
            before,
            word,
            after,
        })
    })
}

/// `1`, `1 and 2`, `1, 2 and 4 to 6`; and the text after it.
fn list(text: &str) -> Option<(Vec<u32>, &str)> {
    let (mut numbers, mut rest) = item(text.strip_prefix(' ')?)?;
    while let Some((more, after)) = rest.strip_prefix(", ").and_then(item) {
        numbers.extend(more);
        rest = after;
    }
    if let Some((more, after)) = rest.strip_prefix(" and ").and_then(item) {
        numbers.extend(more);
        return Some((numbers, after));
    }
    Some((numbers, rest))
}

/// A number, or `4 to 6`.
fn item(text: &str) -> Option<(Vec<u32>, &str)> {
    let (first, rest) = number(text)?;
    Some(match rest.strip_prefix(" to ").and_then(number) {
        Some((last, rest)) => ((first..=last).collect(), rest),
        None => (vec![first], rest),
    })
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (digits, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    Some((digits.parse().ok()?, rest))
}

const HOW: &str = "a citation is written `// CLAUSE; behaviour 7.` or `// CLAUSE; behaviours 7, 8 and \
                   10 to 12.`, without a clause `// Behaviour 7.`";
