//! Clicks on links and buttons, according to the HTML standard.

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
