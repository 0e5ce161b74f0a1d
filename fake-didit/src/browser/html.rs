//! Just enough HTML to press a button.

use std::iter;

/// What a click leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Click {
    /// A link.
    Link(String),
    /// A form: where it posts to, and its fields.
    Form(String, Vec<(String, String)>),
}

/// Finds the link, or the button of a form, with this `id`. It reads the HTML that a careful author
/// writes by hand: attributes in double quotes, forms that post.
pub(crate) fn click(html: &str, id: &str) -> Option<Click> {
    let at = html.find(&format!(" id=\"{id}\""))?;
    let element = tag(html, html.get(..at)?.rfind('<')?)?;
    if element.starts_with("<a ") {
        return Some(Click::Link(attribute(element, "href")?));
    }
    let start = html.get(..at)?.rfind("<form")?;
    let (form, _) = html.get(start..)?.split_once("</form>")?;
    if start + form.len() < at {
        // The form ended before it.
        return None;
    }
    let method = attribute(tag(form, 0)?, "method");
    assert!(
        method.is_some_and(|method| method.eq_ignore_ascii_case("post")),
        "the form of {id:?} does not post, and only forms that do can be clicked"
    );
    let inputs = form
        .match_indices("<input")
        .filter_map(|(at, _)| field(tag(form, at)?));
    let action = attribute(tag(form, 0)?, "action")?;
    Some(Click::Form(
        action,
        inputs
            .chain(iter::once(element).filter_map(field))
            .collect(),
    ))
}

/// The tag that starts at a byte.
fn tag(html: &str, at: usize) -> Option<&str> {
    html.get(at..)?.split('>').next()
}

/// Name and value that an element adds to its form.
fn field(element: &str) -> Option<(String, String)> {
    Some((
        attribute(element, "name")?,
        attribute(element, "value").unwrap_or_default(),
    ))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let text = value
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'");
    Some(text.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = r#"<a href="/login?a=1&amp;b=2" id="login">Sign in</a>
<form method="post" action="/one"><input type="hidden" name="other" value="1"></form>
<form method="post" action="/two"><input type="hidden" name="token" value="&lt;&amp;&gt;">
<button id="yes" name="answer" value="yes">Yes</button><button id="no">No</button></form>"#;

    #[test]
    fn a_link_leads_to_its_href() {
        assert_eq!(
            click(HTML, "login"),
            Some(Click::Link("/login?a=1&b=2".to_owned()))
        );
    }

    #[test]
    fn a_button_sends_its_own_form() {
        let token = ("token".to_owned(), "<&>".to_owned());
        let answer = ("answer".to_owned(), "yes".to_owned());
        assert_eq!(
            click(HTML, "yes"),
            Some(Click::Form("/two".to_owned(), vec![token.clone(), answer]))
        );
        assert_eq!(
            click(HTML, "no"),
            Some(Click::Form("/two".to_owned(), vec![token]))
        );
        assert_eq!(click(HTML, "maybe"), None);
    }
}
