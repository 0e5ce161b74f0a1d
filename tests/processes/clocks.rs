//! Three processes of `examples/relying_party` whose clocks are four minutes apart, beside one Redis.

use std::time::Duration;

use reqwest::{
    Client, StatusCode,
    header::{ACCEPT, COOKIE},
};
use tower_didit::fake::Person;

use crate::{
    harness::{
        answer::{Answer, client},
        library::library,
        provider::Provider,
        redis::Redis,
        relying_party::{CLIENT_ID, RelyingParty, redirect_uri},
    },
    support::port::Port,
};

/// In seconds.
const OFFSETS: [&str; 3] = ["-240", "+0", "+240"];
const COOKIE_KEY: &str = "Y29va2llIGtleXMgb2YgYSBwdWJsaWMgY2xpZW50Li4=";

struct Machines {
    provider: Provider,
    processes: Vec<RelyingParty>,
    http: Client,
    _redis: Redis,
    _ports: Vec<Port>,
}

impl Machines {
    async fn start(name: &str, skew: &str) -> Self {
        let redis = Redis::start(name);
        let url = format!("redis://127.0.0.1:{}/", redis.port());
        let ports: Vec<_> = OFFSETS.iter().map(|_| Port::keep()).collect();
        let redirect_uri = redirect_uri(&ports[0]);
        let provider = Provider::start(CLIENT_ID, &redirect_uri).await;
        let library = library("faketime/libfaketime.so.1", "faketime");
        let library = library.display().to_string();
        let processes = OFFSETS.iter().zip(&ports).map(|(offset, port)| {
            RelyingParty::start(
                port,
                &[
                    ("DIDIT_CLIENT_SECRET", ""),
                    ("DIDIT_COOKIE_KEYS", COOKIE_KEY),
                    ("DIDIT_REDIRECT_URI", &redirect_uri),
                    ("DIDIT_PROVIDER", "authentication"),
                    ("DIDIT_ISSUER", &provider.issuer()),
                    ("DIDIT_SCOPES", "offline_access"),
                    ("DIDIT_CLOCK_SKEW", skew),
                    ("DIDIT_REDIS_URL", &url),
                    ("LD_PRELOAD", &library),
                    ("FAKETIME", offset),
                    ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
                ],
            )
        });
        Self {
            processes: processes.collect(),
            provider,
            http: client(),
            _redis: redis,
            _ports: ports,
        }
    }

    async fn get(&self, process: usize, path: &str, cookie: &str) -> Answer {
        let request = self.http.get(self.processes[process].url(path));
        let request = request
            .header(ACCEPT, "application/json")
            .header(COOKIE, cookie);
        let response = request.send().await.expect("the process runs");
        Answer::read(response).await.expect("an answer has an end")
    }

    /// Starts a sign-in at one process and ends it at another. Gives the answer to the callback.
    async fn sign_in(&self, start: usize, end: usize) -> Answer {
        let started = self.get(start, "/login", "").await;
        let provider = started.location().expect("it leads to the provider");
        let didit = self.provider.didit();
        let back = didit.approve(provider.as_str(), &Person::john());
        let (_, query) = back
            .split_once("/callback")
            .expect("back at the application");
        let callback = format!("/callback{query}");
        self.get(end, &callback, &started.cookie("didit-flow-"))
            .await
    }
}

// Behaviours 82 and 116.
#[tokio::test]
async fn three_processes_four_minutes_apart_share_sessions() {
    let machines = Machines::start("clocks", "300").await;
    let [behind, right, ahead] = [0, 1, 2];
    // At its end by the clocks of the others.
    machines.provider.set_life(Duration::from_secs(120));
    let signed_in = machines.sign_in(ahead, behind).await;
    assert!(signed_in.status.is_redirection(), "{signed_in:?}");
    let cookie = signed_in.cookie("didit=");

    let mut fingerprints = Vec::new();
    for process in [behind, right, ahead, behind, right] {
        let shown = machines.get(process, "/tokens/fingerprint", &cookie).await;
        assert_eq!(shown.status, StatusCode::OK, "{process} {shown:?}");
        fingerprints.push(shown.body);
    }
    // Two processes have refreshed, and the others have what they saved.
    assert_ne!(fingerprints[0], fingerprints[1]);
    assert_ne!(fingerprints[1], fingerprints[2]);
    assert_eq!(fingerprints[2], fingerprints[3]);
    assert_eq!(fingerprints[2], fingerprints[4]);
    assert_eq!(machines.provider.attempts().len(), 2);
    machines.processes[behind].wait_for("clocks differ by more than");

    let request = machines.http.post(machines.processes[right].url("/logout"));
    let signed_out = request.header(COOKIE, &cookie).send().await;
    assert!(
        signed_out
            .expect("the process runs")
            .status()
            .is_redirection()
    );
    for process in [behind, right, ahead] {
        let home = machines.get(process, "/", &cookie).await.json();
        assert_eq!(home["signed_in"], false, "{process}");
    }
}

// Behaviour 116.
#[tokio::test]
async fn a_process_four_minutes_behind_its_provider_says_so() {
    let machines = Machines::start("clock-behind", "60").await;
    let refused = machines.sign_in(1, 0).await;
    assert_eq!(refused.json()["code"], "id-token-not-yet-valid");
    let times = machines.processes[0].wait_for("its iat is ");
    assert!(
        times.contains("the time here is")
            && times.contains("set the clock, or raise `with_clock_skew`"),
        "{times}"
    );
}
