//! The delivery of webhooks.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::time::timeout;
use url::Url;

use super::{http_client, outbox::Delivery};
use crate::{
    FakeDidit,
    log::{Outcome, RecordedRequest},
};

/// Sends all webhooks that are due, one after the other.
pub(crate) async fn deliver(didit: &FakeDidit) -> Vec<RecordedRequest> {
    let mut sent = Vec::new();
    loop {
        let due = {
            let mut state = didit.lock();
            state.settle_verifications();
            let now = state.now();
            state.verification.outbox.take_due(now)
        };
        let Some((delivery, request)) = due else {
            return sent;
        };
        sent.extend(send(didit, delivery, request).await);
    }
}

/// Sends the latest webhook once more.
pub(crate) async fn resend(didit: &FakeDidit) -> Option<RecordedRequest> {
    let (delivery, request) = {
        let mut state = didit.lock();
        let now = state.now();
        state.verification.outbox.take_last(now)?
    };
    send(didit, delivery, request).await
}

/// Delivers until the runtime shuts down.
pub(crate) async fn deliver_forever(didit: FakeDidit) {
    let added = didit.lock().verification.outbox.added.clone();
    loop {
        let is_paused = didit.lock().verification.outbox.is_paused;
        if !is_paused {
            deliver(&didit).await;
        }
        // Retries become due by the fake's clock, which wakes no one.
        let _ = timeout(LOOK_AGAIN, added.notified()).await;
    }
}

async fn send(
    didit: &FakeDidit,
    delivery: Delivery,
    request: Request<Bytes>,
) -> Option<RecordedRequest> {
    let url = Url::parse(&request.uri().to_string());
    let site = url.as_ref().ok().and_then(|url| {
        let origin = url.origin().ascii_serialization();
        didit.lock().verification.outbox.sites.get(&origin).cloned()
    });
    let response = async {
        let url = url?;
        match site {
            Some(site) => Ok(site.send(&url, request).await),
            None => http_client::send(&url, request).await,
        }
    };
    let response: Result<Response<Bytes>, String> = match timeout(TIMEOUT, response).await {
        Err(_) => Err("no response within 5 s".to_owned()),
        Ok(response) => response.map_err(|error| error.to_string()),
    };
    let mut state = didit.lock();
    let outcome = Outcome {
        status: response.as_ref().ok().map(Response::status),
        problem: response.err(),
        ..state.outcome(None)
    };
    state.verification.outbox.record(delivery, outcome)
}

/// How long Didit waits for the response.
const TIMEOUT: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(200);
