//! What a click on a page leads to, by the HTML standard.

mod click;
mod document;
mod element;
mod entry_list;
mod fill;
mod submission;
mod tree;

#[cfg(test)]
mod tests;

pub(crate) use self::{click::Click, document::Document};
