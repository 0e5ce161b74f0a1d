//! Clicks, compared with the requests that Chromium 156 sends.

use url::Url;

use super::{Click, Document};
use crate::browser::referrer_policy::ReferrerPolicy;

mod cases;

const PAGE: &str = "https://app.example/page?n=1";

fn click(html: &str, fields: &[(&str, &str)]) -> Result<Click, String> {
    Document::parse(html).click(&Url::parse(PAGE).unwrap(), "x", fields)
}

/// The request that a click on `#x` sends, in one line, or the reason for which it sends none.
fn sent(html: &str, fields: &[(&str, &str)]) -> String {
    match click(html, fields) {
        Err(reason) => reason,
        Ok(click) => {
            let path = click.url.as_str().replace("https://app.example", "");
            match click.form {
                None => format!("GET {path}"),
                Some(fields) => {
                    let body = url::form_urlencoded::Serializer::new(String::new())
                        .extend_pairs(fields)
                        .finish();
                    format!("POST {path} {body}")
                }
            }
        }
    }
}

#[test]
fn a_click_sends_what_chromium_sends() {
    for (name, html, expected) in cases::CASES {
        assert_eq!(sent(html, &[]), expected, "{name}: {html}");
    }
}

#[test]
fn scripting_is_disabled_so_noscript_content_is_part_of_the_page() {
    assert_eq!(
        sent("<noscript><a id=x href=/to>l</a></noscript>", &[]),
        "GET /to"
    );
}

#[test]
fn a_click_that_sends_no_request_gives_the_reason() {
    for (html, reason) in [
        ("<p>", "no element has this id"),
        (
            "<a id=x href=/to></a><p id=x>",
            "more than one element has this id",
        ),
        ("<p id=x>", "<p id=\"x\"> is neither a link nor a button"),
        ("<a id=x>", "<a id=\"x\"> has no href"),
        (
            "<a id=x href=/to download>",
            "<a id=\"x\"> downloads a file",
        ),
        (
            "<a id=x href=#top>",
            "<a id=\"x\"> leads to a place on the same page, for which no request is sent",
        ),
        (
            "<a id=x href=javascript:void(0)>",
            "<a id=\"x\"> leads to a javascript: URL",
        ),
        (
            "<a id=x href=https://[>",
            "<a id=\"x\"> leads to \"https://[\", which is not a URL",
        ),
        (
            "<a id=x href=/to target=_blank>",
            "<a id=\"x\"> opens another window by target=\"_blank\"; open its URL in a new_tab()",
        ),
        (
            "<base target=other><form><button id=x></form>",
            "<form> opens another window by target=\"other\"; open its URL in a new_tab()",
        ),
        ("<button id=x>", "<button id=\"x\"> belongs to no form"),
        (
            "<form id=f></form><form><button id=x form=g>",
            "<button id=\"x\"> belongs to no form",
        ),
        (
            "<form><button id=x disabled>",
            "<button id=\"x\"> is disabled",
        ),
        (
            "<form><fieldset disabled><input type=submit id=x>",
            "<input type=\"submit\" id=\"x\"> is disabled",
        ),
        (
            "<form><button id=x type=button>",
            "<button type=\"button\" id=\"x\"> is not a button that sends a form",
        ),
        (
            "<form><input id=x>",
            "<input id=\"x\"> is not a button that sends a form",
        ),
        (
            "<form method=post enctype=multipart/form-data><button id=x>",
            "<button id=\"x\"> sends its form with enctype=\"multipart/form-data\"",
        ),
        (
            "<form method=post><button id=x formenctype=TEXT/plain>",
            "<button id=\"x\"> sends its form with enctype=\"text/plain\"",
        ),
        (
            "<form method=post><button id=x formmethod=dialog>",
            "<button id=\"x\"> closes a dialog by method=\"dialog\" and sends nothing",
        ),
        (
            "<form action=mailto:a@b.example><button id=x>",
            "<button id=\"x\"> leads to a mailto: URL",
        ),
        (
            "<form accept-charset=Latin1><button id=x>",
            "<form> sends its fields as latin1",
        ),
        (
            "<form><input type=color name=c><button id=x>",
            "<input type=\"color\" name=\"c\"> has the type color, whose values this browser does not know",
        ),
        (
            "<form><input name=c dirname=d><button id=x>",
            "<input name=\"c\"> sends its direction by dirname",
        ),
    ] {
        assert_eq!(sent(html, &[]), reason, "{html}");
    }
}

#[test]
fn an_empty_required_field_is_named() {
    for field in [
        "<input name=\"a\">",
        "<input type=\"checkbox\" name=\"a\">",
        "<input type=\"radio\" name=\"a\">",
        "<input type=\"file\" name=\"a\">",
        "<select name=\"a\">",
        "<textarea name=\"a\">",
    ] {
        let required = field.replace('>', " required>");
        let html = format!("<form action=/to><button id=x></button>{required}</textarea></form>");
        assert_eq!(sent(&html, &[]), format!("{field} is required and empty"));
    }
    let other = "<form action=/to><input type=radio name=a required><input type=radio name=a checked><button id=x>";
    assert_eq!(sent(other, &[]), "GET /to?a=on");
}

#[test]
fn fields_are_set_by_name() {
    let form = "<form action=/to><input name=a value=1><textarea name=b></textarea>\
        <input type=checkbox name=c value=1><input type=checkbox name=c value=2>\
        <input type=radio name=d value=1 checked><input type=radio name=d value=2>\
        <select name=e><option selected>one<option value=2>two</select><button id=x></form>";
    assert_eq!(sent(form, &[]), "GET /to?a=1&b=&d=1&e=one");
    let filled = [
        ("a", "x y"),
        ("b", "\n"),
        ("c", "1"),
        ("c", "2"),
        ("d", "2"),
        ("e", "2"),
    ];
    assert_eq!(
        sent(form, &filled),
        "GET /to?a=x+y&b=%0D%0A&c=1&c=2&d=2&e=2"
    );
}

#[test]
fn a_field_that_cannot_be_set_gives_the_reason() {
    for (field, reason) in [
        ("", "<form> has no field \"a\""),
        ("<button name=a type=button>", "<form> has no field \"a\""),
        ("<input type=reset name=a>", "<form> has no field \"a\""),
        (
            "<input type=hidden name=a>",
            "<input type=\"hidden\" name=\"a\"> cannot be changed by a person",
        ),
        (
            "<input name=a readonly>",
            "<input name=\"a\"> cannot be changed by a person",
        ),
        (
            "<textarea name=a disabled></textarea>",
            "<textarea name=\"a\"> cannot be changed by a person",
        ),
        (
            "<input type=file name=a>",
            "<input type=\"file\" name=\"a\"> takes a file",
        ),
        (
            "<input type=radio name=a value=2>",
            "<input type=\"radio\" name=\"a\"> has no choice \"1\"",
        ),
        (
            "<input type=checkbox name=a value=1 disabled>",
            "<input type=\"checkbox\" name=\"a\"> is disabled",
        ),
        (
            "<select name=a disabled><option>1</select>",
            "<select name=\"a\"> is disabled",
        ),
        (
            "<select name=a><optgroup disabled><option>1</select>",
            "<select name=\"a\"> has the choice \"1\" disabled",
        ),
        (
            "<select name=a><option>2</select>",
            "<select name=\"a\"> has no choice \"1\"",
        ),
    ] {
        let html = format!("<form action=/to>{field}<button id=x></button></form>");
        assert_eq!(sent(&html, &[("a", "1")]), reason, "{field}");
    }
    assert_eq!(
        sent("<a id=x href=/to>", &[("a", "1")]),
        "<a id=\"x\"> is a link and has no fields"
    );
}

#[test]
fn the_referrer_policy_comes_from_the_page_the_link_or_the_form() {
    let page = "<meta name=Referrer content=future><meta name=referrer content=Origin>";
    assert_eq!(
        Document::parse(page).referrer_policy(),
        Some(ReferrerPolicy::Origin)
    );
    for (html, policy) in [
        ("<a id=x href=/to>", None),
        (
            "<a id=x href=/to referrerpolicy=same-origin>",
            Some(ReferrerPolicy::SameOrigin),
        ),
        (
            "<a id=x href=/to referrerpolicy=origin rel='a NoReferrer'>",
            Some(ReferrerPolicy::NoReferrer),
        ),
        (
            "<form rel=noreferrer><button id=x>",
            Some(ReferrerPolicy::NoReferrer),
        ),
    ] {
        assert_eq!(click(html, &[]).unwrap().referrer_policy, policy, "{html}");
    }
}

#[test]
fn elements_below_chromiums_maximum_depth_have_no_children() {
    let html = "<div>".repeat(20_000) + "<form action=/to><input name=a><button id=x>";
    let page = Document::parse(&html);
    let depth = |at| page.ancestors(at).count();
    let deepest = (0..page.elements.len()).map(depth).max();
    assert_eq!(deepest, Some(512));
    assert_eq!(sent(&html, &[]), "GET /to?a=");
}
