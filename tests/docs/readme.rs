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

#[test]
fn it_lists_every_example_and_so_does_the_changelog() {
    let (readme, changelog) = (read("README.md"), read("CHANGELOG.md"));
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut count = 0;
    for entry in fs::read_dir(examples).expect("it is there") {
        let path = entry.expect("it can be read").path();
        if !path.join("main.rs").is_file() && !path.is_file() {
            continue; // what the examples share
        }
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = name.expect("a name in ASCII");
        assert!(readme.contains(&format!("[{name}](examples/")), "{name}");
        assert!(changelog.contains(&format!("`{name}`")), "{name}");
        count += 1;
    }
    assert!(count >= 12, "{count}");
}
