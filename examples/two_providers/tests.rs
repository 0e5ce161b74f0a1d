//! Both sign-ins, side by side.

use http::{Method, StatusCode};
use tower_didit::{
    DiditAuth,
    fake::{Browser, FakeDidit, FakeDiditExt, Person},
    scope,
};

use crate::staff::beside_the_customers;

const SITE: &str = "https://app.example";

fn visitor() -> Browser {
    let (didit, staff_didit) = (
        FakeDidit::new("customers", "secret"),
        FakeDidit::authentication("staff"),
    );
    let customers = didit
        .config("https://app.example/callback")
        .with_scopes([scope::OPENID, scope::NAMES]);
    let staff = staff_didit.config("https://app.example/staff/callback");
    let [customers, staff] = [customers, beside_the_customers(staff)]
        .map(|config| DiditAuth::new(config.build().unwrap()));
    Browser::new(SITE, super::app(customers, staff))
        .add_didit(&didit)
        .add_didit(&staff_didit)
}

#[tokio::test]
async fn two_people_are_signed_in_side_by_side_and_out_on_their_own() {
    let browser = visitor();
    let page = browser.visit("/").await;
    assert!(!page.text().contains("Signed in"));
    browser.click(&page, "sign-in").await;
    let page = browser.sign_in_as(&Person::alejandra()).await;
    assert_eq!(page.url(), "https://app.example/orders");
    assert!(
        page.text()
            .contains("Hello, <span id=\"name\">Alejandra Rosas</span>")
    );

    let page = browser.visit("/").await;
    browser.click(&page, "staff-sign-in").await;
    let page = browser.sign_in_as(&Person::john()).await;
    assert_eq!(page.url(), "https://app.example/staff");

    let home = browser.visit("/").await;
    let (customer, staff) = (
        signed_in_as("customer", &Person::alejandra()),
        signed_in_as("staff", &Person::john()),
    );
    assert!(home.text().contains(&customer) && home.text().contains(&staff));

    let home = browser.click(&home, "staff-sign-out").await;
    assert!(home.text().contains(&customer) && !home.text().contains(&staff));
    let home = browser.click(&home, "sign-out").await;
    assert!(!home.text().contains("Signed in"));
    assert_eq!(browser.cookies(), []);
}

#[tokio::test]
async fn a_customer_is_not_staff() {
    let browser = visitor();
    browser.visit("/orders").await;
    browser.sign_in_as(&Person::alejandra()).await;

    let page = browser.visit("/staff").await;
    assert!(page.url().starts_with("https://app.auth.didit.me/sign-in?"));
    let page = browser.fetch(Method::GET, "/staff").await;
    assert_eq!(page.status(), StatusCode::UNAUTHORIZED);

    // The customer's cookie under the name of the staff's.
    let cookie = browser.cookie("__Host-didit").unwrap();
    browser.set_cookie("__Host-staff", cookie.value());
    let page = browser.visit("/").await;
    assert!(page.text().contains("id=\"customer\"") && !page.text().contains("id=\"staff\""));
}

#[tokio::test]
async fn staff_who_decline_are_not_signed_in() {
    let browser = visitor();
    browser.visit("/staff").await;
    let page = browser.decline().await;
    assert!(page.status().is_client_error());
    let page = browser.visit("/").await;
    assert!(!page.text().contains("Signed in"));
}

/// What the home page shows of a user.
fn signed_in_as(role: &str, person: &Person) -> String {
    format!("<code id=\"{role}\">{}</code>", person.subject())
}
