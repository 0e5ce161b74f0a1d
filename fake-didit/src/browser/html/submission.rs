//! Form submission.

use url::Url;

use super::{
    click::{Click, referrer_policy},
    document::Document,
};

impl Document {
    /// Checks that a button is enabled and submits a form.
    pub(super) fn check_button(&self, button: usize) -> Result<(), String> {
        let element = self.element(button);
        if !element.is_submit_button() {
            Err(format!("{element} is not a button that sends a form"))
        } else if self.is_disabled(button) {
            Err(format!("{element} is disabled"))
        } else if self.form_owner(button).is_none() {
            Err(format!("{element} belongs to no form"))
        } else {
            Ok(())
        }
    }

    /// HTML, "form submission algorithm".
    pub(super) fn submit(&self, button: usize, url: &Url) -> Result<Click, String> {
        let submitter = self.element(button);
        let at = self.form_owner(button).expect("the button has a form");
        let form = self.element(at);
        // HTML, "attributes for form submission": those of the button take precedence.
        let either = |name: &str| {
            submitter
                .attribute(&format!("form{name}"))
                .or_else(|| form.attribute(name))
        };
        if either("novalidate").is_none() {
            self.check_required(at)?;
        }
        let fields = self.entry_list(at, button)?;
        let action = either("action").unwrap_or_default();
        let to = if action.is_empty() {
            // The URL of the document, regardless of its base URL.
            url.clone()
        } else {
            self.navigable(submitter, action, url)?
        };
        self.check_target(form, either("target"))?;
        let keyword = |name: &str| either(name).unwrap_or_default().to_ascii_lowercase();
        if keyword("method") == "dialog" {
            return Err(format!(
                "{submitter} closes a dialog by method=\"dialog\" and sends nothing"
            ));
        }
        let click = |url, fields| Click {
            url,
            form: fields,
            referrer_policy: referrer_policy(form),
        };
        if keyword("method") != "post" {
            return Ok(click(with_query(to, &fields), None));
        }
        match &*keyword("enctype") {
            enctype @ ("multipart/form-data" | "text/plain") => Err(format!(
                "{submitter} sends its form with enctype={enctype:?}"
            )),
            _ => Ok(click(to, Some(fields))),
        }
    }
}

/// HTML, "mutate action URL": replaces the query and keeps the fragment.
fn with_query(mut url: Url, fields: &[(String, String)]) -> Url {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    url.set_query(Some(&query));
    url
}
