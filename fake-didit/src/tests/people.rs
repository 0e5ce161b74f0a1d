use axum::{Router, extract::RawQuery, routing::get};
use serde_json::{Value, json};

use super::{authorize_url, code_form, didit, query, tokens, user_info};
use crate::{Browser, Endpoint, FakeDidit, Person};

fn ada() -> Person {
    Person::new("u-1815")
        .with_names("Ada", "Lovelace")
        .with_email("ada@example.com")
}

fn browser(didit: &FakeDidit) -> Browser {
    let callback = get(|RawQuery(query): RawQuery| async {
        format!("https://x/?{}", query.unwrap_or_default())
    });
    let app = Router::new().route("/callback", callback);
    Browser::new("https://app.example", app).add_didit(didit)
}

/// The user information of the sign-in with this code.
async fn user_info_for(didit: &FakeDidit, code: &str) -> Value {
    let tokens = tokens(didit, code_form(code, &[])).await;
    user_info(didit, &tokens["access_token"]).await.1
}

#[tokio::test]
async fn a_listed_person_signs_in_with_a_button() {
    let didit = didit().add_person(ada());
    let browser = browser(&didit);
    let page = browser.visit(&authorize_url(&[])).await;
    let callback = browser.click(&page, "approve-ada").await;
    let code = query(callback.text(), "code").unwrap();
    assert_eq!(
        user_info_for(&didit, &code).await,
        json!({
            "sub": "u-1815",
            "email": {"email": "ada@example.com", "is_verified": false, "is_primary": true}
        })
    );
}

#[tokio::test]
async fn a_person_need_not_be_listed() {
    let didit = didit().with_people([]);
    let callback = didit.approve(&authorize_url(&[]), &ada());
    let code = query(&callback, "code").unwrap();
    assert_eq!(user_info_for(&didit, &code).await["sub"], "u-1815");
}

#[tokio::test]
async fn with_people_replaces_the_list_and_add_person_appends() {
    let didit = didit();
    assert_eq!(didit.people(), [Person::alejandra(), Person::john()]);
    let didit = didit.with_people([ada()]).add_person(Person::john());
    assert_eq!(didit.people(), [ada(), Person::john()]);

    let page = browser(&didit).visit(&authorize_url(&[])).await;
    assert!(page.text().contains(" id=\"approve-ada\""));
    assert!(page.text().contains(" id=\"approve-john\""));
    assert!(!page.text().contains("alejandra"));
}

#[tokio::test]
async fn a_grant_keeps_the_person_who_approved() {
    let didit = didit().add_person(ada());
    let callback = didit.approve(&authorize_url(&[]), &ada());
    let didit = didit.add_person(ada().with_email("new@example.com"));
    let user_info = user_info_for(&didit, &query(&callback, "code").unwrap()).await;
    assert_eq!(user_info["email"]["email"], "ada@example.com");
}

#[tokio::test]
async fn a_browser_signs_in_with_any_id_of_the_button() {
    let odd = Person::new("\"<&>'|u 1\"").with_names("John", "O'Neil <john>");
    let didit = didit().add_person(odd.clone());
    let browser = browser(&didit);
    for person in [Person::alejandra(), Person::john(), odd] {
        browser.visit(&authorize_url(&[])).await;
        let callback = browser.sign_in_as(&person).await;
        let code = query(callback.text(), "code").unwrap();
        assert_eq!(user_info_for(&didit, &code).await["sub"], person.subject());
    }
}

#[tokio::test]
async fn a_browser_finds_one_of_hundreds_of_people() {
    let people: Vec<_> = (0..500)
        .map(|number| Person::new(format!("u-{number}")).with_names("Sam", format!("No. {number}")))
        .collect();
    let didit = didit().with_people(people.clone());
    let browser = browser(&didit);
    browser.visit(&authorize_url(&[])).await;
    let person = people.last().unwrap();
    let callback = browser.sign_in_as(person).await;
    let code = query(callback.text(), "code").unwrap();
    assert_eq!(user_info_for(&didit, &code).await["sub"], "u-499");
}

/// The panic message of a failed sign-in.
async fn rejected(browser: &Browser, person: &Person) -> String {
    let (browser, person) = (browser.clone(), person.clone());
    let sign_in = tokio::spawn(async move { browser.sign_in_as(&person).await });
    let panic = sign_in.await.unwrap_err().into_panic();
    let fixed = panic.downcast_ref::<&str>().map(ToString::to_string);
    fixed
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap()
}

#[tokio::test]
async fn a_browser_that_cannot_sign_in_gives_the_reason() {
    let didit = didit();
    let browser = browser(&didit);
    assert_eq!(
        rejected(&browser, &ada()).await,
        "the browser has no page: open the sign-in page first"
    );
    browser.visit("/callback").await;
    assert_eq!(
        rejected(&browser, &ada()).await,
        "the current page is not the sign-in page, but 200 OK of https://app.example/callback"
    );
    browser.visit(&authorize_url(&[])).await;
    assert_eq!(
        rejected(&browser, &ada()).await,
        "the sign-in page does not list \"u-1815\": add the person with FakeDidit::add_person"
    );
    assert_eq!(didit.count(Endpoint::Decision), 0);
}
