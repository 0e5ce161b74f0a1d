//! The built-in pages: for errors, and to forward to another site.

use bytes::Bytes;
use http::{HeaderValue, Response, header};

#[cfg(feature = "verification")]
use super::responses::keep_private;
use crate::error::Error;

/// The first link of the page. An empty address means the requested address.
pub(super) enum Link {
    SignIn(String),
    TryAgain(String),
    LandingPage,
}

impl Link {
    pub(super) fn address<'a>(&'a self, landing_page: &'a str) -> &'a str {
        match self {
            Self::SignIn(address) | Self::TryAgain(address) => address,
            Self::LandingPage => landing_page,
        }
    }
}

/// A self-contained page, without any text of the provider or of the request.
pub(super) fn built_in_page(error: &Error, link: &Link, landing_page: &str) -> Response<Bytes> {
    let row = error.kind().row();
    let (title, text) = (row.advice.title, row.advice.text);
    let href = link.address(landing_page);
    let (id, label) = match link {
        Link::SignIn(_) => ("sign-in", "Sign in"),
        Link::TryAgain(_) => ("try-again", "Try again"),
        Link::LandingPage => ("go-on", BACK),
    };
    let address = escaped(href);
    let mut links = vec![format!(r#"<a id="{id}" href="{address}">{label}</a>"#)];
    if href != landing_page {
        let home = escaped(landing_page);
        links.push(format!(r#"<a id="home" href="{home}">{BACK}</a>"#));
    }
    let links = links.join(" ");
    let code = row.code;
    let details = error.public_context();
    let details = details.map_or_else(String::new, |details| format!("<br>{details}"));
    let footer = format!("<footer>Error code: <code>{code}</code>{details}</footer>\n");
    let mut response = page(title, "", text, &links, &footer);
    *response.status_mut() = row.status;
    response
}

/// A page that forwards to another site at once.
///
/// A redirect would fail: if the page with the form has the policy `form-action 'self'`, Chromium does not follow
/// redirects of the form's response to other sites (CSP Level 3 §6.4.1.2).
pub(super) fn forwarding_page(url: &HeaderValue) -> Response<Bytes> {
    let url = escaped(&String::from_utf8_lossy(url.as_bytes()));
    let refresh = format!("<meta http-equiv=\"refresh\" content=\"0;url={url}\">\n");
    let link = format!(r#"<a id="go-on" href="{url}">Continue</a>"#);
    let text = "If the next page does not open by itself, continue to it.";
    page("You are signed out of this site", &refresh, text, &link, "")
}

/// A page of a verification. Its texts are this crate's own.
#[cfg(feature = "verification")]
pub(crate) struct Notice<'a> {
    pub(crate) title: &'a str,
    pub(crate) text: &'a str,
    pub(crate) label: &'a str,
    pub(crate) address: &'a str,
    /// Whether the person should rather not follow the link.
    pub(crate) is_quiet: bool,
}

#[cfg(feature = "verification")]
impl Notice<'_> {
    pub(crate) fn into_response(self) -> Response<Bytes> {
        let (label, address) = (self.label, escaped(self.address));
        let class = if self.is_quiet {
            r#" class="quiet""#
        } else {
            ""
        };
        let link = format!(r#"<a id="go-on"{class} href="{address}">{label}</a>"#);
        let mut response = page(self.title, "", self.text, &link, "");
        keep_private(response.headers_mut());
        response
    }
}

fn page(title: &str, head: &str, text: &str, links: &str, footer: &str) -> Response<Bytes> {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n{head}\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         <main>\n<h1>{title}</h1>\n<p>{text}</p>\n<nav>{links}</nav>\n{footer}</main>\n</html>\n"
    );
    let mut response = Response::new(Bytes::from(html));
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

/// Escapes an attribute value in double quotes.
fn escaped(address: &str) -> String {
    address.replace('&', "&amp;").replace('"', "&quot;")
}

const BACK: &str = "Back to the site";

const STYLE: &str = include_str!("page.css");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn html(kind: ErrorKind, link: &Link) -> String {
        let page = built_in_page(&Error::new(kind), link, "/start?a=1&b=2");
        String::from_utf8(page.into_body().to_vec()).unwrap()
    }

    #[test]
    fn a_page_links_to_the_next_step_and_to_the_landing_page() {
        let home = r#"<a id="home" href="/start?a=1&amp;b=2">Back to the site</a>"#;
        for (kind, link, on) in [
            (
                ErrorKind::AccessDenied,
                Link::TryAgain("/login".to_owned()),
                r#"<a id="try-again" href="/login">"#,
            ),
            (
                ErrorKind::NotSignedIn,
                Link::SignIn("/login".to_owned()),
                r#"<a id="sign-in" href="/login">"#,
            ),
            (
                ErrorKind::TooManyTokenRequests,
                Link::TryAgain(String::new()),
                r#"<a id="try-again" href="">"#,
            ),
        ] {
            let html = html(kind, &link);
            assert!(html.contains(on) && html.contains(home), "{html}");
        }
    }

    #[test]
    fn a_page_has_one_link_if_the_next_step_is_the_landing_page() {
        let landing_page = "/start?a=1&b=2";
        for (kind, link, id) in [
            (ErrorKind::CrossSiteSignOut, Link::LandingPage, "go-on"),
            (
                ErrorKind::AccessDenied,
                Link::TryAgain(landing_page.to_owned()),
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
