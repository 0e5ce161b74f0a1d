//! A parsed page.

use std::{collections::HashMap, iter};

use url::Url;

use super::{element::Element, tree};
use crate::browser::referrer_policy::ReferrerPolicy;

/// The elements of a page in tree order.
#[derive(Debug)]
pub(crate) struct Document {
    pub(super) elements: Vec<Element>,
    /// The elements with an `id`, by the `id`.
    by_id: HashMap<String, Vec<usize>>,
    /// The first `legend` child of an element.
    legends: HashMap<usize, usize>,
}

impl Document {
    pub(crate) fn parse(html: &str) -> Self {
        let elements = tree::elements(html);
        let (mut by_id, mut legends) = (HashMap::<_, Vec<_>>::new(), HashMap::new());
        for (at, element) in elements.iter().enumerate() {
            if let Some(id) = element.attribute("id").filter(|id| !id.is_empty()) {
                by_id.entry(id.to_owned()).or_default().push(at);
            }
            if let Some(parent) = element.parent.filter(|_| element.is(&["legend"])) {
                legends.entry(parent).or_insert(at);
            }
        }
        Self {
            elements,
            by_id,
            legends,
        }
    }

    /// The policy of the last `<meta name="referrer">` (HTML, "standard metadata names").
    pub(crate) fn referrer_policy(&self) -> Option<ReferrerPolicy> {
        self.elements
            .iter()
            .filter(|element| element.is(&["meta"]) && element.keyword("name") == "referrer")
            .filter_map(|element| ReferrerPolicy::parse(element.attribute("content")?))
            .next_back()
    }

    /// The address of the first `<meta http-equiv="refresh">`, if it is without delay and without quotes (HTML,
    /// "shared declarative refresh steps").
    pub(crate) fn refresh(&self, url: &Url) -> Option<Url> {
        let is_refresh = |element: &&Element| {
            element.is(&["meta"]) && element.keyword("http-equiv") == "refresh"
        };
        let refresh = self.elements.iter().find(is_refresh)?;
        let (delay, to) = refresh.attribute("content")?.split_once(';')?;
        let (name, to) = to.split_once('=')?;
        let is_immediate = delay.trim() == "0" && name.trim().eq_ignore_ascii_case("url");
        let to = self.base_url(url).join(to.trim());
        to.ok().filter(|_| is_immediate)
    }

    /// HTML, "document base URL".
    pub(super) fn base_url(&self, url: &Url) -> Url {
        let base = self.first_base("href");
        base.and_then(|href| url.join(href).ok())
            .unwrap_or_else(|| url.clone())
    }

    /// The default target of links and forms.
    pub(super) fn base_target(&self) -> &str {
        self.first_base("target").unwrap_or_default()
    }

    /// The only element with this `id`.
    pub(super) fn only_by_id(&self, id: &str) -> Result<usize, String> {
        match self.by_id.get(id).map(Vec::as_slice) {
            Some([at]) => Ok(*at),
            None | Some([]) => Err("no element has this id".to_owned()),
            Some(_) => Err("more than one element has this id".to_owned()),
        }
    }

    /// HTML, "reset the form owner": the form in the `form` attribute, else the form between whose tags the
    /// control is, else the nearest ancestor that is a form.
    pub(super) fn form_owner(&self, control: usize) -> Option<usize> {
        let element = self.element(control);
        let is_form = |at: &usize| self.element(*at).is(&["form"]);
        match element.attribute("form") {
            Some(id) => {
                let first = self.by_id.get(id).and_then(|all| all.first());
                first.copied().filter(is_form)
            }
            None => element
                .form
                .or_else(|| self.ancestors(control).find(is_form)),
        }
    }

    /// HTML, "enabling and disabling form controls".
    pub(super) fn is_disabled(&self, control: usize) -> bool {
        if self.element(control).has("disabled") {
            return true;
        }
        let path = iter::once(control).chain(self.ancestors(control));
        path.zip(self.ancestors(control)).any(|(child, fieldset)| {
            let disables =
                self.element(fieldset).is(&["fieldset"]) && self.element(fieldset).has("disabled");
            disables && self.legends.get(&fieldset) != Some(&child)
        })
    }

    /// The parent, its parent, and so on.
    pub(super) fn ancestors(&self, at: usize) -> impl Iterator<Item = usize> {
        iter::successors(self.element(at).parent, |at| self.element(*at).parent)
    }

    /// The descendants of an element other than a form, in tree order. They directly follow its start tag,
    /// because only the end tag of a form leaves inner elements open.
    pub(super) fn descendants(&self, of: usize) -> impl Iterator<Item = usize> {
        (of + 1..self.elements.len())
            .take_while(move |at| self.ancestors(*at).any(|ancestor| ancestor == of))
    }

    pub(super) fn element(&self, at: usize) -> &Element {
        self.elements.get(at).expect("an element of this document")
    }

    pub(super) fn element_mut(&mut self, at: usize) -> &mut Element {
        self.elements
            .get_mut(at)
            .expect("an element of this document")
    }

    fn first_base(&self, attribute: &str) -> Option<&str> {
        self.elements
            .iter()
            .filter(|element| element.is(&["base"]))
            .find_map(|base| base.attribute(attribute))
    }
}
