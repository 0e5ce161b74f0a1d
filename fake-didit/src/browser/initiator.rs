//! The page that causes a request.

use url::Url;

use crate::browser::{html::Document, page::Page, referrer_policy::ReferrerPolicy};

/// A page from which a link, a form or a script sends a request.
#[derive(Clone, Debug)]
pub(crate) struct Initiator {
    pub(crate) url: Url,
    pub(crate) policy: ReferrerPolicy,
}

impl Initiator {
    /// A page of which only the URL is known.
    pub(crate) fn at(url: Url) -> Self {
        Self {
            url,
            policy: ReferrerPolicy::default(),
        }
    }
}

impl From<&Page> for Initiator {
    /// The policy is the one of the page's `<meta name="referrer">`, or else of its header.
    fn from(page: &Page) -> Self {
        let meta = page
            .html()
            .and_then(|html| Document::parse(html).referrer_policy());
        Self {
            url: page.parsed_url().clone(),
            policy: meta
                .or_else(|| ReferrerPolicy::of(page.headers()))
                .unwrap_or_default(),
        }
    }
}
