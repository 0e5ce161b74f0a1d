//! The page that initiates a request.

use url::Url;

use crate::browser::{html::Document, page::Page, referrer_policy::ReferrerPolicy};

/// A page whose link, form or script sends a request.
#[derive(Clone, Debug)]
pub(crate) struct Initiator {
    pub(crate) url: Url,
    pub(crate) policy: ReferrerPolicy,
}

impl Initiator {
    /// A page with the default referrer policy.
    pub(crate) fn at(url: Url) -> Self {
        Self {
            url,
            policy: ReferrerPolicy::default(),
        }
    }
}

impl From<&Page> for Initiator {
    /// The referrer policy is that of the page's `<meta name="referrer">`, else of its header.
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
