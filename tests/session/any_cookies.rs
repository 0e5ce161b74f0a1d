//! Arbitrary cookies, derived from those of a session.

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

use crate::support::cookies::chunk_name;

/// Name and value.
pub(crate) type Cookie = (String, Vec<u8>);

/// A change of a user's cookies.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Remove(Index),
    Repeat(Index),
    Swap(Index, Index),
    Rename(Index, String),
    Cut(Index, Index),
    Flip(Index, Index, u8),
    /// A cookie of another user, in its place or in addition.
    Mix(Index, bool),
    Add(String, Vec<u8>),
}

/// Names of session cookies, similar names, and other names.
pub(crate) fn names() -> impl Strategy<Value = String> {
    let odd = [
        "__Host-didit.",
        "__Host-didit.01",
        "__Host-didit.+1",
        "__Host-didit.99",
        "__host-didit",
    ];
    let odd = odd.map(str::to_owned).to_vec();
    let foreign = [
        "theme",
        "didit",
        "__Host-didit-flow-abc",
        "__Host-diditx",
        "",
    ];
    let foreign = foreign.map(str::to_owned).to_vec();
    prop_oneof![
        3 => (0_usize..12).prop_map(chunk_name),
        1 => select(odd),
        1 => select(foreign),
    ]
}

/// Bytes that a header may contain.
pub(crate) fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![9 => 0x20_u8..0x7f, 1 => 0x80_u8..=0xff, 1 => Just(b'\t')];
    vec(byte, 0..most)
}

pub(crate) fn changes() -> impl Strategy<Value = Vec<Change>> {
    let index = any::<Index>;
    let change = prop_oneof![
        index().prop_map(Change::Remove),
        index().prop_map(Change::Repeat),
        (index(), index()).prop_map(|(one, other)| Change::Swap(one, other)),
        (index(), names()).prop_map(|(one, name)| Change::Rename(one, name)),
        (index(), index()).prop_map(|(one, end)| Change::Cut(one, end)),
        (index(), index(), 0_u8..7).prop_map(|(one, place, bit)| Change::Flip(one, place, bit)),
        (index(), any::<bool>()).prop_map(|(one, instead)| Change::Mix(one, instead)),
        (names(), bytes(40)).prop_map(|(name, value)| Change::Add(name, value)),
    ];
    vec(change, 0..3)
}

impl Change {
    pub(crate) fn apply(self, cookies: &mut Vec<Cookie>, others: &[Cookie]) {
        if let Self::Add(name, value) = self {
            return cookies.push((name, value));
        }
        if cookies.is_empty() {
            return;
        }
        let length = cookies.len();
        match self {
            Self::Remove(one) => drop(cookies.remove(one.index(length))),
            Self::Repeat(one) => cookies.push(one.get(cookies).clone()),
            Self::Swap(one, other) => {
                let (one, other) = (one.index(length), other.index(length));
                let value = std::mem::take(&mut cookies[one].1);
                cookies[one].1 = std::mem::replace(&mut cookies[other].1, value);
            }
            Self::Rename(one, name) => one.get_mut(cookies).0 = name,
            Self::Cut(one, end) => {
                let value = &mut one.get_mut(cookies).1;
                value.truncate(end.index(value.len() + 1));
            }
            Self::Flip(one, place, bit) => {
                let value = &mut one.get_mut(cookies).1;
                if !value.is_empty() {
                    *place.get_mut(value) ^= 1 << bit;
                }
            }
            Self::Mix(one, instead) => {
                let other = one.get(others).clone();
                match cookies
                    .iter_mut()
                    .find(|(name, _)| instead && *name == other.0)
                {
                    Some(own) => *own = other,
                    None => cookies.push(other),
                }
            }
            Self::Add(..) => unreachable!("added above"),
        }
    }
}

/// The same cookies on several lines, with space of all kinds.
pub(crate) fn lines(cookies: &[Cookie], breaks: &[bool]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for (index, (name, value)) in cookies.iter().enumerate() {
        let pair = [name.as_bytes(), b"=", value].concat();
        match lines.last_mut() {
            Some(line) if !breaks[index % breaks.len()] => {
                line.extend_from_slice(b"; ");
                line.extend(pair);
            }
            _ => lines.push(pair),
        }
    }
    lines
}
