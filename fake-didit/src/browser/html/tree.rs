//! Tree construction (HTML, "tree construction").
//!
//! Implements the parts that determine a control's form and whether the control is disabled: the form
//! element pointer, the stack of open elements, implied end tags. Omits foster parenting and the adoption
//! agency algorithm, which affect neither.

use html5gum::{EndTag, HtmlString, StartTag, State, Token, Tokenizer};

use super::element::Element;

/// The elements of a page in the order of their start tags, without the content of templates.
pub(super) fn elements(html: &str) -> Vec<Element> {
    let mut tree = Tree::default();
    let mut tokenizer = Tokenizer::new(html);
    while let Some(Ok(token)) = tokenizer.next() {
        match token {
            Token::StartTag(tag) => {
                if let Some(state) = tree.start(&tag) {
                    tokenizer.set_state(state);
                }
            }
            Token::EndTag(EndTag { name, .. }) => tree.end(&text(&name)),
            Token::String(characters) => tree.characters(&text(&characters.value)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    tree.elements
}

#[derive(Default)]
struct Tree {
    elements: Vec<Element>,
    /// HTML, "the stack of open elements".
    open: Vec<Open>,
    /// HTML, "form element pointer".
    form: Option<usize>,
    /// The number of open templates, whose content is not part of the page.
    templates: usize,
}

/// An open element, with properties of its start tag.
struct Open {
    at: usize,
    is_special: bool,
    ends_scope: bool,
    /// Whether its content is SVG or `MathML`.
    is_foreign: bool,
    /// The `textarea` or `option` to which its text belongs.
    control: Option<usize>,
}

impl Tree {
    /// Processes a start tag; returns the state to which the tokenizer switches.
    fn start(&mut self, tag: &StartTag<()>) -> Option<State> {
        let name = text(&tag.name);
        let is_foreign = self.is_foreign();
        let state = tokenizer_state(&name).filter(|_| !is_foreign);
        if name == "template" && !is_foreign {
            self.templates += 1;
        }
        if self.templates > 0 || !self.closes_implied(&name) {
            return state;
        }
        let at = self.elements.len();
        let attributes = tag.attributes.iter();
        self.elements.push(Element {
            attributes: attributes
                .map(|(name, value)| (text(name), text(&value.value)))
                .collect(),
            parent: self.open.last().map(|open| open.at),
            form: self.form,
            text: String::new(),
            name: name.clone(),
        });
        // HTML, "in table": the form is closed at once and has no children.
        let is_left_open = name != "form" || !self.current_is(&TABLE_PARTS);
        if name == "form" {
            self.form = Some(at);
        }
        let is_closed = is_foreign && tag.self_closing || VOID.contains(&&*name);
        if is_left_open && !is_closed && self.open.len() < MAX_DEPTH {
            self.open(at, &name);
        }
        state
    }

    fn open(&mut self, at: usize, name: &str) {
        let parent = self.open.last();
        self.open.push(Open {
            at,
            is_special: SPECIAL.contains(&name),
            ends_scope: SCOPE.contains(&name),
            is_foreign: match name {
                "svg" | "math" => true,
                "foreignobject" => false,
                _ => self.is_foreign(),
            },
            control: match name {
                "textarea" | "option" => Some(at),
                _ => parent.and_then(|parent| parent.control),
            },
        });
    }

    /// Closes the elements that a start tag implicitly ends; `false` if the start tag is ignored.
    fn closes_implied(&mut self, name: &str) -> bool {
        match name {
            "form" => return self.form.is_none(),
            "button" => {
                self.close(name);
            }
            "option" if self.current_is(&["option"]) => {
                self.open.pop();
            }
            "optgroup" => {
                if self.current_is(&["option"]) {
                    self.open.pop();
                }
                if self.current_is(&["optgroup"]) {
                    self.open.pop();
                }
            }
            "input" | "textarea" => {
                self.close("select");
            }
            "select" => return !self.close("select"),
            _ => {}
        }
        true
    }

    fn end(&mut self, name: &str) {
        match name {
            "template" => self.templates = self.templates.saturating_sub(1),
            _ if self.templates > 0 => {}
            "form" => self.end_form(),
            "body" | "html" => {}
            _ => {
                self.close(name);
            }
        }
    }

    /// Closes the form. Elements inside of it stay open.
    fn end_form(&mut self) {
        let Some(form) = self.form.take() else {
            return;
        };
        let Some(place) = self.open.iter().rposition(|open| open.at == form) else {
            return;
        };
        let above = self.open.get(place + 1..).unwrap_or_default();
        if above.iter().any(|open| open.ends_scope) {
            return;
        }
        while self.current_is(&IMPLIED) {
            self.open.pop();
        }
        self.open.retain(|open| open.at != form);
    }

    /// Closes the innermost open element with this name in scope, and the elements in it; `false` if there
    /// is none.
    fn close(&mut self, name: &str) -> bool {
        let (is_table_part, is_special) = (
            TABLE_PARTS.contains(&name) || CELLS.contains(&name),
            SPECIAL.contains(&name),
        );
        for (place, open) in self.open.iter().enumerate().rev() {
            if self.is(open.at, &[name]) {
                self.open.truncate(place);
                return true;
            }
            let is_barrier = match (is_table_part, is_special) {
                (true, _) => self.is(open.at, &["html", "table"]),
                (false, true) => open.ends_scope,
                (false, false) => open.is_special,
            };
            if is_barrier {
                return false;
            }
        }
        false
    }

    fn characters(&mut self, characters: &str) {
        let control = self.open.last().and_then(|open| open.control);
        let control = control.filter(|_| self.templates == 0);
        if let Some(control) = control.and_then(|at| self.elements.get_mut(at)) {
            control.text.push_str(characters);
        }
    }

    /// Whether the current node is not an HTML element.
    fn is_foreign(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_foreign)
    }

    fn current_is(&self, names: &[&str]) -> bool {
        self.open.last().is_some_and(|open| self.is(open.at, names))
    }

    fn is(&self, at: usize, names: &[&str]) -> bool {
        self.elements
            .get(at)
            .is_some_and(|element| element.is(names))
    }
}

/// The tokenizer state for the content of an element. Scripting is disabled, so `noscript` is an ordinary
/// element.
fn tokenizer_state(name: &str) -> Option<State> {
    Some(match name {
        "title" | "textarea" => State::RcData,
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => State::RawText,
        "script" => State::ScriptData,
        "plaintext" => State::PlainText,
        _ => return None,
    })
}

fn text(text: &HtmlString) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// Chromium's limit of the tree depth, below which elements have no children. It bounds the parsing time.
const MAX_DEPTH: usize = 512;
/// HTML, "void elements".
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

const TABLE_PARTS: [&str; 5] = ["table", "tbody", "tfoot", "thead", "tr"];

const CELLS: [&str; 3] = ["caption", "td", "th"];

/// HTML, "generate implied end tags".
const IMPLIED: [&str; 10] = [
    "dd", "dt", "li", "optgroup", "option", "p", "rb", "rp", "rt", "rtc",
];

/// HTML, "has a particular element in scope".
const SCOPE: [&str; 9] = [
    "applet", "caption", "html", "marquee", "object", "select", "table", "td", "th",
];

/// HTML, "special", without void elements and templates.
#[rustfmt::skip]
const SPECIAL: [&str; 66] = [
    "address", "applet", "article", "aside", "blockquote", "body", "button", "caption", "center",
    "colgroup", "dd", "details", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer",
    "form", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "html", "iframe",
    "li", "listing", "main", "marquee", "menu", "nav", "noembed", "noframes", "noscript", "object", "ol",
    "p", "plaintext", "pre", "script", "search", "section", "select", "style", "summary", "table",
    "tbody", "td", "textarea", "tfoot", "th", "thead", "title", "tr", "ul", "xmp", "dialog", "foreignobject",
];
