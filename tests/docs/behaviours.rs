//! `BEHAVIOURS.md` lists the tests that prove each behaviour. A comment that cites a behaviour puts its test on the
//! list.
//!
//! ```text
//! // RFC 6749 §4.1.2.1; behaviour 20.
//! // RFC 6749 §3.1, RFC 9700 §4.7; behaviours 16, 19 and 43 to 47. Then the reason.
//! // Behaviour 4.
//! ```
//!
//! The clause comes first. Without one a test may cite a behaviour of level B, and one that has none. A
//! citation stands above a test or inside it, on lines of its own; in the `//!` lines of a file it
//! counts for all tests of that file, or for a fuzz target. `UPDATE=1 cargo test --test docs behaviours`
//! writes the lists anew.

mod citation;
mod document;
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
};

use citation::{Citation, citations_in};
use document::{Behaviour, Document};

/// The folders whose tests `./test.sh` runs.
pub(crate) const FOLDERS: [&str; 5] = [
    "examples",
    "fake-didit",
    "fuzz/fuzz_targets",
    "src",
    "tests",
];
/// The citations in here are examples.
const OWN: &str = "tests/docs/behaviours";
const UPDATE: &str = "run `UPDATE=1 cargo test --test docs behaviours` and look at the difference";

#[test]
fn behaviours_are_proved_by_the_tests_that_cite_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("BEHAVIOURS.md");
    let text = fs::read_to_string(&path).expect("BEHAVIOURS.md can be read");
    let mut checked = check(&text, &sources(root));
    if env::var_os("UPDATE").is_some() && checked.filled_in != text {
        fs::write(path, &checked.filled_in).expect("BEHAVIOURS.md can be written");
        checked.outdated.clear();
    }
    if !checked.outdated.is_empty() {
        checked.outdated.push(UPDATE.to_owned());
    }
    let complaints = [checked.wrong, checked.outdated].concat();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// The tests of one behaviour: their names, by file. A fuzz target has no names.
type Tests = BTreeMap<String, BTreeSet<String>>;

struct Checked {
    /// The document with the lists of tests that the citations give.
    filled_in: String,
    /// The behaviours whose list differs.
    outdated: Vec<String>,
    /// Mistakes that only a person can correct.
    wrong: Vec<String>,
}

/// Compares the document with the citations of the sources, which are paths and texts.
fn check(text: &str, sources: &[(String, String)]) -> Checked {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(malformed) => {
            return Checked {
                filled_in: text.to_owned(),
                outdated: Vec::new(),
                wrong: malformed,
            };
        }
    };
    let (mut wrong, mut tests) = (Vec::new(), BTreeMap::<u32, Tests>::new());
    for (path, source) in sources {
        let (citations, malformed) = citations_in(path, source);
        wrong.extend(malformed);
        for citation in citations {
            wrong.extend(objection(&citation, document.behaviours(), path));
            let listed = tests.entry(citation.behaviour).or_default();
            let names = listed.entry(path.clone()).or_default();
            names.extend(citation.tests);
        }
    }
    let is_cited = |number| tests.contains_key(&number);
    let behaviours = document.behaviours().iter();
    let bare = behaviours.filter(|behaviour| behaviour.is_due && !is_cited(behaviour.number));
    wrong.extend(bare.map(|behaviour| {
        let number = behaviour.number;
        format!(
            "BEHAVIOURS.md: behaviour {number} is due and no test cites it: cite it at the test that \
             proves it, or write such a test"
        )
    }));
    Checked {
        filled_in: document.fill_in(&tests),
        outdated: document.outdated(&tests),
        wrong,
    }
}

/// The mistake in a well-formed citation.
fn objection(citation: &Citation, behaviours: &[Behaviour], path: &str) -> Option<String> {
    let Citation {
        behaviour, line, ..
    } = citation;
    let Some(cited) = behaviours.iter().find(|known| known.number == *behaviour) else {
        return Some(format!(
            "{path}:{line}: behaviour {behaviour} is not in BEHAVIOURS.md"
        ));
    };
    (cited.needs_clause && !citation.has_clause).then(|| {
        format!(
            "{path}:{line}: cite the clause of behaviour {behaviour} first: \
             `// CLAUSE; behaviour {behaviour}.`"
        )
    })
}

/// Every Rust file of the repository that may cite.
fn sources(root: &Path) -> Vec<(String, String)> {
    let mut sources = rust_files(root, &FOLDERS);
    sources.retain(|(path, _)| !path.starts_with(OWN));
    sources
}

/// Every Rust file of these folders: its path from the root, and its text.
pub(crate) fn rust_files(root: &Path, folders: &[&str]) -> Vec<(String, String)> {
    let mut sources = Vec::new();
    for folder in folders {
        if root.join(folder).is_dir() {
            read(root, folder, &mut sources);
        }
    }
    sources.sort();
    sources
}

fn read(root: &Path, folder: &str, sources: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(root.join(folder)).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let name = entry.file_name().into_string().expect("names are UTF-8");
        let path = format!("{folder}/{name}");
        if entry.path().is_dir() {
            if !["node_modules", "target"].contains(&&*name) {
                read(root, &path, sources);
            }
        } else if entry
            .path()
            .extension()
            .is_some_and(|ending| ending == "rs")
        {
            let source = fs::read_to_string(entry.path()).expect("sources are UTF-8");
            sources.push((path, source));
        }
    }
}
