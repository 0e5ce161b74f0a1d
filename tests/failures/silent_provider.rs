//! A provider that accepts every connection and never answers, once access tokens have expired.

use std::time::Duration;

use axum::{Router, body::Body, routing::get};
use futures_util::future::join_all;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt;
use tokio::time::Instant;
use tower::ServiceExt;
use tower_didit::{
    ConfigBuilder, DiditTokens, IdClaims, Provider,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
};

use crate::support::{
    outage::pass,
    sign_in::sign_in,
    site::{CALLBACK, HOME, auth, didit, memory},
};

const SECOND: Duration = Duration::from_secs(1);
const USERS: usize = 1500;
/// The number of concurrent refreshes.
const REFRESHES: usize = 256;
/// Tokio's timers count milliseconds, and round up.
const FIVE_SECONDS: Duration = Duration::from_millis(5001);

/// An application with many users, whose access tokens have expired.
struct Site {
    didit: FakeDidit,
    app: Router,
    users: Vec<HeaderValue>,
    sent_before: usize,
}

struct Answer {
    status: StatusCode,
    text: String,
    waited: Duration,
}

impl Answer {
    fn is_unavailable(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE && self.text.contains("tokens-unavailable")
    }

    fn is_expired(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED && self.text.contains("tokens-expired")
    }
}

impl Site {
    async fn new(configure: impl FnOnce(ConfigBuilder, &FakeDidit) -> ConfigBuilder) -> Self {
        let didit = didit();
        let config = didit.config(CALLBACK).with_scopes(["openid", "offline"]);
        let auth = auth(configure(config, &didit));
        let app = Router::new()
            .route("/plain", get(|| async {}))
            .route("/user", get(|_: IdClaims| async {}))
            .route("/tokens", get(|_: DiditTokens| async {}))
            .route("/callback", get(|_: DiditTokens| async {}))
            .layer(auth.clone());
        let mut users = Vec::new();
        for _ in 0..USERS {
            let cookies = didit.session_cookies(&auth, &Person::alejandra()).await;
            users.push(cookies.expect("a session"));
        }
        didit.clock().advance(3600 * SECOND);
        Self {
            didit,
            app,
            users,
            sent_before: 0,
        }
    }

    fn fall_silent(&mut self) {
        self.sent_before = self.didit.count(Endpoint::Token);
        for endpoint in Endpoint::ALL {
            self.didit.on_every(*endpoint, Fault::hang());
        }
    }

    async fn ask(&self, user: &HeaderValue, path: &str) -> Answer {
        let start = Instant::now();
        let request = Request::get(path).header(header::COOKIE, user);
        let request = request.body(Body::empty()).expect("a good request");
        let answer = self.app.clone().oneshot(request).await.expect("infallible");
        let status = answer.status();
        let body = answer.into_body().collect().await.expect("a whole body");
        Answer {
            status,
            text: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
            waited: start.elapsed(),
        }
    }

    /// Concurrent requests of all users for their tokens.
    async fn ask_for_tokens(&self) -> Vec<Answer> {
        let all = self.users.iter().map(|user| self.ask(user, "/tokens"));
        join_all(all).await
    }

    /// The same, while the users ask for other things, which wait for nothing: all users stay signed in.
    async fn ask_for_everything(&self) -> Vec<Answer> {
        let others = async {
            for user in &self.users {
                for path in ["/plain", "/user"] {
                    let answer = self.ask(user, path).await;
                    assert_eq!(answer.status, StatusCode::OK, "{path}");
                    assert_eq!(answer.waited, Duration::ZERO, "{path}");
                }
            }
        };
        tokio::join!(self.ask_for_tokens(), others).0
    }

    /// The provider answers again. Requests that are refused for the moment are repeated every second. Gives the
    /// other answers, which all users have within 20 s.
    async fn recover(&self) -> Vec<Answer> {
        self.didit.clear_faults();
        let (mut waiting, mut answers) = (self.users.clone(), Vec::new());
        for _ in 0..20 {
            let asked = waiting.iter().map(|user| self.ask(user, "/tokens"));
            let mut again = Vec::new();
            for (user, answer) in waiting.iter().zip(join_all(asked).await) {
                if answer.is_unavailable() {
                    again.push(user.clone());
                } else {
                    answers.push(answer);
                }
            }
            waiting = again;
            pass(&self.didit, SECOND).await;
        }
        assert_eq!(waiting.len(), 0, "without tokens after 20 s");
        answers
    }

    /// The number of refreshes since the provider stopped answering.
    fn sent(&self) -> usize {
        self.didit.count(Endpoint::Token) - self.sent_before
    }
}

// Behaviour 101.
#[tokio::test(start_paused = true)]
async fn only_requests_for_tokens_wait_and_the_outage_is_noticed_once() {
    let mut site = Site::new(|config, _| config).await;
    site.fall_silent();
    let answers = site.ask_for_everything().await;
    assert!(answers.iter().all(Answer::is_unavailable));
    assert!(answers.iter().all(|answer| answer.waited <= FIVE_SECONDS));
    let sent = site.sent();
    assert!((1..=REFRESHES).contains(&sent), "{sent}");

    // During the back-off no request waits, and no refresh is sent.
    for _ in 0..9 {
        for answer in site.ask_for_everything().await {
            assert!(answer.is_unavailable(), "{}", answer.text);
            assert_eq!(answer.waited, Duration::ZERO);
        }
        assert_eq!(site.sent(), sent);
        pass(&site.didit, SECOND).await;
    }
    // After the back-off one request is a probe.
    pass(&site.didit, SECOND).await;
    let answers = site.ask_for_everything().await;
    assert!(answers.iter().all(Answer::is_unavailable));
    let waited = answers.iter().filter(|answer| !answer.waited.is_zero());
    let waited: Vec<_> = waited.map(|answer| answer.waited).collect();
    assert_eq!(waited.len(), 1);
    assert!(waited.iter().all(|waited| *waited <= FIVE_SECONDS));
    assert_eq!(site.sent(), sent + 1);

    let answers = site.recover().await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
}

// RFC 9700 §4.14.2; behaviours 87 and 101.
#[tokio::test(start_paused = true)]
async fn of_single_use_refresh_tokens_only_those_already_sent_are_lost() {
    for knows_keys in [true, false] {
        let once = Provider::didit().with_single_use_refresh_tokens();
        let site =
            Site::new(|config, didit| config.with_provider(once).with_session_store(memory(didit)));
        let mut site = site.await;
        if knows_keys {
            sign_in(&Browser::new(HOME, site.app.clone()), &site.didit).await;
        }
        site.fall_silent();
        let answers = site.ask_for_everything().await;
        assert!(answers.iter().all(Answer::is_unavailable));
        assert!(answers.iter().all(|answer| answer.waited <= FIVE_SECONDS));
        let sent = site.sent();
        // Without keys an ID token could not be verified: no refresh is sent.
        let expected = if knows_keys { 1..=REFRESHES } else { 0..=0 };
        assert!(expected.contains(&sent), "{sent}");

        // No refresh token is sent as a probe: the provider's keys are fetched.
        let asked = site.didit.count(Endpoint::Jwks);
        for _ in 0..10 {
            let answers = site.ask_for_tokens().await;
            let waited = answers.iter().filter(|answer| !answer.waited.is_zero());
            assert!(waited.count() <= 1);
            let lost = answers.iter().filter(|answer| answer.is_expired()).count();
            assert!(lost == 0 || lost == sent, "{lost} of {sent}");
            assert_eq!(site.sent(), sent);
            pass(&site.didit, 3 * SECOND).await;
        }
        assert!(site.didit.count(Endpoint::Jwks) >= asked + 2);

        let answers = site.recover().await;
        let lost = answers.iter().filter(|answer| answer.is_expired()).count();
        let served = answers
            .iter()
            .filter(|answer| answer.status == StatusCode::OK);
        assert_eq!((lost, served.count()), (sent, USERS - sent));
        site.ask_for_everything().await;
    }
}
