//! A webhook: nothing unsigned reaches the handler, and nobody is verified who is not.
//!
//! An input has a line each for `X-Timestamp`, `X-Signature` and `X-Signature-V2`; the rest is the body. An empty line
//! is no header. `$RAW` is the signature of the body, `$CANONICAL` that of its canonical form.
//!
//! Behaviours 95, 127 and 128.
#![no_main]

use std::{
    cell::RefCell,
    convert::Infallible,
    future::ready,
    time::{Duration, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tower::{Layer, ServiceExt, service_fn};
use tower_didit::verification::{DiditWebhooks, WebhookEvent};
use tower_didit_fuzz::{
    NOW, is_ordinary, json,
    verification::{FACTS, SECRET, has_checks, requirements, sign},
};

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let mut lines = data.splitn(4, |byte| *byte == b'\n');
    let [timestamp, raw, canonical, body] = [(); 4].map(|()| lines.next().unwrap_or_default());
    if !is_ordinary(body) {
        return Corpus::Reject;
    }
    let told = json(body);
    let signatures = Signatures {
        raw: sign(body),
        canonical: sign(told.to_string().as_bytes()),
    };
    let (raw, canonical) = (signatures.fill_in(raw), signatures.fill_in(canonical));

    let mut request = Request::new(Full::from(Bytes::copy_from_slice(body)));
    for (name, value) in [
        ("x-timestamp", timestamp),
        ("x-signature", &raw),
        ("x-signature-v2", &canonical),
    ] {
        let Ok(header) = HeaderValue::from_bytes(value) else {
            return Corpus::Reject; // No server takes it.
        };
        if !value.is_empty() {
            request.headers_mut().insert(name, header);
        }
    }
    let is_raw = raw == signatures.raw.as_bytes();
    let Some(event) = receive(request) else {
        assert!(!GOOD.contains(&data));
        return Corpus::Keep;
    };
    assert!(is_raw || canonical == signatures.canonical.as_bytes());
    let seconds = told["timestamp"].as_u64().expect("a timestamp");
    assert_eq!(timestamp, seconds.to_string().as_bytes());
    assert!(seconds.abs_diff(NOW.into()) <= 300);
    check(&event, &told);
    Corpus::Keep
});

/// The signatures of a body.
struct Signatures {
    raw: String,
    canonical: String,
}

impl Signatures {
    fn fill_in(&self, line: &[u8]) -> Vec<u8> {
        match line {
            b"$RAW" => self.raw.clone().into_bytes(),
            b"$CANONICAL" => self.canonical.clone().into_bytes(),
            other => other.to_vec(),
        }
    }
}

/// The event that reaches the handler.
fn receive(request: Request<Full<Bytes>>) -> Option<WebhookEvent> {
    thread_local! {
        static EVENT: RefCell<Option<WebhookEvent>> = const { RefCell::new(None) };
    }
    let handler = service_fn(|request: Request<Full<Bytes>>| {
        EVENT.set(request.extensions().get().cloned());
        ready(Ok::<_, Infallible>(Response::new(())))
    });
    let now = UNIX_EPOCH + Duration::from_secs(NOW.into());
    let webhooks = DiditWebhooks::new([SECRET])
        .expect("a secret")
        .accept_canonical_signature()
        .accept_sandbox()
        .with_clock(move || now);
    let answer = webhooks.layer(handler).oneshot(request);
    let Ok(answer) = RUNTIME.with(|runtime| runtime.block_on(answer));
    let event = EVENT.take();
    let expected = event
        .as_ref()
        .map_or(StatusCode::UNAUTHORIZED, |_| StatusCode::OK);
    assert_eq!(answer.status(), expected);
    event
}

fn check(event: &WebhookEvent, told: &Value) {
    for (read, name) in [
        (event.event_id(), "event_id"),
        (event.session_id(), "session_id"),
        (event.vendor_data(), "vendor_data"),
        (event.workflow_id(), "workflow_id"),
        (event.application_id(), "application_id"),
        (event.environment(), "environment"),
    ] {
        assert_eq!(read, told[name].as_str());
    }
    assert_eq!(event.workflow_version(), told["workflow_version"].as_u64());
    let whole: Value = event.extra().expect("an object");
    assert_eq!(whole, *told);
    let _ = (event.timestamp(), event.created_at(), event.resubmit());
    let _ = (event.entity_status(), event.previous_status());

    let Some(decision) = event.decision() else {
        return;
    };
    if decision.judge(&requirements()).is_verified() {
        assert!(!event.is_test() && !event.is_sandbox());
        let inner = &told["decision"];
        assert!(has_checks(inner));
        for (name, value) in FACTS {
            let says = |told: &Value| told[name].is_null() || told[name] == value;
            assert!(says(told) && says(inner), "{name}");
            let is_said = !told[name].is_null() || !inner[name].is_null();
            assert!(is_said || name == "session_kind", "{name}");
        }
    }
}

const GOOD: [&[u8]; 2] = [
    include_bytes!("../seeds/webhook/good"),
    include_bytes!("../seeds/webhook/good-canonical"),
];
