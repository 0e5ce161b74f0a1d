//! A cookie that a browser did not take.

use std::fmt;

/// A `Set-Cookie` line that the browser did not accept. Its `Debug` hides the line.
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

    /// Why it was dropped.
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

impl fmt::Debug for RejectedCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without a `=`, the line is a value without a name.
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
    fn debug_shows_the_name_alone() {
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
