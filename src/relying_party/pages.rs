//! The built-in page for errors.

use bytes::Bytes;
use http::{HeaderValue, Response, header};

use crate::error::ErrorKind;

/// What a person is to follow.
pub(super) struct Link {
    id: &'static str,
    label: &'static str,
    /// A checked path, or nothing for the address that was asked for.
    href: String,
}

impl Link {
    pub(super) fn sign_in(href: String) -> Self {
        Self {
            id: "sign-in",
            label: "Sign in",
            href,
        }
    }

    pub(super) fn try_again(href: String) -> Self {
        Self {
            id: "try-again",
            label: "Try again",
            href,
        }
    }

    /// Away from here.
    pub(super) fn go_on(landing_page: &str) -> Self {
        Self {
            id: "go-on",
            label: BACK,
            href: landing_page.to_owned(),
        }
    }
}

/// A page that needs nothing but itself, its icon included. No text of the provider or of the request is on it.
pub(super) fn page(kind: ErrorKind, link: &Link, landing_page: &str) -> Response<Bytes> {
    let row = kind.row();
    let (title, text) = (row.advice.title, row.advice.text);
    let Link { id, label, href } = link;
    let on = format!(r#"<a id="{id}" href="{}">{label}</a>"#, escaped(href));
    let links = if href == landing_page {
        on
    } else {
        let home = escaped(landing_page);
        format!(r#"{on} <a id="home" href="{home}">{BACK}</a>"#)
    };
    let code = row.code;
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         <main>\n<h1>{title}</h1>\n<p>{text}</p>\n<nav>{links}</nav>\n\
         <footer>Error code: <code>{code}</code></footer>\n</main>\n</html>\n"
    );
    let mut response = Response::new(Bytes::from(html));
    *response.status_mut() = row.status;
    let policy = HeaderValue::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    );
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    let nosniff = HeaderValue::from_static("nosniff");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, html);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

/// For an attribute value in double quotes. A checked path has none of `<`, `>` and `"`.
fn escaped(path: &str) -> String {
    path.replace('&', "&amp;")
}

const BACK: &str = "Back to the site";

const STYLE: &str = include_str!("page.css");

#[cfg(test)]
mod tests {
    use super::*;

    fn html(kind: ErrorKind, link: &Link) -> String {
        let page = page(kind, link, "/start?a=1&b=2");
        String::from_utf8(page.into_body().to_vec()).unwrap()
    }

    #[test]
    fn a_page_leads_on_and_back_to_the_landing_page() {
        let home = r#"<a id="home" href="/start?a=1&amp;b=2">Back to the site</a>"#;
        for (kind, link, on) in [
            (
                ErrorKind::AccessDenied,
                Link::try_again("/login".to_owned()),
                r#"<a id="try-again" href="/login">"#,
            ),
            (
                ErrorKind::NotSignedIn,
                Link::sign_in("/login".to_owned()),
                r#"<a id="sign-in" href="/login">"#,
            ),
            (
                ErrorKind::TooManySignIns,
                Link::try_again(String::new()),
                r#"<a id="try-again" href="">"#,
            ),
        ] {
            let html = html(kind, &link);
            assert!(html.contains(on) && html.contains(home), "{html}");
        }
    }

    #[test]
    fn a_page_that_leads_back_anyway_says_so_once() {
        let landing_page = "/start?a=1&b=2";
        for (kind, link, id) in [
            (
                ErrorKind::CrossSiteSignOut,
                Link::go_on(landing_page),
                "go-on",
            ),
            (
                ErrorKind::AccessDenied,
                Link::try_again(landing_page.to_owned()),
                "try-again",
            ),
        ] {
            let html = html(kind, &link);
            assert_eq!(html.matches("<a ").count(), 1, "{html}");
            let link = format!(r#"<a id="{id}" href="/start?a=1&amp;b=2">"#);
            assert!(html.contains(&link), "{html}");
        }
    }
}
