//! A request of somebody who is signed in, to a handler that reads who it is and which tokens there are:
//! sessions of this crate, and the pieces from which applications build their own, with the same 1 KB in
//! them. `redis-server` is started (or `REDIS_URL` names one).

mod redis_server;

use std::hint::black_box;

use axum::body::Body;
use divan::Bencher;
use http::{HeaderValue, Request, header};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use redis_server::RedisServer;
use tower_didit_comparison::applications::{self, Application, MANY};

fn main() {
    divan::Divan::from_args()
        .sample_count(200)
        .sample_size(100)
        .main();
}

/// No session at all: the same request to the same router.
#[divan::bench]
fn a_bare_axum(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let Application { cookies, .. } = applications::tower_didit(&runtime, 1);
    let router = applications::bare();
    run(bencher, &runtime, Application { router, cookies });
}

#[divan::bench]
fn b_cookie_seen_before(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    run(bencher, &runtime, applications::tower_didit(&runtime, 1));
}

/// Of more users than the layer remembers.
#[divan::bench]
fn c_cookie_of_many(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    run(bencher, &runtime, applications::tower_didit(&runtime, MANY));
}

#[divan::bench]
fn d_private_cookie_jar(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    run(
        bencher,
        &runtime,
        applications::private_cookie_jar(&runtime),
    );
}

#[divan::bench]
fn e_memory(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    run(
        bencher,
        &runtime,
        applications::tower_didit_memory(&runtime),
    );
}

#[divan::bench]
fn f_tower_sessions_memory(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    run(bencher, &runtime, applications::tower_sessions(&runtime));
}

#[divan::bench]
fn g_axum_login_memory(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    run(bencher, &runtime, applications::axum_login(&runtime));
}

#[divan::bench]
fn h_redis(bencher: Bencher<'_, '_>) {
    let redis = RedisServer::start();
    let runtime = runtime();
    run(
        bencher,
        &runtime,
        applications::tower_didit_redis(&runtime, redis.url()),
    );
}

/// What a round trip takes by itself, in the same runtime: one `GET` of 1 KB.
#[divan::bench]
fn i_redis_get_alone(bencher: Bencher<'_, '_>) {
    let redis = RedisServer::start();
    let runtime = runtime();
    let mut connection = runtime.block_on(redis.connect());
    let mut set = redis::cmd("SET");
    let set = set.arg("key").arg(&[7_u8; 1024][..]);
    let () = runtime
        .block_on(set.query_async(&mut connection))
        .expect("it is stored");
    let mut command = redis::cmd("GET");
    let command = command.arg("key");
    bencher.bench_local(|| {
        let value: Vec<u8> = runtime
            .block_on(command.query_async(&mut connection))
            .expect("it is there");
        assert_eq!(black_box(value).len(), 1024);
    });
}

/// Requests with one cookie after the other.
fn run(bencher: Bencher<'_, '_>, runtime: &Runtime, application: Application) {
    let Application { router, cookies } = application;
    let mut cookies = cookies.iter().cycle();
    bencher
        .with_inputs(|| request(cookies.next().expect("somebody signed in")))
        .bench_local_values(|request| {
            let answer = runtime
                .block_on(router.clone().oneshot(request))
                .expect("infallible");
            assert!(answer.status().is_success());
            black_box(answer)
        });
}

fn request(cookie: &HeaderValue) -> Request<Body> {
    Request::get("/session")
        .header(header::HOST, "app.example")
        .header(header::ACCEPT, "*/*")
        .header(header::COOKIE, cookie)
        .body(Body::empty())
        .expect("a good request")
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}
