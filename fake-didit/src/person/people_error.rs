//! The error of a people file.

use std::{error::Error, fmt};

use serde_path_to_error::Segment;

/// Why [`Person::from_json`](super::Person::from_json) failed.
///
/// ```
/// use fake_didit::Person;
///
/// let error = Person::from_json(r#"[{"subject": "u-1"}, {"subject": 2}]"#).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 1, column 34, entry 2, field `subject`: invalid type: integer `2`, expected a string"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeopleError {
    line: usize,
    column: usize,
    /// The position in the array, starting at 1.
    entry: Option<usize>,
    field: Option<String>,
    message: String,
}

impl PeopleError {
    pub(super) fn new(error: &serde_json::Error, path: &serde_path_to_error::Path) -> Self {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let position = format!(" at line {line} column {column}");
        let mut segments = path.iter();
        let entry = match segments.next() {
            Some(Segment::Seq { index }) => Some(index + 1),
            _ => None,
        };
        let field = match segments.next() {
            Some(Segment::Map { key }) => Some(key.clone()),
            _ => None,
        };
        Self {
            line,
            column,
            entry,
            field,
            message: message
                .strip_suffix(&position)
                .unwrap_or(&message)
                .to_owned(),
        }
    }
}

impl fmt::Display for PeopleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if let Some(entry) = self.entry {
            write!(f, ", entry {entry}")?;
        }
        // The message names a field that is unknown or repeated.
        let field = self.field.as_ref().map(|field| format!("`{field}`"));
        if let Some(field) = field.filter(|field| !self.message.contains(field)) {
            write!(f, ", field {field}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl Error for PeopleError {}
