//! `BEHAVIOURS.md`: a heading and a short block for each behaviour.
//!
//! ```text
//! ### Behaviour 20
//!
//! What is required, in a sentence or more.
//!
//! M · RFC 6749 §4.1.2.1, CVE-2021-32702 · due
//!
//! - [tests/callback.rs](tests/callback.rs): `the_name_of_a_test`, `another_name`
//! ```
//!
//! The clause may be missing. In place of `due` may stand `due, except for …`, `not yet: …` or
//! `not now: …`, each with its reason.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
    ops::Range,
};

use super::Tests;

pub(super) struct Document<'a> {
    lines: Vec<&'a str>,
    behaviours: Vec<Behaviour>,
}

pub(super) struct Behaviour {
    pub(super) number: u32,
    /// Whether a specification demands it, by a clause that citations name first.
    pub(super) needs_clause: bool,
    pub(super) is_due: bool,
    /// The lines that list its tests, with the empty ones around them.
    list: Range<usize>,
}

impl<'a> Document<'a> {
    /// Reads a text, or gives all its mistakes.
    pub(super) fn parse(text: &'a str) -> Result<Self, Vec<String>> {
        let lines: Vec<_> = text.lines().collect();
        let (mut behaviours, mut wrong) = (Vec::new(), Vec::new());
        let mut headings = lines.iter().enumerate();
        let mut expected = 1;
        while let Some((start, heading)) = headings.find(|(_, line)| line.starts_with("### ")) {
            if *heading != format!("### Behaviour {expected}") {
                let place = start + 1;
                wrong.push(format!(
                    "BEHAVIOURS.md:{place}: `### Behaviour {expected}` is expected here"
                ));
                return Err(wrong);
            }
            match block(&lines, start, expected) {
                Ok(behaviour) => behaviours.push(behaviour),
                Err((line, why)) => wrong.push(format!(
                    "BEHAVIOURS.md:{}: behaviour {expected}: {why}",
                    line + 1
                )),
            }
            expected += 1;
        }
        if behaviours.is_empty() && wrong.is_empty() {
            wrong.push("BEHAVIOURS.md: it has no behaviours".to_owned());
        }
        wrong
            .is_empty()
            .then_some(Self { lines, behaviours })
            .ok_or(wrong)
    }

    pub(super) fn behaviours(&self) -> &[Behaviour] {
        &self.behaviours
    }

    /// The text, with these tests in its lists and no others.
    pub(super) fn fill_in(&self, tests: &BTreeMap<u32, Tests>) -> String {
        let mut filled_in = Vec::new();
        let mut next = 0;
        for behaviour in &self.behaviours {
            let Range { start, end } = behaviour.list;
            filled_in.extend(self.between(next..start).map(str::to_owned));
            filled_in.extend(list(tests.get(&behaviour.number), end == self.lines.len()));
            next = end;
        }
        let rest = self.between(next..self.lines.len());
        filled_in.extend(rest.map(str::to_owned));
        filled_in.push(String::new());
        filled_in.join("\n")
    }

    /// A line for each behaviour whose list is outdated.
    pub(super) fn outdated(&self, tests: &BTreeMap<u32, Tests>) -> Vec<String> {
        let behaviours = self.behaviours.iter();
        let outdated = behaviours.filter(|behaviour| {
            let is_last = behaviour.list.end == self.lines.len();
            let list = list(tests.get(&behaviour.number), is_last);
            !self.between(behaviour.list.clone()).eq(list.iter())
        });
        let say = |behaviour: &Behaviour| {
            let number = behaviour.number;
            format!("BEHAVIOURS.md: behaviour {number} lists other tests than those that cite it")
        };
        outdated.map(say).collect()
    }

    fn between(&self, range: Range<usize>) -> impl Iterator<Item = &'a str> {
        self.lines.get(range).unwrap_or_default().iter().copied()
    }
}

/// Reads the block below the heading of a behaviour.
fn block(lines: &[&str], start: usize, number: u32) -> Result<Behaviour, (usize, String)> {
    let end = lines.iter().skip(start + 1);
    let end = end.take_while(|line| !line.starts_with('#')).count() + start + 1;
    let line = |index: usize| lines.get(index).copied().filter(|_| index < end);
    let is_text = |index: &usize| line(*index).is_some_and(|line| !line.trim().is_empty());
    let paragraph = |from: usize| {
        let first = (from..end).find(is_text).unwrap_or(end);
        let after = (first..end).find(|index| !is_text(index)).unwrap_or(end);
        first..after
    };

    let requirement = paragraph(start + 1);
    let facts = paragraph(requirement.end);
    let Some(text) = line(facts.start).filter(|_| facts.len() == 1) else {
        return Err((facts.start, SHAPE.to_owned()));
    };
    let fields: Vec<_> = text.split(" · ").collect();
    let (level, clause, status) = match fields[..] {
        [level, status] => (level, None, status),
        [level, clause, status] => (level, Some(clause), status),
        _ => return Err((facts.start, SHAPE.to_owned())),
    };
    if !level
        .split('/')
        .all(|level| ["M", "S", "B"].contains(&level))
    {
        let why = format!("its level {level:?} is not made of `M`, `S` and `B`");
        return Err((facts.start, why));
    }
    let Some(is_due) = is_due(status) else {
        let why = format!("its status {status:?} is none of {STATUSES}");
        return Err((facts.start, why));
    };
    let is_list = |line: &&str| line.is_empty() || line.starts_with("- [");
    let mut rest = lines.iter().enumerate().take(end).skip(facts.end);
    if let Some((index, _)) = rest.find(|(_, line)| !is_list(line)) {
        return Err((index, "below its facts stand the tests alone".to_owned()));
    }
    Ok(Behaviour {
        number,
        needs_clause: level != "B" && clause.is_some_and(|clause| clause.contains('§')),
        is_due,
        list: facts.end..end,
    })
}

/// Whether a test has to prove it; `None` if the status does not say.
fn is_due(status: &str) -> Option<bool> {
    let has = |mark: &str| {
        status
            .strip_prefix(mark)
            .is_some_and(|why| !why.trim().is_empty())
    };
    match status {
        "due" => Some(true),
        _ if has("due, except for ") => Some(true),
        _ if has("not yet: ") || has("not now: ") => Some(false),
        _ => None,
    }
}

/// The lines of a list of tests.
fn list(tests: Option<&Tests>, is_last: bool) -> Vec<String> {
    let line = |(path, names): (&String, &BTreeSet<String>)| {
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        let mut line = format!("- [{path}]({path})");
        if !names.is_empty() {
            line.push_str(": ");
            line.push_str(&names.join(", "));
        }
        line
    };
    let tests: Vec<_> = tests.into_iter().flatten().map(line).collect();
    let blank = || iter::once(String::new());
    let above = blank().filter(|_| !tests.is_empty());
    let below = blank().filter(|_| !is_last);
    above.chain(tests.clone()).chain(below).collect()
}

const SHAPE: &str = "below its heading stand a paragraph, and a line `LEVEL · CLAUSE · STATUS` or \
                     `LEVEL · STATUS`";
const STATUSES: &str = "`due`, `due, except for …`, `not yet: …` and `not now: …`";
