//! The client keeps Didit's rate limits.

use std::time::Duration;

use tower_didit::{
    Error,
    fake::{Endpoint, FakeDidit, FakeDiditExt},
    reason::VerificationError,
    verification::{NewVerification, Status, VerificationClient, VerificationId},
};

fn client(didit: &FakeDidit) -> VerificationClient {
    let config = didit.config("https://app.example/callback");
    let config = config.build().unwrap();
    VerificationClient::new(didit.verification().api_key(), &config).unwrap()
}

async fn session(didit: &FakeDidit, client: &VerificationClient) -> VerificationId {
    let new = NewVerification::new(didit.verification().workflow_id(), "user-42");
    client.create(new).await.unwrap().id()
}

fn wait(error: &Error) -> Duration {
    assert_eq!(error.kind(), VerificationError::RateLimited.into());
    error.retry_after().unwrap()
}

#[tokio::test]
async fn a_call_above_the_limit_is_not_sent_by_any_clone() {
    let didit = FakeDidit::new("client", "secret");
    let first = client(&didit);
    let id = session(&didit, &first).await;
    let clones = [first.clone(), first.clone(), first];
    for client in clones.iter().cycle().take(600) {
        client.decision(id).await.unwrap();
    }
    for client in &clones {
        let error = client.decision(id).await.unwrap_err();
        assert_eq!(wait(&error), Duration::from_secs(61));
        let text = "Didit's verification API was called too often: decision: not sent";
        assert_eq!(error.to_string(), text);
    }
    assert_eq!(didit.count(Endpoint::VerificationDecision), 600);
    // Another kind of call has a limit of its own.
    clones[0].delete(id).await.unwrap();
    didit.clock().advance(Duration::from_secs(61));
    let error = clones[0].decision(id).await.unwrap_err();
    assert_eq!(error.kind(), VerificationError::UnknownSession.into());
}

#[tokio::test]
async fn after_a_429_no_call_of_the_kind_is_sent_until_didit_allows_it() {
    let didit = FakeDidit::new("client", "secret");
    let verification = didit.verification().with_rate_limit(2);
    // Two processes with one key.
    let (one, other) = (client(&didit), client(&didit));
    let id = session(&didit, &one).await;
    other.decision(id).await.unwrap();
    didit.clock().advance(Duration::from_secs(20));
    one.decision(id).await.unwrap();
    let error = one.decision(id).await.unwrap_err();
    assert_eq!(wait(&error), Duration::from_secs(40));
    didit.clock().advance(Duration::from_secs(39));
    let error = one.decision(id).await.unwrap_err();
    assert_eq!(wait(&error), Duration::from_secs(1));
    assert_eq!(didit.count(Endpoint::VerificationDecision), 3);
    verification.set_status(&id.to_string(), "In Review");
    one.update_status(id, Status::Approved, "").await.unwrap();
    didit.clock().advance(Duration::from_secs(1));
    let decision = one.decision(id).await.unwrap();
    assert_eq!(decision.status(), Status::Approved);
}
