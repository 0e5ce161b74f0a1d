//! The way back to the application.

use url::Url;

use crate::verification::session::Session;

/// The callback of a session with its id and status, both unsigned; `None` without a callback.
pub(crate) fn url(session: &Session) -> Option<String> {
    let mut url = Url::parse(session.callback.as_deref()?).ok()?;
    let status = session.status.as_str().replace(' ', "%20");
    let added = format!("verificationSessionId={}&status={status}", session.id);
    let query = match url.query().filter(|query| !query.is_empty()) {
        Some(query) => format!("{query}&{added}"),
        None => added,
    };
    url.set_query(Some(&query));
    Some(url.into())
}
