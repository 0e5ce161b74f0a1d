//! Attacks at a whole application: nobody is let in who is not verified.
//!
//! [`guard`](crate::guard) has those of an honest Didit: a forged return, another user's session, a declined check, a user
//! who is blocked afterwards.

use http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};
use tower_didit::{
    fake::{Endpoint, FakeDidit, Fault, Person, WebhookFault},
    verification::{Decision, Verdict, VerificationRecord},
};

use crate::{
    app::{App, PAGE, RETURN, is_verified, shows_the_account, through},
    delivery, judge,
};

/// Members of the decision about a session that the user has passed, each with a value that must not verify.
fn flaws(user: &str) -> Vec<(&'static str, Value)> {
    let approved = json!({"status": "Approved"});
    let declined = json!({"status": "Declined"});
    let mut flaws = vec![
        ("workflow_id", json!("00000000-0000-4000-a000-000000000002")),
        ("environment", json!("sandbox")),
        ("environment", json!("Live")),
        ("session_id", json!("00000000-0000-4000-a000-000000000001")),
        ("vendor_data", json!("another-user")),
        ("vendor_data", json!(user.to_uppercase())),
        ("vendor_data", json!(format!("{user} "))),
        ("vendor_data", json!([user])),
        ("session_kind", json!("business")),
        ("status", json!("Verified")),
        ("status", json!("approved")),
        ("status", json!("Approved ")),
        ("status", json!("In Review")),
        ("status", json!("Kyc Expired")),
        ("face_matches", json!([declined])),
        ("face_matches", json!([approved, declined])),
        ("face_matches", approved),
        ("face_matches", json!([])),
        ("liveness_checks", json!([{"status": "In Review"}])),
        ("liveness_checks", json!([{"status": "approved"}])),
        ("id_verifications", json!([{"status": "Expired"}])),
    ];
    let members = [
        "workflow_id",
        "environment",
        "session_id",
        "vendor_data",
        "session_kind",
        "status",
        "face_matches",
        "liveness_checks",
        "id_verifications",
    ];
    flaws.extend(members.map(|member| (member, Value::Null)));
    flaws
}

fn set(decision: &mut Map<String, Value>, name: &str, value: Value) {
    decision.insert(name.to_owned(), value);
}

/// Whether the user of the application is let in by a decision that Didit edits like this.
async fn is_let_in(
    edit: impl Fn(&mut Map<String, Value>) + Clone + Send + Sync + 'static,
    name: &str,
) -> bool {
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    browser.visit(PAGE).await;
    app.fake.edit_decision(&app.session(), move |decision| {
        if decision["status"] == "Approved" {
            edit(decision);
        }
    });
    app.advance(10);
    let page = through(&browser, "approve").await;
    let is_let_in = shows_the_account(&page);
    app.fake.deliver().await;
    app.advance(10);
    assert_eq!(is_verified(&browser).await, is_let_in, "{name}");
    let record = app.records.of(Person::alejandra().subject()).await;
    assert_eq!(record.unwrap().is_verified(), is_let_in, "{name}");
    is_let_in
}

// Behaviours 128 and 129.
#[tokio::test]
async fn no_decision_with_a_flaw_verifies() {
    for (member, value) in flaws(delivery::USER) {
        let name = format!("{member} {value}");
        let mut decision = delivery::decision();
        decision[member] = value;
        let decision = Decision::from_json(decision.to_string().as_bytes());
        let verdict = decision.unwrap().judge(&judge::everything());
        assert_ne!(verdict, Verdict::Verified, "{name}");
    }
    for (member, value) in flaws(Person::alejandra().subject()) {
        let name = format!("{member} {value}");
        let flaw = move |decision: &mut Map<String, Value>| set(decision, member, value.clone());
        assert!(!is_let_in(flaw, &name).await, "{name}");
        let missing = move |decision: &mut Map<String, Value>| drop(decision.remove(member));
        assert!(!is_let_in(missing, member).await, "{member} is missing");
    }
    let lists = [
        ("id_verifications", "id_verification"),
        ("liveness_checks", "liveness"),
        ("face_matches", "face_match"),
    ];
    let version_2 = move |decision: &mut Map<String, Value>| {
        for (list, single) in lists {
            let result = decision[list][0].clone();
            decision.remove(list);
            set(decision, single, result);
        }
    };
    assert!(!is_let_in(version_2, "version 2").await);
    assert!(is_let_in(|_| {}, "without a flaw").await);
}

// Behaviour 128.
#[tokio::test]
async fn a_decision_with_a_repeated_member_verifies_nobody() {
    for member in ["status", "vendor_data", "workflow_id", "face_matches"] {
        let app = App::new();
        let browser = app.sign_in(&Person::alejandra()).await;
        let hosted = browser.visit(PAGE).await;
        let mut decision = delivery::decision();
        for (name, value) in [
            ("session_id", app.session()),
            ("vendor_data", Person::alejandra().subject().to_owned()),
            ("workflow_id", app.fake.workflow_id()),
        ] {
            decision[name] = value.into();
        }
        let good = decision.to_string();
        let twice = good.replacen('{', &format!("{{\"{member}\":\"Declined\","), 1);
        let answers = |body: String| Fault::answer(Response::new(body));
        app.didit
            .on_every(Endpoint::VerificationDecision, answers(twice));
        let page = browser.click(&hosted, "approve").await;
        assert!(!shows_the_account(&page), "{member}");
        app.fake.deliver().await;
        assert!(!is_verified(&browser).await, "{member}");
        // The rest of the decision is good.
        app.didit
            .on_every(Endpoint::VerificationDecision, answers(good));
        app.advance(10);
        assert!(is_verified(&browser).await, "{member}");
    }
}

// Behaviour 128.
#[tokio::test]
async fn a_sandbox_verifies_nobody_in_production() {
    for accepts in [false, true] {
        let didit = FakeDidit::new("client", "secret");
        let _ = didit.verification().with_sandbox();
        let app = App::with(didit, 1, |requirements| {
            if accepts {
                requirements.accept_sandbox()
            } else {
                requirements
            }
        });
        let browser = app.sign_in(&Person::alejandra()).await;
        let page = through(&browser, "approve").await;
        assert_eq!(shows_the_account(&page), accepts);
        app.fake.deliver().await;
        assert_eq!(is_verified(&browser).await, accepts);
    }
}

// Behaviours 127 and 128.
#[tokio::test]
async fn no_webhook_verifies_a_person_who_has_not_passed() {
    for fault in WebhookFault::all() {
        let app = App::new();
        let browser = app.sign_in(&Person::alejandra()).await;
        browser.visit(PAGE).await;
        app.fake.on_every_webhook(fault);
        // Authentic, unless the fault forges it, and not what Didit's API says.
        let mut approved = Map::new();
        for (name, value) in [
            ("webhook_type", json!("status.updated")),
            ("session_id", app.session().into()),
            ("vendor_data", Person::alejandra().subject().into()),
            ("workflow_id", app.fake.workflow_id().into()),
            ("status", json!("Approved")),
            ("decision", delivery::decision()),
        ] {
            set(&mut approved, name, value);
        }
        app.fake.queue_webhook(approved);
        app.fake.deliver().await;
        app.advance(3600);
        app.fake.deliver().await;
        assert!(!is_verified(&browser).await, "{fault}");
    }
}

// Behaviours 127 and 130.
#[tokio::test]
async fn a_replayed_approval_brings_no_verification_back() {
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    through(&browser, "approve").await;
    app.fake.deliver().await;
    let approval = app.webhook("Approved");
    assert!(is_verified(&browser).await);
    app.advance(60);
    app.fake.set_status(&app.session(), "Declined");
    app.fake.deliver().await;
    assert!(!is_verified(&browser).await);
    assert_eq!(app.replay(&approval).await, StatusCode::OK);
    // With another id it would be another event, and its signature is wrong.
    let forged = app.forge(&approval, |request| {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let id = approval.json().unwrap()["event_id"].clone();
        let id = id.as_str().unwrap();
        *request.body_mut() = body
            .replace(id, "00000000-0000-4000-a000-000000000003")
            .into();
    });
    assert_eq!(forged.await, StatusCode::UNAUTHORIZED);
    app.advance(300);
    assert_eq!(app.replay(&approval).await, StatusCode::UNAUTHORIZED);
    // Re-stamped: the header is not signed, but the body's time is.
    let now = (approval.json().unwrap()["timestamp"].as_u64().unwrap() + 360).to_string();
    let restamped = app.forge(&approval, |request| {
        let headers = request.headers_mut();
        headers.insert("x-timestamp", now.parse().unwrap());
    });
    assert_eq!(restamped.await, StatusCode::UNAUTHORIZED);
    assert!(!is_verified(&browser).await);
}

// Behaviour 130.
#[tokio::test]
async fn an_approval_that_arrives_after_the_decline_verifies_nobody() {
    for fault in [WebhookFault::LATE, WebhookFault::REORDERED] {
        let app = App::new();
        let browser = app.sign_in(&Person::alejandra()).await;
        let hosted = browser.visit(PAGE).await;
        app.fake.deliver().await;
        app.fake.complete(hosted.url(), "review");
        app.fake.on_next_webhook(fault);
        app.fake.set_status(&app.session(), "Approved");
        app.fake.set_status(&app.session(), "Declined");
        app.fake.deliver().await;
        app.advance(3600);
        app.fake.deliver().await;
        assert!(!is_verified(&browser).await, "{fault}");
        // As signed at last, so that it is authentic.
        let last = app.webhook("Approved");
        assert_eq!(last.status(), Some(StatusCode::NO_CONTENT), "{fault}");
    }
}

// Behaviour 128.
#[tokio::test]
async fn the_approval_of_a_deleted_session_verifies_nobody() {
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    let hosted = browser.visit(PAGE).await;
    app.fake.complete(hosted.url(), "approve");
    let deleted = app.session();
    app.fake.delete(&deleted);
    // Webhooks that were queued still arrive.
    let sent = app.fake.deliver().await;
    assert!(
        sent.iter()
            .all(|sent| sent.status() == Some(StatusCode::NO_CONTENT))
    );
    assert!(!is_verified(&browser).await);
    app.advance(10);
    let page = browser.visit(PAGE).await;
    assert!(page.url().contains("/session/"), "{}", page.url());
    assert_ne!(app.session(), deleted);
}

// Behaviour 130.
#[tokio::test]
async fn a_queued_webhook_of_a_deleted_session_takes_the_verification_away() {
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    through(&browser, "approve").await;
    app.fake.deliver().await;
    app.fake.set_status(&app.session(), "Declined");
    app.fake.delete(&app.session());
    assert!(is_verified(&browser).await);
    app.fake.deliver().await;
    assert!(!is_verified(&browser).await);
}

// Behaviour 129.
#[tokio::test]
async fn a_session_of_a_public_link_verifies_nobody() {
    const LAX: &str = "00000000-0000-4000-a000-00000000000f";
    for user in [Person::alejandra(), Person::john()] {
        let app = App::new();
        let browser = app.sign_in(&Person::alejandra()).await;
        // Whoever opens the link chooses the vendor data: that of the user, or of somebody else.
        let link = app.fake.create(user.subject());
        app.fake.complete(&link, "approve");
        app.fake.deliver().await;
        let public = app.session();
        let forged = format!("{RETURN}?verificationSessionId={public}&status=Approved");
        browser.visit(&forged).await;
        assert!(!is_verified(&browser).await);
        // Nor while the user has begun.
        app.advance(10);
        browser.visit(PAGE).await;
        assert_ne!(app.session(), public);
        browser.visit(&forged).await;
        app.fake.resend().await.unwrap();
        assert!(!is_verified(&browser).await);
    }
    // A workflow of the same account that checks less.
    let didit = FakeDidit::new("client", "secret");
    let _ = didit.verification().add_workflow(LAX);
    let app = App::of(didit);
    let browser = app.sign_in(&Person::alejandra()).await;
    let user = Person::alejandra().subject().to_owned();
    let new = tower_didit::verification::NewVerification::new(LAX, user);
    let lax = app.client.create(new).await.unwrap();
    app.fake.complete(lax.url(), "approve");
    app.fake.deliver().await;
    assert!(!is_verified(&browser).await);
    assert_ne!(app.session(), lax.id().to_string());
}

// Behaviour 129.
#[tokio::test]
async fn a_webhook_about_the_subject_of_another_issuer_changes_nothing() {
    let app = App::of(FakeDidit::new("client", "secret").with_issuer("https://other.example"));
    let browser = app.sign_in(&Person::alejandra()).await;
    // A user of Didit's has the same subject as this user of another issuer.
    let namesake = app.fake.create(Person::alejandra().subject());
    app.fake.complete(&namesake, "approve");
    app.fake.deliver().await;
    assert!(!is_verified(&browser).await);
    app.advance(10);
    let page = through(&browser, "approve").await;
    assert!(shows_the_account(&page));
    app.fake.block_user(Person::alejandra().subject());
    app.fake.deliver().await;
    assert!(is_verified(&browser).await);
}

// Behaviour 129.
#[tokio::test]
async fn a_record_of_another_user_verifies_nobody() {
    let app = App::new();
    let [verified, other] = [Person::alejandra(), Person::john()];
    let browser = app.sign_in(&verified).await;
    through(&browser, "approve").await;
    let record = app.records.of(verified.subject()).await.unwrap();
    assert!(record.is_verified());
    // By a table that mixes keys up, such as one whose keys ignore the case.
    app.records.plant(other.subject(), record).await;
    let thief = app.sign_in(&other).await;
    assert!(!is_verified(&thief).await);
    app.advance(10);
    assert!(!is_verified(&thief).await);
    thief.visit(RETURN).await;
    app.fake.deliver().await;
    assert!(!is_verified(&thief).await);
    assert!(is_verified(&browser).await);
}

// Behaviour 129.
#[tokio::test]
async fn two_accounts_that_share_one_session_verify_one_user() {
    // A record that names the session of another user.
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    let hosted = browser.visit(PAGE).await;
    let record = app.records.of(Person::alejandra().subject()).await.unwrap();
    app.records.plant(Person::john().subject(), record).await;
    let thief = app.sign_in(&Person::john()).await;
    browser.click(&hosted, "approve").await;
    app.fake.deliver().await;
    thief.visit(RETURN).await;
    app.advance(10);
    thief.visit(RETURN).await;
    assert!(!is_verified(&thief).await);
    assert!(is_verified(&browser).await);

    // A Didit that returns the session of another user.
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    let hosted = browser.visit(PAGE).await;
    let (id, url) = (app.session(), hosted.url().to_owned());
    app.didit.on_next(
        Endpoint::CreateVerification,
        Fault::edit(move |session| {
            set(session, "session_id", id.clone().into());
            set(session, "url", url.clone().into());
        }),
    );
    let thief = app.sign_in(&Person::john()).await;
    let same = thief.visit(PAGE).await;
    assert_eq!(same.url(), hosted.url());
    let back = thief.click(&same, "approve").await;
    assert!(!shows_the_account(&back));
    app.fake.deliver().await;
    assert!(!is_verified(&thief).await);
}

// Behaviour 129.
#[tokio::test]
async fn users_whose_ids_differ_by_case_are_different_users() {
    let app = App::new();
    let [upper, lower] = ["User-A", "user-a"].map(Person::new);
    let browser = app.sign_in(&upper).await;
    let page = through(&browser, "approve").await;
    assert!(shows_the_account(&page));
    let other = app.sign_in(&lower).await;
    assert!(!is_verified(&other).await);
    app.fake.block_user(lower.subject());
    app.fake.deliver().await;
    assert!(is_verified(&browser).await);
}

// Behaviour 128.
#[tokio::test]
async fn ids_are_uuids_in_any_case() {
    let didit = FakeDidit::new("client", "secret");
    let workflow = didit.verification().workflow_id().to_uppercase();
    let app = App::with(didit, 1, |requirements| {
        requirements.with_workflow(&workflow)
    });
    let browser = app.sign_in(&Person::alejandra()).await;
    let page = through(&browser, "approve").await;
    assert!(shows_the_account(&page));
    let mut event = Map::new();
    for (name, value) in [
        ("webhook_type", json!("status.updated")),
        ("session_id", app.session().to_uppercase().into()),
        ("vendor_data", Person::alejandra().subject().into()),
        ("status", json!("Declined")),
    ] {
        set(&mut event, name, value);
    }
    app.fake.set_status(&app.session(), "Declined");
    app.fake.on_next_webhook(WebhookFault::NEVER);
    app.fake.queue_webhook(event);
    app.fake.deliver().await;
    assert!(!is_verified(&browser).await);
}

// Behaviour 128.
#[tokio::test]
async fn the_id_of_an_earlier_version_of_the_workflow_verifies_nobody() {
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    let stable = "00000000-0000-4000-a000-000000000002";
    // Didit accepts the id, and names the stable one.
    app.didit.on_next(
        Endpoint::CreateVerification,
        Fault::edit(move |session| set(session, "workflow_id", json!(stable))),
    );
    let page = browser.visit(PAGE).await;
    assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(page.text().contains("verification-request-invalid"));
    assert!(
        app.records
            .of(Person::alejandra().subject())
            .await
            .is_none()
    );
}

// Behaviour 128.
#[tokio::test]
async fn no_method_reaches_the_page_of_verified_users() {
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    for method in [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::OPTIONS,
    ] {
        let page = browser.fetch(method.clone(), PAGE).await;
        assert_eq!(page.status(), StatusCode::FORBIDDEN, "{method}");
    }
    let form = browser.post_form(PAGE, &[("a", "b")]).await;
    assert!(form.url().contains("/session/") || form.status() == StatusCode::SEE_OTHER);
    assert!(!is_verified(&app.stranger()).await);
}

#[tokio::test]
async fn a_block_counts_before_the_user_has_begun() {
    let app = App::new();
    let user = Person::alejandra();
    let browser = app.sign_in(&user).await;
    // The session is created, and the block arrives before it is remembered.
    app.fake.block_user(user.subject());
    app.fake.deliver().await;
    let page = browser.visit(PAGE).await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert!(page.text().contains("verification-user-blocked"));
    assert_eq!(app.didit.count(Endpoint::CreateVerification), 0);
    let record: VerificationRecord = app.records.of(user.subject()).await.unwrap();
    assert!(record.is_blocked() && !record.is_verified());
    assert_eq!(record.session_id(), None);
}

// Behaviour 130.
#[tokio::test]
async fn an_older_unblock_does_not_unblock() {
    let app = App::new();
    let user = Person::alejandra();
    let browser = app.sign_in(&user).await;
    through(&browser, "approve").await;
    app.fake.deliver().await;
    let event = |status: &str| {
        let members = [
            ("webhook_type", "user.status.updated"),
            ("vendor_data", user.subject()),
            ("status", status),
        ];
        Map::from_iter(members.map(|(name, value)| (name.to_owned(), json!(value))))
    };
    // Of one second, in any order.
    for order in [["ACTIVE", "BLOCKED"], ["BLOCKED", "ACTIVE"]] {
        app.advance(60);
        for status in order {
            app.fake.queue_webhook(event(status));
        }
        app.fake.deliver().await;
        assert!(!is_verified(&browser).await, "{order:?}");
    }
    app.advance(60);
    app.fake.queue_webhook(event("ACTIVE"));
    app.fake.deliver().await;
    assert!(is_verified(&browser).await);
}
