//! The request headers that Chromium sends.

use http::{HeaderMap, HeaderValue, Method, header};

use crate::browser::{
    initiator::Initiator,
    relation::Relation,
    service_worker::ServiceWorker,
    stored_cookie::is_trustworthy,
    visit::{Mode, Visit},
};

/// The headers of a request except `Cookie`; sent by the service worker, if there is one.
pub(crate) fn request_headers(visit: &Visit, worker: Option<&ServiceWorker>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut put = |name: &'static str, value| headers.insert(name, HeaderValue::from_static(value));
    put("user-agent", USER_AGENT);
    put("accept-language", "en-US,en;q=0.9");
    match visit.mode {
        Mode::Navigate => {
            put("accept", ACCEPT_PAGE);
            put("upgrade-insecure-requests", "1");
        }
        Mode::Fetch => {
            put("accept", "application/json");
        }
    }
    if visit.body.is_some() {
        put("content-type", "application/x-www-form-urlencoded");
    }
    // Fetch Metadata §2: only for trustworthy URLs.
    if is_trustworthy(&visit.url) {
        put("sec-fetch-site", site(visit, worker));
        put(
            "sec-fetch-mode",
            match visit.mode {
                Mode::Navigate => "navigate",
                Mode::Fetch => "cors",
            },
        );
        match (visit.mode, worker) {
            (Mode::Navigate, None) => {
                put("sec-fetch-dest", "document");
                put("sec-fetch-user", "?1");
            }
            (Mode::Navigate, Some(_)) | (Mode::Fetch, _) => {
                put("sec-fetch-dest", "empty");
            }
        }
    }
    if let Some(referrer) = visit.referrer() {
        headers.insert(header::REFERER, ascii(referrer.as_str()));
    }
    if let Some(origin) = visit
        .initiator
        .as_ref()
        .and_then(|from| origin(visit, from))
    {
        headers.insert(header::ORIGIN, origin);
    }
    headers
}

/// Fetch Metadata §2.3: the farthest relation in the redirect chain. Without an initiator it is `none`,
/// except for a worker, which initiates its own requests.
fn site(visit: &Visit, worker: Option<&ServiceWorker>) -> &'static str {
    let page = visit.initiator.as_ref().map(|from| &from.url);
    let Some(from) = page.or(worker.map(ServiceWorker::origin)) else {
        return "none";
    };
    visit
        .urls()
        .map(|url| Relation::between(from, url))
        .max()
        .map_or("none", Relation::as_str)
}

/// Fetch, "append a request `Origin` header": for cross-origin requests of scripts, and for methods other
/// than GET and HEAD.
fn origin(visit: &Visit, from: &Initiator) -> Option<HeaderValue> {
    let is_read = matches!(visit.method, Method::GET | Method::HEAD);
    let is_cross_origin = Relation::between(&from.url, &visit.url) != Relation::SameOrigin;
    match visit.mode {
        Mode::Navigate if is_read => None,
        Mode::Fetch if is_read && !is_cross_origin => None,
        // Chromium sends `null` after the first cross-origin redirect; the Fetch standard, after the second.
        Mode::Navigate
            if visit.has_crossed_origins() || visit.policy.hides_origin(&from.url, &visit.url) =>
        {
            Some(HeaderValue::from_static("null"))
        }
        Mode::Navigate | Mode::Fetch => Some(ascii(&from.url.origin().ascii_serialization())),
    }
}

fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("a URL is ASCII")
}

const USER_AGENT: &str = concat!("Mozilla/5.0 fake-didit/", env!("CARGO_PKG_VERSION"));

const ACCEPT_PAGE: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,\
    image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";
