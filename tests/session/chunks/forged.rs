//! Chunks that are not the ones that were written.

use tower_didit::fake::Endpoint;

use super::{cookies, didit, large_sessions, sign_in_with};
use crate::{
    application::ask,
    support::{cookies::SESSION, site::NOBODY},
};

// Behaviour 79.
#[tokio::test]
async fn chunks_that_were_changed_sign_nobody_in() {
    let didit = didit();
    let browser = large_sessions(&didit);
    sign_in_with(&browser, &didit, 10_000).await;
    let other = cookies(&browser);
    let page = sign_in_with(&browser, &didit, 10_000).await;
    let good = cookies(&browser);
    assert_eq!(good.len(), 4);

    let token = page.text();
    let cases = HARMLESS.map(|case| (case, token)).into_iter();
    for ((case, change), expected) in cases.chain(HARMFUL.map(|case| (case, NOBODY))) {
        let mut chunks = good.clone();
        change(&mut chunks, &other);
        let lines = [chunks.iter().map(pair).collect::<Vec<_>>().join("; ")];
        assert!(ask(&browser, &lines).await == expected, "{case}");
        // HTTP/2 splits them.
        let lines: Vec<_> = chunks.iter().map(pair).collect();
        assert!(
            ask(&browser, &lines).await == expected,
            "{case}, on lines of their own"
        );
    }
    assert_eq!(didit.count(Endpoint::Token), 2);
}

/// What happens to the chunks of a session, given those of another one.
type Change = fn(&mut Vec<(String, String)>, &[(String, String)]);

const HARMLESS: [(&str, Change); 12] = [
    ("as they are", |_, _| {}),
    ("in another order on the line", |chunks, _| chunks.reverse()),
    ("among other cookies", |chunks, _| {
        chunks.insert(1, ("__Host-diditx".to_owned(), "1".to_owned()));
        chunks.push(("__Host-didit-1".to_owned(), "1".to_owned()));
        chunks.push(("didit".to_owned(), "1.x".to_owned()));
    }),
    ("with a name that no chunk has", |chunks, _| {
        chunks.push((format!("{SESSION}.01"), "1".to_owned()));
        chunks.push((format!("{SESSION}.x"), "1".to_owned()));
    }),
    // A browser may be unable to remove what is left over.
    ("one is too many", |chunks, _| {
        chunks.push((format!("{SESSION}.4"), "A".to_owned()));
    }),
    ("an empty one is too many", |chunks, _| {
        chunks.push((format!("{SESSION}.4"), String::new()));
    }),
    ("one is too many far behind", |chunks, _| {
        chunks.push((format!("{SESSION}.10"), "A".to_owned()));
    }),
    ("one is there twice", |chunks, _| {
        chunks.push(chunks[2].clone());
    }),
    ("the first is there twice", |chunks, _| {
        chunks.push(chunks[0].clone());
    }),
    ("another value stands before one", |chunks, _| {
        chunks.insert(0, (chunks[2].0.clone(), "A".to_owned()));
    }),
    ("another value stands behind one", |chunks, _| {
        chunks.push((chunks[2].0.clone(), "A".to_owned()));
    }),
    ("one that is too many is there twice", |chunks, _| {
        chunks.push((format!("{SESSION}.4"), "A".to_owned()));
        chunks.push((format!("{SESSION}.4"), "B".to_owned()));
    }),
];

const HARMFUL: [(&str, Change); 11] = [
    ("the first is missing", |chunks, _| drop(chunks.remove(0))),
    ("one is missing", |chunks, _| drop(chunks.remove(2))),
    ("the last is missing", |chunks, _| drop(chunks.pop())),
    ("only the first is there", |chunks, _| chunks.truncate(1)),
    ("two are swapped", |chunks, _| {
        let first = std::mem::take(&mut chunks[1].1);
        chunks[1].1 = std::mem::replace(&mut chunks[2].1, first);
    }),
    ("one has another index", |chunks, _| {
        chunks[3].0 = format!("{SESSION}.4");
    }),
    (
        "each is there twice, from another session",
        |chunks, other| {
            chunks.extend_from_slice(other);
        },
    ),
    ("one is there three times, in the middle", |chunks, _| {
        let good = chunks[2].clone();
        chunks[2].1.replace_range(.., "A");
        chunks.push(good.clone());
        chunks.push((good.0, "A".to_owned()));
    }),
    ("one is of another session", |chunks, other| {
        chunks[2] = other[2].clone();
    }),
    ("the count is lower", |chunks, _| {
        chunks[0].1.replace_range(..1, "3");
        chunks.pop();
    }),
    ("the text was joined", |chunks, _| {
        let rest: String = chunks.drain(1..).map(|(_, text)| text).collect();
        chunks[0].1 = format!("1{}{rest}", &chunks[0].1[1..]);
    }),
];

fn pair((name, value): &(String, String)) -> String {
    format!("{name}={value}")
}
