//! The layer's cookies in a browser, and in a response.

use http::header;
use tower_didit::fake::{Browser, Page, StoredCookie};

/// The session's cookie, or the first of several.
pub(crate) const SESSION: &str = "__Host-didit";
/// What the names of sign-ins under way start with.
pub(crate) const FLOW: &str = "__Host-didit-flow-";

/// Counts completed sign-ins, for 30 seconds.
pub(crate) const COMPLETED: &str = "__Host-didit.completed";

/// All cookies but the one that counts completed sign-ins.
pub(crate) fn lasting(browser: &Browser) -> Vec<StoredCookie> {
    let mut cookies = browser.cookies();
    cookies.retain(|cookie| !cookie.name().ends_with("didit.completed"));
    cookies
}

/// The value of the session's cookie.
#[track_caller]
pub(crate) fn session(browser: &Browser) -> String {
    let cookie = browser.cookie(SESSION).expect("a session");
    cookie.value().to_owned()
}

/// The `Cookie` header of a browser.
pub(crate) fn header_of(browser: &Browser) -> String {
    let cookies = browser.cookies().into_iter();
    let pairs = cookies.map(|cookie| format!("{}={}", cookie.name(), cookie.value()));
    pairs.collect::<Vec<_>>().join("; ")
}

/// The name of a session's cookie, by its number.
pub(crate) fn chunk_name(index: usize) -> String {
    match index {
        0 => SESSION.to_owned(),
        _ => format!("{SESSION}.{index}"),
    }
}

/// The cookies of the sign-ins under way.
pub(crate) fn flow_cookies(browser: &Browser) -> Vec<StoredCookie> {
    let mut cookies = browser.cookies();
    cookies.retain(|cookie| cookie.name().starts_with(FLOW));
    cookies
}

/// The names of the [lasting] cookies.
pub(crate) fn names(browser: &Browser) -> Vec<String> {
    let cookies = lasting(browser).into_iter();
    cookies.map(|cookie| cookie.name().to_owned()).collect()
}

/// Gives the cookies of one browser to another, as to the same one at another process.
pub(crate) fn copy_cookies(from: &Browser, to: &Browser) {
    for cookie in from.cookies() {
        to.set_cookie(cookie.name(), cookie.value());
    }
}

/// The `Set-Cookie` lines of a response.
pub(crate) fn set_cookies(page: &Page) -> Vec<&str> {
    let lines = page.headers().get_all(header::SET_COOKIE).iter();
    lines.map(|line| line.to_str().expect("ASCII")).collect()
}

/// Whether a response sets a session's cookie.
pub(crate) fn sets_session(page: &Page) -> bool {
    let lines = set_cookies(page).into_iter();
    let mut values = lines.filter_map(|line| line.strip_prefix(SESSION)?.strip_prefix('='));
    values.any(|value| !value.starts_with(';'))
}
