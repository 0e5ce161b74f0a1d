//! The response of the session endpoint of Didit Authentication.

use std::time::Duration;

use http::{Response, StatusCode, header};

use super::{id_token::text, token_response::invalid};
use crate::{
    error::{Error, ErrorKind},
    json::{self, Object},
    tokens::IdClaims,
    transport::unexpected_status,
};

/// The members of the response about the session of `user`, while the session is live.
pub(crate) fn live_session(
    response: &Response<impl AsRef<[u8]>>,
    user: &IdClaims,
) -> Result<Object, Error> {
    match response.status() {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => return Err(Error::new(ErrorKind::AccessTokenRefused)),
        StatusCode::TOO_MANY_REQUESTS => {
            let wait = response.headers().get(header::RETRY_AFTER);
            let wait = wait.and_then(|wait| wait.to_str().ok()?.parse().ok());
            let wait = Duration::from_secs(wait.unwrap_or(60));
            return Err(Error::new(ErrorKind::TooManySessionChecks).with_retry_after(wait));
        }
        status => return Err(unexpected_status("session", status)),
    }
    let context = "session: not a JSON object, or a member is repeated";
    let members = json::object(response.body().as_ref()).ok_or_else(|| invalid(context))?;
    let is_same_session = match (text(&members, "sid"), user.session_id()) {
        (Some(sid), Some(own)) => sid == own,
        _ => true,
    };
    if text(&members, "sub") != Some(user.subject()) || !is_same_session {
        return Err(Error::new(ErrorKind::UserInfoMismatch));
    }
    Ok(members)
}
