//! Random mutations of a good delivery: none is accepted.
//!
//! `MUTATIONS` sets their number; the default is 20,000.

use std::env;

use http::{HeaderValue, StatusCode};
use tower_didit::verification::DiditWebhooks;

use crate::delivery::{Delivery, SECRET, Site, approved, sign};

// Behaviour 127.
#[tokio::test]
async fn no_random_mutation_of_a_delivery_is_accepted() {
    let mutations = env::var("MUTATIONS").map_or(MUTATIONS, |count| count.parse().unwrap());
    let good = Delivery::of(&approved());
    let site = Site::new();
    let mut random = Random(SEED);
    for number in 0..mutations {
        let mutated = mutate(&good, &mut random);
        let is_changed = (&mutated.headers, &mutated.body) != (&good.headers, &good.body);
        if is_changed {
            let answer = site.answer(mutated.clone()).await;
            assert_eq!(
                answer,
                StatusCode::UNAUTHORIZED,
                "{number}: {:?}",
                mutated.headers
            );
        }
    }
    assert_eq!(site.count(), 0);
    assert_eq!(site.answer(good).await, StatusCode::OK);
    println!("{mutations} mutations");
}

/// The canonical signature accepts what means the same, and nothing else.
#[tokio::test]
async fn no_mutation_of_a_canonical_delivery_that_is_accepted_changes_its_meaning() {
    let mutations = env::var("MUTATIONS").map_or(MUTATIONS, |count| count.parse().unwrap());
    let canonical = approved().to_string().replace("92.0", "92");
    let good = Delivery::of(&approved())
        .without("x-signature")
        .with("x-signature-v2", sign(SECRET, canonical.as_bytes()));
    let meaning: serde_json::Value = serde_json::from_str(&canonical).unwrap();
    let webhooks = DiditWebhooks::new([SECRET]).unwrap();
    let mut random = Random(SEED);
    for number in 0..mutations {
        let mutated = mutate(&good, &mut random);
        let site = Site::of(webhooks.clone().accept_canonical_signature());
        if site.answer(mutated.clone()).await == StatusCode::OK {
            let body: serde_json::Value = serde_json::from_slice(&mutated.body).unwrap();
            let body = body.to_string().replace("92.0", "92");
            assert_eq!(body, meaning.to_string(), "{number}");
        }
    }
}

/// One to three changes: of a bit, of a byte, of the length, of the place, in the body or in a header.
fn mutate(good: &Delivery, random: &mut Random) -> Delivery {
    let mut mutated = good.clone();
    for _ in 0..=random.below(3) {
        let names: Vec<_> = mutated.headers.keys().cloned().collect();
        match names.get(random.below(2 * names.len())) {
            None => change(&mut mutated.body, random),
            Some(name) => {
                let mut value = mutated.headers[name].as_bytes().to_vec();
                change(&mut value, random);
                // What no header can have reaches no layer.
                if let Ok(value) = HeaderValue::from_bytes(&value) {
                    mutated.headers.insert(name, value);
                }
            }
        }
    }
    mutated
}

fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    let (at, other) = (random.below(bytes.len()), random.below(bytes.len()));
    let byte = random.next().to_le_bytes()[0];
    match random.below(7) {
        _ if bytes.is_empty() => bytes.push(byte),
        0 => bytes[at] ^= 1 << (byte % 8),
        1 => bytes[at] = byte,
        2 => bytes.insert(at, byte),
        3 => drop(bytes.remove(at)),
        4 => bytes.swap(at, other),
        5 => bytes.truncate(at),
        _ => bytes[at] = DIGITS[usize::from(byte) % DIGITS.len()],
    }
}

/// Pseudorandom numbers (SplitMix64): the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % (limit.max(1) as u64)).unwrap()
    }
}

const MUTATIONS: u32 = 20_000;
const SEED: u64 = 1;
const DIGITS: &[u8] = b"0123456789abcdef";
