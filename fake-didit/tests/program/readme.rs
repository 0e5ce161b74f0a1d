use crate::process::run;

const README: &str = include_str!("../../README.md");

#[test]
fn the_test_of_the_readme_runs() {
    let example = include_str!("in_a_test.rs");
    assert!(
        README.contains(&format!("```rust\n{example}```")),
        "{example}"
    );
}

#[test]
fn the_readme_names_only_arguments_that_there_are() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    let words =
        README.split(|character: char| !(character.is_ascii_alphanumeric() || character == '-'));
    let arguments: Vec<_> = words
        .filter(|word| word.starts_with("--") && word.len() > 3)
        .collect();
    assert!(arguments.len() > 10);
    for argument in arguments {
        assert!(help.contains(argument), "{argument}");
    }
}
