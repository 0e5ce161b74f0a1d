//! Requested scopes.

use std::fmt;

/// A list of scopes without repetitions (RFC 6749 §3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope(Vec<String>);

impl Scope {
    /// Parses a space-separated list; the error is the first scope that is not `known`.
    pub(crate) fn parse(text: &str, known: &[impl AsRef<str>]) -> Result<Self, String> {
        let mut names: Vec<String> = Vec::new();
        for name in text.split(' ').filter(|name| !name.is_empty()) {
            if !known.iter().any(|known| known.as_ref() == name) {
                return Err(name.to_owned());
            }
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        Ok(Self(names))
    }

    /// Adds a scope.
    ///
    /// # Panics
    ///
    /// If it is not `known`.
    pub(crate) fn add(&mut self, name: &str, known: &[String]) {
        let is_known = known.iter().any(|known| known == name);
        assert!(is_known, "unknown scope {name:?}");
        if !self.contains(name) {
            self.0.push(name.to_owned());
        }
    }

    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }

    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.iter().all(|name| other.contains(name))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_scope_is_an_error() {
        assert_eq!(
            Scope::parse("openid offline", &["openid"]).unwrap_err(),
            "offline"
        );
    }

    #[test]
    fn repetitions_are_dropped() {
        assert_eq!(
            Scope::parse("openid  email openid", &["openid", "email"])
                .unwrap()
                .to_string(),
            "openid email"
        );
    }
}
