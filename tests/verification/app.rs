//! An application with a page for verified users, in one process or in several, and its Didit.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    routing::{any, get, get_service, post},
};
use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::Value;
use tower::{ServiceExt, service_fn};
use tower_didit::{
    DiditAuth, Error, Provider, RequireSignIn,
    fake::{
        Browser, Endpoint, FakeDidit, FakeDiditExt, FakeVerification, Page, Person, RecordedRequest,
    },
    store::{MemoryStore, StoreFuture},
    transport::TransportError,
    verification::{
        DiditWebhooks, RequireVerified, Requirements, Verification, VerificationClient,
        VerificationRecord, VerificationRecords, WebhookEvent,
    },
};

use crate::delivery::sign;

pub(crate) const RETURN: &str = "https://app.example/verified";
pub(crate) const PAGE: &str = "https://app.example/account?tab=2";
const WEBHOOKS: &str = "https://app.example/didit";
const DIDIT: &str = "https://apx.didit.me";
const VERIFIED: &str = "your account";

pub(crate) struct App {
    pub(crate) didit: FakeDidit,
    pub(crate) fake: FakeVerification,
    pub(crate) records: Shared,
    pub(crate) client: VerificationClient,
    /// Whether connections to Didit's verification API break.
    pub(crate) is_cut_off: Arc<AtomicBool>,
    /// How far the clock of the verification is ahead, in seconds.
    pub(crate) ahead: Arc<AtomicU64>,
    /// Nobody is signed in.
    browser: Browser,
}

/// Records that several processes share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared(MemoryStore);

impl Shared {
    pub(crate) async fn of(&self, user: &str) -> Option<VerificationRecord> {
        let stored = self.get(user).await.unwrap();
        stored.map(|(record, _)| record)
    }

    /// Stores a record in place of the user's own.
    pub(crate) async fn plant(&self, user: &str, record: VerificationRecord) {
        let stored = self.get(user).await.unwrap();
        let version = stored.map_or(0, |(_, version)| version);
        assert!(self.put(user, record, version).await.unwrap());
    }
}

impl VerificationRecords for Shared {
    fn get<'a>(&'a self, user: &'a str) -> StoreFuture<'a, Option<(VerificationRecord, u64)>> {
        self.0.get(user)
    }

    fn put<'a>(
        &'a self,
        user: &'a str,
        record: VerificationRecord,
        version: u64,
    ) -> StoreFuture<'a, bool> {
        self.0.put(user, record, version)
    }
}

impl App {
    pub(crate) fn new() -> Self {
        Self::of(FakeDidit::new("client", "secret"))
    }

    pub(crate) fn of(didit: FakeDidit) -> Self {
        Self::with(didit, 1, |requirements| requirements)
    }

    /// Processes that share the records and nothing else.
    pub(crate) fn with(
        didit: FakeDidit,
        processes: usize,
        require: impl Fn(Requirements) -> Requirements,
    ) -> Self {
        let fake = didit.verification();
        let (records, is_cut_off) = (Shared::default(), Arc::<AtomicBool>::default());
        let ahead = Arc::<AtomicU64>::default();
        let requirements = Requirements::identity()
            .with_liveness()
            .with_face_match()
            .with_workflow(fake.workflow_id());
        let processes = (0..processes).map(|_| {
            process(
                &didit,
                require(requirements.clone()),
                records.clone(),
                &is_cut_off,
                &ahead,
            )
        });
        let (mut apps, mut clients): (Vec<_>, Vec<_>) = processes.unzip();
        let next = Arc::new(AtomicUsize::new(0));
        let balanced = {
            let apps: Arc<[Router]> = std::mem::take(&mut apps).into();
            service_fn(move |request: Request<Body>| {
                let at = next.fetch_add(1, Relaxed) % apps.len();
                apps[at].clone().oneshot(request)
            })
        };
        fake.send_webhooks_to_service(WEBHOOKS, balanced.clone());
        let browser = Browser::new("https://app.example", balanced).add_didit(&didit);
        Self {
            browser: browser.with_clock(didit.clock()),
            client: clients.swap_remove(0),
            didit,
            fake,
            records,
            is_cut_off,
            ahead,
        }
    }

    /// The browser of a user who signs in.
    pub(crate) async fn sign_in(&self, person: &Person) -> Browser {
        let browser = self.stranger();
        let page = browser.get("https://app.example/login").await;
        let callback = self.didit.approve(page.location(), person);
        browser.visit(&callback).await;
        browser
    }

    /// The browser of nobody.
    pub(crate) fn stranger(&self) -> Browser {
        self.browser.new_browser()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.didit.clock().advance(Duration::from_secs(seconds));
    }

    /// The session that was created last.
    pub(crate) fn session(&self) -> String {
        self.fake.last_session_id().unwrap()
    }

    /// How often Didit was asked for a decision.
    pub(crate) fn asked(&self) -> usize {
        self.didit.count(Endpoint::VerificationDecision)
    }

    /// What Didit's API says of the last session.
    pub(crate) async fn fake_decision(&self) -> Value {
        let id = self.session();
        let request = Request::get(format!(
            "https://verification.didit.me/v3/session/{id}/decision/"
        ))
        .header("x-api-key", self.fake.api_key())
        .body(Bytes::new())
        .unwrap();
        let Ok(response) = self.didit.clone().oneshot(request).await;
        serde_json::from_slice(response.body()).unwrap()
    }

    /// Sends a webhook once more, as whoever has read it can.
    pub(crate) async fn replay(&self, webhook: &RecordedRequest) -> StatusCode {
        self.forge(webhook, |_| {}).await
    }

    /// Sends a webhook once more, with changes.
    pub(crate) async fn forge(
        &self,
        webhook: &RecordedRequest,
        change: impl FnOnce(&mut Request<Bytes>),
    ) -> StatusCode {
        let mut request = Request::post(WEBHOOKS)
            .body(webhook.body().clone())
            .unwrap();
        *request.headers_mut() = webhook.headers().clone();
        change(&mut request);
        self.stranger().send(request).await.status()
    }

    /// Sends an event that Didit has signed.
    pub(crate) async fn send_signed(&self, event: &Value) -> StatusCode {
        let body = event.to_string();
        let request = Request::post(WEBHOOKS)
            .header("x-timestamp", event["timestamp"].to_string())
            .header(
                "x-signature",
                sign(&self.fake.webhook_secret(), body.as_bytes()),
            )
            .body(Bytes::from(body))
            .unwrap();
        self.stranger().send(request).await.status()
    }

    /// The webhook about this status that was sent last.
    pub(crate) fn webhook(&self, status: &str) -> RecordedRequest {
        let mut sent = self.fake.webhooks().into_iter().rev();
        sent.find(|sent| sent.json().unwrap()["status"] == status)
            .unwrap()
    }
}

/// Opens the page for verified users, and presses this button at Didit.
pub(crate) async fn through(browser: &Browser, button: &str) -> Page {
    let hosted = browser.visit(PAGE).await;
    assert!(hosted.url().contains("/session/"), "{}", hosted.url());
    browser.click(&hosted, button).await
}

pub(crate) async fn is_verified(browser: &Browser) -> bool {
    shows_the_account(&browser.get(PAGE).await)
}

pub(crate) fn shows_the_account(page: &Page) -> bool {
    let is_shown = page.text().contains(VERIFIED);
    let is_whole = (page.status(), page.text()) == (StatusCode::OK, VERIFIED);
    assert_eq!(is_shown, is_whole, "{}", page.text());
    is_shown
}

/// Seconds and target of the header `Refresh`.
pub(crate) fn refresh(page: &Page) -> Option<(u64, String)> {
    let value = page.header("refresh")?;
    let (seconds, target) = value.split_once("; url=").unwrap_or((value, ""));
    let url = match target {
        "" => page.url().to_owned(),
        target => format!("{RETURN}{target}"),
    };
    Some((seconds.parse().unwrap(), url))
}

fn process(
    didit: &FakeDidit,
    requirements: Requirements,
    records: Shared,
    is_cut_off: &Arc<AtomicBool>,
    ahead: &Arc<AtomicU64>,
) -> (Router, VerificationClient) {
    let fake = didit.verification();
    let (transport, is_cut_off) = (didit.clone(), Arc::clone(is_cut_off));
    let transport = service_fn(move |request: Request<Bytes>| {
        let is_broken = is_cut_off.load(Relaxed) && request.uri().path().starts_with("/v3/");
        let transport = transport.clone();
        async move {
            if is_broken {
                return Err(TransportError::broken("connection reset"));
            }
            let Ok(response) = transport.oneshot(request).await;
            Ok(response)
        }
    });
    let config = didit
        .config("https://app.example/callback")
        .with_transport(transport)
        .with_redirect_after_sign_in();
    let config = match didit.issuer().as_str() {
        DIDIT => config,
        other => config.with_provider(Provider::discovered(other)),
    };
    let config = config.build().unwrap();
    let client = VerificationClient::new(fake.api_key(), &config).unwrap();
    let verification = Verification::new(client.clone(), requirements, RETURN, records).unwrap();
    let (clock, ahead) = (didit.clock(), Arc::clone(ahead));
    let verification =
        verification.with_clock(move || clock.now() + Duration::from_secs(ahead.load(Relaxed)));
    let webhooks = DiditWebhooks::new([fake.webhook_secret()]).unwrap();
    let webhooks = webhooks.with_clock(didit.clock());
    let app = Router::new()
        .route("/account", any(|| async { VERIFIED }))
        .route_layer(RequireVerified::new(&verification))
        .route_layer(RequireSignIn::new())
        .route("/verified", get_service(verification.return_page()))
        .route("/didit", post(webhook).layer(webhooks))
        .route("/", get(|| async { "home" }))
        .with_state(verification)
        .layer(DiditAuth::new(config));
    (app, client)
}

async fn webhook(
    State(verification): State<Verification>,
    event: WebhookEvent,
) -> Result<StatusCode, Error> {
    verification.receive(&event).await?;
    Ok(StatusCode::NO_CONTENT)
}
