use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::{CALLBACK, about, call, create, created, decision, didit, text};
use crate::{
    Endpoint, Fault,
    tests::{send, send_json},
};

const UNKNOWN: &str = "00000000-0000-4000-a000-00000000dead";

#[tokio::test]
async fn a_session_has_the_documented_members() {
    let didit = didit();
    let session = created(
        &didit,
        json!({"metadata": {"plan": "gold"}, "language": "es"}),
    )
    .await;
    let mut names: Vec<_> = session
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "callback",
            "metadata",
            "session_id",
            "session_number",
            "session_token",
            "status",
            "url",
            "vendor_data",
            "workflow_id",
            "workflow_version"
        ]
    );
    assert_eq!(session["status"], "Not Started");
    assert_eq!(session["metadata"], json!({"plan": "gold"}));
    assert_eq!(text(&session, "session_token").len(), 12);
    let url = format!(
        "https://verify.didit.me/es/session/{}",
        text(&session, "session_token")
    );
    assert_eq!(session["url"], url);
}

#[tokio::test]
async fn an_unfinished_session_is_reused_with_the_new_callback_and_metadata() {
    let didit = didit();
    let first = created(&didit, json!({})).await;
    didit
        .verification()
        .complete(text(&first, "url"), "abandon");
    let second = created(&didit, json!({"metadata": 1})).await;
    assert_ne!(
        first["session_id"], second["session_id"],
        "an abandoned session has ended"
    );
    let third = created(&didit, json!({"callback": "app://back", "metadata": 2})).await;
    assert_eq!(second["session_id"], third["session_id"]);
    assert_eq!(
        (&third["callback"], &third["metadata"]),
        (&json!("app://back"), &json!(2))
    );

    for changes in [
        json!({"vendor_data": "user-2"}),
        json!({"vendor_data": null}),
    ] {
        let other = created(&didit, changes).await;
        assert_ne!(other["session_id"], third["session_id"]);
    }
}

#[tokio::test]
async fn an_invalid_member_is_rejected_in_the_shape_of_its_check() {
    let didit = didit();
    didit.verification().block_user("blocked");
    for (changes, expected) in [
        (
            json!({"workflow_id": null}),
            json!({"workflow_id": ["This field is required."]}),
        ),
        (
            json!({"workflow_id": "w"}),
            json!({"workflow_id": ["Must be a valid UUID."]}),
        ),
        (
            json!({"workflow_id": UNKNOWN}),
            json!({"workflow_id": "Invalid workflow_id."}),
        ),
        (
            json!({"vendor_data": 7}),
            json!({"vendor_data": ["Not a valid string."]}),
        ),
        (
            json!({"callback": "/verified"}),
            json!({"callback": ["Enter a valid URL."]}),
        ),
        (
            json!({"callback_method": "x"}),
            json!({"callback_method": ["\"x\" is not a valid choice."]}),
        ),
        (
            json!({"language": "xx"}),
            json!({"language": ["\"xx\" is not a valid choice."]}),
        ),
        (
            json!({"contact_details": 1}),
            json!({"contact_details": ["Invalid data. Expected a dictionary."]}),
        ),
        (
            json!({"vendorData": "u"}),
            json!({"vendorData": ["Unknown field."]}),
        ),
        (
            json!({"sandbox_scenario": "approve"}),
            json!({"sandbox_scenario": ["Only available for sandbox applications."]}),
        ),
        (
            json!({"vendor_data": "blocked"}),
            json!({
                "vendor_data":
                    "This user or business has been blocked and cannot create new verification sessions."
            }),
        ),
    ] {
        let (status, body) = create(&didit, changes.clone()).await;
        assert_eq!(
            (status, body),
            (StatusCode::BAD_REQUEST, expected),
            "{changes}"
        );
        assert!(
            didit
                .last(Endpoint::CreateVerification)
                .unwrap()
                .problem()
                .is_some()
        );
    }
}

#[tokio::test]
async fn a_body_must_be_a_json_object() {
    let didit = didit();
    let request = |content_type: &str, body: &'static str| {
        Request::post("https://verification.didit.me/v3/session/")
            .header("x-api-key", "fake-api-key")
            .header("content-type", content_type)
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap()
    };
    for (content_type, body, status) in [
        ("application/json", "[]", StatusCode::BAD_REQUEST),
        ("application/json", "{", StatusCode::BAD_REQUEST),
        ("text/plain", "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ] {
        assert_eq!(
            send(&didit, request(content_type, body)).await.status(),
            status,
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_missing_or_wrong_key_is_a_403() {
    let didit = didit();
    let id = text(&created(&didit, json!({})).await, "session_id").to_owned();
    let decision = format!("/v3/session/{id}/decision/");
    let (short, long) = (
        "You do not have permission to perform this action.",
        "Authentication credentials were not provided or are invalid.",
    );
    for key in [None, Some("wrong")] {
        for (method, path, detail) in [
            (Method::POST, "/v3/session/", short),
            (Method::GET, "/v3/sessions/", short),
            (Method::GET, "/v3/webhook/destinations/", short),
            (Method::GET, decision.as_str(), long),
        ] {
            let mut request = call(&didit.verification(), method, path, &json!({}));
            request.headers_mut().remove("x-api-key");
            if let Some(key) = key {
                request
                    .headers_mut()
                    .insert("x-api-key", key.parse().unwrap());
            }
            let (status, body) = send_json(&didit, request).await;
            assert_eq!(
                (status, body),
                (StatusCode::FORBIDDEN, json!({ "detail": detail })),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn an_unknown_session_is_a_404_before_the_key_is_checked() {
    let didit = didit();
    let get = |id: &str| {
        let uri = format!("https://verification.didit.me/v3/session/{id}/decision/");
        Request::get(uri).body(Bytes::new()).unwrap()
    };
    let (status, body) = send_json(&didit, get(UNKNOWN)).await;
    assert_eq!(
        (status, body),
        (StatusCode::NOT_FOUND, json!({"detail": "Not found."}))
    );
    let page = send(&didit, get("not-a-uuid")).await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
}

#[tokio::test]
async fn too_many_requests_in_a_minute_are_a_429_that_says_when_to_come_back() {
    let didit = didit();
    let verification = didit.verification().with_rate_limit(2);
    let request = || call(&verification, Method::GET, "/v3/sessions/", &Value::Null);
    for remaining in ["1", "0"] {
        let response = send(&didit, request()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["x-ratelimit-remaining"], remaining);
    }
    didit.clock().advance(Duration::from_secs(20));
    let response = send(&didit, request()).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()["retry-after"], "40");
    assert_eq!(
        serde_json::from_slice::<Value>(response.body()).unwrap(),
        json!({"detail": "GET request rate limit exceeded. You can make up to 2 requests per minute."})
    );
    // Other kinds of requests have a limit of their own.
    created(&didit, json!({})).await;
    didit.clock().advance(Duration::from_secs(40));
    assert_eq!(send(&didit, request()).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_documented_limits_apply_by_default() {
    let didit = didit();
    let verification = didit.verification();
    let limit = async |method: Method, path: &str| {
        let response = send(&didit, call(&verification, method, path, &json!({}))).await;
        response.headers()["x-ratelimit-limit"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    let id = text(&created(&didit, json!({})).await, "session_id").to_owned();
    assert_eq!(limit(Method::POST, "/v3/session/").await, "600");
    assert_eq!(
        limit(Method::GET, &format!("/v3/session/{id}/decision/")).await,
        "600"
    );
    assert_eq!(
        limit(Method::PATCH, &format!("/v3/session/{id}/update-status/")).await,
        "300"
    );
    assert_eq!(
        limit(Method::GET, &format!("/v3/session/{id}/generate-pdf/")).await,
        "50"
    );
}

#[tokio::test]
async fn a_status_can_be_updated_where_didit_allows_it() {
    let didit = didit();
    let session = created(&didit, json!({})).await;
    let id = text(&session, "session_id");
    let update = async |status: &str| {
        about(
            &didit,
            Method::PATCH,
            id,
            "update-status",
            json!({"new_status": status, "comment": "why"}),
        )
        .await
    };
    let allowed = "Only sessions with status Approved, Declined, In Review, Kyc Expired, Abandoned, Resubmitted can \
                   be updated. Current status: Not Started";
    assert_eq!(
        update("Approved").await,
        (StatusCode::BAD_REQUEST, json!({ "detail": allowed }))
    );
    didit
        .verification()
        .complete(text(&session, "url"), "review");
    for (status, message) in [
        ("approved", "\"approved\" is not a valid choice."),
        (
            "Expired",
            "You can only update the status to 'Approved', 'Declined', or 'Resubmitted'.",
        ),
    ] {
        let expected = json!({"new_status": [message]});
        assert_eq!(update(status).await, (StatusCode::BAD_REQUEST, expected));
    }
    assert_eq!(
        update("Approved").await,
        (StatusCode::OK, json!({"session_id": id}))
    );
    let same = json!(["The new status is the same as the current status."]);
    assert_eq!(update("Approved").await, (StatusCode::BAD_REQUEST, same));

    let decision = decision(&didit, id).await;
    assert_eq!(decision["status"], "Approved");
    assert_eq!(
        decision["face_matches"][0]["status"], "In Review",
        "the checks stay as they are"
    );
    assert_eq!(decision["reviews"][0]["comment"], "why");
}

#[tokio::test]
async fn a_resubmission_reopens_the_same_page_and_its_time() {
    let didit = didit();
    let verification = didit
        .verification()
        .with_session_lifetime(Duration::from_secs(60));
    let session = created(&didit, json!({})).await;
    let (id, url) = (text(&session, "session_id"), text(&session, "url"));
    verification.complete(url, "decline");
    didit.clock().advance(Duration::from_secs(100));
    let body = json!({"new_status": "Resubmitted"});
    assert_eq!(
        about(&didit, Method::PATCH, id, "update-status", body)
            .await
            .0,
        StatusCode::OK
    );
    assert_eq!(
        created(&didit, json!({})).await["session_id"],
        id,
        "it is unfinished again"
    );
    didit.clock().advance(Duration::from_secs(59));
    verification.complete(url, "approve");
    assert_eq!(verification.status(id).as_deref(), Some("Approved"));
}

#[tokio::test]
async fn a_session_ends_when_its_time_is_over() {
    let didit = didit();
    let verification = didit.verification();
    verification.create("u-1");
    let unopened = verification.last_session_id().unwrap();
    let url = verification.create("u-2");
    let opened = verification.last_session_id().unwrap();
    send(&didit, Request::get(url).body(Bytes::new()).unwrap()).await;
    didit.clock().advance(Duration::from_secs(7 * 24 * 3600));
    let statuses = [unopened, opened].map(|id| verification.status(&id).unwrap());
    assert_eq!(statuses, ["Expired", "Abandoned"]);
}

#[tokio::test]
async fn a_deleted_session_is_unknown() {
    let didit = didit();
    let session = created(&didit, json!({})).await;
    let id = text(&session, "session_id");
    let (status, body) = about(&didit, Method::DELETE, id, "delete", Value::Null).await;
    assert_eq!((status, &body["session_id"]), (StatusCode::OK, &json!(id)));
    for (method, path) in [(Method::DELETE, "delete"), (Method::GET, "decision")] {
        assert_eq!(
            about(&didit, method, id, path, Value::Null).await.0,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn a_report_needs_a_finished_session() {
    let didit = didit();
    let session = created(&didit, json!({})).await;
    let path = format!("/v3/session/{}/generate-pdf/", text(&session, "session_id"));
    let request = || call(&didit.verification(), Method::GET, &path, &Value::Null);
    assert_eq!(
        send(&didit, request()).await.status(),
        StatusCode::FORBIDDEN
    );
    didit
        .verification()
        .complete(text(&session, "url"), "decline");
    let report = send(&didit, request()).await;
    assert_eq!(report.headers()["content-type"], "application/pdf");
    assert!(report.body().starts_with(b"%PDF-"));
}

#[tokio::test]
async fn sessions_are_listed_newest_first_by_page_and_filter() {
    let didit = didit();
    let verification = didit.verification();
    for user in ["a", "b", "c"] {
        verification.complete(
            &verification.create(user),
            if user == "b" { "decline" } else { "approve" },
        );
    }
    let list = async |query: &str| {
        let path = format!("/v3/sessions/?{query}");
        let (status, body) = send_json(
            &didit,
            call(&verification, Method::GET, &path, &Value::Null),
        )
        .await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let rows = body["results"].as_array().unwrap().iter();
        let users = rows
            .map(|row| row["vendor_data"].as_str().unwrap())
            .collect::<Vec<_>>()
            .join(" ");
        (body["count"].as_u64().unwrap(), users)
    };
    assert_eq!(list("").await, (3, "c b a".to_owned()));
    assert_eq!(list("limit=1&offset=1").await, (3, "b".to_owned()));
    assert_eq!(list("status=Declined,Expired").await, (1, "b".to_owned()));
    assert_eq!(list("vendor_data=a").await, (1, "a".to_owned()));
    assert_eq!(list("session_kind=business").await, (0, String::new()));
    let redirect = send(
        &didit,
        call(&verification, Method::GET, "/v3/sessions", &Value::Null),
    )
    .await;
    assert_eq!(redirect.status(), StatusCode::MOVED_PERMANENTLY);
}

#[tokio::test]
async fn a_sandbox_arms_scenarios_with_the_session_token() {
    let didit = didit();
    let verification = didit.verification().with_sandbox();
    let session = created(&didit, json!({"sandbox_scenario": "approve"})).await;
    let path = format!("/v3/session/{}/sandbox/arm/", text(&session, "session_id"));
    let arm = async |token: &str, scenario: &str| {
        let mut request = call(
            &verification,
            Method::POST,
            &path,
            &json!({ "scenario": scenario }),
        );
        request.headers_mut().remove("x-api-key");
        request
            .headers_mut()
            .insert("session-token", token.parse().unwrap());
        send_json(&didit, request).await
    };
    let token = text(&session, "session_token");
    assert_eq!(arm("wrong", "approve").await.0, StatusCode::NOT_FOUND);
    let unknown = json!({"scenario": ["Unknown sandbox scenario: 'x'."]});
    assert_eq!(arm(token, "x").await, (StatusCode::BAD_REQUEST, unknown));
    assert_eq!(arm(token, "decline_aml_hit").await.0, StatusCode::OK);
    verification.complete(text(&session, "url"), "continue");
    let decision = decision(&didit, text(&session, "session_id")).await;
    assert_eq!(decision["status"], "Declined");
    assert_eq!(decision["environment"], "sandbox");
    assert_eq!(decision["aml_screenings"][0]["status"], "Declined");
    let started = json!(["Scenario can only be armed before the verification starts."]);
    assert_eq!(
        arm(token, "approve").await,
        (StatusCode::BAD_REQUEST, started)
    );
}

#[tokio::test]
async fn a_sandbox_creates_500_sessions_a_day() {
    let didit = didit();
    let _ = didit.verification().with_sandbox().with_rate_limit(1000);
    for _ in 0..500 {
        created(&didit, json!({"vendor_data": null})).await;
    }
    let (status, body) = create(&didit, json!({})).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(
        text(&body, "detail").starts_with("Sandbox session quota exceeded (500 sessions per 24h).")
    );
    didit.clock().advance(Duration::from_secs(24 * 3600));
    created(&didit, json!({})).await;
}

#[tokio::test]
async fn faults_can_be_injected_into_every_endpoint() {
    let didit = didit();
    didit.on_next(
        Endpoint::CreateVerification,
        Fault::error("busy").with_status(503),
    );
    assert_eq!(
        create(&didit, json!({})).await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
    let session = created(&didit, json!({})).await;
    didit.on_next(
        Endpoint::VerificationDecision,
        Fault::edit(|decision| {
            decision.insert("status".to_owned(), "Approved".into());
        }),
    );
    assert_eq!(
        decision(&didit, text(&session, "session_id")).await["status"],
        "Approved"
    );
    assert_eq!(
        decision(&didit, text(&session, "session_id")).await["status"],
        "Not Started"
    );
    assert_eq!(didit.count(Endpoint::VerificationDecision), 2);
}

#[tokio::test]
async fn a_session_without_a_callback_gets_that_of_the_workflow() {
    let didit = didit();
    let _ = didit.verification().with_callback(CALLBACK);
    assert_eq!(
        created(&didit, json!({"callback": null})).await["callback"],
        CALLBACK
    );
}
