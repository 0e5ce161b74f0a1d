//! A sign-in by requests and answers, for services that know no browser.

use http::{Request, Response, header};
use tower_didit::{
    DiditAuth,
    fake::{FakeDidit, Person},
};

const CALLBACK: &str = "https://app.example/callback";

pub(crate) fn didit() -> FakeDidit {
    FakeDidit::new("client-id", "client-secret")
}

pub(crate) fn auth(didit: &FakeDidit) -> DiditAuth {
    let config = didit.config(CALLBACK).build();
    DiditAuth::new(config.expect("a good configuration"))
}

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
    let back = didit.approve(to.to_str().expect("a URL"), Person::Alejandra);
    let path = back.strip_prefix("https://app.example");
    Request::get(path.expect("back at the application"))
        .header(header::COOKIE, cookie(started, "__Host-didit-flow-"))
}
