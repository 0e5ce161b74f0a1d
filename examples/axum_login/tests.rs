//! The two sessions never disagree.

use http::{Method, StatusCode};
use tower_didit::{
    DiditAuth,
    fake::{Browser, FakeDidit, FakeDiditExt, Person},
};

use super::users::Users;

const SITE: &str = "https://app.example";
const CALLBACK: &str = "https://app.example/callback";
const DIDIT: &str = "__Host-didit";
/// The cookie of axum-login's session.
const AXUM_LOGIN: &str = "id";

fn visitor() -> (Users, Browser) {
    let didit = FakeDidit::new("app", "secret");
    let auth = DiditAuth::new(didit.config(CALLBACK).build().unwrap());
    let users = Users::default();
    let app = super::app(auth, users.clone());
    (users, Browser::new(SITE, app).add_didit(&didit))
}

/// Signs in, on the way to the home page.
async fn sign_in(browser: &Browser, person: &Person) -> StatusCode {
    browser.visit("/login").await;
    browser.sign_in_as(person).await.status()
}

/// Whom axum-login knows.
async fn is_user(browser: &Browser, person: &Person) -> bool {
    browser.visit("/").await.text().contains(person.subject())
}

#[tokio::test]
async fn a_user_signs_in_and_out_of_both() {
    let (_, browser) = visitor();
    let alejandra = Person::alejandra();
    sign_in(&browser, &alejandra).await;
    assert!(is_user(&browser, &alejandra).await);
    let session = browser.cookie(AXUM_LOGIN).unwrap();

    // Nothing changes: both sessions are left alone.
    assert!(is_user(&browser, &alejandra).await);
    assert_eq!(browser.cookie(AXUM_LOGIN).unwrap(), session);

    let page = browser.visit("/").await;
    let page = browser.click(&page, "sign-out").await;
    assert!(page.text().contains("Sign in with Didit"));
    assert_eq!(browser.cookies(), []);
}

#[tokio::test]
async fn permissions_are_those_of_axum_login() {
    let (_, browser) = visitor();
    let page = browser.visit("/reports").await;
    assert!(page.url().starts_with("https://auth.didit.me/"));
    let page = browser.sign_in_as(&Person::alejandra()).await;
    assert_eq!(page.url(), "https://app.example/reports");
    assert!(page.text().contains(Person::alejandra().subject()));

    let other = browser.new_browser();
    other.visit("/reports").await;
    let page = other.sign_in_as(&Person::john()).await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert!(page.text().contains("Only administrators"));

    let page = browser.new_browser().fetch(Method::GET, "/reports").await;
    assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn another_user_of_the_same_browser_takes_over_both_sessions() {
    let (_, browser) = visitor();
    sign_in(&browser, &Person::alejandra()).await;
    let session = browser.cookie(AXUM_LOGIN).unwrap();
    sign_in(&browser, &Person::john()).await;
    assert!(is_user(&browser, &Person::john()).await);
    assert!(!is_user(&browser, &Person::alejandra()).await);
    assert_ne!(browser.cookie(AXUM_LOGIN).unwrap().value(), session.value());
}

#[tokio::test]
async fn a_session_of_axum_login_alone_is_nobodys() {
    let (_, browser) = visitor();
    let alejandra = Person::alejandra();
    sign_in(&browser, &alejandra).await;
    let session = browser.cookie(AXUM_LOGIN).unwrap();
    browser.remove_cookie(DIDIT);
    assert!(!is_user(&browser, &alejandra).await);

    // It has ended in the store, too.
    browser.set_cookie(AXUM_LOGIN, session.value());
    assert!(!is_user(&browser, &alejandra).await);
}

#[tokio::test]
async fn a_session_of_axum_login_that_is_lost_comes_back() {
    let (_, browser) = visitor();
    let alejandra = Person::alejandra();
    sign_in(&browser, &alejandra).await;
    browser.remove_cookie(AXUM_LOGIN);
    assert!(is_user(&browser, &alejandra).await);
    assert!(browser.cookie(AXUM_LOGIN).is_some());
}

#[tokio::test]
async fn a_user_whose_account_is_closed_is_in_neither() {
    let (users, browser) = visitor();
    let alejandra = Person::alejandra();
    sign_in(&browser, &alejandra).await;
    users.close(alejandra.subject());
    let page = browser.visit("/").await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert!(page.text().contains("This account is closed"));

    let browser = browser.new_browser();
    assert_eq!(sign_in(&browser, &alejandra).await, StatusCode::FORBIDDEN);
    assert_eq!(browser.cookies(), []);
}
