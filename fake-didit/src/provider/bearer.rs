//! The access token of a request (RFC 6750 §2.1).

use bytes::Bytes;
use http::{Request, header};

/// The token in the `Authorization` header, the only place where one is looked for.
pub(crate) fn token(request: &Request<Bytes>) -> Option<&str> {
    let (scheme, token) = request
        .headers()
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
