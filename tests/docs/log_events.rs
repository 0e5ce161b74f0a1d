//! The page about the log names every event, with its level.

use std::{collections::BTreeSet, fs, path::Path};

const LEVELS: [&str; 4] = ["debug", "info", "warn", "error"];

#[test]
fn the_page_has_every_event_with_its_level() {
    let source = source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let page = source
        .iter()
        .find(|(name, _)| name.ends_with("docs/logs.rs"))
        .map(|(_, text)| text.as_str());
    let code: String = source
        .iter()
        .filter(|(name, _)| !name.contains("/docs/") && !name.ends_with("tests.rs"))
        .map(|(_, text)| text.as_str())
        .collect();
    assert_eq!(
        documented(page.expect("the page is there")),
        logged(&code),
        "left: src/docs/logs.rs, right: the code"
    );
}

/// Every Rust file below a folder, with its text.
fn source(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of src/ can be read") {
        let path = entry.expect("a folder of src/ can be read").path();
        if path.is_dir() {
            files.extend(source(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("source is UTF-8");
            files.push((path.display().to_string(), text));
        }
    }
    files
}

/// The rows and items with an event and a level, as `warn: event`.
fn documented(page: &str) -> BTreeSet<String> {
    page.lines().filter_map(row_or_item).collect()
}

/// "| `event` | LEVEL | …" or "- LEVEL `event`…".
fn row_or_item(line: &str) -> Option<String> {
    let (event, level) = if let Some(row) = line.strip_prefix("//! | `") {
        let (event, rest) = row.split_once("` | ")?;
        (event, rest.split(" |").next()?)
    } else {
        let (level, rest) = line.strip_prefix("//! - ")?.split_once(" `")?;
        (rest.split('`').next()?, level)
    };
    let is_level = LEVELS
        .iter()
        .any(|name| level.starts_with(&name.to_uppercase()));
    is_level.then(|| format!("{}: {event}", level.to_lowercase()))
}

/// The events of `tracing`'s macros and of `Error::log`.
fn logged(code: &str) -> BTreeSet<String> {
    let mut events = BTreeSet::new();
    for level in LEVELS {
        for rest in code.split(&format!("tracing::{level}!(")).skip(1) {
            let message = last_literal(rest);
            let event = match message
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'))
            {
                Some("message") => continue, // `Error::log` itself
                Some(name) => constant(code, name),
                None => message,
            };
            events.insert(format!("{level}: {}", event.replace('`', "")));
        }
    }
    for rest in code.split(".log(").skip(1) {
        let rest = rest.strip_prefix("format_args!(").unwrap_or(rest);
        if rest.starts_with('"') {
            events.insert(format!("debug or warn: {}", last_literal(rest)));
        }
    }
    events
}

/// The last string literal among the arguments of a call.
fn last_literal(call: &str) -> String {
    let (mut depth, mut last, mut rest) = (0, String::new(), call);
    while let Some(next) = rest.find(['(', ')', '"']) {
        let (found, behind) = (&rest[next..=next], &rest[next + 1..]);
        rest = behind;
        match found {
            "(" => depth += 1,
            ")" if depth == 0 => break,
            ")" => depth -= 1,
            _ => {
                let end = behind.find('"').expect("a literal ends");
                if depth == 0 {
                    last = joined(&behind[..end]);
                }
                rest = &behind[end + 1..];
            }
        }
    }
    last
}

/// A literal without the line breaks that a backslash escapes.
fn joined(literal: &str) -> String {
    let mut lines = literal.split("\\\n").map(str::trim_start);
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |joined, line| joined + line)
}

fn constant(code: &str, name: &str) -> String {
    let definition = format!("const {name}: &str = ");
    let (_, rest) = code.split_once(&definition).expect("the constant is there");
    last_literal(rest.split(';').next().unwrap_or_default())
}

#[test]
fn events_are_found_in_code_and_page() {
    let code = r#"
        tracing::debug!(status, "one ({})", f("no"));
        tracing::warn!(%error, "{TWO}");
        const TWO: &str = "two";
        tracing::error!(
            path = a.path(),
            "three: `four` \
             five"
        );
        tracing::warn!(code, "{message}");
        error.log("six");
        error.log(format_args!("seven {name}"));
        fn log(&self) {}
    "#;
    let expected = [
        "debug or warn: seven {name}",
        "debug or warn: six",
        "debug: one ({})",
        "error: three: four five",
        "warn: two",
    ];
    assert_eq!(logged(code), expected.map(str::to_owned).into());
    let page = "//! | `six` | DEBUG or WARN | x |\n//! - WARN `two` (`error`): y\n//! | `code` | no level |\n";
    let expected = ["debug or warn: six", "warn: two"];
    assert_eq!(documented(page), expected.map(str::to_owned).into());
}
