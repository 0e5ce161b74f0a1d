//! Getting a document.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};

use crate::{
    error::{Error, ErrorKind},
    provider::Endpoint,
    transport::{HttpTransport, LimitedTransport},
};

/// A document that a provider publishes.
pub(super) struct Published {
    pub(super) body: Bytes,
    /// How long it may be used without asking again: as it says, within bounds.
    pub(super) lifetime: Duration,
}

/// Gets a document. `name` is what an error calls it.
pub(super) async fn fetch(
    transport: &LimitedTransport,
    url: &Endpoint,
    name: &'static str,
) -> Result<Published, Error> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = url.uri();
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(header::ACCEPT, json);
    let response = transport.send(request).await;
    let response = response.map_err(|error| Error::from(error).at(url.host()))?;
    if response.status() != StatusCode::OK {
        let context = format!("{name}: status {}", response.status().as_u16());
        return Err(Error::with_context(ErrorKind::InvalidAnswer, context).at(url.host()));
    }
    Ok(Published {
        lifetime: lifetime(response.headers()),
        body: response.into_body(),
    })
}

/// `max-age` (RFC 9111 §5.2.2.1) within bounds: not so short that each sign-in asks, not so long that
/// a key that was withdrawn lives on.
fn lifetime(headers: &HeaderMap) -> Duration {
    let directives = headers
        .get_all(header::CACHE_CONTROL)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    let mut lifetime = DEFAULT_LIFETIME;
    for directive in directives {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
            return *LIFETIMES.start();
        }
        if name.eq_ignore_ascii_case("max-age")
            && let Ok(seconds) = value.trim_matches('"').parse()
        {
            lifetime = Duration::from_secs(seconds);
        }
    }
    lifetime.clamp(*LIFETIMES.start(), *LIFETIMES.end())
}

const DEFAULT_LIFETIME: Duration = Duration::from_secs(10 * 60);
const LIFETIMES: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(60)..=Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(values: &[&'static str]) -> u64 {
        let headers = values.iter().map(|value| {
            let value = HeaderValue::from_static(value);
            (header::CACHE_CONTROL, value)
        });
        lifetime(&headers.collect()).as_secs()
    }

    #[test]
    fn a_document_lives_as_long_as_it_says_within_bounds() {
        assert_eq!(seconds(&[]), 600);
        assert_eq!(seconds(&["public, max-age=300"]), 300);
        assert_eq!(seconds(&["public", "Max-Age=\"301\""]), 301);
        assert_eq!(seconds(&["max-age=0"]), 60);
        assert_eq!(seconds(&["no-cache, max-age=300"]), 60);
        assert_eq!(seconds(&["no-store"]), 60);
        assert_eq!(seconds(&["max-age=31536000"]), 86_400);
        assert_eq!(seconds(&["max-age=99999999999999999999"]), 600);
        assert_eq!(seconds(&["max-age=-1"]), 600);
        assert_eq!(seconds(&["s-maxage=5, x-max-age=7"]), 600);
    }
}
