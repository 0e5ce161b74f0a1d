//! An element.

use std::{collections::BTreeMap, fmt};

/// An element, with the text of a `textarea` or an `option`.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, String>,
    /// The index of its parent.
    pub(crate) parent: Option<usize>,
    /// The index of the form between whose tags it is, which need not be an ancestor.
    pub(crate) form: Option<usize>,
    /// The text of a `textarea` or an `option`.
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn is(&self, names: &[&str]) -> bool {
        names.contains(&&*self.name)
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    pub(crate) fn has(&self, attribute: &str) -> bool {
        self.attributes.contains_key(attribute)
    }

    /// The value of an enumerated attribute in lower case; empty if missing.
    pub(crate) fn keyword(&self, attribute: &str) -> String {
        self.attribute(attribute)
            .unwrap_or_default()
            .to_ascii_lowercase()
    }

    pub(crate) fn set(&mut self, attribute: &str, value: &str) {
        self.attributes
            .insert(attribute.to_owned(), value.to_owned());
    }

    /// The `type` of an input or a button; the default if it is missing or unknown.
    pub(crate) fn kind(&self) -> String {
        let (known, default): (&[&str], _) = if self.name == "button" {
            (&["submit", "reset", "button"], "submit")
        } else {
            (&INPUT_TYPES, "text")
        };
        let kind = self.keyword("type");
        let is_known = known.contains(&&*kind);
        if is_known { kind } else { default.to_owned() }
    }

    pub(crate) fn is_radio(&self) -> bool {
        self.is(&["input"]) && self.kind() == "radio"
    }

    /// Whether it is a button of any kind.
    pub(crate) fn is_button(&self) -> bool {
        let kind = self.kind();
        self.is_submit_button()
            || self.is(&["button"])
            || self.is(&["input"]) && matches!(&*kind, "button" | "reset")
    }

    /// Whether a click on it submits its form (HTML, "submit button").
    pub(crate) fn is_submit_button(&self) -> bool {
        match &*self.name {
            "button" => self.kind() == "submit",
            "input" => matches!(&*self.kind(), "submit" | "image"),
            _ => false,
        }
    }
}

impl fmt::Display for Element {
    /// The start tag with the attributes that identify it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}", self.name)?;
        for name in ["type", "id", "name"] {
            if let Some(value) = self.attribute(name) {
                write!(f, " {name}={value:?}")?;
            }
        }
        f.write_str(">")
    }
}

/// HTML, "states of the `type` attribute".
const INPUT_TYPES: [&str; 22] = [
    "button",
    "checkbox",
    "color",
    "date",
    "datetime-local",
    "email",
    "file",
    "hidden",
    "image",
    "month",
    "number",
    "password",
    "radio",
    "range",
    "reset",
    "search",
    "submit",
    "tel",
    "text",
    "time",
    "url",
    "week",
];
