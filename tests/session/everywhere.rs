//! The sessions of a user: the list, and the end of one or all of them.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Json, Response},
    routing::{get, post},
};
use futures_util::future::join_all;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tower::ServiceExt;
use tower_didit::{
    ConfigBuilder, DiditAuth, DiditClient, DiditTokens, Error, IdClaims, ReturnTo, UserSession,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
    store::{MemoryStore, SessionKey},
};

use crate::{
    odd_store::{Mode, Odd},
    support::{
        cookies::{SESSION, header_of, session},
        handlers::{Place, once},
        sign_in::{approved, sign_in, sign_in_as},
        site::{CALLBACK, HOME, auth, didit, memory},
        tasks::{poll_until, run_background, yield_until},
    },
};

const SECOND: Duration = Duration::from_secs(1);
const ISSUER: &str = "https://apx.didit.me";

/// A process of the application.
struct Process {
    auth: DiditAuth,
    router: Router,
    /// Lets the handler of the callback finish.
    gate: Arc<Semaphore>,
}

impl Process {
    fn start(config: ConfigBuilder) -> Self {
        let auth = auth(config);
        let gate = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        let router = Router::new()
            .route("/", get(user))
            .route(
                "/issuer",
                get(async |user: IdClaims| user.issuer().to_owned()),
            )
            .route("/tokens", get(|_: DiditTokens| async {}))
            .route("/sessions", get(sessions))
            .route("/label/{label}", get(label))
            .route("/everywhere", post(everywhere))
            .route("/sign-out/{id}", post(sign_out))
            .route("/callback", get(callback))
            .with_state(Arc::clone(&gate))
            .layer(auth.clone());
        Self { auth, router, gate }
    }

    fn browser(&self) -> Browser {
        Browser::new(HOME, self.router.clone())
    }

    async fn signed_in(&self, didit: &FakeDidit, person: &Person) -> Browser {
        let browser = self.browser();
        let page = sign_in_as(person, &browser, didit).await;
        assert_eq!(page.status(), StatusCode::SEE_OTHER, "{}", page.text());
        browser
    }

    /// A response to a request with the cookies of a browser.
    fn send(&self, browser: &Browser, path: &str) -> impl Future<Output = Response> + use<> {
        let request = Request::get(path).header(header::COOKIE, header_of(browser));
        let response = self
            .router
            .clone()
            .oneshot(request.body(Body::empty()).unwrap());
        async { response.await.unwrap() }
    }

    /// Whether the session of a browser is one at this process.
    async fn knows(&self, browser: &Browser) -> bool {
        self.send(browser, "/").await.status() == StatusCode::OK
    }
}

async fn user(user: IdClaims) -> String {
    user.subject().to_owned()
}

async fn callback(
    State(gate): State<Arc<Semaphore>>,
    _: IdClaims,
    client: DiditClient,
    back: ReturnTo,
) -> Result<Response, Error> {
    if back.as_str() == "/?everywhere" {
        return client
            .sign_out_everywhere()
            .await
            .map(IntoResponse::into_response);
    }
    let _open = gate.acquire().await.unwrap();
    Ok(back.into_response())
}

async fn label(Path(label): Path<String>, client: DiditClient) -> Result<(), Error> {
    client.set("label", &label).await
}

async fn sessions(client: DiditClient) -> Result<Json<Vec<Value>>, Error> {
    let seconds = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    let shown = |session: &UserSession| {
        let debug = format!("{session:?}");
        assert!(debug.contains(session.public_id()), "{debug}");
        json!({
            "id": session.public_id(),
            "began": seconds(session.began()),
            "used": seconds(session.last_used()),
            "here": session.is_this_one(),
            "label": session.get::<String>("label").unwrap(),
        })
    };
    Ok(Json(client.sessions().await?.iter().map(shown).collect()))
}

async fn everywhere(client: DiditClient) -> Result<Response, Error> {
    Ok(client.sign_out_everywhere().await?.into_response())
}

async fn sign_out(Path(id): Path<String>, client: DiditClient) -> Result<String, Error> {
    Ok(client.sign_out_session(&id).await?.to_string())
}

/// The members of the list with this name.
async fn listed(browser: &Browser, name: &str) -> Vec<Value> {
    let page = browser.fetch(Method::GET, "/sessions").await;
    assert_eq!(page.status(), StatusCode::OK, "{}", page.text());
    let list = page.json();
    let list = list.as_array().unwrap().iter();
    list.map(|session| session[name].clone()).collect()
}

fn stored(didit: &FakeDidit, store: &MemoryStore) -> ConfigBuilder {
    Place::Cookies
        .config(didit)
        .with_session_store(store.clone())
}

// Behaviour 122.
#[tokio::test]
async fn a_user_sees_their_own_sessions_with_what_the_application_kept() {
    let didit = didit();
    let store = memory(&didit);
    let process = Process::start(stored(&didit, &store));
    let began = didit.clock().now();
    let alejandra = Person::alejandra();
    let phone = process.signed_in(&didit, &alejandra).await;
    phone.get("/label/phone").await;
    didit.clock().advance(3600 * SECOND);
    process.signed_in(&didit, &Person::john()).await;
    let laptop = process.signed_in(&didit, &alejandra).await;
    laptop.get("/label/laptop").await;

    assert_eq!(listed(&laptop, "label").await, ["laptop", "phone"]);
    assert_eq!(listed(&laptop, "here").await, [true, false]);
    assert_eq!(listed(&phone, "here").await, [false, true]);
    let began = began
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    assert_eq!(listed(&phone, "began").await, [began + 3600, began]);
    // A use is recorded after a tenth of the idle limit: the list is in another order.
    didit.clock().advance(3 * 3600 * SECOND);
    phone.get("/").await;
    run_background().await;
    assert_eq!(listed(&phone, "label").await, ["phone", "laptop"]);
    let used = began + 4 * 3600;
    assert_eq!(listed(&phone, "used").await[0], used);

    // The idle limit of the laptop.
    didit.clock().advance(22 * 3600 * SECOND);
    assert_eq!(listed(&phone, "label").await, ["phone"]);
}

// Behaviours 78 and 122.
#[tokio::test]
async fn a_public_id_is_stable_and_no_cookie() {
    let didit = didit();
    let store = memory(&didit);
    let (old, new) = ([1; 32], [2; 32]);
    let config = |keys: &[[u8; 32]]| stored(&didit, &store).with_cookie_keys(keys.iter().copied());
    let process = Process::start(config(&[old]));
    let alejandra = Person::alejandra();
    let [first, second] = [
        process.signed_in(&didit, &alejandra).await,
        process.signed_in(&didit, &alejandra).await,
    ];
    let ids: BTreeSet<_> = listed(&first, "id")
        .await
        .iter()
        .map(Value::to_string)
        .collect();
    let seen: BTreeSet<_> = listed(&second, "id")
        .await
        .iter()
        .map(Value::to_string)
        .collect();
    assert_eq!((ids.len(), &ids), (2, &seen));
    for id in &ids {
        let id = id.trim_matches('"');
        assert_eq!(id.len(), 22);
        assert!(!session(&first).contains(id) && !session(&second).contains(id));
        let thief = process.browser();
        thief.set_cookie(SESSION, id);
        assert!(!process.knows(&thief).await);
    }
    // A page from before the rotation of the keys still works.
    let rotated = Process::start(config(&[new, old]));
    let here = Browser::new(HOME, rotated.router.clone());
    here.set_cookie(SESSION, &session(&first));
    let is_here = listed(&here, "here").await;
    let new_ids: BTreeSet<_> = listed(&here, "id")
        .await
        .iter()
        .map(Value::to_string)
        .collect();
    assert!(ids.is_disjoint(&new_ids), "{is_here:?}");
    for id in ids {
        let id = id.trim_matches('"');
        let refused = process.signed_in(&didit, &Person::john()).await;
        let answer = refused.post_form(&format!("/sign-out/{id}"), &[]).await;
        assert_eq!(answer.text(), "false", "another user's");
    }
    let other =
        listed(&first, "id").await[usize::from(listed(&first, "here").await[0] == true)].clone();
    let path = format!("/sign-out/{}", other.as_str().unwrap());
    assert_eq!(here.post_form(&path, &[]).await.text(), "true");
    assert!(!process.knows(&second).await && process.knows(&first).await);
    assert_eq!(
        here.post_form(&path, &[]).await.text(),
        "false",
        "a second time"
    );
}

#[tokio::test]
async fn the_end_of_the_own_session_by_its_public_id_removes_its_cookies() {
    let didit = FakeDidit::authentication("app");
    let process = Process::start(once(&didit));
    let browser = process.signed_in(&didit, &Person::alejandra()).await;
    let id = listed(&browser, "id").await[0].as_str().unwrap().to_owned();
    assert_eq!(
        browser.post_form("/sign-out/unknown", &[]).await.text(),
        "false"
    );
    assert_eq!(
        browser
            .post_form(&format!("/sign-out/{id}"), &[])
            .await
            .text(),
        "true"
    );
    assert!(browser.cookie(SESSION).is_none());
    assert_eq!(didit.count(Endpoint::Session), 1);
}

#[tokio::test]
async fn sessions_in_cookies_cannot_be_listed_or_ended_from_elsewhere() {
    let didit = didit();
    let process = Process::start(Place::Cookies.config(&didit));
    let browser = process.signed_in(&didit, &Person::alejandra()).await;
    for (method, path) in [
        (Method::GET, "/sessions"),
        (Method::POST, "/everywhere"),
        (Method::POST, "/sign-out/id"),
    ] {
        let refused = browser.fetch(method, path).await;
        assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(refused.json()["code"], "store-required");
        assert!(
            process.knows(&browser).await,
            "{path} has ended the session"
        );
    }
    let subject = Person::alejandra();
    let error = process.auth.sign_out_user(ISSUER, subject.subject()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind().code(), "store-required");
    assert!(error.to_string().contains("with_session_store"), "{error}");
}

#[tokio::test]
async fn nobody_has_no_sessions() {
    let didit = didit();
    let process = Process::start(Place::Memory.config(&didit));
    let stranger = process.browser();
    for (method, path) in [
        (Method::GET, "/sessions"),
        (Method::POST, "/everywhere"),
        (Method::POST, "/sign-out/id"),
    ] {
        let refused = stranger.fetch(method, path).await;
        assert_eq!(refused.json()["code"], "not-signed-in", "{path}");
    }
    let client = process.auth.client();
    assert_eq!(
        client.sessions().await.unwrap_err().kind().code(),
        "not-signed-in"
    );
    let refused = client.sign_out_everywhere().await.unwrap_err();
    assert_eq!(refused.kind().code(), "not-signed-in");
    assert_eq!(
        process.auth.sign_out_user(ISSUER, "nobody").await.unwrap(),
        0
    );
}

// Behaviour 122.
#[tokio::test]
async fn a_sign_out_everywhere_ends_all_sessions_of_the_user_and_no_other() {
    for by_administrator in [false, true] {
        let didit = FakeDidit::authentication("app");
        let store = memory(&didit);
        let config = || once(&didit).with_session_store(store.clone());
        let [here, there] = [Process::start(config()), Process::start(config())];
        let (alejandra, john) = (Person::alejandra(), Person::john());
        let mut own = Vec::new();
        let mut others = Vec::new();
        for process in [&here, &there, &here] {
            own.push(process.signed_in(&didit, &alejandra).await);
            others.push(process.signed_in(&didit, &john).await);
        }
        if by_administrator {
            let issuer = didit.issuer();
            let ended = there.auth.sign_out_user(&issuer, alejandra.subject());
            assert_eq!(ended.await.unwrap(), 3);
        } else {
            let page = own[0].post_form("/everywhere", &[]).await;
            assert_eq!(page.status(), StatusCode::SEE_OTHER);
            assert!(own[0].cookie(SESSION).is_none());
        }
        for process in [&here, &there] {
            for browser in &own {
                assert!(!process.knows(browser).await);
            }
            for browser in &others {
                assert!(process.knows(browser).await);
            }
        }
        join_all([here.auth.shutdown(), there.auth.shutdown()]).await;
        assert_eq!(didit.count(Endpoint::Session), 3, "each at the provider");
        // Who signs in again is in.
        let again = Process::start(config()).signed_in(&didit, &alejandra).await;
        assert_eq!(listed(&again, "here").await, [true]);
    }
}

// Behaviours 94 and 122.
#[tokio::test]
async fn the_tokens_of_all_sessions_are_revoked_in_the_background() {
    let didit = FakeDidit::new("client", "secret").with_revocation_endpoint();
    let store = memory(&didit);
    let config = didit.config(CALLBACK).with_scopes(["openid", "offline"]);
    let process = Process::start(config.with_session_store(store));
    let alejandra = Person::alejandra();
    let mut browsers = Vec::new();
    for _ in 0..5 {
        browsers.push(process.signed_in(&didit, &alejandra).await);
    }
    didit.on_every(Endpoint::Revocation, Fault::hang());
    let ended = process.auth.sign_out_user(ISSUER, alejandra.subject());
    assert_eq!(ended.await.unwrap(), 5, "it does not wait for the provider");
    assert!(!process.knows(&browsers[0]).await);
    didit.clear_faults();
}

// Behaviour 122. Didit's issuers name the same users.
#[tokio::test]
async fn the_issuers_of_a_provider_and_the_origins_of_a_layer_count_as_one() {
    const SHOP: &str = "https://shop.example";
    let didit = didit().with_redirect_uri("https://shop.example/callback");
    let store = memory(&didit);
    let config = stored(&didit, &store).add_redirect_uri("https://shop.example/callback");
    let process = Process::start(config);
    let alejandra = Person::alejandra();
    let app = process.signed_in(&didit, &alejandra).await;
    let elsewhere = didit.clone().with_issuer("https://didit.me");
    let other_issuer = process.signed_in(&elsewhere, &alejandra).await;
    let didit = didit.with_issuer(ISSUER);
    assert_eq!(other_issuer.get("/issuer").await.text(), "https://didit.me");
    assert_eq!(app.get("/issuer").await.text(), ISSUER);
    let shop = Browser::new(SHOP, process.router.clone());
    sign_in(&shop, &didit).await;
    assert_eq!(shop.get("/").await.text(), alejandra.subject());

    assert_eq!(listed(&app, "here").await.len(), 3);
    assert_eq!(listed(&shop, "here").await.len(), 3);
    assert_eq!(listed(&other_issuer, "here").await.len(), 3);
    let ended = process
        .auth
        .sign_out_user("https://auth.didit.me", alejandra.subject());
    assert_eq!(ended.await.unwrap(), 3);
    for browser in [&app, &shop, &other_issuer] {
        assert_ne!(
            browser.fetch(Method::GET, "/").await.status(),
            StatusCode::OK
        );
    }
}

/// Where a callback is when all sessions of its user are ended.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The code was sent. Nobody knows the user.
    Exchange,
    /// The application's handler runs.
    Handler,
}

// Behaviour 122.
#[tokio::test(start_paused = true)]
async fn a_callback_under_way_in_another_process_begins_no_session() {
    for stage in [Stage::Exchange, Stage::Handler] {
        for is_other_user in [false, true] {
            let didit = didit();
            let store = memory(&didit);
            let config = || stored(&didit, &store);
            let [here, there] = [Process::start(config()), Process::start(config())];
            let own = here.signed_in(&didit, &Person::alejandra()).await;
            there.gate.forget_permits(Semaphore::MAX_PERMITS);
            let late = there.browser();
            let who = if is_other_user {
                Person::john()
            } else {
                Person::alejandra()
            };
            let started = late.get("/login").await;
            let back = didit.approve(started.location(), &who);
            if let Stage::Exchange = stage {
                didit.on_next(Endpoint::Token, Fault::delay(SECOND));
            }
            let exchanges = didit.count(Endpoint::Token) + 1;
            let arriving = tokio::spawn(there.send(&late, back.strip_prefix(HOME).unwrap()));
            yield_until(|| didit.count(Endpoint::Token) == exchanges).await;
            run_background().await;

            own.post_form("/everywhere", &[]).await;
            there.gate.add_permits(1);
            let arrived = arriving.await.unwrap();
            let sets_session = arrived
                .headers()
                .get_all(header::SET_COOKIE)
                .iter()
                .any(|line| line.to_str().unwrap().starts_with("__Host-didit="));
            assert_eq!(sets_session, is_other_user, "{stage:?}: {arrived:?}");
            there.auth.shutdown().await;
            let shown = format!("{store:?}");
            let left = usize::from(is_other_user);
            // The epoch and the generations stay, and the session of another user.
            let ended = here.auth.sign_out_user(ISSUER, who.subject()).await;
            assert_eq!(ended.unwrap(), left, "{stage:?}: {shown}");
        }
    }
}

// Behaviour 122. A callback that arrives later is another sign-in.
#[tokio::test]
async fn a_callback_that_arrives_after_the_end_of_all_begins_a_session() {
    let didit = didit();
    let process = Process::start(Place::Memory.config(&didit));
    let browser = process.browser();
    for _ in 0..3 {
        let back = approved("/login", &browser, &didit).await;
        let alejandra = Person::alejandra();
        process
            .auth
            .sign_out_user(ISSUER, alejandra.subject())
            .await
            .unwrap();
        browser.get(&back).await;
        assert!(process.knows(&browser).await);
    }
}

// Behaviour 122.
#[tokio::test(start_paused = true)]
async fn a_refresh_under_way_in_another_process_brings_no_session_back() {
    let didit = FakeDidit::authentication("app");
    let store = memory(&didit);
    let config = || once(&didit).with_session_store(store.clone());
    let [here, there] = [Process::start(config()), Process::start(config())];
    let alejandra = Person::alejandra();
    let browsers = [
        here.signed_in(&didit, &alejandra).await,
        there.signed_in(&didit, &alejandra).await,
    ];
    let john = there.signed_in(&didit, &Person::john()).await;
    didit.clock().advance(285 * SECOND);
    let exchanges = didit.count(Endpoint::Token);
    didit.on_next(Endpoint::Token, Fault::delay(SECOND));
    let renewing = tokio::spawn(there.send(&browsers[1], "/tokens"));
    yield_until(|| didit.count(Endpoint::Token) > exchanges).await;
    browsers[0].post_form("/everywhere", &[]).await;
    renewing.await.unwrap();
    for process in [&here, &there] {
        for browser in &browsers {
            assert!(!process.knows(browser).await);
        }
        assert!(process.knows(&john).await);
    }
    join_all([here.auth.shutdown(), there.auth.shutdown()]).await;
    // With the new tokens too: the refresh has ended the old ones.
    assert_eq!(didit.count(Endpoint::Session), 3);
}

// Behaviour 122.
#[tokio::test]
async fn a_callback_whose_handler_ends_all_sessions_begins_none() {
    let didit = FakeDidit::authentication("app");
    let store = memory(&didit);
    let process = Process::start(once(&didit).with_session_store(store));
    let before = process.signed_in(&didit, &Person::alejandra()).await;
    let browser = process.browser();
    let back = approved("/login?return_to=/?everywhere", &browser, &didit).await;
    assert_eq!(browser.get(&back).await.status(), StatusCode::SEE_OTHER);
    assert!(browser.cookie(SESSION).is_none());
    assert!(!process.knows(&before).await);
    process.auth.shutdown().await;
    assert_eq!(didit.count(Endpoint::Session), 2, "both at the provider");
}

#[tokio::test]
async fn an_end_of_all_completes_after_the_browser_has_gone() {
    let didit = didit();
    let store = memory(&didit);
    let process = Process::start(stored(&didit, &store));
    let alejandra = Person::alejandra();
    let browsers = [
        process.signed_in(&didit, &alejandra).await,
        process.signed_in(&didit, &alejandra).await,
    ];
    let request = Request::post("/everywhere").header(header::COOKIE, header_of(&browsers[0]));
    let request = request.body(Body::empty()).unwrap();
    let mut answer = Box::pin(process.router.clone().oneshot(request));
    crate::support::tasks::assert_is_pending(&mut answer).await;
    drop(answer);
    process.auth.shutdown().await;
    for browser in &browsers {
        assert!(!process.knows(browser).await);
    }
}

fn key(browser: &Browser) -> SessionKey {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    let id = BASE64_URL_SAFE_NO_PAD.decode(session(browser)).unwrap();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &id);
    SessionKey::from_bytes(hash.as_ref().try_into().unwrap())
}

// Behaviour 89. The list of a store is not to be trusted.
#[tokio::test]
async fn a_store_that_lists_the_sessions_of_others_shows_and_ends_none_at_the_provider() {
    let didit = FakeDidit::authentication("app");
    let store = Odd::new(&didit);
    let process = Process::start(once(&didit).with_session_store(store.clone()));
    let alejandra = process.signed_in(&didit, &Person::alejandra()).await;
    let john = process.signed_in(&didit, &Person::john()).await;
    store.set(Mode::Lists(vec![key(&alejandra), key(&john)]));
    assert_eq!(listed(&john, "here").await, [true]);
    let johns = listed(&john, "id").await[0].as_str().unwrap().to_owned();
    let path = format!("/sign-out/{johns}");
    assert_eq!(alejandra.post_form(&path, &[]).await.text(), "false");
    alejandra.post_form("/everywhere", &[]).await;
    process.auth.shutdown().await;
    assert_eq!(didit.count(Endpoint::Session), 1);
}

// Behaviour 122.
#[tokio::test(start_paused = true)]
async fn a_store_that_fails_to_delete_leaves_the_sign_out_incomplete() {
    let didit = didit();
    let store = Odd::new(&didit);
    let config = || {
        Place::Cookies
            .config(&didit)
            .with_session_store(store.clone())
    };
    let [here, there] = [Process::start(config()), Process::start(config())];
    let alejandra = Person::alejandra();
    let browser = here.signed_in(&didit, &alejandra).await;
    store.set(Mode::KeepsAll);
    let error = here.auth.sign_out_user(ISSUER, alejandra.subject()).await;
    assert_eq!(error.unwrap_err().kind().code(), "sign-out-incomplete");
    assert!(!here.knows(&browser).await, "this process knows");
    assert!(there.knows(&browser).await);
    // It is deleted as soon as the store does.
    store.set(Mode::Works);
    here.auth.shutdown().await;
    assert!(!there.knows(&browser).await);
}

// Behaviour 122. A failover may lose the epoch, and must not lock users out.
#[tokio::test]
async fn a_store_that_has_lost_the_epoch_lets_users_sign_in() {
    let didit = didit();
    let store = Odd::new(&didit);
    let config = Place::Cookies
        .config(&didit)
        .with_session_store(store.clone());
    let process = Process::start(config);
    let alejandra = Person::alejandra();
    for _ in 0..3 {
        let ended = process.auth.sign_out_user(ISSUER, alejandra.subject());
        ended.await.unwrap();
    }
    store.set(Mode::LosesTheEpoch);
    let browser = process.signed_in(&didit, &alejandra).await;
    assert!(process.knows(&browser).await);
}

// Behaviour 122.
#[tokio::test]
async fn concurrent_sign_ins_and_ends_of_all_leave_only_later_sessions() {
    for _ in 0..20 {
        let didit = didit();
        let store = memory(&didit);
        let config = || stored(&didit, &store);
        let processes = [(); 3].map(|()| Process::start(config()));
        let alejandra = Person::alejandra();
        let john = processes[0].signed_in(&didit, &Person::john()).await;
        let mut browsers = Vec::new();
        let mut callbacks = Vec::new();
        for process in &processes {
            let browser = process.browser();
            let started = browser.get("/login").await;
            let back = didit.approve(started.location(), &alejandra);
            let path = back.strip_prefix(HOME).unwrap().to_owned();
            callbacks.push(tokio::spawn(process.send(&browser, &path)));
            browsers.push(browser);
        }
        let ended = processes.iter().map(|process| {
            let auth = process.auth.clone();
            let subject = alejandra.subject().to_owned();
            tokio::spawn(async move { auth.sign_out_user(ISSUER, &subject).await })
        });
        for ended in join_all(ended.collect::<Vec<_>>()).await {
            ended.unwrap().unwrap();
        }
        let mut alive = Vec::new();
        for callback in callbacks {
            let response = callback.await.unwrap();
            let lines = response.headers().get_all(header::SET_COOKIE).iter();
            let mut lines = lines.filter_map(|line| line.to_str().ok());
            alive.extend(lines.find_map(|line| {
                let value = line.strip_prefix("__Host-didit=")?.split(';').next()?;
                (!value.is_empty()).then(|| value.to_owned())
            }));
        }
        // Whoever has got a cookie arrived before the ends, and is out.
        for cookie in alive {
            let browser = processes[0].browser();
            browser.set_cookie(SESSION, &cookie);
            for process in &processes {
                assert!(!process.knows(&browser).await);
            }
        }
        assert!(processes[1].knows(&john).await);
    }
}

#[tokio::test]
async fn a_slow_answer_of_an_ended_session_sets_no_cookie() {
    let didit = didit();
    let store = memory(&didit);
    let [here, there] = [
        Process::start(stored(&didit, &store)),
        Process::start(stored(&didit, &store)),
    ];
    let browser = here.signed_in(&didit, &Person::alejandra()).await;
    // A use is due.
    didit.clock().advance(3 * 3600 * SECOND);
    let slow = poll_until(there.send(&browser, "/sessions"), || true).await;
    let own = here.send(&browser, "/").await;
    assert_eq!(own.status(), StatusCode::OK);
    let alejandra = Person::alejandra();
    here.auth
        .sign_out_user(ISSUER, alejandra.subject())
        .await
        .unwrap();
    let slow = slow.await;
    assert!(slow.headers().get(header::SET_COOKIE).is_none(), "{slow:?}");
    there.auth.shutdown().await;
    assert!(!there.knows(&browser).await);
}
