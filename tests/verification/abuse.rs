//! What one signed-in user can do to the others.

use futures_util::future::join_all;
use http::StatusCode;
use tower_didit::fake::{Browser, Endpoint, Fault, Person};

use crate::app::{App, PAGE, RETURN, is_verified, refresh, shows_the_account, through};

#[tokio::test]
async fn one_user_does_not_use_up_the_calls_of_the_others() {
    for url in [PAGE, RETURN] {
        let app = App::new();
        let greedy = app.sign_in(&Person::alejandra()).await;
        for second in 0..50 {
            for _ in 0..12 {
                greedy.get(url).await;
            }
            if second % 12 == 5 {
                app.fake.set_status(&app.session(), "Abandoned");
            }
            app.advance(1);
        }
        let created = app.didit.count(Endpoint::CreateVerification);
        assert!(created + app.asked() <= 40, "{created} and {}", app.asked());
        if url == PAGE {
            let refused = greedy.get(url).await;
            assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(refresh(&refused).is_some());
        }
        let other = app.sign_in(&Person::john()).await;
        assert!(shows_the_account(&through(&other, "approve").await));
        app.advance(60);
        assert!(shows_the_account(&through(&greedy, "approve").await));
    }
}

#[tokio::test]
async fn many_tabs_at_once_cause_one_call() {
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    let tabs: Vec<Browser> = (0..30).map(|_| browser.new_tab()).collect();
    let pages = join_all(tabs.iter().map(|tab| tab.visit(PAGE))).await;
    for page in &pages {
        assert!(page.url().contains("/session/"), "{}", page.url());
    }
    assert_eq!(app.didit.count(Endpoint::CreateVerification), 1);
    app.fake.complete(pages[0].url(), "approve");
    let pages = join_all(tabs.iter().map(|tab| tab.visit(PAGE))).await;
    for page in &pages {
        assert!(shows_the_account(page), "{}", page.text());
    }
    assert_eq!(app.asked(), 1);
}

// Behaviour 130.
#[tokio::test]
async fn what_a_user_does_keeps_no_webhook_from_being_handled() {
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    through(&browser, "review").await;
    app.fake.deliver().await;
    let failing = http::Response::builder().status(500).body("").unwrap();
    app.didit
        .on_every(Endpoint::VerificationDecision, Fault::answer(failing));
    app.advance(10);
    for _ in 0..100 {
        browser.get(PAGE).await;
    }
    app.didit.clear_faults();
    app.fake.set_status(&app.session(), "Declined");
    app.fake.deliver().await;
    let page = browser.get(PAGE).await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert!(!is_verified(&browser).await);
}
