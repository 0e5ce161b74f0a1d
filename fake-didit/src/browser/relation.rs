//! The relation between the sites of two URLs.

use url::Url;

/// The relation between two URLs, as in `Sec-Fetch-Site`, from near to far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relation {
    SameOrigin,
    SameSite,
    CrossSite,
}

impl Relation {
    /// Without a public suffix list: the last two labels of a name are its site.
    pub(crate) fn between(one: &Url, other: &Url) -> Self {
        if one.origin() == other.origin() {
            Self::SameOrigin
        } else if one.scheme() == other.scheme() && site(one) == site(other) {
            Self::SameSite
        } else {
            Self::CrossSite
        }
    }

    /// The value of `Sec-Fetch-Site`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SameOrigin => "same-origin",
            Self::SameSite => "same-site",
            Self::CrossSite => "cross-site",
        }
    }
}

fn site(url: &Url) -> &str {
    let host = url.host_str().unwrap_or_default();
    let Some(name) = url.domain() else {
        return host;
    };
    match name.rmatch_indices('.').nth(1) {
        Some((dot, _)) => name.split_at(dot + 1).1,
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_two_labels_and_the_scheme_are_the_site() {
        let app = Url::parse("https://app.example").unwrap();
        for (other, relation) in [
            ("https://app.example/page", "same-origin"),
            ("https://app.example:8443", "same-site"),
            ("https://www.app.example", "same-site"),
            ("http://app.example", "cross-site"),
            ("https://other.example", "cross-site"),
            ("https://127.0.0.1", "cross-site"),
        ] {
            let other = Url::parse(other).unwrap();
            assert_eq!(Relation::between(&app, &other).as_str(), relation);
            assert_eq!(Relation::between(&other, &app).as_str(), relation);
        }
    }
}
