//! The check of small documents and sources.

use super::{Checked, UPDATE, check, citation::citations_in};

/// Two behaviours that are due, one of them without a clause, and one that is not.
const DOCUMENT: &str = "\
# Behaviours

## Callback

### Behaviour 1

The callback refuses duplicate parameters.

M · RFC 6749 §3.1 · due

- [tests/a.rs](tests/a.rs): `one_is_refused`

### Behaviour 2

Five tabs
finish in any order.

B · due

- [tests/a.rs](tests/a.rs): `one_is_refused`, `two_finish`
- [tests/b.rs](tests/b.rs): `three_finish`

## Back-channel logout

### Behaviour 3

Logout tokens are verified.

M/B · OpenID Connect Back-Channel Logout §2.6 · not now: Didit sends none.
";

const A: &str = "
// RFC 6749 §3.1; behaviour 1.
#[test]
fn one_is_refused() {
    // Behaviour 2: in any order.
    assert!(true);
}

// Behaviour 2.
#[tokio::test(start_paused = true)]
async fn two_finish() {}
";

const B: &str = "
//! Tabs. Behaviour 2.

#[test]
fn three_finish() {}
";

fn checked(document: &str, sources: &[(&str, &str)]) -> Checked {
    let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    let sources: Vec<_> = sources.iter().map(owned).collect();
    check(document, &sources)
}

#[track_caller]
fn assert_wrong(document: &str, sources: &[(&str, &str)], complaint: &str) {
    assert_eq!(checked(document, sources).wrong, [complaint]);
}

#[test]
fn a_document_that_lists_what_cites_it_is_left_alone() {
    let checked = checked(DOCUMENT, &[("tests/a.rs", A), ("tests/b.rs", B)]);
    assert_eq!(checked.wrong, [""; 0]);
    assert_eq!(checked.outdated, [""; 0]);
    assert_eq!(checked.filled_in, DOCUMENT);
}

#[test]
fn lists_that_differ_from_the_citations_are_found_and_filled_in() {
    let sources = [("tests/a.rs", A), ("tests/b.rs", B)];
    let empty: String = DOCUMENT
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("- ["))
        .collect();
    let shorter = DOCUMENT.replace(", `two_finish`", "");
    let longer = DOCUMENT.replace("`two_finish`", "`two_finish`, `zero_is_gone`");
    let moved = DOCUMENT.replace("tests/b.rs", "tests/c.rs");
    let second = "BEHAVIOURS.md: behaviour 2 lists other tests than those that cite it";
    for other in [&shorter, &longer, &moved] {
        let checked = checked(other, &sources);
        assert_eq!(checked.outdated, [second]);
        assert_eq!(checked.filled_in, DOCUMENT);
    }
    let checked = checked(&empty, &sources);
    assert_eq!(checked.outdated.len(), 2);
    assert_eq!(checked.filled_in, DOCUMENT);
    assert!(UPDATE.contains("UPDATE=1"));
}

#[test]
fn a_behaviour_that_is_not_due_may_be_cited() {
    let source = "// Back-Channel Logout §2.6; behaviour 3.\n#[test]\nfn four_is_verified() {}\n";
    let cited = checked(
        DOCUMENT,
        &[("tests/a.rs", A), ("tests/b.rs", B), ("tests/c.rs", source)],
    );
    assert_eq!(cited.wrong, [""; 0]);
    let list = "Didit sends none.\n\n- [tests/c.rs](tests/c.rs): `four_is_verified`\n";
    assert!(cited.filled_in.ends_with(list), "{}", cited.filled_in);
}

#[test]
fn a_citation_of_a_behaviour_that_does_not_exist_is_found() {
    let planted = A.replace("§3.1; behaviour 1", "§3.1; behaviours 1 and 999");
    let sources = [("tests/a.rs", &*planted)];
    let complaint = "tests/a.rs:2: behaviour 999 is not in BEHAVIOURS.md";
    assert_wrong(DOCUMENT, &sources, complaint);
}

#[test]
fn a_due_behaviour_without_a_test_is_found() {
    let uncited = "BEHAVIOURS.md: behaviour 1 is due and no test cites it: cite it at the test that \
                   proves it, or write such a test";
    let in_part = DOCUMENT.replace("3.1 · due", "3.1 · due, except for `iss`, which waits.");
    for document in [DOCUMENT, &in_part] {
        assert_wrong(document, &[("tests/b.rs", B)], uncited);
    }
}

#[test]
fn a_citation_without_the_clause_that_demands_it_is_found() {
    let planted = A.replace("RFC 6749 §3.1; behaviour 1", "Behaviour 1");
    let sources = [("tests/a.rs", &*planted)];
    let complaint = "tests/a.rs:2: cite the clause of behaviour 1 first: `// CLAUSE; behaviour 1.`";
    for level in ["M", "S", "S/B"] {
        let document = DOCUMENT.replacen("M ·", &format!("{level} ·"), 1);
        assert_wrong(&document, &sources, complaint);
    }
    for needless in ["B · RFC 6749 §3.1", "M · CVE-2021-1", "M"] {
        let document = DOCUMENT.replacen("M · RFC 6749 §3.1", needless, 1);
        assert_eq!(checked(&document, &sources).wrong, [""; 0]);
    }
}

#[test]
fn a_malformed_document_is_found() {
    let facts = "BEHAVIOURS.md:9: behaviour 1: ";
    let shape = "below its heading stand a paragraph, and a line `LEVEL · CLAUSE · STATUS` or `LEVEL · \
                 STATUS`";
    let status = |status| {
        format!(
            "{facts}its status {status:?} is none of `due`, `due, except for …`, `not yet: …` and \
             `not now: …`"
        )
    };
    let good = "M · RFC 6749 §3.1 · due\n";
    for (bad, complaint) in [
        ("M · RFC 6749 §3.1 ·\n", status("RFC 6749 §3.1 ·")),
        ("M\n", format!("{facts}{shape}")),
        ("M · a · b · due\n", format!("{facts}{shape}")),
        (
            "M · RFC 6749 §3.1 · due\nM · due\n",
            format!("{facts}{shape}"),
        ),
        (
            "X · RFC 6749 §3.1 · due\n",
            format!("{facts}its level \"X\" is not made of `M`, `S` and `B`"),
        ),
        ("M · RFC 6749 §3.1 · done\n", status("done")),
        ("M · RFC 6749 §3.1 · not yet\n", status("not yet")),
        ("M · RFC 6749 §3.1 · not yet: \n", status("not yet: ")),
        (
            "M · RFC 6749 §3.1 · due, except for \n",
            status("due, except for "),
        ),
        ("M · RFC 6749 §3.1 · not now:\n", status("not now:")),
    ] {
        let checked = checked(&DOCUMENT.replacen(good, bad, 1), &[]);
        let [found] = &checked.wrong[..] else {
            panic!("{bad}: {:?}", checked.wrong);
        };
        assert!(found.starts_with(&complaint), "{found}");
    }
    for (from, to, complaint) in [
        (
            "### Behaviour 2",
            "### Behaviour 4",
            "BEHAVIOURS.md:13: `### Behaviour 2` is expected here",
        ),
        (
            "### Behaviour 3",
            "### Three",
            "BEHAVIOURS.md:25: `### Behaviour 3` is expected here",
        ),
        (
            "- [tests/a.rs]",
            "* [tests/a.rs]",
            "BEHAVIOURS.md:11: behaviour 1: below its facts stand the tests alone",
        ),
    ] {
        assert_wrong(&DOCUMENT.replacen(from, to, 1), &[], complaint);
    }
    let none = "BEHAVIOURS.md: it has no behaviours";
    assert_wrong("# Behaviours\n", &[], none);
}

/// The behaviours that a source cites, and with which tests; or what is wrong.
fn cited(source: &str) -> Result<Vec<(u32, bool, String)>, Vec<String>> {
    let (citations, wrong) = citations_in("x.rs", source);
    let citations = citations.into_iter().map(|citation| {
        (
            citation.behaviour,
            citation.has_clause,
            citation.tests.join(" "),
        )
    });
    let citations = citations.collect();
    if wrong.is_empty() {
        Ok(citations)
    } else {
        Err(wrong)
    }
}

#[test]
fn a_comment_may_cite_several_behaviours_and_say_more() {
    for (comment, expected) in [
        ("// Behaviour 7.", &[(7, false)][..]),
        ("/// Behaviour 7, where the handler asks.", &[(7, false)]),
        (
            "// RFC 9700 §4.7; behaviours 3 and 4.",
            &[(3, true), (4, true)],
        ),
        (
            "// CVE-2021-1; behaviours 1, 2 and 5 to 7:",
            &[1, 2, 5, 6, 7].map(|n| (n, true)),
        ),
        (
            "// §3.1,\n// RFC 1 §2; behaviours 1,\n// 2 and 3",
            &[1, 2, 3].map(|n| (n, true)),
        ),
        (
            "// RFC 1 §2; behaviour 8. Behaviour 9. More on the behaviour of 7 people.",
            &[(8, true), (9, false)],
        ),
        ("// Whatever its behaviour: good.", &[]),
    ] {
        let source = format!("{comment}\n#[test]\nfn f() {{}}\n");
        let of_f = |(number, has_clause): &(u32, bool)| (*number, *has_clause, "f".to_owned());
        let expected: Vec<_> = expected.iter().map(of_f).collect();
        assert_eq!(cited(&source), Ok(expected), "{comment}");
    }
}

#[test]
fn a_citation_in_another_form_is_found() {
    for comment in [
        "// behaviour 7.",
        "// As behaviour 7 says.",
        "// RFC 1 §2, behaviour 7.",
        "// Behavior 7.",
        "// Behaviour #7.",
        "// Behaviours: 7 and 8.",
        "// Behaviours 7.",
        "// Behaviour 7 and 8.",
        "// RFC 1 §2; Behaviour 7.",
        "// BEHAVIOUR-7",
        "// Behaviour7.",
    ] {
        let source = format!("\n{comment}\n#[test]\nfn f() {{}}\n");
        let wrong = cited(&source).expect_err(comment);
        assert_eq!(wrong.len(), 1, "{comment}");
        assert!(
            wrong[0].starts_with("x.rs:2: a citation is written `// CLAUSE;"),
            "{wrong:?}"
        );
    }
}

#[test]
fn a_citation_belongs_to_the_test_around_or_below_it() {
    let source = "
// Behaviour 1.
#[expect(
    clippy::too_many_lines,
    reason = \"one list\"
)]
#[tokio::test]
async fn first() {
    if a {
        // Behaviour 2.
        b();
    }
    // Behaviour 3.
}

mod tests {
    // Behaviour 4.
    #[test]
    fn second() {
        c();
    }
}
";
    let expected = [(1, "first"), (2, "first"), (3, "first"), (4, "second")];
    let expected = expected.map(|(number, test)| (number, false, test.to_owned()));
    assert_eq!(cited(source), Ok(expected.into()));
    let head = format!("//! RFC 1 §2; behaviour 9.\n{source}");
    let head = cited(&head).expect("good");
    assert_eq!(head.last(), Some(&(9, true, "first second".to_owned())));
}

#[test]
fn a_citation_that_belongs_to_no_test_is_found() {
    for source in [
        "\n// Behaviour 1.\nfn helper() {}\n",
        "\n// Behaviour 1.\n\n#[test]\nfn f() {}\n",
        "\n// Behaviour 1.\nconst A: u8 = 1;\n#[test]\nfn f() {}\n",
        "#[test]\n// Behaviour 1.\nstruct S;\n",
        "\n// Behaviour 1.\n",
    ] {
        let complaint = "x.rs:2: a behaviour is cited at a test, and this is none";
        assert_eq!(cited(source), Err(vec![complaint.to_owned()]), "{source}");
    }
    let head = "x.rs:1: a behaviour is cited for the tests of this file, and it has none";
    assert_eq!(cited("//! Behaviour 1.\n"), Err(vec![head.to_owned()]));
    let behind = "#[test]\nfn f() {\n    a(); // Behaviour 1.\n}\n";
    let own_lines = "x.rs:3: a citation stands on lines of its own";
    assert_eq!(cited(behind), Err(vec![own_lines.to_owned()]));
}

#[test]
fn a_fuzz_target_is_a_test_itself() {
    let path = "fuzz/fuzz_targets/x.rs";
    let source = "//! Behaviour 1.\nfuzz_target!(|data: &[u8]| {});\n";
    let (citations, wrong) = citations_in(path, source);
    assert_eq!(wrong, [""; 0]);
    assert_eq!(citations.len(), 1);
    let document = DOCUMENT.replace("M · RFC 6749 §3.1 ·", "M ·");
    let listed = checked(&document, &[(path, source)]).filled_in;
    let list = format!("due\n\n- [{path}]({path})\n\n### Behaviour 2");
    assert!(listed.contains(&list), "{listed}");
}
