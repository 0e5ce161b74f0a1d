//! The access token of a request (RFC 6750 §2.1).

use bytes::Bytes;
use http::{Request, header};

/// The token of the `Authorization` header. Tokens in the query or the body are ignored.
pub(crate) fn token(request: &Request<Bytes>) -> Option<&str> {
    let (scheme, token) = request
        .headers()
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// The problem of a request without such a header.
pub(crate) const MISSING: &str = "the Authorization header has no access token";
