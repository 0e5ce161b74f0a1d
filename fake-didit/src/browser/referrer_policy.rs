//! Referrer policies (W3C Referrer Policy).

use http::{HeaderMap, header};
use url::{Position, Url};

use crate::browser::{relation::Relation, stored_cookie::is_trustworthy};

/// A referrer policy (Referrer Policy §3): how much of a page's URL `Referer` and `Origin` contain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ReferrerPolicy {
    NoReferrer,
    NoReferrerWhenDowngrade,
    SameOrigin,
    Origin,
    StrictOrigin,
    OriginWhenCrossOrigin,
    #[default]
    StrictOriginWhenCrossOrigin,
    UnsafeUrl,
}

impl ReferrerPolicy {
    /// The last known policy in the `Referrer-Policy` headers (Referrer Policy §8.1).
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all(header::REFERRER_POLICY);
        lines
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .filter_map(Self::parse)
            .next_back()
    }

    /// Parses the case-insensitive name of a policy.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match &*name.trim().to_ascii_lowercase() {
            "no-referrer" => Self::NoReferrer,
            "no-referrer-when-downgrade" => Self::NoReferrerWhenDowngrade,
            "same-origin" => Self::SameOrigin,
            "origin" => Self::Origin,
            "strict-origin" => Self::StrictOrigin,
            "origin-when-cross-origin" => Self::OriginWhenCrossOrigin,
            "strict-origin-when-cross-origin" => Self::StrictOriginWhenCrossOrigin,
            "unsafe-url" => Self::UnsafeUrl,
            _ => return None,
        })
    }

    /// The `Referer` of a request from one URL to another (Referrer Policy §8.3).
    pub(crate) fn referrer(self, from: &Url, to: &Url) -> Option<Url> {
        let same_origin = Relation::between(from, to) == Relation::SameOrigin;
        let downgrade = is_trustworthy(from) && !is_trustworthy(to);
        let whole = match self {
            Self::NoReferrer => return None,
            Self::SameOrigin if !same_origin => return None,
            Self::NoReferrerWhenDowngrade
            | Self::StrictOrigin
            | Self::StrictOriginWhenCrossOrigin
                if downgrade =>
            {
                return None;
            }
            Self::Origin | Self::StrictOrigin => false,
            Self::OriginWhenCrossOrigin | Self::StrictOriginWhenCrossOrigin => same_origin,
            Self::SameOrigin | Self::NoReferrerWhenDowngrade | Self::UnsafeUrl => true,
        };
        stripped(from, whole)
    }

    /// Whether the `Origin` of a navigation is `null` (Fetch, "append a request `Origin` header").
    pub(crate) fn hides_origin(self, from: &Url, to: &Url) -> bool {
        match self {
            Self::NoReferrer => true,
            Self::NoReferrerWhenDowngrade
            | Self::StrictOrigin
            | Self::StrictOriginWhenCrossOrigin => {
                from.scheme() == "https" && to.scheme() != "https"
            }
            Self::SameOrigin => Relation::between(from, to) != Relation::SameOrigin,
            Self::Origin | Self::OriginWhenCrossOrigin | Self::UnsafeUrl => false,
        }
    }
}

/// The URL without credentials and fragment; only its origin if it is too long, or if `whole` is false
/// (Referrer Policy §8.4).
fn stripped(url: &Url, whole: bool) -> Option<Url> {
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let mut url = url.clone();
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    if !whole || url.as_str().len() > MAX_LENGTH {
        url = Url::parse(&url[..Position::BeforePath]).ok()?;
    }
    Some(url)
}

const MAX_LENGTH: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://me:secret@app.example/page?x=1#top";

    fn referrer(policy: &str, to: &str) -> Option<String> {
        let (from, to) = (Url::parse(PAGE).unwrap(), Url::parse(to).unwrap());
        let policy = ReferrerPolicy::parse(policy).unwrap();
        policy.referrer(&from, &to).map(String::from)
    }

    #[test]
    fn each_policy_determines_the_referrer() {
        let (same, cross) = ("https://app.example/", "https://evil.example/");
        let insecure = "http://evil.example/";
        let (whole, origin) = ("https://app.example/page?x=1", "https://app.example/");
        for (policy, expected) in [
            ("no-referrer", [None, None, None]),
            (
                "no-referrer-when-downgrade",
                [Some(whole), Some(whole), None],
            ),
            ("same-origin", [Some(whole), None, None]),
            ("origin", [Some(origin), Some(origin), Some(origin)]),
            ("strict-origin", [Some(origin), Some(origin), None]),
            (
                "origin-when-cross-origin",
                [Some(whole), Some(origin), Some(origin)],
            ),
            (
                "strict-origin-when-cross-origin",
                [Some(whole), Some(origin), None],
            ),
            ("Unsafe-URL", [Some(whole), Some(whole), Some(whole)]),
        ] {
            let referrers = [same, cross, insecure].map(|to| referrer(policy, to));
            assert_eq!(
                referrers,
                expected.map(|url| url.map(str::to_owned)),
                "{policy}"
            );
        }
    }

    #[test]
    fn a_long_url_is_cut_to_its_origin() {
        let to = Url::parse("https://app.example/").unwrap();
        let from = to.join(&"x".repeat(MAX_LENGTH)).unwrap();
        assert_eq!(ReferrerPolicy::default().referrer(&from, &to), Some(to));
    }

    #[test]
    fn each_policy_determines_whether_the_origin_is_null() {
        let page = Url::parse(PAGE).unwrap();
        for (policy, expected) in [
            ("no-referrer", [true, true, true]),
            ("same-origin", [false, true, true]),
            ("strict-origin-when-cross-origin", [false, false, true]),
            ("origin", [false, false, false]),
        ] {
            let policy = ReferrerPolicy::parse(policy).unwrap();
            let hidden = [
                "https://app.example/",
                "https://evil.example/",
                "http://evil.example/",
            ]
            .map(|to| policy.hides_origin(&page, &Url::parse(to).unwrap()));
            assert_eq!(hidden, expected, "{policy:?}");
        }
    }

    #[test]
    fn the_last_known_policy_of_the_headers_applies() {
        let mut headers = HeaderMap::new();
        assert_eq!(ReferrerPolicy::of(&headers), None);
        for line in ["no-referrer, origin", "same-origin, future"] {
            headers.append(header::REFERRER_POLICY, line.parse().unwrap());
        }
        assert_eq!(
            ReferrerPolicy::of(&headers),
            Some(ReferrerPolicy::SameOrigin)
        );
    }
}
