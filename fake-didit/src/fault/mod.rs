//! Injected faults.

pub(crate) mod queue;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Map, Value};

use crate::{
    forgery::Forgery,
    keys::Keys,
    provider::{id_token, oauth_error::OAuthError},
};

/// A fault to inject with [`FakeDidit::on_next`](crate::FakeDidit::on_next) or
/// [`on_every`](crate::FakeDidit::on_every).
///
/// ```
/// use std::time::Duration;
/// use fake_didit::{Endpoint, FakeDidit, Fault, Forgery};
/// use http::Response;
///
/// let didit = FakeDidit::new("app", "secret");
/// for fault in [
///     Fault::error("temporarily_unavailable").with_status(503).with_description("back at noon"),
///     Fault::answer(Response::builder().status(502).body("<h1>Bad Gateway</h1>").unwrap()),
///     Fault::hang(),
///     Fault::delay(Duration::from_secs(30)),
///     Fault::truncate(),
///     Fault::edit(|response| {
///         response.remove("token_type");
///     }),
///     Fault::edit_id_token(|_header, claims| {
///         claims.insert("aud".to_owned(), "another-client".into());
///     }),
///     Fault::forge(Forgery::ALGORITHM_NONE),
///     Fault::replace_id_token(|token| token.to_uppercase()),
/// ] {
///     // One fault for each of the next nine token requests.
///     didit.on_next(Endpoint::Token, fault);
/// }
/// ```
///
/// `Display` describes what the fault does, such as `answers 503 with the error temporarily_unavailable`.
#[derive(Clone)]
pub struct Fault(pub(crate) FaultKind);

/// What a fault does.
#[derive(Clone)]
pub(crate) enum FaultKind {
    Error(OAuthError),
    Respond(Response<Bytes>),
    Hang,
    Delay(Duration),
    Truncate,
    Edit(Edit),
    EditIdToken(EditIdToken),
    Forge(Forgery),
    ReplaceIdToken(ReplaceIdToken),
}

pub(crate) type Edit = Arc<dyn Fn(&mut Map<String, Value>) + Send + Sync>;
pub(crate) type EditIdToken =
    Arc<dyn Fn(&mut Map<String, Value>, &mut Map<String, Value>) + Send + Sync>;
pub(crate) type ReplaceIdToken = Arc<dyn Fn(&str) -> String + Send + Sync>;

impl Fault {
    /// An error response (RFC 6749 §5.2) with any code. Default status: 401 for `invalid_client`, else 400.
    /// [Example](Self).
    ///
    /// At [`Endpoint::Authorize`](crate::Endpoint::Authorize) the error is a redirect to the client (RFC
    /// 6749 §4.1.2.1), if the authorization request is valid.
    pub fn error(code: impl Into<String>) -> Self {
        Self(FaultKind::Error(OAuthError::new(code)))
    }

    /// The `error_description` of an [`error`](Self::error). Default: none. [Example](Self).
    ///
    /// # Panics
    ///
    /// If it is another kind of fault.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        let FaultKind::Error(error) = &mut self.0 else {
            panic!("only `Fault::error` has a description");
        };
        error.description = Some(description.into());
        self
    }

    /// The status of an [`error`](Self::error) or [`answer`](Self::answer). [Example](Self).
    ///
    /// # Panics
    ///
    /// If it is another kind of fault, or `status` is not between 100 and 999.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        let status = StatusCode::from_u16(status).expect("a status between 100 and 999");
        match &mut self.0 {
            FaultKind::Error(error) => error.status = status,
            FaultKind::Respond(response) => *response.status_mut() = status,
            _ => panic!("only `Fault::error` and `Fault::answer` have a status"),
        }
        self
    }

    /// This response. The request is not processed: no code is redeemed, no token issued.
    /// [Example](Self).
    pub fn answer(response: Response<impl Into<Bytes>>) -> Self {
        Self(FaultKind::Respond(response.map(Into::into)))
    }

    /// No response, ever. The request is recorded, but not processed. [Example](Self).
    pub fn hang() -> Self {
        Self(FaultKind::Hang)
    }

    /// The regular response after a delay, in tokio's time. The request is processed at once: with a delay
    /// above the client's timeout, the response is lost although the request took effect.
    /// [Example](Self).
    pub fn delay(by: Duration) -> Self {
        Self(FaultKind::Delay(by))
    }

    /// The first half of the regular response's body. The request is processed. [Example](Self).
    pub fn truncate() -> Self {
        Self(FaultKind::Truncate)
    }

    /// The regular response with its JSON object edited. A response that is not a JSON object stays
    /// unchanged. [Example](Self).
    pub fn edit(edit: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Self {
        Self(FaultKind::Edit(Arc::new(edit)))
    }

    /// The regular response with its ID token edited: header and claims. The token is signed again with the
    /// fake's key, so that its signature is valid. [Example](Self).
    pub fn edit_id_token(
        edit: impl Fn(&mut Map<String, Value>, &mut Map<String, Value>) + Send + Sync + 'static,
    ) -> Self {
        Self(FaultKind::EditIdToken(Arc::new(edit)))
    }

    /// The regular response with a forged ID token, for [`Endpoint::Token`](crate::Endpoint::Token).
    /// [`Forgery`] has an example.
    pub fn forge(forgery: Forgery) -> Self {
        Self(FaultKind::Forge(forgery))
    }

    /// The regular response with its ID token replaced by any text. [Example](Self).
    pub fn replace_id_token(replace: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self(FaultKind::ReplaceIdToken(Arc::new(replace)))
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            FaultKind::Error(error) => write!(f, "Fault::error({:?})", error.code),
            FaultKind::Respond(response) => write!(f, "Fault::answer({})", response.status()),
            FaultKind::Hang => f.write_str("Fault::hang()"),
            FaultKind::Delay(by) => write!(f, "Fault::delay({by:?})"),
            FaultKind::Truncate => f.write_str("Fault::truncate()"),
            FaultKind::Edit(_) => f.write_str("Fault::edit(…)"),
            FaultKind::EditIdToken(_) => f.write_str("Fault::edit_id_token(…)"),
            FaultKind::Forge(forgery) => write!(f, "Fault::forge({forgery:?})"),
            FaultKind::ReplaceIdToken(_) => f.write_str("Fault::replace_id_token(…)"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            FaultKind::Error(error) => {
                write!(
                    f,
                    "answers {} with the error {}",
                    error.status.as_u16(),
                    error.code
                )
            }
            FaultKind::Respond(response) => {
                write!(
                    f,
                    "answers {} without processing the request",
                    response.status().as_u16()
                )
            }
            FaultKind::Hang => f.write_str("never answers"),
            FaultKind::Delay(by) => write!(f, "delays the response by {by:?}"),
            FaultKind::Truncate => f.write_str("truncates the response to its first half"),
            FaultKind::Edit(_) => f.write_str("edits members of the response"),
            FaultKind::EditIdToken(_) => f.write_str("edits the ID token and signs it again"),
            FaultKind::Forge(forgery) => write!(f, "forges the ID token: {}", forgery.name()),
            FaultKind::ReplaceIdToken(_) => f.write_str("replaces the ID token"),
        }
    }
}

/// Applies a fault to the regular response.
pub(crate) fn apply(response: Response<Bytes>, fault: &FaultKind, keys: &Keys) -> Response<Bytes> {
    match fault {
        FaultKind::Truncate => response.map(|body| body.slice(..body.len() / 2)),
        FaultKind::Edit(edit) => with_object(response, |members| edit(members)),
        FaultKind::EditIdToken(edit) => with_id_token(response, |token| {
            id_token::edited(token, keys, |header, claims| edit(header, claims))
        }),
        FaultKind::Forge(forgery) => with_id_token(response, |token| forgery.apply(token, keys)),
        FaultKind::ReplaceIdToken(replace) => with_id_token(response, |token| Some(replace(token))),
        _ => response,
    }
}

fn with_id_token(
    response: Response<Bytes>,
    change: impl FnOnce(&str) -> Option<String>,
) -> Response<Bytes> {
    with_object(response, |members| {
        let token = members.get("id_token").and_then(Value::as_str);
        if let Some(changed) = token.and_then(change) {
            members.insert("id_token".to_owned(), changed.into());
        }
    })
}

fn with_object(
    response: Response<Bytes>,
    edit: impl FnOnce(&mut Map<String, Value>),
) -> Response<Bytes> {
    let Ok(mut members) = serde_json::from_slice(response.body()) else {
        return response;
    };
    edit(&mut members);
    response.map(|_| Value::Object(members).to_string().into())
}
