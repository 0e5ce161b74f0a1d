//! A sign-in by requests and answers, for services that know no browser.

use http::{Request, Response, header};
use tower_didit::fake::{FakeDidit, Person};

use super::{cookies::FLOW, site::HOME};

/// The name and value of a `Set-Cookie` line.
pub(crate) fn cookie<R>(response: &Response<R>, name: &str) -> String {
    let lines = response.headers().get_all(header::SET_COOKIE).iter();
    let mut pairs = lines.filter_map(|line| line.to_str().ok()?.split(';').next());
    let found = pairs.find(|pair| pair.starts_with(name));
    found.expect("the cookie is set").to_owned()
}

/// The callback of a sign-in that Alejandra approved.
pub(crate) fn callback<R>(started: &Response<R>, didit: &FakeDidit) -> http::request::Builder {
    let to = &started.headers()[header::LOCATION];
    let back = didit.approve(to.to_str().expect("a URL"), &Person::alejandra());
    let path = back.strip_prefix(HOME).expect("back at the application");
    Request::get(path).header(header::COOKIE, cookie(started, FLOW))
}
