//! The way back from the provider: a code is exchanged once, by the browser that began, which ends
//! up on this site.
//!
//! An input has a line each for the query of the callback, the `Cookie` header, and the page to return
//! to. `$STATE`, `$NAME` and `$VALUE` in it stand for the state and the cookie of a sign-in under way.
//!
//! RFC 6749 §4.1.2, RFC 9700 §4.7 and §4.11; behaviours 3, 8, 17 and 95.
#![no_main]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use http::{HeaderValue, Method, Uri};
use libfuzzer_sys::{Corpus, fuzz_target};
use tower_didit_fuzz::{Answer, GOOD_ES256, JWKS, SignIn, Site, provider, token_answer};
use url::Url;

fuzz_target!(|data: &[u8]| -> Corpus {
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let [query, cookies, return_to] = [(); 3].map(|()| lines.next().unwrap_or_default());

    let exchanges = Arc::new(AtomicUsize::new(0));
    let exchanged = || exchanges.load(Relaxed);
    let site = site(Arc::clone(&exchanges));
    let sign_in = SignIn::started_by(&site.login(&String::from_utf8_lossy(return_to)));
    let sign_in = sign_in.expect("the provider is known");

    let target = fill_in(&[b"/callback?", query].concat(), &sign_in);
    let cookies = fill_in(cookies, &sign_in);
    let uri = Uri::try_from(target.as_slice());
    let (Ok(uri), Ok(header)) = (uri, HeaderValue::from_bytes(&cookies)) else {
        return Corpus::Reject; // No server takes it.
    };
    let is_own = contains(&target, &sign_in.state)
        && contains(&cookies, &sign_in.cookie_name)
        && contains(&cookies, &sign_in.cookie_value);

    let first = site.get(uri.clone(), Some(header.clone()));
    assert!(exchanged() <= usize::from(is_own));
    assert_eq!(first.is_signed_in(), exchanged() == 1);
    assert!(first.is_signed_in() || data != GOOD);

    let again = site.get(uri, Some(header));
    assert!(exchanged() <= 1);
    // A reload joins the first one: it gets the same session, or none.
    assert!(!again.is_signed_in() || again.cookies() == first.cookies());

    for answer in [first, again] {
        assert!(stays_or_signs_in(&answer), "{:?}", answer.location());
    }
    Corpus::Keep
});

fn site(exchanges: Arc<AtomicUsize>) -> Site {
    let config = Site::config(provider()).with_prompt("none");
    Site::new(config, move |request| {
        if request.method() == Method::POST {
            exchanges.fetch_add(1, Relaxed);
            token_answer(GOOD_ES256)
        } else {
            JWKS.into()
        }
    })
}

/// Whether a browser that follows this answer is on this site then, or where people sign in.
fn stays_or_signs_in(answer: &Answer) -> bool {
    let here = Url::parse("https://app.example/callback").expect("a URL");
    answer.location().is_none_or(|location| {
        let next = here.join(location).expect("a URL");
        next.origin() == here.origin() || location.starts_with("https://op.example/sign-in?")
    })
}

fn fill_in(text: &[u8], sign_in: &SignIn) -> Vec<u8> {
    let text = replace(text, "$STATE", &sign_in.state);
    let text = replace(&text, "$NAME", &sign_in.cookie_name);
    replace(&text, "$VALUE", &sign_in.cookie_value)
}

/// As `str::replace`, for any bytes.
fn replace(text: &[u8], mark: &str, value: &str) -> Vec<u8> {
    let mut replaced = Vec::new();
    let mut rest = text;
    while let Some(at) = position(rest, mark) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(value.as_bytes());
        rest = &rest[at + mark.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

fn contains(text: &[u8], part: &str) -> bool {
    position(text, part).is_some()
}

fn position(text: &[u8], part: &str) -> Option<usize> {
    let mut windows = text.windows(part.len());
    windows.position(|window| window == part.as_bytes())
}

const GOOD: &[u8] = include_bytes!("../seeds/callback/good");
