//! A request to the JSON API.

use bytes::Bytes;
use http::Request;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::problem::Problem;
use crate::{FakeDidit, provider::form::Form};

/// A request to the API, with the fake that it controls.
pub(super) struct Call<'a> {
    pub(super) didit: &'a FakeDidit,
    pub(super) request: &'a Request<Bytes>,
}

/// The JSON body of the response, or an error.
pub(super) type CallResult = Result<Value, Problem>;

impl Call<'_> {
    /// A parameter of the query.
    pub(super) fn query(&self, name: &str) -> Result<Option<String>, Problem> {
        let query = self.request.uri().query().unwrap_or_default();
        let form = Form::parse(query).map_err(|error| {
            Problem::malformed(format!("Correct the query: {}.", error.description()))
        })?;
        Ok(form.get(name).map(str::to_owned))
    }

    /// Parses the body, of which `example` is a valid one. An empty body counts as `{}`.
    pub(super) fn body<T: DeserializeOwned>(&self, example: &str) -> Result<T, Problem> {
        let body: &[u8] = match self.request.body().as_ref() {
            [] => b"{}",
            body => body,
        };
        serde_json::from_slice(body)
            .map_err(|error| Problem::malformed(format!("Send {example}; {error}.")))
    }
}
