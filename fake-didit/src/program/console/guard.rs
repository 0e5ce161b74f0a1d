//! Keeps pages of other sites in the developer's browser from using the API.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header, uri::Authority};
use url::Url;

use super::problem::Problem;
use crate::{listen::BodyTooLarge, provider::media_type};

/// Rejects
///
/// - a foreign `Host`, which a site can cause by DNS rebinding. IP addresses, `localhost` and the issuer's
///   host are accepted;
/// - an `Origin` other than that host;
/// - a `POST` without `Content-Type: application/json`, which an HTML form of another site could send.
///   Browsers stop other cross-site requests, because no response allows them (CORS).
pub(super) fn check(request: &Request<Bytes>, issuer: &str) -> Result<(), Problem> {
    let headers = request.headers();
    let host = one(headers, header::HOST)
        .and_then(|host| host.parse::<Authority>().ok())
        .ok_or_else(|| Problem::malformed("Send one Host header."))?;
    if !is_own_host(host.host(), issuer) {
        return Err(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "Use an IP address, localhost, or the issuer's host in the URL; --issuer sets the issuer.",
        ));
    }
    let is_own_origin = |origin: &str| {
        let origin = origin
            .strip_prefix("http://")
            .or(origin.strip_prefix("https://"));
        origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host.as_str()))
    };
    if headers.contains_key(header::ORIGIN)
        && !one(headers, header::ORIGIN).is_some_and(is_own_origin)
    {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "Use the API from the start page, or send no Origin.",
        ));
    }
    if request.extensions().get::<BodyTooLarge>().is_some() {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "Send at most 64 KB.",
        ));
    }
    if request.method() == Method::POST && !media_type::is(headers, "application/json") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Send JSON, with the header Content-Type: application/json.",
        ));
    }
    Ok(())
}

/// The value of a header that occurs once.
fn one(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn is_own_host(host: &str, issuer: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let issuer = Url::parse(issuer).ok();
    bare.parse::<IpAddr>().is_ok()
        || host == "localhost"
        || host.ends_with(".localhost")
        || issuer.is_some_and(|issuer| issuer.host_str() == Some(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_hosts_are_not_accepted() {
        for host in [
            "127.0.0.1",
            "[::1]",
            "192.168.0.7",
            "LOCALHOST",
            "a.localhost",
            "didit.test",
        ] {
            assert!(is_own_host(host, "http://didit.test:4000/tenant"), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "xlocalhost",
            "127.0.0.1.nip.io",
            "",
        ] {
            assert!(
                !is_own_host(host, "http://didit.test:4000/tenant"),
                "{host}"
            );
        }
    }

    fn status(method: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::builder().method(method).uri("/fake/api/clock");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::new()).unwrap();
        match check(&request, "http://127.0.0.1:4000") {
            Ok(()) => 200,
            Err(problem) => problem.into_response().status().as_u16(),
        }
    }

    #[test]
    fn requests_of_other_sites_are_rejected() {
        let host = ("host", "127.0.0.1:4000");
        let json = ("content-type", "application/json; charset=utf-8");
        for (method, headers, expected) in [
            ("GET", &[host][..], 200),
            ("POST", &[host, json], 200),
            (
                "POST",
                &[host, json, ("origin", "http://127.0.0.1:4000")],
                200,
            ),
            ("POST", &[host, ("content-type", "text/plain")], 415),
            ("POST", &[host], 415),
            (
                "POST",
                &[host, json, ("origin", "http://evil.example")],
                403,
            ),
            (
                "POST",
                &[host, json, ("origin", "http://127.0.0.1:3000")],
                403,
            ),
            ("POST", &[host, json, ("origin", "null")], 403),
            ("DELETE", &[host, ("origin", "http://evil.example")], 403),
            ("GET", &[host, ("origin", "http://evil.example")], 403),
            ("GET", &[("host", "evil.example:4000")], 421),
            ("GET", &[host, ("host", "evil.example")], 400),
            ("GET", &[], 400),
        ] {
            assert_eq!(status(method, headers), expected, "{method} {headers:?}");
        }
    }
}
