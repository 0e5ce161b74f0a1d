//! The HTML frame of the pages.

use std::fmt::Write;

/// An HTML document. `layout` is the class of its `main` element. Neither the title nor `main` is escaped.
pub(crate) fn document(title: &str, layout: &str, main: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Fake Didit</title>
<link rel="icon" href="{ICON}">
<style>
{STYLE}</style>
</head>
<body>
<main class="{layout}">
<p class="brand">Fake Didit <small>For tests only</small></p>
{main}
</main>
</body>
</html>
"#
    )
}

/// Escapes text for HTML, also for a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // HTML parsers replace or drop these.
            '\0' => html.push('\u{fffd}'),
            '\r' | '\n' => write!(html, "&#{};", u32::from(character))
                .expect("writing to a string does not fail"),
            other => html.push(other),
        }
    }
    html
}

const STYLE: &str = include_str!("../style.css");

/// A data URL, so that browsers do not request `/favicon.ico`.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E\
%3Crect width='32' height='32' rx='9' fill='%232450d3'/%3E%3Cg fill='%23fff'%3E%3Ccircle cx='16' cy='12' r='5'/%3E\
%3Cpath d='M6 27a10 8 0 0 1 20 0z'/%3E%3C/g%3E%3C/svg%3E";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(
            escape("<script>\"'&\n\0"),
            "&lt;script&gt;&quot;&#39;&amp;&#10;\u{fffd}"
        );
    }

    #[test]
    fn a_document_loads_no_other_resource() {
        let html = document("Title", "card", "");
        assert!(!html.contains("<script") && !html.contains("src=") && !html.contains("url("));
        assert_eq!(html.matches("<link").count(), 1);
        assert!(html.contains("<link rel=\"icon\" href=\"data:"));
    }
}
