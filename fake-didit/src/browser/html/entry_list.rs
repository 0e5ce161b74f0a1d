//! The fields that a form sends.

use std::collections::HashMap;

use super::{document::Document, element::Element};

impl Document {
    /// HTML, "constructing the entry list": the names and values to encode.
    pub(super) fn entry_list(
        &self,
        form: usize,
        submitter: usize,
    ) -> Result<Vec<(String, String)>, String> {
        let charset = self.element(form).keyword("accept-charset");
        if !matches!(&*charset, "" | "utf-8" | "utf8") {
            return Err(format!(
                "{} sends its fields as {charset}",
                self.element(form)
            ));
        }
        let (mut entries, checked) = (Vec::new(), self.checked_radios(form));
        for control in self.controls(form) {
            let element = self.element(control);
            let is_other_button = element.is_submit_button() && control != submitter;
            if is_other_button || self.is_disabled(control) {
                continue;
            }
            let name = element.attribute("name").unwrap_or_default();
            if element.is_radio() && checked.get(name) != Some(&control) {
                continue;
            }
            if element.is(&["input"]) && element.kind() == "image" {
                entries.extend(coordinates(name));
            } else if !name.is_empty() {
                let values = self.values(control)?;
                entries.extend(values.into_iter().map(|value| (name.to_owned(), value)));
            }
        }
        for (name, value) in &mut entries {
            (*name, *value) = (with_crlf(name), with_crlf(value));
        }
        Ok(entries)
    }

    /// HTML, "the `required` attribute": browsers do not submit a form with an empty required field. Other
    /// constraints are not checked.
    pub(super) fn check_required(&self, form: usize) -> Result<(), String> {
        let checked = self.checked_radios(form);
        for control in self.controls(form) {
            let element = self.element(control);
            let supports_required = !(element.is(&["button"])
                || element.is(&["input"]) && NEVER_REQUIRED.contains(&&*element.kind()));
            let is_barred = self.is_disabled(control) || element.has("readonly");
            if !supports_required || !element.has("required") || is_barred {
                continue;
            }
            let is_missing = if element.is_radio() {
                !checked.contains_key(element.attribute("name").unwrap_or_default())
            } else {
                self.values(control)?.iter().all(String::is_empty)
            };
            if is_missing {
                return Err(format!("{element} is required and empty"));
            }
        }
        Ok(())
    }

    /// HTML, "submittable elements" of a form, in tree order.
    pub(super) fn controls(&self, form: usize) -> impl Iterator<Item = usize> {
        (0..self.elements.len()).filter(move |at| {
            self.element(*at)
                .is(&["button", "input", "select", "textarea"])
                && self.form_owner(*at) == Some(form)
        })
    }

    /// HTML, "radio button group".
    pub(super) fn radio_group(&self, radio: usize) -> impl Iterator<Item = usize> {
        let owner = self.form_owner(radio);
        let name = self.element(radio).attribute("name");
        (0..self.elements.len()).filter(move |at| {
            let element = self.element(*at);
            element.is_radio() && element.attribute("name") == name && self.form_owner(*at) == owner
        })
    }

    /// The checked radio button of each group in a form, by the group's name. Of several, the last: it
    /// unchecks the others.
    fn checked_radios(&self, form: usize) -> HashMap<&str, usize> {
        self.controls(form)
            .map(|at| (self.element(at), at))
            .filter(|(element, _)| element.is_radio() && element.has("checked"))
            .map(|(element, at)| (element.attribute("name").unwrap_or_default(), at))
            .collect()
    }

    /// The options of a `select`, in tree order.
    pub(super) fn options(&self, select: usize) -> impl Iterator<Item = usize> {
        self.descendants(select)
            .filter(|at| self.element(*at).is(&["option"]))
    }

    /// The values that a control sends: none, one, or those of the selected options.
    fn values(&self, control: usize) -> Result<Vec<String>, String> {
        let element = self.element(control);
        if element.has("dirname") {
            return Err(format!("{element} sends its direction by dirname"));
        }
        Ok(match &*element.name {
            "select" => self.selected(control),
            "textarea" => vec![textarea_value(&element.text)],
            "input" => self.input_value(control)?.into_iter().collect(),
            _ => element
                .is_submit_button()
                .then(|| element.attribute("value").unwrap_or_default().to_owned())
                .into_iter()
                .collect(),
        })
    }

    /// The sanitized value of an input (HTML, "value sanitization algorithm"); `None` if it is not sent.
    fn input_value(&self, control: usize) -> Result<Option<String>, String> {
        let element = self.element(control);
        let value = element.attribute("value");
        let text = value.unwrap_or_default();
        Ok(match &*element.kind() {
            "reset" | "button" => None,
            "checkbox" | "radio" => element
                .has("checked")
                .then(|| value.unwrap_or("on").to_owned()),
            "file" => Some(String::new()),
            "hidden" if element.keyword("name") == "_charset_" => Some("UTF-8".to_owned()),
            // The standard sends no value; Chromium sends the label.
            "submit" if value.is_none() => Some("Submit".to_owned()),
            "hidden" | "submit" => Some(text.to_owned()),
            "email" | "url" => Some(one_line(text).trim_matches(SPACES).to_owned()),
            "text" | "search" | "tel" | "password" => Some(one_line(text)),
            // Browsers sanitize invalid numbers and dates; these are sent unmodified.
            "number" | "date" | "datetime-local" | "month" | "time" | "week" => {
                Some(text.to_owned())
            }
            kind => {
                return Err(format!(
                    "{element} has the type {kind}, whose values this browser does not know"
                ));
            }
        })
    }

    /// HTML, "the `select` element": without `multiple`, the last selected option, or if none is selected
    /// and one row is shown, the first enabled option.
    fn selected(&self, select: usize) -> Vec<String> {
        let element = self.element(select);
        let is_multiple = element.has("multiple");
        let selected: Vec<_> = self
            .options(select)
            .filter(|at| self.element(*at).has("selected"))
            .collect();
        let shown: usize = element
            .attribute("size")
            .and_then(|size| size.trim().parse().ok())
            .unwrap_or(1);
        let chosen = match (&*selected, is_multiple) {
            (_, true) => selected,
            ([.., last], false) => vec![*last],
            ([], false) if shown <= 1 => self
                .options(select)
                .find(|at| !self.is_disabled_option(*at))
                .into_iter()
                .collect(),
            ([], false) => Vec::new(),
        };
        chosen
            .into_iter()
            .filter(|at| !self.is_disabled_option(*at))
            .map(|at| option_value(self.element(at)))
            .collect()
    }

    pub(super) fn is_disabled_option(&self, option: usize) -> bool {
        let parent = self.element(option).parent.map(|at| self.element(at));
        self.element(option).has("disabled")
            || parent.is_some_and(|parent| parent.is(&["optgroup"]) && parent.has("disabled"))
    }
}

/// The value, else the text with collapsed whitespace.
pub(super) fn option_value(option: &Element) -> String {
    let words: Vec<_> = option.text.split_ascii_whitespace().collect();
    let value = option.attribute("value");
    value.map_or_else(|| words.join(" "), str::to_owned)
}

/// The text without its first newline, which belongs to the tag (HTML, "tree construction", `textarea`).
fn textarea_value(text: &str) -> String {
    text.strip_prefix('\n').unwrap_or(text).to_owned()
}

/// The coordinates of an image button: 0 for a click with the keyboard.
fn coordinates(name: &str) -> [(String, String); 2] {
    let dot = if name.is_empty() { "" } else { "." };
    ["x", "y"].map(|axis| (format!("{name}{dot}{axis}"), "0".to_owned()))
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], "")
}

/// HTML, "encoding and sending": newlines become CR LF.
fn with_crlf(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\n', "\r\n")
}

/// Infra, "ASCII whitespace" without newlines.
const SPACES: [char; 3] = [' ', '\t', '\u{c}'];

/// HTML, "the `required` attribute": the types to which it does not apply.
const NEVER_REQUIRED: [&str; 7] = [
    "button", "color", "hidden", "image", "range", "reset", "submit",
];
