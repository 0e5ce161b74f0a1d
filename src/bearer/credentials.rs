//! The access token of a request (RFC 6750 §2.1).

use http::{HeaderMap, HeaderValue, header};

use crate::error::{Error, ErrorKind};

/// The access token in the `Authorization` header, whose characters are not checked yet. `None` if there is no such header,
/// or if it has another scheme (RFC 6750 §3.1). Tokens in the query or in a form are ignored.
///
/// # Errors
///
/// [`ErrorKind::MalformedAuthorization`]: there are several such headers.
#[inline]
pub(super) fn access_token(headers: &HeaderMap) -> Result<Option<&[u8]>, Error> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let Some(credentials) = all.next() else {
        return Ok(None);
    };
    if all.next().is_some() {
        return Err(malformed("several `Authorization` headers"));
    }
    let rest = after_scheme(credentials);
    Ok(rest.map(|rest| rest.strip_prefix(b" ").unwrap_or_default()))
}

/// Checks the characters of an access token (RFC 6750 §2.1). A token that was verified before needs no check: for a JWT the
/// check costs half as much as handling the whole request.
pub(super) fn checked(token: &[u8]) -> Result<&str, Error> {
    if token.len() > MAX_TOKEN {
        return Err(malformed("the token is larger than 8 KiB"));
    }
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let (body, _) = token.split_at(token.len() - padding);
    if body.is_empty() || !body.iter().all(|&byte| is_token_byte(byte)) {
        return Err(malformed("not one token"));
    }
    Ok(std::str::from_utf8(token).expect("it is ASCII"))
}

/// The rest of the value after `Bearer`, in any case (RFC 9110 §11.1).
fn after_scheme(credentials: &HeaderValue) -> Option<&[u8]> {
    let (scheme, rest) = credentials.as_bytes().split_at_checked(SCHEME.len())?;
    let ends = rest.first().is_none_or(|byte| !is_token_byte(*byte));
    (ends && scheme.eq_ignore_ascii_case(SCHEME)).then_some(rest)
}

/// The characters of `b64token`, except padding (RFC 6750 §2.1).
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)
}

fn malformed(why: &'static str) -> Error {
    Error::with_context(ErrorKind::MalformedAuthorization, why)
}

const SCHEME: &[u8] = b"Bearer";
/// In bytes. Servers refuse larger headers.
const MAX_TOKEN: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Option<String>, ErrorKind> {
        let values = values.iter().map(|value| {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            (header::AUTHORIZATION, value)
        });
        let headers = values.collect();
        let token = access_token(&headers).and_then(|token| token.map(checked).transpose());
        let token = token.map_err(|error| error.kind())?;
        Ok(token.map(str::to_owned))
    }

    // RFC 6750 §2.1; behaviour 124.
    #[test]
    fn one_header_with_one_token_is_read() {
        for (value, token) in [
            ("Bearer abc", "abc"),
            ("bearer abc", "abc"),
            ("BEARER a.b-c_d~e+f/g", "a.b-c_d~e+f/g"),
            ("Bearer YWI=", "YWI="),
            ("Bearer YQ==", "YQ=="),
        ] {
            assert_eq!(read(&[value]), Ok(Some(token.to_owned())), "{value}");
        }
    }

    // RFC 6750 §3.1; behaviour 124.
    #[test]
    fn another_scheme_is_no_token() {
        let none: &[&[&str]] = &[
            &[],
            &["Basic YTpi"],
            &["Bearers abc"],
            &["Bear"],
            &[""],
            &["DPoP abc"],
            &["abc"],
        ];
        for values in none {
            assert_eq!(read(values), Ok(None), "{values:?}");
        }
    }

    // RFC 6750 §3.1; behaviour 124.
    #[test]
    fn anything_else_is_malformed() {
        let long = format!("Bearer {}", "a".repeat(MAX_TOKEN + 1));
        let malformed: &[&[&str]] = &[
            &["Bearer"],
            &["Bearer "],
            &["Bearer  abc"],
            &["Bearer\tabc"],
            &["Bearer a b"],
            &["Bearer abc "],
            &["Bearer a,b"],
            &["Bearer abc, Bearer def"],
            &["Bearer a=b"],
            &["Bearer ="],
            &["Bearer \"abc\""],
            &["Bearer tökén"],
            &["Bearer,abc"],
            &[&long],
            &["Bearer abc", "Bearer abc"],
            &["Bearer abc", "Basic YTpi"],
            &["Basic YTpi", "Bearer abc"],
        ];
        for values in malformed {
            let malformed = Err(ErrorKind::MalformedAuthorization);
            assert_eq!(read(values), malformed, "{values:?}");
        }
    }
}
