//! The issuer.

/// The issuer, byte for byte (OpenID Connect Core §2). The endpoints' URLs are built from its parts.
#[derive(Clone, Debug)]
pub(crate) struct Issuer(String);

impl Issuer {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> &str {
        self.parts().0
    }

    /// The path without a trailing slash; well-known paths follow it (OpenID Connect Discovery §4).
    pub(crate) fn path(&self) -> &str {
        let path = self.parts().1;
        path.strip_suffix('/').unwrap_or(path)
    }

    /// The URL of the metadata document (OpenID Connect Discovery §4).
    #[cfg(feature = "cli")]
    pub(crate) fn discovery(&self) -> String {
        let (origin, path) = (self.origin(), self.path());
        format!("{origin}{path}{}", super::product::DISCOVERY)
    }

    fn parts(&self) -> (&str, &str) {
        // The third slash: the first two are in `https://`.
        let path = self.0.match_indices('/').nth(2);
        self.0.split_at(path.map_or(self.0.len(), |(at, _)| at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_and_path_are_separated() {
        for (issuer, origin, path) in [
            ("https://x.example", "https://x.example", ""),
            ("https://x.example/", "https://x.example", ""),
            ("http://127.0.0.1:80/a/b", "http://127.0.0.1:80", "/a/b"),
            ("https://x.example/a/", "https://x.example", "/a"),
        ] {
            let issuer = Issuer::new(issuer);
            assert_eq!((issuer.origin(), issuer.path()), (origin, path));
        }
    }
}
