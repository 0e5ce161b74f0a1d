//! Processes whose clocks differ by minutes, with one store or the same cookie keys.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{Router, extract::Request, routing::get};
use http::StatusCode;
use tower::ServiceExt;
use tower_didit::{
    ConfigBuilder, DiditTokens, IdClaims,
    fake::{Browser, Endpoint, FakeClock, FakeDidit, FakeDiditExt, Person},
    store::MemoryStore,
};

use crate::support::{
    logs::{capture, logs},
    site::{CALLBACK, HOME, NOBODY, auth, didit},
};

const MINUTE: Duration = Duration::from_secs(60);
/// How far the clocks of the processes are from the provider's, in minutes.
const OFFSETS: [i8; 3] = [-4, 0, 4];
const CLOCK_BEHIND: &str = "clocks differ by more than `with_clock_skew`";

/// One application on three machines, of which a browser reaches one at a time.
struct Machines {
    didit: FakeDidit,
    browser: Browser,
    reached: Arc<AtomicUsize>,
}

impl Machines {
    fn new(didit: FakeDidit, is_stored: bool, skew: Duration) -> Self {
        let store = MemoryStore::new().with_clock(didit.clock());
        let routers = OFFSETS.map(|offset| {
            let clock = didit.clock();
            let config = didit
                .config(CALLBACK)
                .with_cookie_keys([[7; 32]])
                .with_clock(move || at_offset(&clock, offset))
                .with_clock_skew(skew)
                .with_redirect_after_sign_in();
            router(
                if is_stored {
                    config.with_session_store(store.clone())
                } else {
                    config
                }
                .with_scopes(if didit.is_authentication() {
                    ["openid", "offline_access"]
                } else {
                    ["openid", "offline"]
                }),
            )
        });
        let reached = Arc::<AtomicUsize>::default();
        let chosen = Arc::clone(&reached);
        let balanced = tower::service_fn(move |request: Request| {
            let router = routers[chosen.load(Ordering::SeqCst)].clone();
            router.oneshot(request)
        });
        Self {
            browser: Browser::new(HOME, balanced).with_clock(didit.clock()),
            didit,
            reached,
        }
    }

    fn at(&self, machine: usize) -> &Browser {
        self.reached.store(machine, Ordering::SeqCst);
        &self.browser
    }

    /// Starts a sign-in at one machine and comes back to another.
    async fn sign_in(&self, start: usize, end: usize) -> tower_didit::fake::Page {
        let started = self.at(start).get("/login").await;
        let back = self.didit.approve(started.location(), &Person::john());
        self.at(end).get(&back).await
    }

    async fn ask(&self, machine: usize, page: &str) -> String {
        let page = self.at(machine).get(page).await;
        assert_eq!(page.status(), StatusCode::OK, "{machine} {}", page.url());
        page.text().to_owned()
    }
}

fn at_offset(clock: &FakeClock, minutes: i8) -> SystemTime {
    let distance = MINUTE * u32::from(minutes.unsigned_abs());
    if minutes < 0 {
        clock.now() - distance
    } else {
        clock.now() + distance
    }
}

fn router(config: ConfigBuilder) -> Router {
    let who = async |user: Option<IdClaims>| {
        user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
    };
    let token = async |tokens: DiditTokens| tokens.access_token().secret().to_owned();
    Router::new()
        .route("/", get(who))
        .route("/token", get(token))
        .layer(auth(config))
}

/// Every way from the start of a sign-in over a refresh to the sign-out.
fn ways() -> impl Iterator<Item = [usize; 4]> {
    (0..81).map(|way| [27, 9, 3, 1].map(|digit| way / digit % 3))
}

// Behaviours 80, 89 and 116.
#[tokio::test]
async fn processes_minutes_apart_sign_in_refresh_and_sign_out() {
    type Provider = fn() -> FakeDidit;
    let authentication: Provider = || FakeDidit::authentication("app");
    for (provider, is_stored) in [
        (didit as Provider, false),
        (didit, true),
        (authentication, true),
    ] {
        for [start, end, refreshes, ends] in ways() {
            let case = format!("{start} {end} {refreshes} {ends} {is_stored}");
            let machines = Machines::new(provider(), is_stored, 5 * MINUTE);
            let page = machines.sign_in(start, end).await;
            assert_eq!(
                page.status(),
                StatusCode::SEE_OTHER,
                "{case} {}",
                page.text()
            );
            for machine in 0..3 {
                assert_eq!(
                    machines.ask(machine, "/").await,
                    Person::john().subject(),
                    "{case}"
                );
            }
            let first = machines.ask(end, "/token").await;

            // The access token has expired by every clock.
            machines
                .didit
                .clock()
                .advance(Duration::from_secs(3600) + 10 * MINUTE);
            let refreshed = machines.ask(refreshes, "/token").await;
            assert_ne!(refreshed, first, "{case}");
            for machine in [refreshes, 0, 1, 2] {
                assert_ne!(machines.ask(machine, "/token").await, first, "{case}");
                assert_eq!(
                    machines.ask(machine, "/").await,
                    Person::john().subject(),
                    "{case}"
                );
            }
            assert!(
                machines.didit.count(Endpoint::Token) <= 2 + OFFSETS.len(),
                "{case}"
            );

            let copy = machines.browser.clone();
            machines.at(ends).post_form("/logout", &[]).await;
            for machine in 0..3 {
                assert_eq!(machines.ask(machine, "/").await, NOBODY, "{case}");
                machines.at(machine);
                if is_stored {
                    assert_eq!(copy.get("/").await.text(), NOBODY, "{case}");
                }
            }
        }
    }
}

fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).expect("after it");
    since.as_secs()
}

// Behaviour 116.
#[tokio::test]
async fn a_clock_that_differs_too_much_is_one_line_with_both_times() {
    let [behind, right, ahead] = [0, 1, 2];
    for is_stored in [false, true] {
        capture();
        let machines = Machines::new(didit(), is_stored, MINUTE);
        let now = seconds(machines.didit.clock().now());
        // The provider's time is still to come.
        let refused = machines.sign_in(right, behind).await;
        assert!(
            refused.text().contains("id-token-not-yet-valid"),
            "{}",
            refused.text()
        );
        let both = format!(
            "its iat is {now}, and the time here is {}: set the clock, or raise `with_clock_skew`",
            now - 240
        );
        assert_eq!(logs().matches(&both).count(), 1, "{}", logs());

        // So is that of the sign-in's start.
        assert_one_clock_line(now, now - 240);

        capture();
        let page = machines.sign_in(ahead, right).await;
        assert_eq!(page.status(), StatusCode::SEE_OTHER);
        for _ in 0..3 {
            for machine in [right, ahead, behind] {
                assert_eq!(machines.ask(machine, "/").await, Person::john().subject());
            }
        }
        assert_one_clock_line(now + 240, now);
        assert!(!logs().contains("request failed"), "{}", logs());

        // A session that another process has written.
        capture();
        let machines = Machines::new(didit(), is_stored, MINUTE);
        machines.sign_in(ahead, ahead).await;
        machines.ask(right, "/").await;
        assert_one_clock_line(now + 240, now);
    }
}

#[track_caller]
fn assert_one_clock_line(written: u64, now: u64) {
    let logged = logs();
    let lines: Vec<_> = logged
        .lines()
        .filter(|line| line.contains(CLOCK_BEHIND))
        .collect();
    assert_eq!(lines.len(), 1, "{logged}");
    let times = format!("written={written} now={now}");
    assert!(
        lines[0].contains("WARN") && lines[0].contains(&times),
        "{logged}"
    );
}
