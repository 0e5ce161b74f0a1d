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
    DiditAuth::new(didit.config(CALLBACK).build().unwrap())
}

/// The name and value of a `Set-Cookie` line.
pub(crate) fn cookie<R>(response: &Response<R>, name: &str) -> String {
    let lines = response.headers().get_all(header::SET_COOKIE).iter();
    let mut lines = lines.map(|line| line.to_str().unwrap().split(';').next().unwrap());
    lines
        .find(|line| line.starts_with(name))
        .unwrap()
        .to_owned()
}

/// The callback of a sign-in that Alejandra approved.
pub(crate) fn callback<R>(started: &Response<R>, didit: &FakeDidit) -> http::request::Builder {
    let to = started.headers()[header::LOCATION].to_str().unwrap();
    let back = didit.approve(to, Person::Alejandra);
    let path = back.strip_prefix("https://app.example").unwrap();
    Request::get(path).header(header::COOKIE, cookie(started, "__Host-didit-flow-"))
}
