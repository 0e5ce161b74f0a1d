//! Rate limits.

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::json;

use crate::provider::response;

/// The requests of one minute, by kind. Didit counts them for each key.
#[derive(Debug, Default)]
pub(crate) struct RateLimits {
    /// Replaces the documented limits.
    pub(crate) limit: Option<u32>,
    windows: HashMap<Kind, Window>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    started: u64,
    count: u32,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Create,
    Read,
    Write,
    Report,
}

impl Kind {
    /// Requests per minute.
    fn limit(self) -> u32 {
        match self {
            Self::Create | Self::Read => 600,
            Self::Write => 300,
            Self::Report => 50,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Create => "Session creation",
            Self::Read => "GET request",
            Self::Write => "Write request",
            Self::Report => "Session PDF generation",
        }
    }
}

/// Where a client stands after a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    kind: Kind,
    limit: u32,
    count: u32,
    resets_at: u64,
    now: u64,
}

impl RateLimits {
    /// Counts a request.
    pub(crate) fn count(&mut self, kind: Kind, now: u64) -> Standing {
        let limit = self.limit.unwrap_or(kind.limit());
        let window = self.windows.entry(kind).or_default();
        if window.count == 0 || now >= window.started + WINDOW {
            *window = Window {
                started: now,
                count: 0,
            };
        }
        window.count = window.count.saturating_add(1);
        Standing {
            kind,
            limit,
            count: window.count,
            resets_at: window.started + WINDOW,
            now,
        }
    }
}

impl Standing {
    /// The 429, if there were too many requests.
    pub(crate) fn rejection(self) -> Option<Response<Bytes>> {
        (self.count > self.limit).then(|| {
            let detail = format!(
                "{} rate limit exceeded. You can make up to {} requests per minute.",
                self.kind.name(),
                self.limit
            );
            let mut response =
                response::json(StatusCode::TOO_MANY_REQUESTS, &json!({ "detail": detail }));
            let retry_after = HeaderValue::from(self.resets_at - self.now);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, retry_after);
            response::with_problem(self.describe(response), "too many requests in one minute")
        })
    }

    /// The response with the headers of the limit.
    pub(crate) fn describe(self, mut response: Response<Bytes>) -> Response<Bytes> {
        let headers = response.headers_mut();
        for (name, value) in [
            ("x-ratelimit-limit", u64::from(self.limit)),
            (
                "x-ratelimit-remaining",
                u64::from(self.limit.saturating_sub(self.count)),
            ),
            ("x-ratelimit-reset", self.resets_at),
        ] {
            headers.insert(HeaderName::from_static(name), value.into());
        }
        response
    }
}

/// In seconds.
const WINDOW: u64 = 60;
