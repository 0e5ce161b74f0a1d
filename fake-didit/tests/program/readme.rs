use crate::process::run;

const README: &str = include_str!("../../README.md");

#[test]
fn the_readme_names_only_existing_arguments() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    // `cargo install` has arguments of its own.
    let lines = README
        .lines()
        .filter(|line| !line.contains("cargo install"));
    let words = lines.flat_map(|line| {
        line.split(|character: char| !(character.is_ascii_alphanumeric() || character == '-'))
    });
    let arguments: Vec<_> = words
        .filter(|word| word.starts_with("--") && word.len() > 3)
        .collect();
    assert!(arguments.len() > 10);
    for argument in arguments {
        assert!(help.contains(argument), "{argument}");
    }
}
