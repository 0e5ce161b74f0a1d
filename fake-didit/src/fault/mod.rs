//! Faults that the fake injects on request.

pub(crate) mod script;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Map, Value};

use crate::{
    forgery::Forgery,
    keys::Keys,
    provider::{answer::Answer, id_token, oauth_error::OAuthError},
};

/// A fault to inject, for [`FakeDidit::on_next`](crate::FakeDidit::on_next).
///
/// ```
/// use fake_didit::Fault;
///
/// Fault::error("temporarily_unavailable").with_status(503).with_description("back at noon");
/// Fault::answer(http::Response::builder().status(502).body("<h1>Bad Gateway</h1>").unwrap());
/// Fault::edit(|answer| {
///     answer.remove("token_type");
/// });
/// Fault::edit_id_token(|_header, claims| {
///     claims.insert("aud".to_owned(), "somebody-else".into());
/// });
/// Fault::forge(fake_didit::Forgery::ALGORITHM_NONE);
/// Fault::replace_id_token(|token| token.to_uppercase());
/// ```
#[derive(Clone)]
pub struct Fault(pub(crate) FaultKind);

/// What a fault does.
#[derive(Clone)]
pub(crate) enum FaultKind {
    Refuse(OAuthError),
    Answer(Answer),
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
    /// The error answer of RFC 6749 §5.2 with any code; 401 for `invalid_client`, else 400.
    ///
    /// At [`Endpoint::Authorize`](crate::Endpoint::Authorize) the error travels with the browser
    /// instead (RFC 6749 §4.1.2.1), if the request itself is good.
    pub fn error(code: impl Into<String>) -> Self {
        Self(FaultKind::Refuse(OAuthError::new(code)))
    }

    /// An `error_description` for [`error`](Self::error).
    ///
    /// # Panics
    ///
    /// When it is another fault.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        let FaultKind::Refuse(error) = &mut self.0 else {
            panic!("only `Fault::error` has a description");
        };
        error.description = Some(description.into());
        self
    }

    /// Another status for [`error`](Self::error) or [`answer`](Self::answer).
    ///
    /// # Panics
    ///
    /// When it is another fault, or `status` is not between 100 and 999.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        let status = StatusCode::from_u16(status).expect("a status between 100 and 999");
        match &mut self.0 {
            FaultKind::Refuse(error) => error.status = status,
            FaultKind::Answer(answer) => *answer.status_mut() = status,
            _ => panic!("only `Fault::error` and `Fault::answer` have a status"),
        }
        self
    }

    /// Exactly this answer. The fake does nothing else: no code is used up, no token issued.
    pub fn answer(response: Response<impl Into<Bytes>>) -> Self {
        Self(FaultKind::Answer(response.map(Into::into)))
    }

    /// No answer, ever. The request is counted, and nothing else is done with it.
    pub fn hang() -> Self {
        Self(FaultKind::Hang)
    }

    /// The regular answer, late: the request is processed at once, and the answer is held back for `by` of
    /// tokio's time. With a delay above the client's timeout, the answer is lost after the request was processed.
    pub fn delay(by: Duration) -> Self {
        Self(FaultKind::Delay(by))
    }

    /// The first half of the regular answer's body, as if its end were lost. The request is processed.
    pub fn truncate() -> Self {
        Self(FaultKind::Truncate)
    }

    /// The regular answer with other members: changes the JSON object that the endpoint would give.
    /// An answer that is not a JSON object stays as it is.
    pub fn edit(edit: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Self {
        Self(FaultKind::Edit(Arc::new(edit)))
    }

    /// The regular answer with another ID token: its header and its claims are changed and the whole is
    /// signed again with the fake's key, so that only what was changed is wrong.
    pub fn edit_id_token(
        edit: impl Fn(&mut Map<String, Value>, &mut Map<String, Value>) + Send + Sync + 'static,
    ) -> Self {
        Self(FaultKind::EditIdToken(Arc::new(edit)))
    }

    /// The regular answer with an ID token in which this one thing is wrong; for
    /// [`Endpoint::Token`](crate::Endpoint::Token).
    pub fn forge(forgery: Forgery) -> Self {
        Self(FaultKind::Forge(forgery))
    }

    /// The regular answer with another text in the place of its ID token's.
    pub fn replace_id_token(replace: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self(FaultKind::ReplaceIdToken(Arc::new(replace)))
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            FaultKind::Refuse(error) => write!(f, "Fault::error({:?})", error.code),
            FaultKind::Answer(answer) => write!(f, "Fault::answer({})", answer.status()),
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

/// What it does, in words.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            FaultKind::Refuse(error) => {
                write!(
                    f,
                    "answers {} with the error {}",
                    error.status.as_u16(),
                    error.code
                )
            }
            FaultKind::Answer(answer) => {
                write!(f, "answers {} and does nothing", answer.status().as_u16())
            }
            FaultKind::Hang => f.write_str("never answers"),
            FaultKind::Delay(by) => write!(f, "answers {by:?} late"),
            FaultKind::Truncate => f.write_str("cuts its answer in half"),
            FaultKind::Edit(_) => f.write_str("changes members of its answer"),
            FaultKind::EditIdToken(_) => f.write_str("changes the ID token and signs it again"),
            FaultKind::Forge(forgery) => write!(f, "forges the ID token: {}", forgery.name()),
            FaultKind::ReplaceIdToken(_) => f.write_str("replaces the ID token"),
        }
    }
}

/// Applies a fault to a regular answer.
pub(crate) fn tamper(answer: Answer, fault: &FaultKind, keys: &Keys) -> Answer {
    match fault {
        FaultKind::Truncate => answer.map(|body| body.slice(..body.len() / 2)),
        FaultKind::Edit(edit) => with_object(answer, |members| edit(members)),
        FaultKind::EditIdToken(edit) => with_id_token(answer, |token| {
            id_token::edited(token, keys, |header, claims| edit(header, claims))
        }),
        FaultKind::Forge(forgery) => with_id_token(answer, |token| forgery.apply(token, keys)),
        FaultKind::ReplaceIdToken(replace) => with_id_token(answer, |token| Some(replace(token))),
        _ => answer,
    }
}

fn with_id_token(answer: Answer, change: impl FnOnce(&str) -> Option<String>) -> Answer {
    with_object(answer, |members| {
        let token = members.get("id_token").and_then(Value::as_str);
        if let Some(changed) = token.and_then(change) {
            members.insert("id_token".to_owned(), changed.into());
        }
    })
}

fn with_object(answer: Answer, edit: impl FnOnce(&mut Map<String, Value>)) -> Answer {
    let Ok(mut members) = serde_json::from_slice(answer.body()) else {
        return answer;
    };
    edit(&mut members);
    answer.map(|_| Value::Object(members).to_string().into())
}
