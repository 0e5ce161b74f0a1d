//! Rejected cookies.

use std::fmt;

/// A `Set-Cookie` line that the browser rejected. `Debug` omits the value.
///
/// ```
/// use axum::{Router, http::header::SET_COOKIE, routing::get};
/// use fake_didit::Browser;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let app = Router::new().route("/", get(|| async { [(SET_COOKIE, "__Host-id=1; Path=/")] }));
/// let browser = Browser::new("https://app.example", app);
/// browser.visit("/").await;
/// let rejected = &browser.rejected_cookies()[0];
/// assert_eq!(rejected.line(), "__Host-id=1; Path=/");
/// assert_eq!(rejected.reason(), "a __Secure- or __Host- name without Secure");
/// # }
/// ```
#[derive(Clone)]
pub struct RejectedCookie {
    line: String,
    reason: &'static str,
}

impl RejectedCookie {
    pub(crate) fn new(line: String, reason: &'static str) -> Self {
        Self { line, reason }
    }

    /// The whole `Set-Cookie` line.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Why it was rejected.
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

impl fmt::Debug for RejectedCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without `=`, the line is a value without a name.
        let name = self.line.split_once('=').map(|(name, _)| name);
        f.debug_struct("RejectedCookie")
            .field("name", &name)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_only_the_name() {
        for (line, shown) in [
            (
                "a=secret",
                r#"RejectedCookie { name: Some("a"), reason: "why", .. }"#,
            ),
            (
                "secret",
                r#"RejectedCookie { name: None, reason: "why", .. }"#,
            ),
        ] {
            let rejected = RejectedCookie::new(line.to_owned(), "why");
            assert_eq!(format!("{rejected:?}"), shown);
        }
    }
}
