//! The guard for verified users, against the fake Didit.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    routing::{get, get_service, post},
};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tower_didit::{
    DiditAuth, Error, IdClaims, RequireSignIn,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, FakeVerification, Fault, Page, Person},
    store::{MemoryStore, StoreError, StoreFuture},
    verification::{
        DiditWebhooks, RequireVerified, Requirements, Verification, VerificationClient,
        VerificationRecord, VerificationRecords, WebhookEvent,
    },
};

const RETURN: &str = "https://app.example/verified";
pub(crate) const PAGE: &str = "https://app.example/account?tab=2";

/// An application with a page for verified users, and its Didit.
pub(crate) struct Site {
    pub(crate) didit: FakeDidit,
    pub(crate) fake: FakeVerification,
    pub(crate) browser: Browser,
    /// A clone of the application's.
    pub(crate) client: VerificationClient,
}

async fn webhook(
    State(verification): State<Verification>,
    event: WebhookEvent,
) -> Result<StatusCode, Error> {
    verification.receive(&event).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn home(
    State(verification): State<Verification>,
    user: Option<IdClaims>,
) -> Result<String, Error> {
    let Some(user) = user else {
        return Ok("home".to_owned());
    };
    let record = verification.record_of(&user).await?;
    Ok(record.map_or_else(
        || "unknown".to_owned(),
        |record| {
            let status = record.status();
            let since = record.verified_at();
            since.map_or_else(
                || status.to_string(),
                |since| format!("{status} since {since:?}"),
            )
        },
    ))
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(MemoryStore::new()).await
    }

    pub(crate) async fn with(records: impl VerificationRecords) -> Self {
        Self::beside(FakeDidit::new("client", "secret"), records).await
    }

    /// A process with this Didit and these records, which others may have as well.
    pub(crate) async fn beside(didit: FakeDidit, records: impl VerificationRecords) -> Self {
        let fake = didit.verification();
        let config = didit.config("https://app.example/callback");
        let config = config.with_redirect_after_sign_in().build().unwrap();
        let client = VerificationClient::new(fake.api_key(), &config).unwrap();
        let requirements = Requirements::identity()
            .with_liveness()
            .with_face_match()
            .with_workflow(fake.workflow_id());
        let verification =
            Verification::new(client.clone(), requirements, RETURN, records).unwrap();
        let verification = verification.with_clock(didit.clock());
        let webhooks = DiditWebhooks::new([fake.webhook_secret()]).unwrap();
        let webhooks = webhooks.with_clock(didit.clock());
        let app = Router::new()
            .route("/account", get(|| async { "your account" }))
            .route_layer(RequireVerified::new(&verification))
            .route_layer(RequireSignIn::new())
            .route("/verified", get_service(verification.return_page()))
            .route("/didit", post(webhook).layer(webhooks))
            .route("/", get(home))
            .with_state(verification)
            .layer(DiditAuth::new(config));
        fake.send_webhooks_to_service("https://app.example/didit", app.clone());
        let browser = Browser::new("https://app.example", app).add_didit(&didit);
        let browser = browser.with_clock(didit.clock());
        let site = Self {
            didit,
            fake,
            browser,
            client,
        };
        site.sign_in(&site.browser, &Person::alejandra()).await;
        site
    }

    pub(crate) async fn sign_in(&self, browser: &Browser, person: &Person) {
        browser.visit("https://app.example/login").await;
        browser.sign_in_as(person).await;
    }

    /// Opens the page, and presses this button at Didit.
    pub(crate) async fn through(&self, button: &str) -> Page {
        let hosted = self.browser.visit(PAGE).await;
        assert!(hosted.url().contains("/session/"), "{}", hosted.url());
        self.browser.click(&hosted, button).await
    }

    pub(crate) async fn is_verified(&self) -> bool {
        let page = self.browser.get(PAGE).await;
        page.status() == StatusCode::OK && page.text() == "your account"
    }

    pub(crate) fn session(&self) -> String {
        self.fake.last_session_id().unwrap()
    }

    pub(crate) fn asked(&self) -> usize {
        self.didit.count(Endpoint::VerificationDecision)
    }
}

// Behaviour 128.
#[tokio::test]
async fn an_approved_person_gets_the_page_that_was_asked_for() {
    let site = Site::new().await;
    let page = site.through("approve").await;
    assert_eq!((page.url(), page.text()), (PAGE, "your account"));
    assert!(site.is_verified().await);
    assert_eq!(site.asked(), 1);
}

// Behaviour 128.
#[tokio::test]
async fn a_forged_return_grants_nothing() {
    let site = Site::new().await;
    site.browser.visit(PAGE).await;
    let id = site.session();
    let forged = format!("{RETURN}?verificationSessionId={id}&status=Approved");
    let page = site.browser.visit(&forged).await;
    assert!(page.text().contains("not finished"), "{}", page.text());
    assert!(!site.is_verified().await);
}

// Behaviour 129.
#[tokio::test]
async fn the_verification_of_another_user_verifies_nobody_else() {
    let site = Site::new().await;
    site.through("approve").await;
    let approved = site.session();
    let other = site.browser.new_browser();
    site.sign_in(&other, &Person::john()).await;
    let forged = format!("{RETURN}?verificationSessionId={approved}&status=Approved");
    other.get(&forged).await;
    let hosted = other.get(PAGE).await;
    assert_eq!(hosted.status(), StatusCode::SEE_OTHER);
    assert!(site.is_verified().await);
}

// Behaviour 128.
#[tokio::test]
async fn an_approved_session_with_a_declined_check_verifies_nobody() {
    let site = Site::new().await;
    site.browser.visit(PAGE).await;
    site.fake.edit_decision(&site.session(), |decision| {
        decision.insert("face_matches".into(), json!([{"status": "Declined"}]));
    });
    let page = site.through_again("approve").await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert!(!site.is_verified().await);
}

impl Site {
    /// Resumes the session.
    async fn through_again(&self, button: &str) -> Page {
        self.didit.clock().advance(Duration::from_secs(10));
        self.through(button).await
    }
}

#[tokio::test]
async fn a_declined_person_is_refused() {
    let site = Site::new().await;
    let page = site.through("decline").await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert!(page.text().contains("verification-declined"));
    assert!(!site.is_verified().await);
}

// Behaviour 130.
#[tokio::test]
async fn a_review_waits_and_is_decided_by_a_webhook_or_by_looking_again() {
    for by_webhook in [true, false] {
        let site = Site::new().await;
        let page = site.through("review").await;
        assert_eq!(page.header("refresh"), Some("10; url=?look=1"));
        assert_eq!(site.asked(), 1);
        // Too early to ask again.
        site.browser.visit(&format!("{RETURN}?look=1")).await;
        assert_eq!(site.asked(), 1);
        let last = site.browser.visit(&format!("{RETURN}?look=6")).await;
        assert_eq!(last.header("refresh"), None);
        site.fake.set_status(&site.session(), "Approved");
        site.fake.edit_decision(&site.session(), |decision| {
            let results = decision.values_mut().filter_map(Value::as_array_mut);
            for result in results.flatten().filter_map(Value::as_object_mut) {
                result.insert("status".into(), "Approved".into());
            }
        });
        if by_webhook {
            site.fake.deliver().await;
        } else {
            site.didit.clock().advance(Duration::from_secs(10));
            let page = site.browser.visit(&format!("{RETURN}?look=2")).await;
            assert_eq!((page.url(), page.text()), (PAGE, "your account"));
        }
        assert!(site.is_verified().await, "{by_webhook}");
    }
}

// Behaviour 130.
#[tokio::test]
async fn webhooks_before_the_return_or_without_it_verify() {
    let site = Site::new().await;
    let hosted = site.browser.visit(PAGE).await;
    site.fake.complete(hosted.url(), "approve").unwrap();
    site.fake.deliver().await;
    assert!(site.is_verified().await);
    let page = site.browser.visit(RETURN).await;
    assert_eq!((page.url(), page.text()), (PAGE, "your account"));
}

// Behaviour 130.
#[tokio::test]
async fn a_later_status_takes_the_verification_away() {
    for status in ["Kyc Expired", "Declined", "Resubmitted", "In Review"] {
        let site = Site::new().await;
        site.through("approve").await;
        assert!(site.is_verified().await);
        site.fake.set_status(&site.session(), status);
        site.fake.deliver().await;
        assert!(!site.is_verified().await, "{status}");
        site.fake.set_status(&site.session(), "Approved");
        site.fake.deliver().await;
        assert!(site.is_verified().await, "{status}");
    }
}

// Behaviour 130.
#[tokio::test]
async fn a_webhook_against_the_user_counts_also_while_didit_is_down() {
    let site = Site::new().await;
    site.through("approve").await;
    site.didit.clock().advance(Duration::from_secs(60));
    site.fake.set_status(&site.session(), "Declined");
    site.didit
        .on_every(Endpoint::VerificationDecision, broken(503));
    site.fake.deliver().await;
    assert!(!site.is_verified().await);
}

#[tokio::test]
async fn a_blocked_user_is_refused() {
    let site = Site::new().await;
    site.through("approve").await;
    site.fake.block_user(Person::alejandra().subject());
    site.fake.deliver().await;
    let page = site.browser.visit(PAGE).await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert!(page.text().contains("verification-user-blocked"));
}

#[tokio::test]
async fn a_session_that_was_deleted_at_didit_is_begun_anew() {
    let site = Site::new().await;
    site.browser.visit(PAGE).await;
    let deleted = site.session();
    site.fake.delete(&deleted);
    let page = site.through("approve").await;
    assert_eq!((page.url(), page.text()), (PAGE, "your account"));
    assert_ne!(site.session(), deleted);
}

#[tokio::test]
async fn a_program_is_told_where_to_verify() {
    let site = Site::new().await;
    let refused = site.browser.fetch(Method::GET, PAGE).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(refused.json()["code"], "verification-required");
    let detail = format!("open {RETURN} in the browser");
    assert_eq!(refused.json()["detail"], detail);
    assert_eq!(site.didit.count(Endpoint::CreateVerification), 0);
}

#[tokio::test]
async fn a_device_without_a_session_is_sent_back_to_the_first_one() {
    let site = Site::new().await;
    site.browser.visit(PAGE).await;
    let phone = site.browser.new_browser();
    let id = site.session();
    let forged = format!("{RETURN}?verificationSessionId={id}&status=Approved");
    let page = phone.visit(&forged).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().contains("Go back to your first device"));
    assert_eq!(site.asked(), 0);
}

#[tokio::test]
async fn nobody_passes_while_didit_is_down() {
    for endpoint in [Endpoint::CreateVerification, Endpoint::VerificationDecision] {
        let site = Site::new().await;
        if endpoint == Endpoint::VerificationDecision {
            site.browser.visit(PAGE).await;
        }
        site.didit.on_every(endpoint, broken(500));
        let page = site.browser.visit(PAGE).await;
        assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(page.text().contains("verification-unavailable"));
        assert!(!page.text().contains("your account"));
    }
}

/// Records that another process changes while Didit is asked.
#[derive(Clone, Debug, Default)]
struct Contended {
    records: MemoryStore,
    is_down: Arc<AtomicBool>,
    /// Whether the next `put` loses.
    loses: Arc<AtomicBool>,
}

impl VerificationRecords for Contended {
    fn get<'a>(&'a self, user: &'a str) -> StoreFuture<'a, Option<(VerificationRecord, u64)>> {
        if self.is_down.load(Relaxed) {
            return Box::pin(async { Err(StoreError::new("down")) });
        }
        self.records.get(user)
    }

    fn put<'a>(
        &'a self,
        user: &'a str,
        record: VerificationRecord,
        version: u64,
    ) -> StoreFuture<'a, bool> {
        if self.loses.swap(false, Relaxed) {
            return Box::pin(async { Ok(false) });
        }
        self.records.put(user, record, version)
    }
}

// Behaviour 130.
#[tokio::test]
async fn a_webhook_against_the_user_counts_also_if_the_record_has_changed_meanwhile() {
    let records = Contended::default();
    let site = Site::with(records.clone()).await;
    site.through("approve").await;
    site.fake.deliver().await;
    site.fake.set_status(&site.session(), "Declined");
    site.didit
        .on_every(Endpoint::VerificationDecision, broken(503));
    records.loses.store(true, Relaxed);
    site.fake.deliver().await;
    assert!(!records.loses.load(Relaxed));
    assert!(!site.is_verified().await);
}

// Behaviour 130.
#[tokio::test]
async fn didit_is_asked_again_if_the_record_has_changed_meanwhile() {
    let records = Contended::default();
    let site = Site::with(records.clone()).await;
    let hosted = site.browser.visit(PAGE).await;
    records.loses.store(true, Relaxed);
    site.browser.click(&hosted, "approve").await;
    assert_eq!(site.asked(), 2);
    assert!(site.is_verified().await);
}

#[tokio::test]
async fn nobody_passes_while_the_records_are_down() {
    let records = Contended::default();
    let site = Site::with(records.clone()).await;
    site.through("approve").await;
    assert!(site.is_verified().await);
    records.is_down.store(true, Relaxed);
    for url in [PAGE, RETURN] {
        let page = site.browser.visit(url).await;
        assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    records.is_down.store(false, Relaxed);
    assert!(site.is_verified().await);
}

// Behaviour 128.
#[tokio::test]
async fn a_verdict_by_other_rules_or_of_another_workflow_does_not_count() {
    let other = "99999999-8888-4777-8666-000000000000";
    for (member, value, begins_anew) in [("rules", "", false), ("workflow", other, true)] {
        let records = Contended::default();
        let site = Site::with(records.clone()).await;
        site.through("approve").await;
        let user = Person::alejandra().subject().to_owned();
        let (record, version) = records.get(&user).await.unwrap().unwrap();
        let mut json = serde_json::to_value(record).unwrap();
        json[member] = value.into();
        let record = serde_json::from_value(json).unwrap();
        assert!(records.put(&user, record, version).await.unwrap());
        site.didit.clock().advance(Duration::from_secs(10));
        let refused = site.browser.fetch(Method::GET, PAGE).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{member}");
        let page = site.browser.visit(PAGE).await;
        assert_eq!(page.url().contains("/session/"), begins_anew, "{member}");
        assert_eq!(site.is_verified().await, !begins_anew, "{member}");
    }
}

#[tokio::test]
async fn two_tabs_share_one_session() {
    let site = Site::new().await;
    let first = site.browser.visit(PAGE).await;
    site.didit.clock().advance(Duration::from_secs(10));
    let second = site.browser.new_tab().visit(PAGE).await;
    assert_eq!(first.url(), second.url());
}

#[tokio::test]
async fn an_expired_session_is_begun_anew() {
    for (button, pause) in [("abandon", 0), ("abandon", 10), ("expire", 10)] {
        let site = Site::new().await;
        site.through(button).await;
        let first = site.session();
        site.didit.clock().advance(Duration::from_secs(pause));
        let page = site.through("approve").await;
        assert_eq!((page.url(), page.text()), (PAGE, "your account"));
        assert_ne!(site.session(), first, "{button}");
    }
}

/// The page that the browser returns to says what happened and what to do, for each status.
#[tokio::test]
async fn the_return_page_names_the_next_step() {
    for (status, title, label, looks_again) in [
        (
            "In Progress",
            "Your verification is not finished",
            "Go on",
            true,
        ),
        ("Resubmitted", "Please repeat a step", "Go on", false),
        (
            "Expired",
            "Your verification was not finished",
            "Start again",
            false,
        ),
        (
            "Abandoned",
            "Your verification was not finished",
            "Start again",
            false,
        ),
        (
            "Kyc Expired",
            "Please verify your identity again",
            "Start again",
            false,
        ),
        (
            "In Review",
            "Your verification is being checked",
            "Look again",
            true,
        ),
        (
            "Awaiting User",
            "Your verification is being checked",
            "Look again",
            true,
        ),
    ] {
        let site = Site::new().await;
        site.browser.visit(PAGE).await;
        site.fake.set_status(&site.session(), status);
        let page = site.browser.visit(RETURN).await;
        assert_eq!(page.status(), StatusCode::OK);
        assert!(
            page.text().contains(&format!("<h1>{title}</h1>")),
            "{status}: {}",
            page.text()
        );
        assert_eq!(page.header("refresh").is_some(), looks_again, "{status}");
        let address = if label == "Look again" {
            "?"
        } else {
            "/account?tab=2"
        };
        let link = format!(r#"<a id="go-on" href="{address}">{label}</a>"#);
        assert!(page.text().contains(&link), "{status}: {}", page.text());
        assert!(!page.text().contains("<script"));
    }
}

// Behaviour 130.
#[tokio::test]
async fn a_person_who_goes_on_right_after_the_end_of_the_session_keeps_it() {
    let site = Site::new().await;
    let hosted = site.browser.visit(PAGE).await;
    site.browser.visit(RETURN).await; // Didit is asked, and says that the session is in progress
    let session = site.session();
    site.fake.complete(hosted.url(), "approve").unwrap();
    let page = site.browser.visit(PAGE).await;
    assert_eq!((page.url(), page.text()), (PAGE, "your account"));
    assert!(site.fake.status(&session).is_some());
    assert_eq!(site.asked(), 2);
}

#[tokio::test]
async fn didit_is_not_asked_because_a_person_begins() {
    let site = Site::new().await;
    let hosted = site.browser.visit(PAGE).await;
    let sent = site.fake.deliver().await;
    let statuses = sent
        .iter()
        .map(|sent| sent.json().unwrap()["status"].clone());
    assert_eq!(statuses.collect::<Vec<_>>(), ["Not Started", "In Progress"]);
    assert_eq!(site.asked(), 0);
    let page = site.browser.click(&hosted, "approve").await;
    assert_eq!((page.url(), page.text()), (PAGE, "your account"));
}

#[tokio::test]
async fn a_person_who_goes_on_at_once_resumes_the_session() {
    let site = Site::new().await;
    let hosted = site.browser.visit(PAGE).await;
    let page = site.browser.visit(RETURN).await;
    let resumed = site.browser.click(&page, "go-on").await;
    assert_eq!(resumed.url(), hosted.url());
}

/// `Verification::record_of`, for pages that are open to everybody.
#[tokio::test]
async fn a_page_shows_since_when_a_user_is_verified() {
    let site = Site::new().await;
    let home = async || site.browser.visit("https://app.example/").await;
    assert_eq!(home().await.text(), "unknown");
    site.through("approve").await;
    let since = home().await;
    assert!(
        since.text().starts_with("Approved since "),
        "{}",
        since.text()
    );
    site.didit.clock().advance(Duration::from_secs(60));
    site.fake.set_status(&site.session(), "Approved");
    site.fake.deliver().await;
    assert_eq!(home().await.text(), since.text());
    site.fake.set_status(&site.session(), "Declined");
    site.fake.deliver().await;
    assert_eq!(home().await.text(), "Declined");
    site.fake.set_status(&site.session(), "Approved");
    site.fake.deliver().await;
    assert_ne!(home().await.text(), since.text());
}

#[tokio::test]
async fn nobody_who_is_not_signed_in_reaches_didit() {
    let site = Site::new().await;
    let stranger = site.browser.new_browser();
    let page = stranger.get(PAGE).await;
    assert!(page.location().contains("didit.me"), "{}", page.location());
    assert_eq!(site.didit.count(Endpoint::CreateVerification), 0);
    let refused = site.browser.post_form(RETURN, &[]).await;
    assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn debug_of_a_record_shows_no_page() {
    let json = json!({
        "session": "11111111-2222-3333-4444-555555555555",
        "workflow": "99999999-8888-4777-8666-555555555555",
        "rules": "",
        "status": "Approved",
        "is_verified": true,
        "is_blocked": true,
        "blocked_at": 1,
        "asked_at": 1,
        "page": "/private"
    });
    let record: VerificationRecord = serde_json::from_value(json).unwrap();
    assert!(!record.is_verified());
    assert!(!format!("{record:?}").contains("private"));
}

#[test]
fn what_cannot_work_is_refused_at_start_up() {
    let config = FakeDidit::new("client", "secret").config("https://app.example/callback");
    let client = VerificationClient::new("key", &config.build().unwrap()).unwrap();
    let workflow = "99999999-8888-4777-8666-555555555555";
    let good = Requirements::identity().with_workflow(workflow);
    for (requirements, url) in [
        (Requirements::identity(), RETURN),
        (good.clone().with_workflow("kyc"), RETURN),
        (good.clone(), "/verified"),
        (good.clone(), "https://app.example/verified?a=b"),
        (good, "javascript:alert(1)"),
    ] {
        let records = MemoryStore::new();
        assert!(Verification::new(client.clone(), requirements, url, records).is_err());
    }
}

pub(crate) fn broken(status: u16) -> Fault {
    let response = http::Response::builder().status(status);
    Fault::answer(response.body("").unwrap())
}
