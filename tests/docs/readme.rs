//! The README shows the documentation's example, and is short.

use std::{fs, path::Path};

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("it is there")
}

/// The first Rust example of a text, without its hidden lines.
fn first_example<'a>(text: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    text.skip_while(|line| !matches!(*line, "```" | "```rust"))
        .skip(1)
        .take_while(|line| *line != "```")
        .filter(|line| !line.starts_with("# "))
        .collect()
}

#[test]
fn its_application_is_the_tested_one_of_the_documentation() {
    let (readme, guide) = (read("README.md"), read("src/lib.rs"));
    let guide = guide
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line));
    let example = first_example(readme.lines());
    assert!(!example.is_empty());
    assert_eq!(example, first_example(guide));
}

#[test]
fn it_is_short() {
    assert!(read("README.md").lines().count() <= 130);
}
