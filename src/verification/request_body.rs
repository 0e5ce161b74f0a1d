//! The body of a request to Didit.

use serde_json::{Map, Value, json};

use super::invalid_request;
use crate::error::Error;

/// A JSON object. Its members are checked when they are set; the first invalid one is the error of
/// [`into_json`](Self::into_json), so that nothing is sent.
#[derive(Clone, Default)]
pub(super) struct RequestBody {
    members: Map<String, Value>,
    invalid: Option<&'static str>,
}

impl RequestBody {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.members.insert(name.to_owned(), value.into());
    }

    /// Remembers why the body is invalid, unless `is_valid`.
    pub(super) fn check(&mut self, is_valid: bool, why: &'static str) {
        if !is_valid {
            self.invalid.get_or_insert(why);
        }
    }

    pub(super) fn into_json(self) -> Result<Vec<u8>, Error> {
        match self.invalid {
            Some(why) => Err(invalid_request(why)),
            None => Ok(json!(self.members).to_string().into_bytes()),
        }
    }
}
