//! Clicks, and links.

use std::iter;

use url::Url;

use super::{document::Document, element::Element};
use crate::browser::referrer_policy::ReferrerPolicy;

/// The navigation that a click starts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Click {
    pub(crate) url: Url,
    /// The fields of a POST.
    pub(crate) form: Option<Vec<(String, String)>>,
    /// The policy of the link or form, which overrides the page's.
    pub(crate) referrer_policy: Option<ReferrerPolicy>,
}

impl Document {
    /// Sets fields, and clicks the element with this `id`, or the link or button around it. The error tells
    /// why no request is sent.
    pub(crate) fn click(
        mut self,
        url: &Url,
        id: &str,
        fields: &[(&str, &str)],
    ) -> Result<Click, String> {
        let clicked = self.only_by_id(id)?;
        // DOM, "dispatch": the nearest element with activation behavior is activated.
        let at = iter::once(clicked)
            .chain(self.ancestors(clicked))
            .find(|at| self.element(*at).is(&["a", "area", "button", "input"]))
            .ok_or_else(|| {
                let element = self.element(clicked);
                format!("{element} is neither a link nor a button")
            })?;
        if self.element(at).is(&["a", "area"]) {
            return match fields {
                [] => self.follow(at, url),
                _ => Err(format!("{} is a link and has no fields", self.element(at))),
            };
        }
        self.check_button(at)?;
        for (name, value) in fields {
            self.fill(at, name, value)?;
        }
        self.submit(at, url)
    }

    /// HTML, "following hyperlinks".
    fn follow(&self, link: usize, url: &Url) -> Result<Click, String> {
        let element = self.element(link);
        let Some(href) = element.attribute("href") else {
            return Err(format!("{element} has no href"));
        };
        if element.has("download") {
            return Err(format!("{element} downloads a file"));
        }
        self.check_target(element, element.attribute("target"))?;
        let to = self.navigable(element, href, url)?;
        // HTML, "navigate": only the fragment differs.
        if to.fragment().is_some() && without_fragment(&to) == without_fragment(url) {
            return Err(format!(
                "{element} leads to a place on the same page, for which no request is sent"
            ));
        }
        Ok(Click {
            url: to,
            form: None,
            referrer_policy: referrer_policy(element),
        })
    }

    /// The http URL of an element.
    pub(super) fn navigable(&self, by: &Element, url: &str, page: &Url) -> Result<Url, String> {
        let to = self
            .base_url(page)
            .join(url)
            .map_err(|_| format!("{by} leads to {url:?}, which is not a URL"))?;
        match to.scheme() {
            "http" | "https" => Ok(to),
            scheme => Err(format!("{by} leads to a {scheme}: URL")),
        }
    }

    /// Checks that the target is this window, which has no frames.
    pub(super) fn check_target(&self, by: &Element, target: Option<&str>) -> Result<(), String> {
        let target = target.unwrap_or(self.base_target());
        match &*target.to_ascii_lowercase() {
            "" | "_self" | "_parent" | "_top" => Ok(()),
            _ => Err(format!(
                "{by} opens another window by target={target:?}; open its URL in a new_tab()"
            )),
        }
    }
}

/// The `noreferrer` keyword takes precedence (HTML, "link type noreferrer").
pub(super) fn referrer_policy(element: &Element) -> Option<ReferrerPolicy> {
    let rel = element.keyword("rel");
    if rel.split_ascii_whitespace().any(|rel| rel == "noreferrer") {
        return Some(ReferrerPolicy::NoReferrer);
    }
    ReferrerPolicy::parse(element.attribute("referrerpolicy")?)
}

fn without_fragment(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    url
}
