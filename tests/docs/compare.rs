//! `COMPARE.md` repeats numbers of the README.

use std::{fs, path::Path};

#[test]
fn its_tables_of_costs_are_those_of_the_readme() {
    let (compare, readme) = (read("COMPARE.md"), read("README.md"));
    let costs = compare
        .lines()
        .skip_while(|line| *line != "## Cost")
        .skip(1)
        .take_while(|line| !line.starts_with("## "));
    let mut rows = 0;
    for row in costs.filter(|line| line.starts_with("| ")) {
        assert!(
            readme.lines().any(|line| line == row),
            "README.md lacks: {row}"
        );
        rows += 1;
    }
    assert!(rows > 0);
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(path).expect("it can be read")
}
