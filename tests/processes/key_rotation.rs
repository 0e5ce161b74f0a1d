//! Cookie keys that are rotated in the three documented deploys, over three processes of `examples/relying_party`. One
//! process after the other restarts, and those of both kinds answer the same browsers.

use reqwest::StatusCode;
use tower_didit::fake::{FakeDidit, Person};

use crate::{
    harness::{
        browser::Browser,
        redis::Redis,
        relying_party::{CLIENT_ID, CLIENT_SECRET, RelyingParty, redirect_uri},
    },
    support::port::Port,
};

const OLD: &str = "b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQgb2xkIG9sZC4=";
const NEW: &str = "bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldy4=";
const PROCESSES: usize = 3;

// Behaviour 78.
#[tokio::test]
async fn three_processes_rotate_their_cookie_key_and_sign_nobody_out() {
    rotate(None).await;
}

// Behaviour 78.
#[tokio::test]
async fn three_processes_on_one_redis_rotate_their_key_and_sign_nobody_out() {
    let redis = Redis::start("key-rotation");
    rotate(Some(redis.url())).await;
}

async fn rotate(redis: Option<String>) {
    let mut site = Site::start(redis, OLD).await;
    let mut users = vec![site.sign_in(0, 1).await];
    site.assert_signed_in(&mut users).await;

    // 1 and 2. Nobody is signed out, and a sign-in that started at any process ends at any other.
    for keys in [format!("{OLD} {NEW}"), format!("{NEW} {OLD}")] {
        for restarted in 0..PROCESSES {
            let under_way = site.start_sign_in(restarted).await;
            site.restart(restarted, &keys);
            let next = (restarted + 1) % PROCESSES;
            users.push(site.end_sign_in(under_way, next).await);
            users.push(site.sign_in(restarted, next).await);
            users.push(site.sign_in(next, restarted).await);
            site.assert_signed_in(&mut users).await;
        }
    }
    // All that was sealed until the second deploy was complete may need the old key.
    let mut later = vec![site.sign_in(0, 1).await, site.sign_in(1, 2).await];

    // 3. The old key is removed. Without the wait for the absolute limit, its sessions end.
    for restarted in 0..PROCESSES {
        site.restart(restarted, NEW);
        later.push(site.sign_in(restarted, (restarted + 1) % PROCESSES).await);
        site.assert_signed_in(&mut later).await;
    }
    for process in 0..PROCESSES {
        let home = users[0].json(&site.processes[process].url("/")).await;
        assert_eq!(home["signed_in"], false, "{home}");
    }
}

/// Three processes, which are one application behind one address, beside one provider.
struct Site {
    didit: FakeDidit,
    settings: Vec<(&'static str, String)>,
    ports: Vec<Port>,
    processes: Vec<RelyingParty>,
}

/// A browser whose user has approved a sign-in, and the path and query of the callback.
struct UnderWay(Browser, String);

impl Site {
    async fn start(redis: Option<String>, keys: &str) -> Self {
        let ports: Vec<_> = (0..PROCESSES).map(|_| Port::keep()).collect();
        let callback = redirect_uri(&ports[0]);
        let didit = FakeDidit::new(CLIENT_ID, CLIENT_SECRET)
            .with_redirect_uri(&callback)
            .with_system_clock();
        let address = didit.listen("127.0.0.1:0").await.expect("a free port");
        let didit = didit.with_issuer(format!("http://{address}"));
        let mut settings = vec![
            ("DIDIT_REDIRECT_URI", callback),
            ("DIDIT_SCOPES", "openid".to_owned()),
            ("DIDIT_PROVIDER", "discovered".to_owned()),
            ("DIDIT_ISSUER", didit.issuer()),
        ];
        settings.extend(redis.map(|url| ("DIDIT_REDIS_URL", url)));
        let mut site = Self {
            didit,
            settings,
            ports,
            processes: Vec::new(),
        };
        for index in 0..PROCESSES {
            site.processes.push(site.start_process(index, keys));
        }
        site
    }

    fn start_process(&self, index: usize, keys: &str) -> RelyingParty {
        let mut settings: Vec<_> = self
            .settings
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        settings.push(("DIDIT_COOKIE_KEYS", keys));
        RelyingParty::start(&self.ports[index], &settings)
    }

    fn restart(&mut self, index: usize, keys: &str) {
        drop(self.processes.remove(index));
        let process = self.start_process(index, keys);
        self.processes.insert(index, process);
    }

    async fn sign_in(&self, from: usize, to: usize) -> Browser {
        let under_way = self.start_sign_in(from).await;
        self.end_sign_in(under_way, to).await
    }

    async fn start_sign_in(&self, process: usize) -> UnderWay {
        let mut browser = Browser::new();
        let login = self.processes[process].url("/login");
        let started = browser.get(&login, "text/html").await;
        let there = started.location().expect("it leads to the provider");
        let back = self.didit.approve(there.as_str(), &Person::alejandra());
        let back = back.strip_prefix(&self.ports[0].origin());
        UnderWay(browser, back.expect("back at the application").to_owned())
    }

    async fn end_sign_in(&self, UnderWay(mut browser, back): UnderWay, process: usize) -> Browser {
        let callback = self.processes[process].url(&back);
        let page = browser.get(&callback, "text/html").await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{page:?}");
        browser
    }

    /// All of these browsers are signed in at all processes.
    async fn assert_signed_in(&self, browsers: &mut [Browser]) {
        for browser in browsers {
            for process in &self.processes {
                let home = browser.json(&process.url("/")).await;
                assert_eq!(home["sub"], Person::alejandra().subject(), "{home}");
            }
        }
    }
}
