//! The list of sessions.

use serde_json::{Value, json};
use tower_didit::{
    Error, ErrorKind,
    fake::{FakeDidit, FakeDiditExt},
    reason::VerificationError,
    verification::{
        NewVerification, Status, VerificationClient, VerificationFilter, VerificationPage,
        VerificationSummary,
    },
};

use crate::{
    client::{Didit, KEY},
    delivery::{SESSION, USER, WORKFLOW, with},
};

/// A page with one row, which is not the last one.
fn page() -> Value {
    json!({
        "count": 3,
        "next": "https://elsewhere.example/v3/sessions/?limit=1&offset=500",
        "previous": null,
        "results": [{
            "session_id": SESSION,
            "session_kind": "user",
            "session_number": 720,
            "session_url": "https://verify.didit.me/session/3FaJ9wLqX2Mz",
            "status": "Kyc Expired",
            "vendor_data": USER,
            "full_name": "Ana García",
            "country": "ESP",
            "created_at": "2026-06-09T12:26:54.328364Z"
        }]
    })
}

async fn list(didit: &Didit, filter: VerificationFilter) -> Result<VerificationPage, Error> {
    didit.client().list(&filter).await
}

#[tokio::test]
async fn sessions_are_listed_by_status_user_and_workflow() {
    let didit = Didit::answers(200, &page());
    let filter = VerificationFilter::new()
        .add_status(Status::KycExpired)
        .add_status(Status::InReview)
        .with_vendor_data("user-42")
        .with_workflow(WORKFLOW)
        .with_limit(1)
        .with_offset(1);
    let listed = list(&didit, filter).await.unwrap();
    let (method, url, body) = didit.sent();
    assert_eq!((method.as_str(), body), ("GET", Value::Null));
    let expected = format!(
        "https://verification.didit.me/v3/sessions/?session_kind=user&limit=1&offset=1&status=Kyc+Expired%2CIn+Review\
         &vendor_data=user-42&workflow_id={WORKFLOW}"
    );
    assert_eq!(url, expected);

    assert_eq!(listed.total(), 3);
    let [session] = listed.sessions() else {
        panic!("{listed:?}");
    };
    assert_eq!(session.id().to_string(), SESSION);
    assert_eq!(session.status(), Status::KycExpired);
    assert_eq!(session.number(), Some(720));
    assert_eq!(session.vendor_data(), Some(USER));
    assert_eq!(session.created_at(), Some("2026-06-09T12:26:54.328364Z"));
    let row: Value = session.extra().unwrap();
    assert_eq!(row, page()["results"][0]);
    let shown = format!("{listed:?}");
    for personal in ["García", USER, "3FaJ9wLqX2Mz"] {
        assert!(!shown.contains(personal), "{shown}");
    }
}

// The key would go wherever the response says.
#[tokio::test]
async fn the_next_page_is_asked_for_at_the_same_host() {
    let didit = Didit::answers(200, &page());
    let filter = VerificationFilter::new()
        .with_vendor_data(USER)
        .with_offset(1);
    let next = list(&didit, filter).await.unwrap().next_page().unwrap();
    let didit = Didit::answers(200, &page());
    list(&didit, next).await.unwrap();
    let expected = format!(
        "https://verification.didit.me/v3/sessions/?session_kind=user&limit=50&offset=2&vendor_data={USER}"
    );
    assert_eq!(didit.sent().1, expected);

    for last in [
        with(page(), "/next", Value::Null),
        with(page(), "/results", json!([])),
    ] {
        let listed = list(&Didit::answers(200, &last), VerificationFilter::new()).await;
        assert!(listed.unwrap().next_page().is_none(), "{last}");
    }
}

// Didit would ignore them, and list the sessions of all users.
#[tokio::test]
async fn a_filter_that_would_not_filter_is_not_sent() {
    for (filter, expected) in [
        (
            VerificationFilter::new().with_vendor_data(""),
            "`vendor_data` is empty",
        ),
        (
            VerificationFilter::new().with_workflow("kyc"),
            "`workflow_id` is not a UUID",
        ),
        (
            VerificationFilter::new().add_status(Status::Other),
            "`status` is none of Didit's",
        ),
        (
            VerificationFilter::new().with_limit(0),
            "`limit` is not between 1 and 100",
        ),
        (
            VerificationFilter::new().with_limit(101),
            "`limit` is not between 1 and 100",
        ),
    ] {
        let didit = Didit::answers(200, &page());
        let error = list(&didit, filter).await.unwrap_err();
        assert_eq!(error.kind(), VerificationError::InvalidRequest.into());
        assert!(error.to_string().ends_with(expected), "{error}");
        assert_eq!(didit.requests(), 0);
    }
}

// Behaviour 129.
#[tokio::test]
async fn a_list_with_sessions_of_another_user_is_refused() {
    for other in [json!("user-43"), Value::Null] {
        let didit = Didit::answers(200, &with(page(), "/results/0/vendor_data", other));
        let filter = VerificationFilter::new().with_vendor_data(USER);
        let error = list(&didit, filter).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
        assert!(list(&didit, VerificationFilter::new()).await.is_ok());
    }
}

#[tokio::test]
async fn an_unusable_list_is_an_error() {
    for (path, value) in [
        ("/count", json!("3")),
        ("/results", Value::Null),
        ("/results", json!({})),
        ("/results/0", json!(1)),
        ("/results/0/session_id", json!("1")),
        ("/results/0/status", Value::Null),
    ] {
        let didit = Didit::answers(200, &with(page(), path, value));
        let error = list(&didit, VerificationFilter::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{path}");
    }
    let didit = Didit::answers_text(200, vec![b' '; 1024 * 1024 + 1]);
    let error = list(&didit, VerificationFilter::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
}

#[tokio::test]
async fn every_session_of_a_user_is_on_one_of_the_pages() {
    let didit = FakeDidit::new("app", "secret");
    let verification = didit.verification().with_api_key(KEY);
    let config = didit.config("https://app.example/callback");
    let client = VerificationClient::new(KEY, &config.build().unwrap()).unwrap();
    let mut expected = Vec::new();
    for _ in 0..5 {
        let new = NewVerification::new(verification.workflow_id(), USER);
        let session = client.create(new).await.unwrap();
        verification.complete(session.url(), "approve");
        expected.push(session.id());
    }
    verification.create("user-43");
    verification.create_business(USER);

    let filter = VerificationFilter::new()
        .with_vendor_data(USER)
        .with_workflow(verification.workflow_id())
        .add_status(Status::Approved);
    let (mut pages, mut listed) = (Vec::new(), Vec::new());
    let mut filter = Some(filter.with_limit(2));
    while let Some(wanted) = filter {
        let page = client.list(&wanted).await.unwrap();
        assert_eq!(page.total(), 5);
        pages.push(page.sessions().len());
        listed.extend(page.sessions().iter().map(VerificationSummary::id));
        filter = page.next_page();
    }
    listed.reverse();
    assert_eq!(pages, [2, 2, 1]);
    assert_eq!(listed, expected);
    let all = client.list(&VerificationFilter::default()).await.unwrap();
    assert_eq!(all.total(), 6);
}
