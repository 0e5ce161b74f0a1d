//! The responses to requests that are refused (RFC 6750 §3).

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use crate::error::{Error, ErrorKind, Rendered, quoted};

/// The response to a refused request: problem details, with a challenge.
pub(super) fn refusal(error: Error, scopes: &[String]) -> Response<Bytes> {
    let challenge = challenge(error.kind(), scopes);
    let mut response = error.into_http();
    if let Some(challenge) = challenge {
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    response.extensions_mut().insert(Rendered);
    response
}

/// Finishes the response of the inner service: an outer layer starts no sign-in for the error of an API, and a 401 asks
/// for a token.
#[inline]
pub(super) fn finish_error<B>(response: &mut Response<B>) {
    let Some(error) = response.extensions().get::<Error>() else {
        return;
    };
    let is_own = error.kind().status() == response.status();
    if is_own
        && response.extensions_mut().insert(Rendered).is_none()
        && response.status() == StatusCode::UNAUTHORIZED
    {
        let challenge = HeaderValue::from_static(CHALLENGE);
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
}

/// A request without a token gets no error code.
fn challenge(kind: ErrorKind, scopes: &[String]) -> Option<HeaderValue> {
    let error = match kind {
        ErrorKind::MalformedAuthorization => "invalid_request",
        ErrorKind::AccessTokenRefused => "invalid_token",
        ErrorKind::InsufficientScope => {
            let scopes = quoted(&scopes.join(" "));
            let challenge = format!(r#"{CHALLENGE}, error="insufficient_scope", scope={scopes}"#);
            return HeaderValue::try_from(challenge).ok();
        }
        kind if kind.status() == StatusCode::UNAUTHORIZED => {
            return Some(HeaderValue::from_static(CHALLENGE));
        }
        _ => return None,
    };
    let challenge = format!(r#"{CHALLENGE}, error="{error}""#);
    HeaderValue::try_from(challenge).ok()
}

const CHALLENGE: &str = r#"Bearer realm="api""#;

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 9110 §5.6.4.
    #[test]
    fn a_quote_in_a_scope_adds_no_parameter() {
        let scopes = [r#"a", error="invalid_token"#.to_owned(), r"\\".to_owned()];
        let challenge = challenge(ErrorKind::InsufficientScope, &scopes).unwrap();
        let expected = r#"Bearer realm="api", error="insufficient_scope", scope="a\", error=\"invalid_token \\\\""#;
        assert_eq!(challenge, expected);
        let scopes = ["a\r\nset-cookie: b=c".to_owned()];
        assert_eq!(
            super::challenge(ErrorKind::InsufficientScope, &scopes),
            None
        );
    }
}
