//! What a sign-in asks for.

use std::fmt;

/// A list of scopes that Didit knows (RFC 6749 §3.3), without repetitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope(Vec<String>);

impl Scope {
    /// Reads a space-separated list; the error names the first scope that Didit does not know.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut names: Vec<String> = Vec::new();
        for name in text.split(' ').filter(|name| !name.is_empty()) {
            if !KNOWN.contains(&name) {
                return Err(name.to_owned());
            }
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        Ok(Self(names))
    }

    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }

    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.iter().all(|name| other.contains(name))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// The scopes of Didit's Sign in API.
const KNOWN: [&str; 19] = [
    "openid",
    "offline",
    "user_id",
    "picture",
    "names",
    "email",
    "phone",
    "gender",
    "document_detail",
    "birthdate",
    "address",
    "bank_account",
    "preferences",
    "is_verified",
    "is_over_18",
    "is_over_21",
    "instagram_account",
    "x_account",
    "tiktok_account",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_scope_is_named() {
        assert_eq!(
            Scope::parse("openid offline_access").unwrap_err(),
            "offline_access"
        );
    }

    #[test]
    fn repetitions_are_dropped() {
        assert_eq!(
            Scope::parse("openid  email openid").unwrap().to_string(),
            "openid email"
        );
    }
}
