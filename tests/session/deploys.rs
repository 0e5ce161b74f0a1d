//! What a deploy does to sessions and to sign-ins under way: each row of the table in `src/docs/deploys.rs`.

use std::time::Duration;

use axum::{Router, routing::get};
use http::Method;
use tower_didit::{
    Config, ConfigBuilder, IdClaims,
    fake::{Browser, FakeDidit, FakeDiditExt, Person},
    store::{
        MemoryStore, RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreFuture,
        StoredSession, UserKey,
    },
};

use crate::support::{
    cookies::{SESSION, copy_cookies, set_cookies},
    faults::with_refresh_token_of,
    logs::{capture, logs},
    sign_in::sign_in,
    site::{CALLBACK, HOME, NOBODY, auth, memory},
};

const PAGE: &str = include_str!("../../src/docs/deploys.rs");
const OTHER_FORMAT: &str = "a build that reads and writes another format";

/// The client secret at the provider, which is long enough to be a cookie key.
const SECRET: &str = "a client secret of 32 bytes or so";
const FORMER_SECRET: &str = "the former client secret";
const OLD: &[u8] = &[1; 32];
const NEW: &[u8] = &[2; 32];
const MINUTE: Duration = Duration::from_secs(60);

/// A configuration before the change and one after it.
struct Change {
    before: ConfigBuilder,
    after: ConfigBuilder,
    /// The site afterwards, and the time between the sign-in and the change.
    home: &'static str,
    pause: Duration,
}

/// Makes a change of the table, for sessions in cookies or in a store. `None` where it does not apply.
fn change(name: &str, didit: &FakeDidit, store: Option<&MemoryStore>) -> Option<Change> {
    let build = |client_id: &str, callback: &str, secret: &str| {
        let didit = didit.clone().with_redirect_uri(callback);
        let config = Config::builder(client_id, callback)
            .with_client_secret(secret)
            .with_clock(didit.clock())
            .with_transport(didit);
        match store {
            None => config,
            Some(store) => config.with_session_store(store.clone()),
        }
    };
    let derived = |secret| build("client", CALLBACK, secret);
    let keyed = || derived(SECRET).with_cookie_keys([OLD]);
    let (mut home, mut pause) = (HOME, Duration::ZERO);
    let (before, after) = match name {
        "a restart" => (keyed(), keyed()),
        OTHER_FORMAT => {
            let other = store.map(|store| keyed().with_session_store(OtherFormat(store.clone())));
            (keyed(), other.unwrap_or_else(keyed))
        }
        "a new cookie key, added at the end" => (keyed(), keyed().with_cookie_keys([OLD, NEW])),
        "the new cookie key, moved to the front" => {
            let before = keyed().with_cookie_keys([OLD, NEW]);
            (before, keyed().with_cookie_keys([NEW, OLD]))
        }
        "removal of the cookie key that sealed the session or flow cookie" => {
            (keyed(), keyed().with_cookie_keys([NEW]))
        }
        "removal of a cookie key that sealed neither" => {
            let before = keyed().with_cookie_keys([NEW, OLD]);
            (before, keyed().with_cookie_keys([NEW]))
        }
        "cookie keys are set for the first time, without the client secret" => {
            (derived(SECRET), keyed())
        }
        "cookie keys are set for the first time, with the client secret (at least 32 bytes) as the last of them" =>
        {
            let keys = [NEW, SECRET.as_bytes()];
            (derived(SECRET), keyed().with_cookie_keys(keys))
        }
        "another client secret, while cookie keys are set" => {
            (keyed().with_client_secret(FORMER_SECRET), keyed())
        }
        "another client secret, without cookie keys" => (derived(FORMER_SECRET), derived(SECRET)),
        "the client id" => {
            let before = build("former", CALLBACK, SECRET).with_cookie_keys([OLD]);
            (before, keyed())
        }
        "the origin of the redirect URI" => {
            home = "https://www.app.example";
            let after = build("client", "https://www.app.example/callback", SECRET);
            (keyed(), after.with_cookie_keys([OLD]))
        }
        "the path of the redirect URI" => {
            let after = build("client", "https://app.example/signed-in", SECRET);
            (keyed(), after.with_cookie_keys([OLD]))
        }
        "the cookie name" => (keyed(), keyed().with_cookie_name("other")),
        "more scopes" => (keyed(), keyed().with_scopes(["openid", "email", "names"])),
        "fewer scopes" => (keyed().with_scopes(["openid", "email"]), keyed()),
        "a lower session cookie limit" => (keyed(), keyed().with_session_cookie_limit(2048)),
        "shorter session limits, not yet reached" => {
            pause = 9 * MINUTE;
            (keyed(), keyed().with_session_lifetime(10 * MINUTE))
        }
        "shorter session limits, reached" => {
            pause = 10 * MINUTE;
            (keyed(), keyed().with_session_lifetime(10 * MINUTE))
        }
        "a store in place of cookies" if store.is_none() => {
            (keyed(), keyed().with_session_store(memory(didit)))
        }
        "cookies in place of a store" if store.is_some() => {
            (keyed(), keyed().with_sessions_in_cookies())
        }
        "a store in place of cookies" | "cookies in place of a store" => return None,
        _ => panic!("no test makes the change {name:?}"),
    };
    Some(Change {
        before,
        after,
        home,
        pause,
    })
}

// Behaviour 78.
#[tokio::test]
async fn a_deploy_does_to_sessions_what_the_table_says() {
    let rows = rows();
    assert_eq!(rows.len(), 21, "rows of the table");
    for [name, in_cookies, in_a_store, under_way] in rows {
        for is_stored in [false, true] {
            let didit = FakeDidit::new("client", SECRET).with_redirect_uri(CALLBACK);
            let store = is_stored.then(|| memory(&didit));
            let said = if is_stored { in_a_store } else { in_cookies };
            let Some(change) = change(name, &didit, store.as_ref()) else {
                assert_eq!(said, "", "{name}");
                continue;
            };
            let (session, sign_in) = outcomes(name, &didit, change).await;
            let place = if is_stored { "a store" } else { "cookies" };
            assert_eq!(session, said, "{name}: a session in {place}");
            assert_eq!(
                sign_in, under_way,
                "{name}: a sign-in, with sessions in {place}"
            );
        }
    }
}

/// Signs in and starts another sign-in before the change, and goes on after it. Gives what the table says of both.
async fn outcomes(name: &str, didit: &FakeDidit, change: Change) -> (&'static str, &'static str) {
    let john = Person::john();
    let former = auth(change.before);
    let before = Browser::new(HOME, app("/callback").layer(former.clone()));
    let cookies = didit
        .session_cookies(&former, &john)
        .await
        .expect("a session");
    for cookie in cookies.to_str().expect("ASCII").split("; ") {
        let (name, value) = cookie.split_once('=').expect("a name and a value");
        before.set_cookie(name, value);
    }
    assert_eq!(before.get("/").await.text(), john.subject(), "{name}");
    didit.clock().advance(change.pause);
    let stranger = before.new_browser();
    let started = stranger.get("/login").await;
    // The provider knows the client id of afterwards.
    let there = started
        .location()
        .replace("client_id=former", "client_id=client");
    let back = didit.approve(&there, &Person::alejandra());
    let back = back.strip_prefix(HOME).expect("back at the site");
    let callback = if name == "the path of the redirect URI" {
        "/signed-in"
    } else {
        "/callback"
    };
    let after = Browser::new(change.home, app(callback).layer(auth(change.after)));
    copy(name, &before, &after);
    let page = after.get("/").await;
    let session = match page.text() {
        NOBODY => "ends",
        subject => {
            assert_eq!(subject, john.subject(), "{name}");
            "stays"
        }
    };

    let visitor = after.new_browser();
    copy(name, &stranger, &visitor);
    let page = visitor.get(back).await;
    let codes = ["flow-cookie-undecryptable", "unknown-sign-in"];
    let sign_in = match page.status().as_u16() {
        200 => "goes on",
        404 => "is not found (404)",
        400 if codes.iter().any(|code| page.text().contains(code)) => "starts again",
        _ => panic!("{name}: {page:?} {}", page.text()),
    };
    if sign_in == "goes on" {
        let alejandra = Person::alejandra();
        assert_eq!(visitor.get("/").await.text(), alejandra.subject(), "{name}");
    }

    // Nothing was destroyed: the processes from before know the session, with the cookies that the browser has now.
    if change.home == HOME && name != OTHER_FORMAT {
        copy_cookies(&after, &before);
    }
    assert_eq!(
        before.get("/").await.text(),
        john.subject(),
        "{name}: undone"
    );
    (session, sign_in)
}

fn app(callback: &str) -> Router {
    let user = |user: Option<IdClaims>| async move {
        user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
    };
    Router::new()
        .route("/", get(user))
        .route(callback, get(|_: IdClaims| async {}))
}

/// Gives a browser the cookies of another; with another format, as another build would have sealed them.
fn copy(name: &str, from: &Browser, to: &Browser) {
    for cookie in from.cookies() {
        let value = cookie.value();
        let value = match value.split_once('.') {
            _ if name != OTHER_FORMAT => value.to_owned(),
            Some((count, sealed)) => format!("{count}.AAAA{sealed}"),
            None if cookie.name() == SESSION => value.to_owned(),
            None => format!("AAAA{value}"),
        };
        to.set_cookie(cookie.name(), &value);
    }
}

/// The rows of the table, without its head.
fn rows() -> Vec<[&'static str; 4]> {
    let lines = PAGE.lines().filter_map(|line| line.strip_prefix("//! | "));
    let rows = lines.map(|line| {
        let cells: Vec<_> = line
            .trim_end_matches('|')
            .split('|')
            .map(str::trim)
            .collect();
        cells.try_into().expect("a row has four cells")
    });
    rows.skip(1).collect()
}

// Behaviours 79 and 83.
#[tokio::test]
async fn a_session_above_a_lower_limit_stays_until_it_would_be_written() {
    let didit = FakeDidit::new("client", SECRET);
    let config = |limit| {
        let config = didit.config(CALLBACK).with_scopes(["openid", "offline"]);
        config.with_session_cookie_limit(limit)
    };
    let before = Browser::new(HOME, app("/callback").layer(auth(config(16 * 1024))));
    didit.on_next(
        tower_didit::fake::Endpoint::Token,
        with_refresh_token_of(6000),
    );
    sign_in(&before, &didit).await;
    let after = Browser::new(HOME, app("/callback").layer(auth(config(4096))));
    copy_cookies(&before, &after);
    let subject = Person::alejandra().subject().to_owned();

    // A tenth of the idle limit later it would be written.
    capture();
    for hours in [0, 3, 20] {
        didit.clock().advance(hours * 60 * MINUTE);
        let page = after.get("/").await;
        assert_eq!(page.text(), subject, "{hours}");
        assert_eq!(set_cookies(&page), [""; 0], "{hours}");
    }
    assert!(logs().contains("session not updated"));
    didit.clock().advance(60 * MINUTE);
    assert_eq!(after.get("/").await.text(), NOBODY);
}

// Behaviour 78. Entries that this build cannot read sign nobody in, stay in the store, and are not refreshed.
#[tokio::test]
async fn entries_of_another_format_are_left_alone() {
    let didit = FakeDidit::new("client", SECRET);
    let store = memory(&didit);
    let config = |store| {
        let config = didit.config(CALLBACK).with_scopes(["openid", "offline"]);
        config.with_session_store(store)
    };
    let newer = Browser::new(HOME, app("/callback").layer(auth(config(store.clone()))));
    sign_in(&newer, &didit).await;
    let older = didit
        .config(CALLBACK)
        .with_session_store(OtherFormat(store));
    let older = Browser::new(HOME, app("/callback").layer(auth(older)));
    copy_cookies(&newer, &older);
    didit.clock().advance(59 * MINUTE);
    let asked = didit.requests().len();
    for _ in 0..2 {
        let page = older.fetch(Method::GET, "/").await;
        assert_eq!(page.text(), NOBODY);
        assert_eq!(set_cookies(&page), [""; 0]);
    }
    assert_eq!(didit.requests().len(), asked);
    let subject = Person::alejandra().subject().to_owned();
    assert_eq!(newer.get("/").await.text(), subject);

    // A sign-out of this browser ends the session all the same.
    older.post_form("/logout", &[]).await;
    assert_eq!(newer.get("/").await.text(), NOBODY);
}

/// A store whose values another build has sealed.
#[derive(Clone, Debug)]
struct OtherFormat(MemoryStore);

impl SessionStore for OtherFormat {
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
        Box::pin(async move {
            let found = self.0.load(key).await?;
            Ok(found.map(|found| {
                let value = [b"other", &**found.value()].concat();
                StoredSession::new(value, found.version(), found.refresh_attempt())
            }))
        })
    }

    fn create(
        &self,
        key: SessionKey,
        value: Vec<u8>,
        lifetime: Duration,
        owner: Option<SessionOwner>,
    ) -> StoreFuture<'_, bool> {
        self.0.create(key, value, lifetime, owner)
    }

    fn replace(
        &self,
        key: SessionKey,
        version: u64,
        value: Vec<u8>,
        lifetime: Duration,
    ) -> StoreFuture<'_, bool> {
        self.0.replace(key, version, value, lifetime)
    }

    fn begin_refresh(
        &self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> StoreFuture<'_, bool> {
        self.0.begin_refresh(key, version, attempt)
    }

    fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool> {
        self.0.abandon_refresh(key, version)
    }

    fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()> {
        self.0.delete(key)
    }

    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
        self.0.list(user)
    }
}
