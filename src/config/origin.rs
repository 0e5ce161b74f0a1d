//! One origin of the application.

use std::sync::Arc;

use super::RedirectUri;
use crate::{seal::Sealer, session::Sessions};

/// What belongs to one origin of the application alone.
///
/// Origins that differ only in their ports have the same keys and sessions: browsers send the cookies of one to the
/// others.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) flow_sealer: Arc<Sealer>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) post_logout_redirect_uri: Option<String>,
}
