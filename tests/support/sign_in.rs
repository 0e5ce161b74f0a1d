//! A browser that signs in, without the pages in between.

use tower_didit::fake::{Browser, FakeDidit, Page, Person};

/// Signs Alejandra in: gives the answer of the callback.
pub(crate) async fn sign_in(browser: &Browser, didit: &FakeDidit) -> Page {
    let started = browser.get("/login").await;
    let back = didit.approve(started.location(), Person::Alejandra);
    browser.get(&back).await
}
