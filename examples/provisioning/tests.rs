//! Accounts come with the first sign-in, and banned ones do not come back.

use http::StatusCode;
use tower_didit::{
    DiditAuth,
    fake::{Browser, FakeDidit, FakeDiditExt, Person},
    scope,
};

use super::accounts::Accounts;

const SITE: &str = "https://app.example";
const CALLBACK: &str = "https://app.example/callback";

fn visitor() -> (Accounts, Browser) {
    let didit = FakeDidit::new("app", "secret");
    let config = didit
        .config(CALLBACK)
        .with_scopes([scope::OPENID, scope::EMAIL, scope::NAMES]);
    let accounts = Accounts::open(":memory:").unwrap();
    let app = super::app(DiditAuth::new(config.build().unwrap()), accounts.clone());
    (accounts, Browser::new(SITE, app).add_didit(&didit))
}

fn count(accounts: &Accounts) -> u32 {
    let count = "SELECT count(*) FROM accounts";
    let count = accounts.database().query_one(count, (), |row| row.get(0));
    count.unwrap()
}

#[tokio::test]
async fn the_first_sign_in_creates_the_account_and_the_next_one_updates_it() {
    let (accounts, browser) = visitor();
    let alejandra = Person::alejandra();
    browser.visit("/account").await;
    let page = browser.sign_in_as(&alejandra).await;
    assert_eq!(page.url(), "https://app.example/account");
    assert!(page.text().contains("<dd id=\"name\">Alejandra Rosas</dd>"));

    let outdated = "UPDATE accounts SET name = 'Old Name'";
    accounts.database().execute(outdated, ()).unwrap();
    let browser = browser.new_browser();
    browser.visit("/account").await;
    browser.sign_in_as(&alejandra).await;
    let account = accounts.find(alejandra.subject()).unwrap().unwrap();
    assert_eq!(account.name.as_deref(), Some("Alejandra Rosas"));
    assert_eq!(count(&accounts), 1);
}

#[tokio::test]
async fn a_banned_user_is_refused_at_once_and_at_the_next_sign_in() {
    let (accounts, browser) = visitor();
    browser.visit("/account").await;
    let page = browser.sign_in_as(&Person::alejandra()).await;
    let page = browser.click(&page, "ban").await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert!(page.text().contains("This account is closed"));
    browser.click(&page, "sign-out").await;

    browser.visit("/account").await;
    let page = browser.sign_in_as(&Person::alejandra()).await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert!(page.text().contains("This account is closed"));
    assert_eq!(browser.cookies(), []);

    browser.visit("/account").await;
    let page = browser.sign_in_as(&Person::john()).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(count(&accounts), 2);
}

#[tokio::test]
async fn an_account_that_was_deleted_is_created_by_another_sign_in() {
    let (accounts, browser) = visitor();
    browser.visit("/account").await;
    browser.sign_in_as(&Person::alejandra()).await;
    accounts
        .database()
        .execute("DELETE FROM accounts", ())
        .unwrap();

    browser.visit("/account").await;
    let page = browser.sign_in_as(&Person::alejandra()).await;
    assert_eq!(page.url(), "https://app.example/account");
    assert_eq!(count(&accounts), 1);
}

#[tokio::test]
async fn a_user_who_declines_gets_no_account() {
    let (accounts, browser) = visitor();
    browser.visit("/account").await;
    let page = browser.decline().await;
    assert!(page.status().is_client_error());
    assert_eq!(count(&accounts), 0);
}

#[tokio::test]
async fn without_the_database_no_session_begins() {
    let (accounts, browser) = visitor();
    accounts
        .database()
        .execute("DROP TABLE accounts", ())
        .unwrap();
    browser.visit("/account").await;
    let page = browser.sign_in_as(&Person::alejandra()).await;
    assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(page.text().contains("Try again"));
    assert_eq!(browser.cookies(), []);
}
