//! A browser that signs in, without the pages in between.

use http::StatusCode;
use tower_didit::fake::{Browser, FakeDidit, Page, Person};

/// Signs Alejandra in: gives the response of the callback.
pub(crate) async fn sign_in(browser: &Browser, didit: &FakeDidit) -> Page {
    sign_in_as(&Person::alejandra(), browser, didit).await
}

/// Likewise, anybody.
pub(crate) async fn sign_in_as(person: &Person, browser: &Browser, didit: &FakeDidit) -> Page {
    let started = browser.get("/login").await;
    browser
        .get(&didit.approve(started.location(), person))
        .await
}

/// Starts a sign-in at `page`: gives the callback that Alejandra's yes leads to.
pub(crate) async fn approved(page: &str, browser: &Browser, didit: &FakeDidit) -> String {
    let started = browser.get(page).await;
    didit.approve(started.location(), &Person::alejandra())
}

/// Goes on from a response that starts a sign-in, of which Alejandra approves: gives where it ends.
pub(crate) async fn end_of(started: &Page, browser: &Browser, didit: &FakeDidit) -> String {
    assert_eq!(started.status(), StatusCode::SEE_OTHER, "{}", started.url());
    let back = didit.approve(started.location(), &Person::alejandra());
    let callback = browser.get(&back).await;
    assert_eq!(
        callback.status(),
        StatusCode::SEE_OTHER,
        "{}",
        started.url()
    );
    callback.location().to_owned()
}
