//! Webhooks at several processes that share one Redis.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::hmac;
use axum::body::Body;
use http::{Request, Response, StatusCode};
use tower::{Layer, ServiceExt, service_fn};
use tower_didit::{
    store::RedisStore,
    verification::{DiditWebhooks, WebhookEvent},
};

use crate::harness::redis::Redis;

const SECRET: &str = "invented-secret";

// Behaviours 127 and 130.
#[tokio::test]
async fn an_event_is_handled_once_among_processes_that_share_redis() {
    let redis = Redis::start("webhooks");
    let [first, second] = [(); 2].map(|()| Process::beside(&redis));
    assert_eq!(
        first.answer("a", 500).await,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(second.answer("a", 204).await, StatusCode::NO_CONTENT);
    assert_eq!(first.answer("a", 204).await, StatusCode::OK);
    assert_eq!((first.calls(), second.calls()), (1, 1));

    let during = second.clone();
    let service = first.service(move || {
        let during = during.clone();
        async move {
            let answer = during.answer("b", 204).await;
            assert_eq!(answer, StatusCode::SERVICE_UNAVAILABLE);
            204
        }
    });
    let Ok(answer) = service.oneshot(delivery("b")).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(second.answer("b", 204).await, StatusCode::OK);
    assert_eq!((first.calls(), second.calls()), (2, 1));

    let keys = redis.ask(&["KEYS", "*"]);
    let keys = keys.words();
    assert_eq!(keys.len(), 2);
    for key in keys {
        let key = String::from_utf8_lossy(key);
        let lifetime = redis.ask(&["TTL", &key]).number();
        assert!((1..=1200).contains(&lifetime), "{lifetime}");
    }
}

#[derive(Clone)]
struct Process {
    webhooks: DiditWebhooks,
    calls: Arc<AtomicUsize>,
}

impl Process {
    fn beside(redis: &Redis) -> Self {
        let store = RedisStore::new(&redis.url()).expect("a good address");
        // The machine may be busy.
        let store = store.with_timeout(Duration::from_secs(5));
        let webhooks = DiditWebhooks::new([SECRET]).expect("a good secret");
        Self {
            webhooks: webhooks.with_store(store),
            calls: Arc::default(),
        }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// What a delivery of this event is answered, by a handler with this status.
    async fn answer(&self, event: &str, status: u16) -> StatusCode {
        let service = self.service(move || async move { status });
        let Ok(answer) = service.oneshot(delivery(event)).await;
        answer.status()
    }

    fn service<F>(
        &self,
        handler: impl Fn() -> F + Clone + Send + 'static,
    ) -> impl tower::Service<
        Request<Body>,
        Response = Response<tower_didit::middleware::ResponseBody<String>>,
        Error = Infallible,
        Future: Send,
    >
    where
        F: Future<Output = u16> + Send + 'static,
    {
        let calls = Arc::clone(&self.calls);
        self.webhooks
            .layer(service_fn(move |request: Request<Body>| {
                assert!(request.extensions().get::<WebhookEvent>().is_some());
                calls.fetch_add(1, Ordering::Relaxed);
                let status = handler();
                async move {
                    let response = Response::builder().status(status.await);
                    Ok(response.body(String::new()).expect("a good status"))
                }
            }))
    }
}

fn delivery(event: &str) -> Request<Body> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("after 1970").as_secs();
    let body = format!(r#"{{"event_id":"{event}","timestamp":{now}}}"#);
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = hmac::sign(&key, body.as_bytes());
    let signature = signature.as_ref().iter().map(|byte| format!("{byte:02x}"));
    Request::post("/didit")
        .header("x-timestamp", now)
        .header("x-signature", signature.collect::<String>())
        .body(body.into())
        .expect("a good request")
}
