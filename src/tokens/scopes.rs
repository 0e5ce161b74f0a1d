//! Scopes.

use std::fmt;

/// The scopes of an access token (RFC 6749 §3.3), in the order of the token response.
///
/// ```
/// # use tower_didit::tokens::Scopes;
/// # fn has_email(scopes: &Scopes) -> bool {
/// scopes.contains("email")
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Scopes(Box<str>);

impl Scopes {
    /// From a list with spaces in between.
    pub(crate) fn new(spaced: impl Into<Box<str>>) -> Self {
        Self(spaced.into())
    }

    /// Whether `scope` is one of them, case-sensitively.
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let tokens = FakeDidit::new("app", "secret").tokens(&Person::john(), ["openid", "email"]);
    /// assert!(tokens.scopes().contains("email"));
    /// assert!(!tokens.scopes().contains("mail"));
    /// ```
    pub fn contains(&self, scope: &str) -> bool {
        self.iter().any(|candidate| candidate == scope)
    }

    /// The scopes.
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// let tokens = FakeDidit::new("app", "secret").tokens(&Person::john(), ["openid", "email"]);
    /// assert!(tokens.scopes().iter().eq(["openid", "email"]));
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split_ascii_whitespace()
    }

    /// Whether there are none.
    ///
    /// ```
    /// use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    ///
    /// // Didit Authentication grants none by default.
    /// let tokens = FakeDidit::authentication("app").tokens(&Person::john(), None::<&str>);
    /// assert!(tokens.scopes().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The scopes that are also in `granted`.
    pub(crate) fn within(&self, granted: &Self) -> Self {
        let kept = self.iter().filter(|scope| granted.contains(scope));
        Self::new(kept.collect::<Vec<_>>().join(" "))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scopes {
    /// With spaces in between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_compared_as_a_whole() {
        let scopes = Scopes::new("openid offline");
        assert!(scopes.contains("offline"));
        assert!(!scopes.contains("off"));
        assert!(!scopes.contains("openid offline"));
        assert!(Scopes::new("").is_empty());
    }

    #[test]
    fn within_gives_granted_scopes_only() {
        let granted = Scopes::new("openid offline email");
        let within = |scopes| Scopes::new(scopes).within(&granted).to_string();
        assert_eq!(within("openid email admin"), "openid email");
        assert_eq!(within("admin"), "");
    }
}
