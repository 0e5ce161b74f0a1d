//! One call of the API.

use bytes::Bytes;
use http::Request;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::problem::Problem;
use crate::{FakeDidit, provider::form::Form};

/// A call: the fake that it is about, its query and its body.
pub(super) struct Call<'a> {
    pub(super) didit: &'a FakeDidit,
    pub(super) request: &'a Request<Bytes>,
}

/// What a call answers.
pub(super) type Answered = Result<Value, Problem>;

impl Call<'_> {
    /// A parameter of the query.
    pub(super) fn query(&self, name: &str) -> Result<Option<String>, Problem> {
        let query = self.request.uri().query().unwrap_or_default();
        let form = Form::parse(query).map_err(|error| {
            Problem::malformed(format!("Correct the query: {}.", error.description()))
        })?;
        Ok(form.get(name).map(str::to_owned))
    }

    /// The body as a value of a kind that `example` shows. None is as good as `{}`.
    pub(super) fn body<T: DeserializeOwned>(&self, example: &str) -> Result<T, Problem> {
        let body: &[u8] = match self.request.body().as_ref() {
            [] => b"{}",
            body => body,
        };
        serde_json::from_slice(body)
            .map_err(|error| Problem::malformed(format!("Send {example}; {error}.")))
    }
}
