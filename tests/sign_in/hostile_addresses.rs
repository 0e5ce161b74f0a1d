//! Addresses that lead to other sites, and an oracle that resolves them as browsers do.

use std::{collections::BTreeSet, fmt::Write};

use percent_encoding::percent_decode_str;
use url::{Position, Url};

const BASE: &str = "https://app.example/callback";

/// Whether a browser that is redirected to `location` from [`BASE`] stays on that site, also if something
/// on the way decodes the path once or twice, or resolves its dots (which may be encoded, so that
/// counts as decoding once) and redirects there. It knows nothing of the crate.
pub(crate) fn stays(location: &str) -> bool {
    let (path, query) = location.split_at(location.find('?').unwrap_or(location.len()));
    let decode = |path: &str| percent_decode_str(path).decode_utf8_lossy().into_owned();
    let once = decode(path);
    let twice = decode(&once);
    let [plain, once, twice] = [path, &once, &twice].map(|path| resolve(&format!("{path}{query}")));
    let again = |url: Url| resolve(&url[Position::BeforePath..]);
    twice.is_some() && once.and_then(again).is_some() && plain.and_then(again).is_some()
}

/// The URL that a browser requests, if it is on the same site.
fn resolve(location: &str) -> Option<Url> {
    let base = Url::parse(BASE).expect("a URL");
    let url = base.join(location).ok()?;
    (url.origin() == base.origin()).then_some(url)
}

/// Addresses that lead to other sites, by the oracle.
pub(crate) fn hostile() -> BTreeSet<String> {
    let plain: BTreeSet<_> = plain().collect();
    let encoded = plain.iter().flat_map(|target| {
        let is_special = |c: char| !c.is_ascii_alphanumeric();
        let once = [
            encode(target, |c| c == '/'),
            encode(target, |c| c == '\\'),
            encode(target, |c| c == '.'),
            encode(target, |c| c.is_control() || c == ' '),
            encode(target, is_special),
            encode(target, is_special).to_lowercase(),
        ];
        let twice = once.clone().map(|once| encode(&once, |c| c == '%'));
        once.into_iter().chain(twice)
    });
    let mut hostile: BTreeSet<_> = encoded.chain(plain.iter().cloned()).collect();
    hostile.retain(|target| !stays(target));
    hostile
}

fn plain() -> impl Iterator<Item = String> {
    let behind_slashes = pairs(SLASHES, HOSTS);
    let behind_schemes = SCHEMES.iter().flat_map(|scheme| {
        let behind = pairs(&["//", "/", "", "\\\\", "/\\", "///"], HOSTS);
        behind.map(move |rest| format!("{scheme}{rest}"))
    });
    let behind_detours = DETOURS.iter().flat_map(|detour| {
        let behind = pairs(&["//", "/\\", "\\/", "/\t/"], HOSTS);
        behind.map(move |rest| format!("{detour}{rest}"))
    });
    let whole = WHOLE.iter().map(|&whole| whole.to_owned());
    behind_slashes
        .chain(behind_schemes)
        .chain(behind_detours)
        .chain(whole)
}

fn pairs(before: &'static [&str], after: &'static [&str]) -> impl Iterator<Item = String> {
    let each = before.iter();
    each.flat_map(move |before| after.iter().map(move |after| format!("{before}{after}")))
}

/// Percent-encodes some characters. A slash in front stays, so that it looks like a path.
fn encode(target: &str, which: impl Fn(char) -> bool) -> String {
    let mut encoded = String::new();
    for (at, c) in target.char_indices() {
        if which(c) && (at, c) != (0, '/') {
            for byte in c.to_string().bytes() {
                write!(encoded, "%{byte:02X}").expect("a string takes all");
            }
        } else {
            encoded.push(c);
        }
    }
    encoded
}

/// Prefixes that a browser reads as the `//` before a host.
#[rustfmt::skip]
const SLASHES: &[&str] = &[
    "//", "///", "////", "/\\", "\\\\", "\\/", "/\\/", "/\t/", "/\n/", "/\r\n/", "\t//", " //",
    "\0//", "/\t\\", "//\t", "/./\\", "//\\",
];

#[rustfmt::skip]
const DETOURS: &[&str] = &[
    "/.", "/..", "/./.", "/../..", "/a/..", "/a/../..", "/a/b/../..", "/.\t", "/%2e", "/%2e%2e",
    "/.%2E", "/%2e.", "/a/%2e%2e", "/%252e%252e", "/a/%252e%252e",
];

#[rustfmt::skip]
const SCHEMES: &[&str] = &[
    "https:", "http:", "HTTPS:", "hTTp:", " https:", "\thttps:", "ht\ntps:", "https\t:", "ftp:",
    "file:", "ws:", "intent:",
];

#[rustfmt::skip]
const HOSTS: &[&str] = &[
    "evil.example", "evil.example/x", "evil.example:443", "evil.example/..",
    "app.example@evil.example", "app.example:443@evil.example", "app.example%40evil.example",
    "app.example.evil.example", "app.example:8443", "evil.example?app.example",
    "evil.example#app.example", "evil.example\\@app.example", "evil\u{3002}example",
    "evil%E3%80%82example", "evil\u{ff0e}example", "\u{ff45}vil.example", "\u{24d4}vil.example",
    "[::1]", "2130706433", "xn--evl-0pa.example", "/evil.example",
];

/// Addresses of no site, and addresses of slashes only.
#[rustfmt::skip]
const WHOLE: &[&str] = &[
    "javascript:alert(1)", "javascript://app.example/%0aalert(1)", "JavaScript:alert(1)",
    " javascript:alert(1)", "java\tscript:alert(1)", "java\r\nscript:alert(1)",
    "\u{1}javascript:alert(1)", "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD4=", "vbscript:msgbox(1)", "blob:https://app.example/1",
    "about:blank", "mailto:a@evil.example", "view-source:https://evil.example", "filesystem:x",
    "//", "///", "////", "/\\", "\\\\", "/%2f", "/%5c", "/%5C%5c", "/%09/", "/%0d%0a/", "/..//",
    "/.//",
];
