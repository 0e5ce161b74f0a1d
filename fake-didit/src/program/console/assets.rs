//! The files of the start page.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};

use super::problem::Problem;
use crate::provider::response;

/// Responds with a file of the page.
pub(super) fn respond(request: &Request<Bytes>) -> Result<Response<Bytes>, Problem> {
    let path = request.uri().path().strip_prefix(super::START_PAGE);
    let response = match path.unwrap_or_default() {
        "" => file("text/html; charset=utf-8", PAGE),
        "console.js" => file("text/javascript; charset=utf-8", SCRIPT),
        "style.css" => file("text/css; charset=utf-8", STYLE),
        "icon.svg" => icon(),
        _ => {
            return Err(Problem::not_found(
                "No page has this path; GET /fake/ is the start page.",
            ));
        }
    };
    if request.method() != Method::GET {
        return Err(Problem::method_not_allowed("GET"));
    }
    Ok(response)
}

pub(super) fn icon() -> Response<Bytes> {
    file("image/svg+xml", ICON)
}

fn file(media_type: &'static str, text: &'static str) -> Response<Bytes> {
    let page =
        response::page(StatusCode::OK, String::new()).map(|_| Bytes::from_static(text.as_bytes()));
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    response::with_headers(page, headers)
}

/// Only files of the program itself, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("page/index.html");
const SCRIPT: &str = include_str!("page/console.js");
const STYLE: &str = concat!(
    include_str!("../../style.css"),
    include_str!("page/console.css")
);
const ICON: &str = include_str!("page/icon.svg");
