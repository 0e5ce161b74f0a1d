//! `SECURITY.md` names the tests that show each promise.

use std::{collections::BTreeSet, fs, path::Path};

use crate::behaviours::{FOLDERS, rust_files};

#[test]
fn each_promise_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("SECURITY.md")).expect("SECURITY.md can be read");
    let tests: BTreeSet<String> = rust_files(root, &FOLDERS)
        .iter()
        .flat_map(|(_, source)| tests_in(source))
        .collect();
    let complaints = complaints(&document, &tests);
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// What is wrong with the promises of a document.
fn complaints(document: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let mut complaints = Vec::new();
    let blocks: Vec<&str> = document.split("\n\n").map(str::trim).collect();
    let mut expected = 1;
    for (at, block) in blocks.iter().enumerate() {
        let Some(number) = number(block) else {
            continue;
        };
        if number != expected {
            complaints.push(format!("promise {expected} is expected here: {block}"));
        }
        let next = blocks.get(at + 1).copied().unwrap_or_default();
        if !next.starts_with("Tests: ") {
            complaints.push(format!("promise {number} is not followed by its tests"));
        }
        expected += 1;
    }
    if expected == 1 {
        complaints.push("there is no promise".to_owned());
    }
    let cited = blocks.iter().filter(|block| block.starts_with("Tests"));
    for name in cited.flat_map(|block| block.split('`').skip(1).step_by(2)) {
        if !tests.contains(name) {
            complaints.push(format!("there is no test {name}"));
        }
    }
    complaints
}

/// The number that a promise starts with.
fn number(block: &str) -> Option<usize> {
    let (number, _) = block.trim_start().split_once(". **")?;
    number.parse().ok()
}

/// The names of the test functions in a source that rustfmt has formatted.
fn tests_in(source: &str) -> Vec<String> {
    let (mut names, mut is_test) = (Vec::new(), false);
    for line in source.lines().map(str::trim_start) {
        let function = line.strip_prefix("async ").unwrap_or(line);
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(function) = function.strip_prefix("fn ") {
            let name = function.split(['(', '<']).next().unwrap_or_default();
            if is_test {
                names.push(name.to_owned());
            }
            is_test = false;
        }
    }
    names
}

#[test]
fn a_promise_without_an_existing_test_is_found() {
    let tests = BTreeSet::from(["one_holds".to_owned(), "two_holds".to_owned()]);
    let good = "## Promises\n\n1. **One.** So.\n\n   Tests: `one_holds`.\n\n2. **Two.**\n\n   Tests: `two_holds`,\n   \
                `one_holds`.\n\n## More\n\n`else`";
    assert!(complaints(good, &tests).is_empty());
    for (old, new) in [
        ("`two_holds`", "`three_holds`"),
        ("   Tests: `one_holds`.\n\n", ""),
        ("2. ", "3. "),
        ("Tests: `two", "`two"),
    ] {
        let wrong = complaints(&good.replacen(old, new, 1), &tests);
        assert_eq!(wrong.len(), 1, "{new}: {wrong:?}");
    }
}

#[test]
fn test_functions_are_told_from_others() {
    let source = "#[test]\nfn one() {}\n\n    #[tokio::test(start_paused = true)]\n    async fn two() {}\n\nfn three() {}";
    assert_eq!(tests_in(source), ["one", "two"]);
}
