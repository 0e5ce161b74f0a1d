//! The authorization request.

use super::PendingSignIn;
use crate::{provider::Endpoint, tokens::Scopes};

/// Where to send the browser: OpenID Connect Core §3.1.2.1, with PKCE (RFC 7636 §4.3).
///
/// A query that the endpoint already has is kept (RFC 6749 §3.1).
pub(crate) fn authorization_url(
    endpoint: &Endpoint,
    client_id: &str,
    redirect_uri: &str,
    scopes: &Scopes,
    pending: &PendingSignIn,
) -> String {
    let mut url = endpoint.url().clone();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("scope", scopes.as_str())
        .append_pair("state", pending.state())
        .append_pair("nonce", pending.nonce())
        .append_pair("code_challenge", &pending.code_challenge())
        .append_pair("code_challenge_method", "S256");
    url.into()
}
