//! Didit down at each step: nobody passes who should not, and when Didit is back the person gets through without help.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use http::{Response, StatusCode};
use serde_json::Value;
use tower_didit::{
    fake::{Browser, Endpoint, FakeDidit, Fault, Page, Person, WebhookFault},
    reason::VerificationError,
    verification::Status,
};

use crate::{
    app::{App, PAGE, RETURN, is_verified, refresh, shows_the_account, through},
    delivery::with,
};

const OUTAGES: [Outage; 8] = [
    Outage::Status(500, ""),
    Outage::Status(503, "<h1>Service Unavailable</h1>"),
    Outage::Status(200, "<h1>Down for maintenance</h1>"),
    Outage::Status(404, "<h1>Not Found</h1>"),
    Outage::TooManyRequests,
    Outage::Hangs,
    Outage::Truncates,
    Outage::Closes,
];

/// How Didit's API is down.
#[derive(Clone, Copy, Debug)]
enum Outage {
    Status(u16, &'static str),
    TooManyRequests,
    Hangs,
    Truncates,
    Closes,
}

impl Outage {
    fn begin(self, app: &App, endpoint: Endpoint) {
        let fault = match self {
            Self::Status(status, body) => {
                let response = Response::builder().status(status);
                Fault::answer(response.body(body).unwrap())
            }
            Self::TooManyRequests => {
                let response = Response::builder().status(429).header("retry-after", "40");
                Fault::answer(response.body("").unwrap())
            }
            Self::Hangs => Fault::hang(),
            Self::Truncates => Fault::truncate(),
            Self::Closes => return app.is_cut_off.store(true, Relaxed),
        };
        app.didit.on_every(endpoint, fault);
    }

    fn end(app: &App) {
        app.is_cut_off.store(false, Relaxed);
        app.didit.clear_faults();
    }
}

/// Waits as long as the page says, and loads what it says.
async fn look_again(app: &App, browser: &Browser, page: &Page) -> Page {
    let (seconds, url) = refresh(page).unwrap_or_else(|| panic!("stuck: {}", page.text()));
    assert!((10..=300).contains(&seconds), "{seconds}");
    app.advance(seconds);
    browser.visit(&url).await
}

// Behaviour 128.
#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_be_created_is_created_later() {
    for outage in OUTAGES {
        let app = App::new();
        let browser = app.sign_in(&Person::alejandra()).await;
        outage.begin(&app, Endpoint::CreateVerification);
        let mut page = browser.visit(PAGE).await;
        // Didit has created the session whose response was lost.
        let lost = app.fake.last_session_id();
        assert_eq!(lost.is_some(), matches!(outage, Outage::Truncates));
        for _ in 0..10 {
            assert_eq!(page.url(), PAGE, "{outage:?}");
            assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE, "{outage:?}");
            let seconds = refresh(&page).unwrap().0.to_string();
            assert_eq!(page.header("retry-after"), Some(&*seconds), "{outage:?}");
            page = look_again(&app, &browser, &page).await;
        }
        Outage::end(&app);
        let hosted = look_again(&app, &browser, &page).await;
        assert!(hosted.url().contains("/session/"), "{outage:?}");
        let page = browser.click(&hosted, "approve").await;
        assert!(shows_the_account(&page), "{outage:?}");
        assert_eq!(page.url(), PAGE, "{outage:?}");
        assert!(lost.is_none_or(|lost| lost == app.session()));
    }
}

// Behaviour 128.
#[tokio::test(start_paused = true)]
async fn a_hosted_page_that_fails_is_opened_again() {
    for outage in [
        Outage::Status(500, ""),
        Outage::Status(503, "<h1>Down</h1>"),
    ] {
        let app = App::new();
        let browser = app.sign_in(&Person::alejandra()).await;
        outage.begin(&app, Endpoint::VerificationPage);
        let failed = browser.visit(PAGE).await;
        assert!(failed.status().is_server_error());
        assert!(!is_verified(&browser).await);
        Outage::end(&app);
        app.advance(10);
        let page = through(&browser, "approve").await;
        assert!(shows_the_account(&page));
    }
}

// Behaviours 128 and 130.
#[tokio::test(start_paused = true)]
async fn a_return_without_an_answer_waits_for_one() {
    for outage in OUTAGES {
        let app = App::new();
        let browser = app.sign_in(&Person::alejandra()).await;
        let hosted = browser.visit(PAGE).await;
        outage.begin(&app, Endpoint::VerificationDecision);
        let mut page = browser.click(&hosted, "approve").await;
        // More often than the page looks for a decision that is not made.
        for _ in 0..10 {
            assert!(page.url().starts_with(RETURN), "{outage:?}");
            assert_eq!(page.status(), StatusCode::OK, "{outage:?}");
            assert!(!shows_the_account(&page), "{outage:?}");
            assert!(!is_verified(&browser).await, "{outage:?}");
            page = look_again(&app, &browser, &page).await;
        }
        // The guard's page does not end either.
        let guarded = browser.visit(PAGE).await;
        assert_eq!(guarded.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(refresh(&guarded).is_some(), "{outage:?}");
        Outage::end(&app);
        let page = look_again(&app, &browser, &page).await;
        assert_eq!(page.url(), PAGE, "{outage:?}");
        assert!(shows_the_account(&page), "{outage:?}");
    }
}

// Behaviour 130.
#[tokio::test(start_paused = true)]
async fn a_webhook_without_an_answer_is_sent_again() {
    for outage in OUTAGES {
        let app = App::new();
        let browser = app.sign_in(&Person::alejandra()).await;
        let hosted = browser.visit(PAGE).await;
        app.fake.deliver().await;
        // The browser never returns.
        app.fake.complete(hosted.url(), "approve");
        outage.begin(&app, Endpoint::VerificationDecision);
        let sent = app.fake.deliver().await;
        let failed = |status: Option<StatusCode>| status.is_none_or(|status| status == 503);
        assert!(sent.iter().any(|sent| failed(sent.status())), "{outage:?}");
        let record = app.records.of(Person::alejandra().subject()).await;
        assert!(!record.unwrap().is_verified(), "{outage:?}");
        Outage::end(&app);
        app.advance(60);
        app.fake.deliver().await;
        let record = app.records.of(Person::alejandra().subject()).await;
        assert!(record.unwrap().is_verified(), "{outage:?}");
        assert!(is_verified(&browser).await, "{outage:?}");
    }
}

// Behaviour 130.
#[tokio::test(start_paused = true)]
async fn an_outage_that_outlasts_the_webhooks_loses_nothing() {
    for outage in OUTAGES {
        let app = App::new();
        let browser = app.sign_in(&Person::alejandra()).await;
        through(&browser, "approve").await;
        app.fake.deliver().await;
        let other = app.sign_in(&Person::john()).await;
        let hosted = other.visit(PAGE).await;
        app.advance(60);
        outage.begin(&app, Endpoint::VerificationDecision);
        // One user loses the verification, another gets it. Both webhooks are lost in the end.
        let lost = app.fake.status(&app.session()).unwrap();
        assert_eq!(lost, "In Progress");
        let verified = app.records.of(Person::alejandra().subject()).await.unwrap();
        let verified = verified.session_id().unwrap().to_string();
        app.fake.set_status(&verified, "Declined");
        app.fake.complete(hosted.url(), "approve");
        for seconds in [0, 60, 240, 3600] {
            app.advance(seconds);
            app.fake.deliver().await;
            assert!(!is_verified(&browser).await, "{outage:?}");
            assert!(!is_verified(&other).await, "{outage:?}");
        }
        Outage::end(&app);
        app.advance(60);
        assert!(is_verified(&other).await, "{outage:?}");
        let page = browser.visit(PAGE).await;
        assert_eq!(page.status(), StatusCode::FORBIDDEN, "{outage:?}");
    }
}

// Behaviour 130.
#[tokio::test(start_paused = true)]
async fn an_event_against_the_user_counts_also_if_didits_clock_is_behind() {
    for (behind, counts) in [(0, true), (300, true), (301, false)] {
        let app = App::new();
        let browser = app.sign_in(&Person::alejandra()).await;
        through(&browser, "approve").await;
        app.fake.deliver().await;
        Outage::Hangs.begin(&app, Endpoint::VerificationDecision);
        let approved = app.webhook("Approved").json().unwrap();
        let at = approved["timestamp"].as_u64().unwrap() - behind;
        let declined = with(approved, "/timestamp", at.into());
        let declined = with(declined, "/status", "Declined".into());
        let declined = with(declined, "/decision", Value::Null);
        let answer = app.send_signed(&declined).await;
        if counts {
            assert!(answer.is_server_error(), "{answer}");
        } else {
            assert_eq!(answer, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(is_verified(&browser).await, !counts, "{behind}");
    }
}

// Behaviour 128.
#[tokio::test(start_paused = true)]
async fn who_is_verified_passes_while_didit_is_down() {
    for outage in OUTAGES {
        let app = App::new();
        let browser = app.sign_in(&Person::alejandra()).await;
        through(&browser, "approve").await;
        for endpoint in [Endpoint::CreateVerification, Endpoint::VerificationDecision] {
            outage.begin(&app, endpoint);
        }
        assert!(is_verified(&browser).await, "{outage:?}");
        let page = browser.visit(RETURN).await;
        assert!(shows_the_account(&page), "{outage:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_of_status_without_an_answer_may_be_repeated() {
    for outage in OUTAGES {
        let app = App::new();
        let browser = app.sign_in(&Person::alejandra()).await;
        through(&browser, "review").await;
        app.fake.deliver().await;
        let id = app.session().parse().unwrap();
        outage.begin(&app, Endpoint::UpdateVerification);
        let change = || {
            app.client
                .update_status(id, Status::Declined, "checked by phone")
        };
        assert!(change().await.is_err(), "{outage:?}");
        Outage::end(&app);
        app.advance(40);
        let outcome = change().await;
        // Didit has processed the request whose response was lost.
        if let Err(error) = outcome {
            assert!(matches!(outage, Outage::Truncates), "{outage:?}");
            assert_eq!(error.kind(), VerificationError::InvalidRequest.into());
        }
        app.fake.deliver().await;
        let page = browser.visit(PAGE).await;
        assert_eq!(page.status(), StatusCode::FORBIDDEN, "{outage:?}");
    }
}

/// When the browser comes back.
#[derive(Clone, Copy, Debug)]
enum Comeback {
    BeforeTheWebhook,
    AfterTheWebhook,
    Never,
}

// Behaviour 130.
#[tokio::test]
async fn any_order_of_webhooks_and_the_return_ends_in_the_same_state() {
    let faults = [
        None,
        Some(WebhookFault::NEVER),
        Some(WebhookFault::DUPLICATE),
        Some(WebhookFault::REORDERED),
        Some(WebhookFault::LATE),
    ];
    for (button, expected) in [
        ("approve", ("Approved", true, 200)),
        ("decline", ("Declined", false, 403)),
        ("review", ("In Review", false, 303)),
        ("abandon", ("Not Started", false, 303)),
    ] {
        for fault in faults {
            for comeback in [
                Comeback::BeforeTheWebhook,
                Comeback::AfterTheWebhook,
                Comeback::Never,
            ] {
                let app = App::of(FakeDidit::new("client", "secret"));
                if let Some(fault) = fault {
                    app.fake.on_every_webhook(fault);
                }
                let browser = app.sign_in(&Person::alejandra()).await;
                let hosted = browser.visit(PAGE).await;
                match comeback {
                    Comeback::BeforeTheWebhook => {
                        browser.click(&hosted, button).await;
                        app.fake.deliver().await;
                    }
                    Comeback::AfterTheWebhook => {
                        let back = app.fake.complete(hosted.url(), button).unwrap();
                        app.fake.deliver().await;
                        browser.visit(&back).await;
                    }
                    Comeback::Never => {
                        app.fake.complete(hosted.url(), button);
                        app.fake.deliver().await;
                    }
                }
                app.didit.clock().advance(Duration::from_secs(3600));
                app.fake.deliver().await;
                app.advance(10);
                let page = browser.get(PAGE).await;
                let record = app.records.of(Person::alejandra().subject()).await.unwrap();
                let status = record.status().to_string();
                let state = (&*status, record.is_verified(), page.status().as_u16());
                assert_eq!(state, expected, "{button} {fault:?} {comeback:?}");
            }
        }
    }
}
