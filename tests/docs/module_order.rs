//! Imports point down: a module of `src/` uses those of lower ranks, and its own folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The crate's modules by rank, the lowest first. A folder and all its files are one module.
const RANKS: [&str; 11] = [
    "breaker clock error flight lock",
    "cookie json return_to scope seal tokens transport",
    "provider",
    "oidc",
    "provider_calls",
    "session",
    "config",
    "context",
    "relying_party",
    "bearer benchmark body docs extract future layer service test_util verification",
    "lib",
];

/// Ranks whose modules may use each other. Those of the lowest rank must not form a cycle.
const OPEN: [usize; 3] = [0, 1, 9];
const NO_CIRCLES: [usize; 2] = [0, 1];

/// Imports that are forbidden although the ranks allow them.
const APART: [(&str, &str); 2] = [("test_util", "oidc"), ("extract", "relying_party")];

#[test]
fn imports_point_down() {
    let mut files = Vec::new();
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        "",
        &mut files,
    );
    let complaints = check(&files);
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Every Rust file below a folder: its path below `src`, and its text.
fn read(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder of src/ can be read") {
        let path = entry.expect("a folder of src/ can be read").path();
        let name = format!(
            "{prefix}{}",
            path.file_name().expect("it has a name").display()
        );
        if path.is_dir() {
            read(&path, &format!("{name}/"), files);
        } else if path.extension().is_some_and(|ending| ending == "rs")
            && !path.ends_with("tests.rs")
        {
            files.push((name, fs::read_to_string(&path).expect("source is UTF-8")));
        }
    }
}

fn check(files: &[(String, String)]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut beside = BTreeMap::<&str, BTreeSet<&str>>::new();
    for (name, source) in files {
        let path: Vec<&str> = name.trim_end_matches(".rs").split('/').collect();
        let from = path.first().copied().unwrap_or_default();
        let Some(own) = rank(from) else {
            complaints.push(format!("src/{name}: no rank in tests/docs/module_order.rs"));
            continue;
        };
        for (line, used) in uses(&path, without_tests(&code(source))) {
            // A name that is not a module is an item that lib.rs re-exports.
            let to = modules().find(|module| *module == used).unwrap_or("lib");
            let down = rank(to) < Some(own) && !APART.contains(&(from, to));
            let open = rank(to) == Some(own) && OPEN.contains(&own);
            if from != to && !down && !open {
                complaints.push(format!(
                    "src/{name}:{line}: {from} must not use crate::{used}"
                ));
            } else if from != to && open && NO_CIRCLES.contains(&own) {
                beside.entry(from).or_default().insert(to);
            }
        }
    }
    // Remove each module that uses none of the others: the rest is a cycle, or leads to one.
    loop {
        let left: Vec<&str> = beside.keys().copied().collect();
        beside.retain(|_, to| to.iter().any(|to| left.contains(to)));
        if beside.len() == left.len() {
            break;
        }
    }
    if !beside.is_empty() {
        complaints.push(format!("these use each other in a circle: {beside:?}"));
    }
    complaints
}

fn rank(module: &str) -> Option<usize> {
    RANKS
        .iter()
        .position(|rank| rank.split(' ').any(|other| other == module))
}

fn modules() -> impl Iterator<Item = &'static str> {
    RANKS.iter().flat_map(|rank| rank.split(' '))
}

/// The first name below the crate's root of every `crate::` and `super::` path, with its line.
fn uses(path: &[&str], code: &str) -> Vec<(usize, String)> {
    let depth = path
        .iter()
        .filter(|part| !["lib", "mod"].contains(part))
        .count();
    let mut uses = Vec::new();
    for root in ["crate::", &"super::".repeat(depth.max(1))] {
        for (at, _) in code.match_indices(root) {
            let line = 1 + code[..at].matches('\n').count();
            uses.extend(
                names(&code[at + root.len()..])
                    .into_iter()
                    .map(|name| (line, name)),
            );
        }
    }
    uses
}

/// The names after `crate::`: one, or those of a `{…}`.
fn names(code: &str) -> Vec<String> {
    let name = |code: &str| -> String {
        code.trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    if !code.starts_with('{') {
        return vec![name(code)];
    }
    let (mut names, mut depth) = (Vec::new(), 0);
    for (at, c) in code.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match (depth, c) {
            (0, _) => break,
            (1, '{' | ',') => names.push(name(&code[at + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty()); // after a trailing comma
    names
}

/// Removes the unit tests, which are at the bottom of a file.
fn without_tests(code: &str) -> &str {
    for (at, _) in code.match_indices("#[cfg(test)]") {
        let item = code[at..]
            .split_inclusive(['{', ';'])
            .next()
            .unwrap_or_default();
        if item.ends_with('{') && item.contains("mod ") {
            return &code[..at];
        }
    }
    code
}

/// The source with blanked comments and literals. Line numbers stay the same.
fn code(source: &str) -> String {
    let (mut code, mut rest) = (String::new(), source);
    while let Some(first) = rest.chars().next() {
        let blank = comment_or_literal(rest);
        if blank == 0 {
            code.push(first);
        } else {
            code.push(' ');
            code.extend(rest[..blank].matches('\n'));
        }
        rest = &rest[blank.max(first.len_utf8())..];
    }
    code
}

/// The length of the comment or literal that `text` starts with, else 0.
fn comment_or_literal(text: &str) -> usize {
    let until = |end: &str, from: usize| {
        text[from..]
            .find(end)
            .map_or(text.len(), |at| from + at + end.len())
    };
    let quoted = |quote: char| {
        let mut chars = text.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            if c == quote {
                return at + 1;
            } else if c == '\\' {
                chars.next();
            }
        }
        text.len()
    };
    match text.as_bytes() {
        [b'/', b'/', ..] => text.find('\n').unwrap_or(text.len()),
        [b'/', b'*', ..] => until("*/", 2),
        [b'"', ..] => quoted('"'),
        [b'\'', b'\\', ..] => quoted('\''),
        [b'\'', ..] if text.chars().nth(2) == Some('\'') => quoted('\''),
        [b'r', ..] if text[1..].trim_start_matches('#').starts_with('"') => {
            let quote = text.find('"').unwrap_or(1);
            until(&format!("\"{}", &text[1..quote]), quote + 1)
        }
        _ => 0,
    }
}

#[test]
fn a_planted_import_is_found() {
    let found = |name: &str, source: &str| check(&[(name.to_owned(), source.to_owned())]);
    for (name, wrong) in [
        ("oidc/pending.rs", "\nuse crate::relying_party::route;"),
        (
            "oidc.rs",
            "\nuse crate::{\n    error::{A, B},\n    config::C,\n};",
        ),
        (
            "oidc/x.rs",
            "/* \n */ fn f() -> super::super::relying_party::F {}",
        ),
        ("oidc/mod.rs", "const Q: char = '\"';\nuse super::layer::L;"),
        ("session/redis.rs", "\nuse crate::config::X;"),
        ("tokens/claims.rs", "\nuse crate::DiditTokens;"),
        ("test_util/keys.rs", "\nuse crate::oidc::jwks;"),
    ] {
        let (found, place) = (found(name, wrong), format!("src/{name}:2:"));
        assert!(
            found.len() == 1 && found[0].starts_with(&place),
            "{wrong}: {found:?}"
        );
    }
    assert_eq!(found("helpers.rs", "").len(), 1);
    assert_eq!(
        found("lib.rs", "pub use crate::layer::L; mod flow;"),
        [""; 0]
    );
    for fine in [
        "use super::pending::P; use super::super::error::E; use crate::{tokens::{self, T}, clock,};",
        "/* use crate::flow; */ // crate::flow\n/// [`crate::flow`]",
        "const A: &str = \"\\\"crate::flow\"; const B: char = '\\''; fn f<'a>(x: &'a str) {}",
        "const A: &str = r#\"\"crate::flow\"#;",
        "#[cfg(test)]\n#[expect(clippy::all, reason = \"{\")]\nmod tests { use crate::flow::F; }",
        "#[cfg(test)]\nmod tests;\npub(in crate::oidc) use crate::provider::P;",
    ] {
        assert_eq!(found("oidc/exchange.rs", fine), [""; 0], "{fine}");
    }
}

#[test]
fn a_cycle_in_the_lowest_rank_is_found() {
    let file = |name: &str, used: &str| (format!("{name}.rs"), format!("use crate::{used}::X;"));
    let line = [file("cookie", "tokens"), file("seal", "cookie")];
    let circle = [&line[..], &[file("tokens/mod", "seal")]].concat();
    let friends = [file("layer", "service"), file("service", "layer")];
    assert_eq!(check(&line), [""; 0]);
    assert_eq!(check(&circle).len(), 1);
    assert_eq!(check(&friends), [""; 0]);
}
