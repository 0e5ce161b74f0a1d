//! The calls to Didit's verification API, over canned responses.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tower::service_fn;
use tower_didit::{
    Config, ConfigError, Error, ErrorKind,
    reason::VerificationError,
    transport::TransportError,
    verification::{
        CallbackMethod, NewVerification, ResubmitStep, Status, VerificationClient, VerificationId,
    },
};

use crate::delivery::{SESSION, USER, WORKFLOW, decision, with};

pub(crate) const KEY: &str = "the-secret-api-key";

/// Answers every request alike, and records them.
#[derive(Clone)]
pub(crate) struct Didit {
    response: Arc<dyn Fn() -> Result<Response<Bytes>, TransportError> + Send + Sync>,
    pub(crate) requests: Arc<Mutex<Vec<Request<Bytes>>>>,
}

impl Didit {
    pub(crate) fn new(
        response: impl Fn() -> Result<Response<Bytes>, TransportError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            response: Arc::new(response),
            requests: Arc::default(),
        }
    }

    pub(crate) fn answers(status: u16, body: &Value) -> Self {
        Self::answers_text(status, body.to_string())
    }

    pub(crate) fn answers_text(status: u16, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let response = move || Response::builder().status(status).body(body.clone());
        Self::new(move || Ok(response().unwrap()))
    }

    pub(crate) fn client(&self) -> VerificationClient {
        VerificationClient::new(KEY, &self.config()).unwrap()
    }

    fn config(&self) -> Config {
        let this = self.clone();
        let transport = service_fn(move |request| {
            this.requests.lock().unwrap().push(request);
            let response = (this.response)();
            async { response }
        });
        let config = Config::builder("app", "https://app.example/callback");
        let config = config
            .with_client_secret("secret")
            .with_transport(transport);
        config.build().unwrap()
    }

    /// The only request: its method, URL and body.
    pub(crate) fn sent(&self) -> (String, String, Value) {
        let requests = self.requests.lock().unwrap();
        let [request] = requests.as_slice() else {
            panic!("{} requests", requests.len());
        };
        assert_eq!(request.headers()["x-api-key"], KEY);
        assert!(request.headers()["x-api-key"].is_sensitive());
        let body = match request.body().as_ref() {
            [] => Value::Null,
            body => {
                assert_eq!(request.headers()["content-type"], "application/json");
                serde_json::from_slice(body).unwrap()
            }
        };
        let method = request.method().to_string();
        (method, request.uri().to_string(), body)
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

fn id() -> VerificationId {
    SESSION.parse().unwrap()
}

fn new() -> NewVerification {
    NewVerification::new(WORKFLOW, USER)
}

/// The response to a creation.
fn created() -> Value {
    json!({
        "session_id": SESSION,
        "session_number": 43762,
        "session_token": "3FaJ9wLqX2Mz",
        "url": "https://verify.didit.me/session/3FaJ9wLqX2Mz",
        "vendor_data": USER,
        "metadata": null,
        "status": "Not Started",
        "callback": null,
        "workflow_id": WORKFLOW,
        "workflow_version": 3
    })
}

// Behaviour 129.
#[tokio::test]
async fn a_session_is_created_with_every_documented_member() {
    let didit = Didit::answers(201, &created());
    let details = json!({"last_name": "García", "address": "Calle Mayor 1", "country": "ESP"});
    let verification = new()
        .with_callback("myapp://verified")
        .with_callback_method(CallbackMethod::Both)
        .with_language("pt-BR")
        .with_email("ana@example.com")
        .with_notification_emails("es")
        .with_phone("+34600000000")
        .with_metadata(json!({"plan": 1}))
        .with_expected_details(&details)
        .with_portrait(b"\xff\xd8\xff")
        .with_sandbox_scenario("approve");
    let session = didit.client().create(verification).await.unwrap();
    let (method, url, body) = didit.sent();
    assert_eq!(method, "POST");
    assert_eq!(url, "https://verification.didit.me/v3/session/");
    let expected = json!({
        "workflow_id": WORKFLOW,
        "vendor_data": USER,
        "callback": "myapp://verified",
        "callback_method": "both",
        "language": "pt-BR",
        "contact_details": {
            "email": "ana@example.com",
            "send_notification_emails": true,
            "email_lang": "es",
            "phone": "+34600000000"
        },
        "metadata": {"plan": 1},
        "expected_details": details,
        "portrait_image": "/9j/",
        "sandbox_scenario": "approve"
    });
    assert_eq!(body, expected);
    assert_eq!(session.id(), id());
    assert_eq!(session.url(), created()["url"]);
    assert_eq!(session.session_token(), created()["session_token"]);
    assert_eq!(session.workflow_id(), WORKFLOW);
    assert!(!session.is_resumed());
    assert!(!format!("{session:?}").contains("3FaJ9wLqX2Mz"));
}

#[tokio::test]
async fn a_session_that_the_person_has_begun_is_said_to_be_resumed() {
    for (status, is_resumed) in [
        ("Not Started", false),
        ("In Progress", true),
        ("Resubmitted", true),
        ("Awaiting User", true),
        ("A new status", true),
    ] {
        let didit = Didit::answers(201, &with(created(), "/status", status.into()));
        let session = didit.client().create(new()).await.unwrap();
        assert_eq!(session.is_resumed(), is_resumed, "{status}");
    }
}

#[tokio::test]
async fn what_didit_would_certainly_refuse_is_not_sent() {
    for (verification, expected) in [
        (
            NewVerification::new("kyc", USER),
            "`workflow_id` is not a UUID",
        ),
        (NewVerification::new(WORKFLOW, ""), "`vendor_data` is empty"),
        (
            new().with_callback("/verified"),
            "`callback` is not an absolute URL",
        ),
        (
            new().with_callback("javascript:alert(1)"),
            "`callback` is not an absolute URL",
        ),
        (
            new().with_expected_details(["García"]),
            "`expected_details` is not an object",
        ),
        (
            new().with_expected_details(json!({"address": "Calle Mayor 1"})),
            "an expected `address` needs a country",
        ),
        (
            new().with_portrait(&vec![0; 2 * 1024 * 1024 + 1]),
            "`portrait_image` is empty or larger than 2 MiB",
        ),
        (
            new().with_notification_emails("en"),
            "notification e-mails need an e-mail address",
        ),
    ] {
        let didit = Didit::answers(201, &created());
        let error = didit.client().create(verification).await.unwrap_err();
        assert_eq!(error.kind(), VerificationError::InvalidRequest.into());
        let text = format!("the request to Didit's verification API is invalid: {expected}");
        assert_eq!(error.to_string(), text);
        assert_eq!(didit.requests(), 0);
    }
}

#[tokio::test]
async fn an_unusable_response_to_a_creation_is_an_error() {
    for (path, value) in [
        ("/session_id", json!("1")),
        ("/session_id", Value::Null),
        ("/url", json!("javascript:alert(1)")),
        ("/url", json!("https://verify.didit.me/\r\nx: y")),
        ("/url", Value::Null),
        ("/session_token", Value::Null),
        ("/status", json!(1)),
        ("/workflow_id", Value::Null),
    ] {
        let didit = Didit::answers(201, &with(created(), path, value));
        let error = didit.client().create(new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{path}");
        assert!(error.to_string().contains(&path[1..]), "{error}");
    }
    for text in ["", "[]", "null", "<html>"] {
        let didit = Didit::answers_text(201, text);
        let error = didit.client().create(new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{text}");
    }
}

#[tokio::test]
async fn a_session_url_without_encryption_is_refused() {
    for (url, is_accepted) in [
        ("https://verify.didit.me/session/3FaJ9wLqX2Mz", true),
        ("https://id.shop.example/de/session/3FaJ9wLqX2Mz?a=b", true),
        ("http://127.0.0.1:4400/session/3FaJ9wLqX2Mz", true),
        ("http://verify.didit.me/session/3FaJ9wLqX2Mz", false),
        ("http://127.0.0.1.example/session/3FaJ9wLqX2Mz", false),
        ("https:session", false),
        ("https://", false),
        ("javascript:alert(1)", false),
    ] {
        let created = with(created(), "/url", json!(url));
        let session = Didit::answers(201, &created).client().create(new()).await;
        assert_eq!(session.is_ok(), is_accepted, "{url}");
    }
}

#[tokio::test]
async fn a_decision_is_asked_for_by_the_sessions_id() {
    let didit = Didit::answers(200, &decision());
    let read = didit.client().decision(id()).await.unwrap();
    assert_eq!(read.status(), Status::Approved);
    let url = format!("https://verification.didit.me/v3/session/{SESSION}/decision/");
    assert_eq!(didit.sent(), ("GET".to_owned(), url, Value::Null));
}

// Behaviour 129.
#[tokio::test]
async fn a_decision_about_another_session_is_refused() {
    for other in [
        json!("11111111-2222-3333-4444-555555555556"),
        json!(""),
        Value::Null,
    ] {
        let didit = Didit::answers(200, &with(decision(), "/session_id", other));
        let error = didit.client().decision(id()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    }
}

#[tokio::test]
async fn a_status_is_changed_by_hand() {
    let updated = json!({"session_id": SESSION});
    let url = format!("https://verification.didit.me/v3/session/{SESSION}/update-status/");
    let didit = Didit::answers(200, &updated);
    let client = didit.client();
    let approved = client.update_status(id(), Status::Approved, "seen");
    approved.await.unwrap();
    let body = json!({"new_status": "Approved", "comment": "seen"});
    assert_eq!(didit.sent(), ("PATCH".to_owned(), url.clone(), body));

    let didit = Didit::answers(200, &updated);
    let step = ResubmitStep::new("feature_ocr", "OCR");
    didit.client().resubmit(id(), &[step]).await.unwrap();
    let nodes = json!([{"node_id": "feature_ocr", "feature": "OCR"}]);
    let body = json!({"new_status": "Resubmitted", "nodes_to_resubmit": nodes});
    assert_eq!(didit.sent().2, body);

    let didit = Didit::answers(200, &updated);
    didit.client().resubmit(id(), &[]).await.unwrap();
    assert_eq!(didit.sent().2, json!({"new_status": "Resubmitted"}));

    for status in [Status::Resubmitted, Status::KycExpired, Status::Other] {
        let didit = Didit::answers(200, &updated);
        let error = didit.client().update_status(id(), status, "").await;
        let kind = error.unwrap_err().kind();
        assert_eq!(kind, VerificationError::InvalidRequest.into());
        assert_eq!(didit.requests(), 0);
    }
}

#[tokio::test]
async fn a_session_is_deleted() {
    for didit in [
        Didit::answers(200, &json!({"session_id": SESSION})),
        Didit::answers_text(204, ""),
    ] {
        didit.client().delete(id()).await.unwrap();
        let url = format!("https://verification.didit.me/v3/session/{SESSION}/delete/");
        assert_eq!(didit.sent(), ("DELETE".to_owned(), url, Value::Null));
    }
}

async fn failure(didit: &Didit) -> Error {
    let error = didit.client().create(new()).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(KEY), "{shown}");
    error
}

#[tokio::test]
async fn both_shapes_of_a_400_are_read() {
    use VerificationError::{InvalidRequest, NoCredits, UserBlocked};
    let blocked =
        "This user or business has been blocked and cannot create new verification sessions.";
    let credits = "You don't have enough credits to perform this request. Please top up at https://business.didit.me";
    for (body, reason, member, text) in [
        (
            json!({"workflow_id": ["This field is required."]}),
            InvalidRequest,
            "workflow_id",
            "This field is required.",
        ),
        (
            json!({"workflow_id": "Invalid workflow_id."}),
            InvalidRequest,
            "workflow_id",
            "Invalid workflow_id.",
        ),
        (
            json!({"contact_details": {"email": ["Enter a valid email address."]}}),
            InvalidRequest,
            "contact_details",
            "Enter a valid email address.",
        ),
        (
            json!(["The new status is the same as the current status."]),
            InvalidRequest,
            "detail",
            "The new status is the same as the current status.",
        ),
        (
            json!({"vendor_data": ["Not a valid string."]}),
            InvalidRequest,
            "vendor_data",
            "Not a valid string.",
        ),
        (
            json!({"vendor_data": blocked}),
            UserBlocked,
            "vendor_data",
            blocked,
        ),
        (json!({"detail": credits}), NoCredits, "detail", credits),
        (
            json!({"another": "Wrong."}),
            InvalidRequest,
            "detail",
            "Wrong.",
        ),
        (json!({}), InvalidRequest, "detail", ""),
        (Value::Null, InvalidRequest, "detail", ""),
    ] {
        let error = failure(&Didit::answers(400, &body)).await;
        assert_eq!(error.kind(), reason.into(), "{body}");
        assert_eq!(error.provider_code(), Some(member), "{body}");
        assert_eq!(error.provider_description(), Some(text), "{body}");
        assert!(
            error
                .to_string()
                .ends_with(&format!("(error code {member})"))
        );
        assert!(text.is_empty() || !format!("{error} {error:?}").contains(text));
    }
}

#[tokio::test]
async fn each_refusal_has_its_kind() {
    use VerificationError::{KeyRefused, UnknownSession};
    let detail = json!({"detail": "Not found."});
    for (status, expected) in [
        (401, ErrorKind::Verification(KeyRefused)),
        (403, ErrorKind::Verification(KeyRefused)),
        (404, ErrorKind::Verification(UnknownSession)),
        (301, ErrorKind::InvalidResponse),
        (302, ErrorKind::InvalidResponse),
        (202, ErrorKind::InvalidResponse),
        (500, ErrorKind::InvalidResponse),
        (503, ErrorKind::InvalidResponse),
    ] {
        let didit = Didit::answers(status, &detail);
        let error = didit.client().decision(id()).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{status}");
        assert_eq!(didit.requests(), 1, "{status}");
    }
    // A wrong URL, not an unknown session.
    let kind = failure(&Didit::answers(404, &detail)).await.kind();
    assert_eq!(kind, ErrorKind::InvalidResponse);
    let broken = Didit::new(|| Err(TransportError::broken("reset")));
    assert_eq!(
        failure(&broken).await.kind(),
        ErrorKind::ProviderUnreachable
    );
    let silent = Didit::new(|| Err(TransportError::timed_out()));
    assert_eq!(failure(&silent).await.kind(), ErrorKind::ProviderTimeout);
    let large = Didit::answers_text(201, vec![b' '; 1024 * 1024 + 1]);
    assert_eq!(failure(&large).await.kind(), ErrorKind::InvalidResponse);
}

#[tokio::test]
async fn a_429_says_how_long_to_wait_if_didit_does() {
    for (header, expected) in [
        (Some("17"), Some(Duration::from_secs(17))),
        (Some("Fri, 27 Nov 2026 03:00:00 GMT"), None),
        (Some("-1"), None),
        (None, None),
    ] {
        let didit = Didit::new(move || {
            let response = Response::builder().status(429);
            let response = match header {
                Some(value) => response.header("retry-after", value),
                None => response,
            };
            Ok(response.body(Bytes::new()).unwrap())
        });
        let error = failure(&didit).await;
        assert_eq!(error.kind(), VerificationError::RateLimited.into());
        assert_eq!(error.retry_after(), expected, "{header:?}");
    }
}

#[test]
fn a_key_that_no_application_has_is_refused_at_start_up() {
    let config = Didit::answers_text(200, "").config();
    for key in ["", " 7f3a", "7f3a\n", "7f 3a", "7f\u{e9}3a"] {
        let error = VerificationClient::new(key, &config).unwrap_err();
        let is_about_the_key = matches!(
            error,
            ConfigError::Invalid {
                name: "API key",
                ..
            }
        );
        assert!(is_about_the_key, "{key:?}");
        assert!(!error.to_string().contains("7f"), "{error}");
    }
    let client = VerificationClient::new(KEY, &config).unwrap();
    let shown = format!("{client:?}");
    assert_eq!(
        shown,
        r#"VerificationClient { host: "verification.didit.me", .. }"#
    );
    assert!(VerificationClient::without_sign_in(KEY).is_ok());
}

#[tokio::test]
async fn another_server_must_be_one_that_secrets_may_be_sent_to() {
    for (url, expected) in [
        (
            "https://gateway.example/didit/",
            "https://gateway.example/didit/v3/session/",
        ),
        ("http://localhost:4400", "http://localhost:4400/v3/session/"),
    ] {
        let didit = Didit::answers(201, &created());
        let client = didit.client().with_base_url(url).unwrap();
        client.create(new()).await.unwrap();
        assert_eq!(didit.sent().1, expected);
    }
    let client = Didit::answers_text(200, "").client();
    for url in [
        "",
        "verification.didit.me",
        "http://verification.didit.me",
        "https://user:password@gateway.example",
        "https://gateway.example?a=b",
        "https://gateway.example#a",
    ] {
        let error = client.clone().with_base_url(url).unwrap_err();
        assert!(!error.to_string().contains("password"), "{error}");
    }
}

#[tokio::test]
async fn the_key_is_not_sent_to_the_target_of_a_redirect() {
    let (here, there) = (listener().await, listener().await);
    let target = there.local_addr().unwrap();
    let base = format!("http://{}", here.local_addr().unwrap());
    let redirect = tokio::spawn(async move {
        let (mut socket, _) = here.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            socket.read_buf(&mut request).await.unwrap();
        }
        let response = format!(
            "HTTP/1.1 301 Moved\r\nlocation: http://{target}/\r\ncontent-length: 0\r\n\r\n"
        );
        socket.write_all(response.as_bytes()).await.unwrap();
        String::from_utf8(request).unwrap()
    });
    let client = VerificationClient::without_sign_in(KEY).unwrap();
    let client = client.with_base_url(base).unwrap();
    // A client that follows it waits for the target, which does not respond.
    let error = client.decision(id()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert!(redirect.await.unwrap().contains(KEY));
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}
