//! Readiness: the polled service is the one that is called, also when it is called later.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use http::{Request, Response, StatusCode, header};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_didit::{
    RequireSignIn,
    fake::{Endpoint, FakeDiditExt, Fault},
};

use crate::support::{
    requests::{callback, cookie},
    site::{CALLBACK, auth, didit},
};

/// Panics when this clone is called without having been polled ready.
struct Strict {
    ready: bool,
    calls: Arc<AtomicUsize>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self {
            ready: false,
            calls: Arc::clone(&self.calls),
        }
    }
}

impl Service<Request<()>> for Strict {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        assert!(
            std::mem::take(&mut self.ready),
            "called, and never asked whether it is ready"
        );
        self.calls.fetch_add(1, Ordering::SeqCst);
        ready(Ok(Response::new(())))
    }
}

// Behaviour 95.
#[tokio::test]
async fn the_polled_service_is_the_one_that_is_called() {
    let didit = didit();
    let calls = Arc::new(AtomicUsize::new(0));
    let strict = Strict {
        ready: false,
        calls: Arc::clone(&calls),
    };
    let mut service = auth(didit.config(CALLBACK)).layer(RequireSignIn::new().layer(strict));
    let mut sessions = Vec::new();
    for turn in 1..=2 {
        let login = Request::get("/login").body(()).unwrap();
        let started = service.ready().await.unwrap().call(login).await.unwrap();
        // The callback is called now, and calls the application when Didit has answered. By then
        // the same service has forwarded another request.
        let back = callback(&started, &didit).body(()).unwrap();
        let waiting = service.ready().await.unwrap().call(back);
        let stranger = Request::get("/").body(()).unwrap();
        let refused = service.ready().await.unwrap().call(stranger).await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(
            didit.count(Endpoint::Token),
            turn - 1,
            "a future does nothing unless polled"
        );

        let signed_in = waiting.await.unwrap();
        assert_eq!(signed_in.status(), StatusCode::OK);
        assert_eq!(didit.count(Endpoint::Token), turn);
        sessions.push(cookie(&signed_in, "__Host-didit="));
        for session in &sessions {
            let request = Request::get("/")
                .header(header::COOKIE, session)
                .body(())
                .unwrap();
            let page = service.ready().await.unwrap().call(request).await.unwrap();
            assert_eq!(page.status(), StatusCode::OK);
        }
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2 + 3);
}

/// A service whose readiness the test sets.
#[derive(Clone)]
struct Gate {
    open: Arc<AtomicBool>,
    broken: Arc<AtomicBool>,
}

impl Service<Request<()>> for Gate {
    type Response = Response<()>;
    type Error = &'static str;
    type Future = Ready<Result<Response<()>, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        if self.broken.load(Ordering::SeqCst) {
            return Poll::Ready(Err("broken"));
        }
        if self.open.load(Ordering::SeqCst) {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(())))
    }
}

fn poll<T>(poll: impl FnOnce(&mut Context<'_>) -> T) -> T {
    poll(&mut Context::from_waker(Waker::noop()))
}

// Behaviour 95.
#[test]
fn the_service_is_ready_when_the_inner_service_is() {
    let gate = Gate {
        open: Arc::default(),
        broken: Arc::default(),
    };
    let guarded = RequireSignIn::new().layer(gate.clone());
    let mut service = auth(didit().config(CALLBACK)).layer(guarded);
    assert!(poll(|cx| service.poll_ready(cx)).is_pending());
    gate.open.store(true, Ordering::SeqCst);
    assert_eq!(poll(|cx| service.poll_ready(cx)), Poll::Ready(Ok(())));
    gate.open.store(false, Ordering::SeqCst);
    assert!(poll(|cx| service.poll_ready(cx)).is_pending());
    gate.broken.store(true, Ordering::SeqCst);
    assert_eq!(
        poll(|cx| service.poll_ready(cx)),
        Poll::Ready(Err("broken"))
    );
}

// Behaviour 95. A callback that waits for the provider keeps the permit that it was given.
#[tokio::test(start_paused = true)]
async fn a_waiting_callback_counts_against_a_concurrency_limit_until_it_ends() {
    for fails in [false, true] {
        let didit = didit();
        let inner = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(())));
        let limit = tower::limit::ConcurrencyLimitLayer::new(1);
        let mut service = auth(didit.config(CALLBACK)).layer(limit.layer(inner));
        let login = Request::get("/login").body(()).unwrap();
        let started = service.clone().oneshot(login).await.unwrap();

        let late = std::time::Duration::from_secs(if fails { 3600 } else { 5 });
        didit.on_next(Endpoint::Token, Fault::delay(late));
        let back = callback(&started, &didit).body(()).unwrap();
        let mut waiting = Box::pin(service.ready().await.unwrap().call(back));
        assert!(poll(|cx| waiting.as_mut().poll(cx)).is_pending());
        assert!(poll(|cx| service.poll_ready(cx)).is_pending());

        let expected = if fails {
            StatusCode::GATEWAY_TIMEOUT
        } else {
            StatusCode::OK
        };
        assert_eq!(waiting.await.unwrap().status(), expected);
        assert!(poll(|cx| service.poll_ready(cx)).is_ready());
        assert_eq!(didit.count(Endpoint::Token), 1);
    }
}
