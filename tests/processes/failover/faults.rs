//! What does not heal by itself, and an operator has to know of.

use futures_util::future::join_all;
use tower_didit::{
    fake::Person,
    store::{RedisStore, conformance},
    verification,
};

use super::site::{Outcome, Site, User};
use crate::{
    harness::{gate::Gate, moment::eventually, redis::Redis, replicas::Replicas, shards::Shards},
    support::logs::{capture, logs},
};

/// How many lines at ERROR have been logged.
fn errors() -> usize {
    logs().lines().filter(|line| line.contains("ERROR")).count()
}

#[track_caller]
pub(super) fn assert_logged_once(code: &str, advice: &str) {
    let logs = logs();
    let mut lines = logs.lines().filter(|line| line.contains("ERROR"));
    let line = lines.next().expect("it is logged");
    assert!(line.contains(&format!("code=\"{code}\"")), "{line}");
    assert!(line.contains(advice), "{line}");
    assert!(line.contains("session store refuses commands until its operator acts"));
    assert!(!logs.contains("hunter2"));
    assert_eq!(lines.next(), None, "once");
}

/// Some sign-ins that fail.
pub(super) async fn fail_to_sign_in(site: &Site) {
    let sign_ins = (0..3).map(async |_| {
        let (user, back) = site.newcomer(Person::john()).await;
        assert_eq!(user.comes_back(&back).await, Outcome::TryAgain);
    });
    join_all(sign_ins).await;
}

pub(super) async fn sign_in(site: &Site) -> User {
    site.signed_in(Person::alejandra()).await
}

// Behaviour 104.
#[tokio::test]
async fn a_full_memory_is_logged_once_until_it_is_mended() {
    let redis = Redis::start("full");
    let site = Site::new(&redis.url());
    let reader = sign_in(&site).await;
    capture();
    for time in 1..=2 {
        redis.ask(&["CONFIG", "SET", "maxmemory", "1"]);
        fail_to_sign_in(&site).await;
        // What needs no memory goes on, which mends nothing.
        assert_eq!(reader.asks_everywhere().await, Outcome::Done);
        fail_to_sign_in(&site).await;
        if time == 1 {
            assert_logged_once("OOM", "raise `maxmemory`");
        }
        assert_eq!(errors(), time);
        redis.ask(&["CONFIG", "SET", "maxmemory", "0"]);
        sign_in(&site).await;
    }
}

// Behaviour 104.
#[tokio::test]
async fn a_missing_or_wrong_password_is_logged_once() {
    let redis = Redis::start("password");
    redis.ask(&["CONFIG", "SET", "requirepass", "right"]);
    let wrong = redis.url().replace("redis://", "redis://default:hunter2@");
    for (url, code) in [(redis.url(), "NOAUTH"), (wrong, "WRONGPASS")] {
        let site = Site::new(&url);
        capture();
        fail_to_sign_in(&site).await;
        assert_logged_once(code, "user and password");
    }
    let right = redis.url().replace("redis://", "redis://default:right@");
    sign_in(&Site::new(&right)).await;
    // The password is taken away, as an operator does who had set it by mistake.
    let site = Site::new(&redis.url());
    capture();
    fail_to_sign_in(&site).await;
    set_without_password(&redis, "right");
    sign_in(&site).await;
    assert_eq!(errors(), 1);
}

fn set_without_password(redis: &Redis, password: &str) {
    redis.ask_as(&["AUTH", password], &["CONFIG", "SET", "requirepass", ""]);
}

// Behaviour 104.
#[tokio::test]
async fn a_missing_permission_is_logged_once() {
    let redis = Redis::start("permission");
    redis.ask(&[
        "ACL",
        "SETUSER",
        "app",
        "on",
        ">hunter2",
        "~tower-didit:*",
        "+@all",
        "-eval",
    ]);
    let site = Site::new(&redis.url().replace("redis://", "redis://app:hunter2@"));
    capture();
    fail_to_sign_in(&site).await;
    assert_logged_once("NOPERM", "ACL SETUSER");
    redis.ask(&["ACL", "SETUSER", "app", "+eval"]);
    sign_in(&site).await;
}

// Behaviour 104.
#[tokio::test]
async fn a_failed_save_and_a_wrong_topology_are_logged_once() {
    for (refusal, advice) in [
        (
            "MISCONF Redis is configured to save RDB snapshots, but is unable to persist",
            "disk",
        ),
        ("MOVED 7 127.0.0.1:1", "redis+cluster://"),
    ] {
        let redis = Redis::start(&format!("refusal-{}", refusal.len()));
        let gate = Gate::open(redis.port()).await;
        let site = Site::new(&gate.url());
        let reader = sign_in(&site).await;
        gate.refuse(refusal);
        capture();
        fail_to_sign_in(&site).await;
        let code = refusal.split(' ').next().expect("a code");
        assert_logged_once(code, advice);
        gate.admit();
        eventually("it is mended", async || {
            reader.asks_everywhere().await.done()
        })
        .await;
    }
}

/// What the documentation of `RedisStore` lists.
const PERMISSIONS: &str = "on >hunter2 ~tower-didit:* +get +set +del +eval +zrange +zrem +zadd +zremrangebyscore \
    +pexpireat +getrange +setrange +time";

// Behaviour 104.
#[tokio::test(flavor = "multi_thread")]
async fn the_documented_permissions_suffice() {
    let redis = Redis::start("permissions");
    permit(&redis, "");
    conforms(&redis.url(), "").await;

    let replicas = Replicas::start("permissions").await;
    for node in &replicas.nodes {
        permit(&node.redis, "+role");
    }
    replicas.protect_sentinels("watch", "w@tch");
    conforms(
        &replicas.url(),
        "?sentinel_username=watch&sentinel_password=w%40tch",
    )
    .await;

    let shards = Shards::start("permissions-shards").await;
    for node in &shards.nodes {
        permit(&node.redis, "+cluster|slots +ping +asking");
    }
    conforms(&shards.url(), "").await;
}

pub(super) fn permit(redis: &Redis, more: &str) {
    let permissions = PERMISSIONS
        .split_whitespace()
        .chain(more.split_whitespace());
    let words: Vec<_> = ["ACL", "SETUSER", "app"]
        .into_iter()
        .chain(permissions)
        .collect();
    assert_eq!(redis.ask(&words).text(), b"OK");
}

async fn conforms(url: &str, query: &str) {
    let url = url.replace("://", "://app:hunter2@") + query;
    let store = || RedisStore::new(&url).expect("a good URL");
    conformance::check(&store(), &store()).await;
    verification::conformance::check(&store(), &store()).await;
}
