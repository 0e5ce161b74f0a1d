//! Who gets into the account, and what each page says.

use http::StatusCode;
use tower_didit::{
    DiditAuth,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, FakeVerification, Fault, Page, Person},
    verification::{DiditWebhooks, Requirements, Verification, VerificationClient, conformance},
};

use super::{pages, records::Records};

const SITE: &str = "https://app.example";

struct Visitor {
    didit: FakeDidit,
    fake: FakeVerification,
    browser: Browser,
}

impl Visitor {
    /// Signed in, at the page of Didit that verifies people.
    async fn at_didit() -> (Self, Page) {
        let didit = FakeDidit::new("app", "secret");
        let fake = didit.verification();
        let config = didit
            .config("https://app.example/callback")
            .with_redirect_after_sign_in()
            .with_error_page(|error, _request, next| pages::error(error.kind(), next))
            .build()
            .unwrap();
        let requirements = Requirements::identity()
            .with_liveness()
            .with_face_match()
            .with_workflow(fake.workflow_id());
        let verification = Verification::new(
            VerificationClient::new(fake.api_key(), &config).unwrap(),
            requirements,
            "https://app.example/verified",
            Records::open(":memory:").unwrap(),
        );
        let verification = verification.unwrap().with_clock(didit.clock());
        let webhooks = DiditWebhooks::new([fake.webhook_secret()]).unwrap();
        let app = super::app(verification, webhooks.with_clock(didit.clock()))
            .merge(super::desk::routes(fake.clone()))
            .layer(DiditAuth::new(config));
        fake.send_webhooks_to_service("https://app.example/didit", app.clone());
        let browser = Browser::new(SITE, app).add_didit(&didit);
        let welcome = browser.visit("/").await;
        browser.click(&welcome, "account").await;
        let hosted = browser.sign_in_as(&Person::alejandra()).await;
        assert!(hosted.url().contains("/session/"), "{}", hosted.url());
        (
            Self {
                didit,
                fake,
                browser,
            },
            hosted,
        )
    }

    async fn home_says(&self, title: &str) {
        let home = self.browser.visit("/").await;
        assert!(home.text().contains(title), "{title}: {}", home.text());
    }

    /// Decides at the desk, and waits for the webhook.
    async fn decide(&self, button: &str) {
        let desk = self.browser.visit("/desk").await;
        self.browser.click(&desk, button).await;
        self.fake.deliver().await;
    }
}

// Behaviour 130.
#[tokio::test]
async fn the_table_conforms() {
    let records = Records::open(":memory:").unwrap();
    conformance::check(&records, &records.clone()).await;
}

#[tokio::test]
async fn an_approved_person_gets_the_account() {
    let (visitor, hosted) = Visitor::at_didit().await;
    visitor.home_says("Finish your verification").await;
    let account = visitor.browser.click(&hosted, "approve").await;
    assert_eq!(account.url(), "https://app.example/account");
    assert!(
        account.text().contains("<dt>Verified since</dt>"),
        "{}",
        account.text()
    );
    visitor.home_says("Your account is open").await;
}

#[tokio::test]
async fn a_blocked_user_is_told() {
    let (visitor, hosted) = Visitor::at_didit().await;
    visitor.browser.click(&hosted, "approve").await;
    visitor.fake.block_user(Person::alejandra().subject());
    visitor.fake.deliver().await;
    visitor.home_says("Your account is closed").await;
    let refused = visitor.browser.visit("/account").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(refused.text().contains("verification-user-blocked"));
}

#[tokio::test]
async fn an_employee_changes_the_outcome() {
    let (visitor, hosted) = Visitor::at_didit().await;
    let waiting = visitor.browser.click(&hosted, "review").await;
    assert!(
        waiting.text().contains("is being checked"),
        "{}",
        waiting.text()
    );
    visitor.home_says("is being checked").await;

    visitor.decide("decline").await;
    visitor.home_says("You were not verified").await;
    let refused = visitor.browser.visit("/account").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(refused.text().contains("verification-declined"));

    visitor.decide("repeat").await;
    visitor.home_says("Please repeat a step").await;
    let again = visitor.browser.visit("/account").await;
    assert_eq!(again.url(), hosted.url());
    visitor.browser.click(&again, "approve").await;
    visitor.home_says("Your account is open").await;

    visitor.decide("expire").await;
    visitor.home_says("Please verify your identity again").await;
    visitor.decide("approve").await;
    visitor.home_says("Your account is open").await;
}

#[tokio::test]
async fn a_person_who_has_left_starts_again_at_once() {
    for button in ["abandon", "expire"] {
        let (visitor, hosted) = Visitor::at_didit().await;
        visitor.browser.click(&hosted, button).await;
        let left = visitor.browser.visit("/verified").await;
        assert!(left.text().contains("was not finished"), "{}", left.text());
        visitor.home_says("was not finished").await;
        let again = visitor.browser.click(&left, "go-on").await;
        assert!(again.url().contains("/session/"), "{}", again.url());
        assert_ne!(again.url(), hosted.url());
    }
}

#[tokio::test]
async fn while_didit_is_down_nobody_gets_in_and_the_page_tries_again() {
    let (visitor, hosted) = Visitor::at_didit().await;
    let response = http::Response::builder().status(StatusCode::SERVICE_UNAVAILABLE);
    let fault = Fault::answer(response.body("").unwrap());
    visitor.didit.on_every(Endpoint::CreateVerification, fault);
    visitor.browser.click(&hosted, "abandon").await;
    let page = visitor.browser.visit("/account").await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        page.text().contains("tries again by itself"),
        "{}",
        page.text()
    );
    assert_eq!(page.header("refresh"), Some("10"));

    visitor.didit.clear_faults();
    let page = visitor.browser.visit("/account").await;
    assert!(page.url().contains("/session/"), "{}", page.url());
}
