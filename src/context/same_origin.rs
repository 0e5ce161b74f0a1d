//! Whether a request comes from a page of this site.

use http::{HeaderMap, header};

use crate::error::{Error, ErrorKind};

/// Refuses the requests of other sites: by `Sec-Fetch-Site`, else by `Origin`. A request without both comes from an old
/// browser or a program, and the `SameSite=Lax` cookie is not sent with other sites' `POST`s.
///
/// `Origin: null` can come from any site, and from a page of this one whose `Referrer-Policy` is `no-referrer`.
///
/// # Errors
///
/// An error of this kind.
pub(crate) fn check_same_origin(
    headers: &HeaderMap,
    origin: &str,
    kind: ErrorKind,
) -> Result<(), Error> {
    let site = headers.get("sec-fetch-site");
    let claimed = headers.get(header::ORIGIN);
    match (site, claimed) {
        (Some(site), _) if site == "same-origin" || site == "none" => Ok(()),
        (None, None) => Ok(()),
        (None, Some(claimed)) if claimed == origin => Ok(()),
        (None, Some(claimed)) if claimed == "null" => {
            Err(Error::with_context(kind, OPAQUE_ORIGIN).with_public_context())
        }
        _ => Err(Error::new(kind)),
    }
}

const OPAQUE_ORIGIN: &str = "the browser does not name the page of the form; if it is a page of this site, send it with \
     `Referrer-Policy: same-origin` instead of `no-referrer`";

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn allowed(site: Option<&'static str>, origin: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(site) = site {
            headers.insert("sec-fetch-site", HeaderValue::from_static(site));
        }
        if let Some(origin) = origin {
            headers.insert("origin", HeaderValue::from_static(origin));
        }
        let kind = ErrorKind::CrossSiteSignOut;
        check_same_origin(&headers, "https://app.example", kind).is_ok()
    }

    #[test]
    fn requests_of_this_site_and_of_no_site_are_allowed() {
        assert!(allowed(Some("same-origin"), Some("https://app.example")));
        assert!(allowed(Some("none"), None));
        assert!(allowed(None, Some("https://app.example")));
        assert!(allowed(None, None));
    }

    #[test]
    fn requests_of_other_sites_are_refused() {
        assert!(!allowed(Some("cross-site"), Some("https://app.example")));
        assert!(!allowed(Some("same-site"), None));
        assert!(!allowed(None, Some("https://evil.example")));
        assert!(!allowed(None, Some("https://app.example:8443")));
        assert!(!allowed(None, Some("null")));
    }
}
