//! What a person, or a program, is told when a sign-in or a sign-out fails.

use bytes::Bytes;
use http::{HeaderValue, Response, header};

use crate::{error::ErrorKind, problem::Problem};

/// Words for a person.
pub(super) struct Advice {
    title: &'static str,
    text: &'static str,
    pub(super) next_page: NextPage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NextPage {
    SignIn,
    TryAgain,
    Reload,
    LandingPage,
}

pub(super) const fn advice(kind: ErrorKind) -> Advice {
    let (title, text) = match kind {
        ErrorKind::AccessDenied => (
            "The sign-in was declined",
            "If that was not what you wanted, try again.",
        ),
        ErrorKind::SessionUnavailable | ErrorKind::TokensUnavailable => (
            "This page is not available right now",
            "The site cannot tell who is signed in. Please try again in a moment.",
        ),
        ErrorKind::TokensExpired
        | ErrorKind::SessionEnded
        | ErrorKind::NotRenewable
        | ErrorKind::NotSignedIn => (
            "Please sign in first",
            "You are not signed in, or not any more. What you sent was not taken: sign in, go back and \
             send it again.",
        ),
        ErrorKind::MalformedCallback
        | ErrorKind::UnknownSignIn
        | ErrorKind::ForeignSignIn
        | ErrorKind::ForeignIssuer => (
            "This sign-in link does not work",
            "It was not started in this browser, or it is no longer valid. Please sign in again.",
        ),
        ErrorKind::SignInExpired => (
            "The sign-in took too long",
            "For your safety a sign-in has to be finished within 20 minutes. Please try again.",
        ),
        ErrorKind::SignInAlreadyCompleted => (
            "This sign-in link was used before",
            "It works once. If you are not signed in, please sign in again.",
        ),
        ErrorKind::SessionNotKept => (
            "Your browser did not keep the sign-in",
            "You have signed in, but this site does not see it. Most likely your browser blocks this site's \
             cookies, or sends an old one: allow or delete them, and try again in half a minute.",
        ),
        ErrorKind::SignInReplayed => (
            "This sign-in was completed before",
            "A second confirmation came for it, which may be of another account. It was not used. Please sign \
             in again.",
        ),
        ErrorKind::InvalidGrant => (
            "The sign-in could not be completed",
            "Its confirmation was no longer valid. Please try again.",
        ),
        ErrorKind::ProviderUnreachable | ErrorKind::ProviderTimeout => (
            "Sign-in is not available right now",
            "The sign-in service does not answer. Please try again in a moment.",
        ),
        ErrorKind::TooManySignIns => (
            "Many people are signing in right now",
            "Please try again in a moment.",
        ),
        ErrorKind::AuthenticationTooOld | ErrorKind::InsufficientAuthentication => (
            "Please sign in again",
            "This site needs a fresh or a stronger proof of who you are than your last one.",
        ),
        ErrorKind::ProviderRefused
        | ErrorKind::InvalidAnswer
        | ErrorKind::MalformedIdToken
        | ErrorKind::WrongTokenType
        | ErrorKind::ForbiddenAlgorithm
        | ErrorKind::InvalidIssuer
        | ErrorKind::InvalidAudience
        | ErrorKind::UnknownKey
        | ErrorKind::InvalidSignature
        | ErrorKind::IdTokenExpired
        | ErrorKind::IdTokenNotYetValid
        | ErrorKind::InvalidNonce
        | ErrorKind::InvalidTokenHash
        | ErrorKind::ForeignIdToken
        | ErrorKind::ForeignUserInfo
        | ErrorKind::InvalidMetadata => (
            "The sign-in could not be completed",
            "The sign-in service answered in a way that this site does not understand. Please try \
             again in a moment.",
        ),
        ErrorKind::InvalidRequest
        | ErrorKind::InvalidClient
        | ErrorKind::UnauthorizedClient
        | ErrorKind::UnsupportedGrantType
        | ErrorKind::InvalidScope
        | ErrorKind::SessionTooLarge
        | ErrorKind::LayerMissing
        | ErrorKind::NotACallback
        | ErrorKind::AskedTooLate
        | ErrorKind::NotOffered
        | ErrorKind::UnexpectedClaims
        | ErrorKind::AccessTokenRefused
        | ErrorKind::InsufficientScope => (
            "Sign-in is not set up correctly",
            "This site and its sign-in service do not agree. Please tell the people who run this \
             site.",
        ),
        ErrorKind::CrossSiteSignOut => (
            "You are still signed in",
            "Another site asked to sign you out. If it was you, sign out from a page of this site.",
        ),
        ErrorKind::MethodNotAllowed | ErrorKind::NotANavigation => (
            "This page cannot be opened like that",
            "Please go back to the site and follow its links.",
        ),
    };
    let next_page = match kind {
        ErrorKind::CrossSiteSignOut | ErrorKind::MethodNotAllowed | ErrorKind::NotANavigation => {
            NextPage::LandingPage
        }
        ErrorKind::NotSignedIn
        | ErrorKind::TokensExpired
        | ErrorKind::SessionEnded
        | ErrorKind::NotRenewable => NextPage::SignIn,
        ErrorKind::TooManySignIns
        | ErrorKind::SessionUnavailable
        | ErrorKind::TokensUnavailable => NextPage::Reload,
        _ => NextPage::TryAgain,
    };
    Advice {
        title,
        text,
        next_page,
    }
}

/// A page that needs nothing but itself; a browser may ask the site for its icon. No text of the provider or
/// of the request is on it; the links are made of checked paths.
pub(super) fn page(kind: ErrorKind, next_page: &str, landing_page: &str) -> Response<Bytes> {
    let Advice {
        title,
        text,
        next_page: leads,
    } = advice(kind);
    let (next_page, landing_page) = (escaped(next_page), escaped(landing_page));
    let (id, href, label) = match leads {
        NextPage::TryAgain => ("try-again", &*next_page, "Try again"),
        NextPage::SignIn => ("sign-in", &*next_page, "Sign in"),
        // This very address, code and all: it was not used yet.
        NextPage::Reload => ("try-again", "", "Try again"),
        NextPage::LandingPage => ("go-on", &*landing_page, BACK),
    };
    let on = format!(r#"<a id="{id}" href="{href}">{label}</a>"#);
    let links = if href == landing_page {
        on
    } else {
        format!(r#"{on} <a id="home" href="{landing_page}">{BACK}</a>"#)
    };
    let code = kind.code();
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n\
         <main>\n<h1>{title}</h1>\n<p>{text}</p>\n<nav>{links}</nav>\n\
         <footer>Error code: <code>{code}</code></footer>\n</main>\n</html>\n"
    );
    let mut response = Response::new(Bytes::from(html));
    *response.status_mut() = kind.status();
    let policy = HeaderValue::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; \
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

/// The same for a program.
pub(super) fn problem(kind: ErrorKind) -> Problem {
    let Advice { title, text, .. } = advice(kind);
    Problem {
        status: kind.status(),
        code: kind.code(),
        title,
        detail: Some(text),
    }
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

    fn html(kind: ErrorKind, next_page: &str) -> String {
        let page = page(kind, next_page, "/start?a=1&b=2");
        String::from_utf8(page.into_body().to_vec()).unwrap()
    }

    #[test]
    fn a_page_leads_on_and_back_to_the_landing_page() {
        let home = r#"<a id="home" href="/start?a=1&amp;b=2">Back to the site</a>"#;
        for (kind, on) in [
            (
                ErrorKind::AccessDenied,
                r#"<a id="try-again" href="/login">"#,
            ),
            (ErrorKind::NotSignedIn, r#"<a id="sign-in" href="/login">"#),
            (ErrorKind::TooManySignIns, r#"<a id="try-again" href="">"#),
        ] {
            let html = html(kind, "/login");
            assert!(html.contains(on) && html.contains(home), "{html}");
        }
    }

    #[test]
    fn a_page_that_leads_back_anyway_says_so_once() {
        for (kind, link) in [
            (ErrorKind::CrossSiteSignOut, "go-on"),
            (ErrorKind::AccessDenied, "try-again"),
        ] {
            let html = html(kind, "/start?a=1&b=2");
            assert_eq!(html.matches("<a ").count(), 1, "{html}");
            let link = format!(r#"<a id="{link}" href="/start?a=1&amp;b=2">"#);
            assert!(html.contains(&link), "{html}");
        }
    }
}
