//! The report of a session: a PDF.

use bytes::Bytes;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tower_didit::{
    Error, ErrorKind,
    fake::{FakeDidit, FakeDiditExt},
    reason::VerificationError,
    verification::VerificationClient,
};

use crate::{
    client::{Didit, KEY},
    delivery::SESSION,
};

const LIMIT: usize = 16 * 1024 * 1024;
const UNFINISHED: &str =
    "You can only generate a PDF for sessions in review, declined, approved or kyc expired";

async fn report(didit: &Didit) -> Result<Bytes, Error> {
    didit.client().report(SESSION.parse().unwrap()).await
}

/// A PDF of this length.
fn pdf(length: usize) -> Vec<u8> {
    let mut pdf = b"%PDF-1.7\n".to_vec();
    pdf.resize(length, b'\n');
    pdf
}

#[tokio::test]
async fn a_report_is_a_pdf_of_at_most_16_mib() {
    let didit = Didit::answers_text(200, pdf(LIMIT));
    assert_eq!(report(&didit).await.unwrap().len(), LIMIT);
    let (method, url, _) = didit.sent();
    assert_eq!(method, "GET");
    let expected = format!("https://verification.didit.me/v3/session/{SESSION}/generate-pdf/");
    assert_eq!(url, expected);
    assert_eq!(didit.requests.lock().unwrap()[0].headers()["accept"], "*/*");

    for other in [pdf(LIMIT + 1), b"<html>".to_vec(), Vec::new()] {
        let error = report(&Didit::answers_text(200, other)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    }
    let error = report(&Didit::answers_text(200, pdf(LIMIT + 1))).await;
    let source = std::error::Error::source(&error.unwrap_err())
        .unwrap()
        .to_string();
    assert_eq!(source, "the response is larger than 16 MiB");
}

#[tokio::test]
async fn the_default_transport_has_the_same_limit() {
    for (length, expected) in [
        (LIMIT, Ok(LIMIT)),
        (LIMIT + 1, Err(ErrorKind::InvalidResponse)),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                socket.read_buf(&mut request).await.unwrap();
            }
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/pdf\r\ntransfer-encoding: chunked\r\n\r\n";
            let chunk = format!("{length:x}\r\n");
            let response = [
                head.as_bytes(),
                chunk.as_bytes(),
                &pdf(length),
                b"\r\n0\r\n\r\n",
            ];
            // The client may close the connection before the end.
            let _ = socket.write_all(&response.concat()).await;
        });
        let client = VerificationClient::without_sign_in(KEY).unwrap();
        let client = client.with_base_url(base).unwrap();
        let report = client.report(SESSION.parse().unwrap()).await;
        let outcome = report.map(|pdf| pdf.len()).map_err(|error| error.kind());
        assert_eq!(outcome, expected);
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_session_without_a_report_is_told_from_a_refused_key() {
    use VerificationError::{KeyRefused, NoReport, RateLimited, UnknownSession};
    let permission = "You do not have permission to perform this action.";
    let credentials = "Authentication credentials were not provided or are invalid.";
    let kyb = "You can only generate a PDF for sessions in review, declined or approved";
    for (status, detail, expected) in [
        (403, UNFINISHED, NoReport),
        (403, kyb, NoReport),
        (403, permission, KeyRefused),
        (403, credentials, KeyRefused),
        (401, UNFINISHED, KeyRefused),
        (404, "Not found.", UnknownSession),
        (429, "Too many.", RateLimited),
    ] {
        let didit = Didit::answers(status, &json!({ "detail": detail }));
        let error = report(&didit).await.unwrap_err();
        assert_eq!(error.kind(), expected.into(), "{status} {detail}");
    }
    for body in ["", "<html>", "[]", "null", "{}", r#"{"detail": 1}"#] {
        let error = report(&Didit::answers_text(403, body)).await.unwrap_err();
        assert_eq!(error.kind(), KeyRefused.into(), "{body}");
    }
    // Another call's 403 is about the key.
    let didit = Didit::answers(403, &json!({ "detail": UNFINISHED }));
    let error = didit.client().delete(SESSION.parse().unwrap()).await;
    assert_eq!(error.unwrap_err().kind(), KeyRefused.into());
}

#[tokio::test]
async fn only_sessions_with_an_outcome_have_a_report() {
    let didit = FakeDidit::new("app", "secret");
    let verification = didit.verification().with_api_key(KEY);
    let config = didit.config("https://app.example/callback");
    let client = VerificationClient::new(KEY, &config.build().unwrap()).unwrap();
    verification.create("user-42");
    let session = verification.last_session_id().unwrap();
    for (status, has_report) in [
        ("Not Started", false),
        ("In Progress", false),
        ("Awaiting User", false),
        ("Abandoned", false),
        ("Expired", false),
        ("Resubmitted", false),
        ("In Review", true),
        ("Approved", true),
        ("Declined", true),
        ("Kyc Expired", true),
    ] {
        verification.set_status(&session, status);
        let report = client.report(session.parse().unwrap()).await;
        match report {
            Ok(ref pdf) => assert!(pdf.starts_with(b"%PDF-")),
            Err(ref error) => assert_eq!(error.kind(), VerificationError::NoReport.into()),
        }
        assert_eq!(report.is_ok(), has_report, "{status}");
    }
}
