//! A verification session.

use std::fmt;

use url::Url;

use super::{Status, VerificationId};
use crate::{
    json::{self, Object},
    provider::is_https_or_loopback,
    tokens::Secret,
};

/// A verification session, new or resumed: what [`VerificationClient::create`](super::VerificationClient::create)
/// returns.
///
/// Redirect the person to [`url`](Self::url), and store [`id`](Self::id) for the user: the verdict compares it. `Debug`
/// shows neither the URL nor the token.
///
/// [Example](super::VerificationClient).
pub struct VerificationSession {
    id: VerificationId,
    url: Secret,
    token: Secret,
    status: Status,
    workflow_id: String,
}

impl VerificationSession {
    /// Reads a response. Fails with the name of a member that is missing or unusable.
    pub(super) fn read(members: &Object) -> Result<Self, &'static str> {
        let text = |name: &'static str| {
            let text = json::member(members, name).and_then(|value| value.as_str());
            text.map(str::to_owned).ok_or(name)
        };
        let url = text("url").ok().filter(|url| is_web_address(url));
        Ok(Self {
            id: VerificationId::of_member(members, "session_id").ok_or("session_id")?,
            url: Secret(url.ok_or("url")?.into()),
            token: Secret(text("session_token")?.into()),
            status: Status::from(text("status")?.as_str()),
            workflow_id: text("workflow_id")?,
        })
    }

    /// The id of the session. [Example](super::VerificationClient).
    pub fn id(&self) -> VerificationId {
        self.id
    }

    /// The page at Didit where the person is verified. Whoever knows the URL can continue the session: keep it out of
    /// logs. [Example](super::VerificationClient).
    pub fn url(&self) -> &str {
        &self.url.0
    }

    /// The token in the URL, for Didit's mobile SDKs. It is a secret like the URL.
    /// [Example](super::VerificationClient).
    pub fn session_token(&self) -> &str {
        &self.token.0
    }

    /// The status when Didit returned the session. [Example](super::VerificationClient).
    pub fn status(&self) -> Status {
        self.status
    }

    /// The stable id of the workflow, also if the session was created with the id of one of its versions. Store it
    /// beside [`id`](Self::id). [Example](super::VerificationClient).
    pub fn workflow_id(&self) -> &str {
        &self.workflow_id
    }

    /// Whether Didit returned an unfinished session that this user has begun, perhaps in another tab or on another
    /// device. Its callback and metadata are replaced by the new ones.
    ///
    /// `false` also for an earlier session whose link was never opened: only its [`id`](Self::id) differs from a new
    /// one's. [Example](super::VerificationClient).
    pub fn is_resumed(&self) -> bool {
        self.status != Status::NotStarted
    }
}

impl fmt::Debug for VerificationSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationSession")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("workflow_id", &self.workflow_id)
            .finish_non_exhaustive()
    }
}

/// Whether a browser may be redirected there. The URL is a secret, so it is https, except on loopback.
fn is_web_address(url: &str) -> bool {
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    let is_absolute = url.starts_with("https://") || url.starts_with("http://");
    is_plain && is_absolute && Url::parse(url).is_ok_and(|url| is_https_or_loopback(&url))
}
