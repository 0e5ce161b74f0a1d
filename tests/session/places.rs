//! Sessions in cookies and in a store behave alike.

use std::time::Duration;

use axum::{Router, routing::get};
use futures_util::future::join_all;
use http::StatusCode;
use tower_didit::{
    ConfigBuilder, DiditClient, DiditTokens, Error, IdClaims,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Person},
    store::MemoryStore,
};

use crate::support::{
    cookies::{SESSION, copy_cookies, session},
    faults::with_refresh_token_of,
    sign_in::{approved, sign_in, sign_in_as},
    site::{CALLBACK, HOME, NOBODY, auth, didit, memory},
    tasks::run_background,
};

const SECOND: Duration = Duration::from_secs(1);

/// Where an application keeps its sessions, over restarts.
#[derive(Clone, Debug)]
enum Place {
    Cookies,
    Store(MemoryStore),
}

impl Place {
    fn both(didit: &FakeDidit) -> [Self; 2] {
        let store = memory(didit);
        [Self::Cookies, Self::Store(store)]
    }

    fn config(&self, didit: &FakeDidit) -> ConfigBuilder {
        let config = didit
            .config(CALLBACK)
            .with_scopes(["openid", "email", "offline"]);
        match self {
            Self::Cookies => config,
            Self::Store(store) => config.with_session_store(store.clone()),
        }
    }
}

fn start(config: ConfigBuilder) -> Browser {
    let app = Router::new()
        .route(
            "/",
            get(|user: Option<IdClaims>| async move {
                user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
            }),
        )
        .route("/told", get(told))
        .route("/callback", get(|_: IdClaims| async {}))
        .layer(auth(config));
    Browser::new(HOME, app)
}

/// The user of the session, the user of the token, and the token.
async fn told(user: IdClaims, tokens: DiditTokens, didit: DiditClient) -> Result<String, Error> {
    let told = didit.user_info(&tokens).await?;
    let email = told.email().unwrap_or_default();
    let token = tokens.access_token().secret();
    Ok(format!("{} {email} {token}", user.subject()))
}

/// Signs a person in, and tests that the session is theirs.
async fn enter(person: &Person, browser: &Browser, didit: &FakeDidit) {
    let page = sign_in_as(person, browser, didit).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(who(browser).await, person.subject());
}

/// The user of the session, after its use is recorded in the store.
async fn who(browser: &Browser) -> String {
    let page = browser.get("/").await;
    assert_eq!(page.status(), StatusCode::OK);
    run_background().await;
    page.text().to_owned()
}

/// The same browser, at a restarted application.
fn restart(browser: &Browser, config: ConfigBuilder) -> Browser {
    let restarted = start(config);
    copy_cookies(browser, &restarted);
    restarted
}

// Behaviour 75. Session fixation.
#[tokio::test]
async fn a_planted_cookie_is_never_the_session_of_a_user_who_signs_in() {
    let didit = didit();
    for place in Place::both(&didit) {
        let attacker = start(place.config(&didit));
        enter(&Person::john(), &attacker, &didit).await;
        let unknown = "A".repeat(43);
        for planted in [session(&attacker), unknown] {
            let victim = attacker.new_browser();
            victim.set_cookie(SESSION, &planted);
            let back = approved("/login", &victim, &didit).await;
            victim.set_cookie(SESSION, &planted);
            victim.get(&back).await;

            assert_eq!(who(&victim).await, Person::alejandra().subject());
            assert_ne!(session(&victim), planted);
            let thief = attacker.new_browser();
            thief.set_cookie(SESSION, &planted);
            assert_ne!(
                who(&thief).await,
                Person::alejandra().subject(),
                "{place:?}"
            );
        }
    }
}

// Behaviour 75.
#[tokio::test]
async fn a_sign_in_leaves_nothing_of_the_old_session() {
    let didit = didit();
    for place in Place::both(&didit) {
        let browser = start(place.config(&didit));
        enter(&Person::alejandra(), &browser, &didit).await;
        let before = browser.clone();
        let told = browser.get("/told").await.text().to_owned();
        assert!(told.contains(Person::alejandra().email().unwrap()));

        enter(&Person::john(), &browser, &didit).await;
        let told = browser.get("/told").await.text().to_owned();
        assert!(
            told.contains(Person::john().subject())
                && told.contains(Person::john().email().unwrap())
        );
        assert!(!told.contains(Person::alejandra().email().unwrap()));
        if let Place::Store(store) = &place {
            // The first cookie opens no session any more.
            assert_eq!(who(&before).await, NOBODY);
            assert!(format!("{store:?}").contains("sessions: 1,"), "{store:?}");
        }
    }
}

// Behaviour 78.
#[tokio::test]
async fn the_first_key_seals_all_keys_open_and_a_removed_key_does_not() {
    let (old, new) = ([7; 32], [8; 32]);
    let idle = Duration::from_secs(1000);
    let didit = didit();
    for place in Place::both(&didit) {
        let config = |keys: &[[u8; 32]]| {
            let config = place.config(&didit).with_session_idle_timeout(idle);
            config.with_cookie_keys(keys.to_vec())
        };
        let unused = start(config(&[old]));
        sign_in(&unused, &didit).await;
        let used = start(config(&[old]));
        enter(&Person::john(), &used, &didit).await;

        // The key is rotated. A recorded use writes the session with the new key.
        let used = restart(&used, config(&[new, old]));
        assert_eq!(who(&used).await, Person::john().subject());
        didit.clock().advance(idle / 10);
        assert_eq!(who(&used).await, Person::john().subject());
        let back = restart(&used, config(&[old]));
        assert_eq!(who(&back).await, NOBODY, "{place:?}: it was the new one");

        // The old key is removed.
        let used = restart(&used, config(&[new]));
        assert_eq!(who(&used).await, Person::john().subject(), "{place:?}");
        let unused = restart(&unused, config(&[new]));
        assert_eq!(who(&unused).await, NOBODY, "{place:?}");
        let asked = unused.get("/told").await;
        assert_eq!(asked.status(), StatusCode::SEE_OTHER, "to sign in again");
        sign_in(&unused, &didit).await;
        assert_eq!(who(&unused).await, Person::alejandra().subject());
    }
}

// Behaviour 80.
#[tokio::test]
async fn the_tighter_of_old_and_new_limits_hold_however_a_session_is_used() {
    for (then, now, lasts) in [
        ((100, 1000), (100, 1000), 100),
        ((100, 1000), (900, 1000), 100),
        ((900, 1000), (100, 1000), 100),
        ((100, 50), (100, 1000), 50),
        ((100, 1000), (100, 50), 50),
    ] {
        let didit = didit();
        for place in Place::both(&didit) {
            let config = |(idle, absolute)| {
                let config = place.config(&didit);
                let config = config.with_session_idle_timeout(Duration::from_secs(idle));
                config.with_session_lifetime(Duration::from_secs(absolute))
            };
            let browser = start(config(then));
            sign_in(&browser, &didit).await;
            let life = browser.cookie(SESSION).and_then(|cookie| cookie.max_age());
            let most = Duration::from_secs(then.1);
            assert!(life.is_some_and(|life| life <= most), "{life:?}");

            let browser = restart(&browser, config(now));
            didit.clock().advance(Duration::from_secs(lasts - 1));
            let idle = browser.clone();
            if let Place::Cookies = place {
                // In a store one request counts as use for every copy of the cookie.
                assert_ne!(who(&browser).await, NOBODY, "{then:?} {now:?}");
            }
            didit.clock().advance(SECOND);
            assert_eq!(who(&idle).await, NOBODY, "{place:?} {then:?} {now:?}");

            // A session that is used lasts until the absolute limit, and not a second longer.
            let absolute = then.1.min(now.1);
            let browser = start(config(then));
            sign_in(&browser, &didit).await;
            let browser = restart(&browser, config(now));
            for _ in 0..absolute / 10 {
                assert_ne!(who(&browser).await, NOBODY, "{place:?} {then:?} {now:?}");
                didit.clock().advance(10 * SECOND);
            }
            assert_eq!(who(&browser).await, NOBODY, "{place:?} {then:?} {now:?}");
        }
    }
}

// Behaviour 83.
#[tokio::test]
async fn a_session_that_is_too_large_is_refused_and_the_old_one_stays() {
    let didit = didit();
    for (place, fits) in Place::both(&didit).into_iter().zip([1500, 60_000]) {
        let browser = start(place.config(&didit));
        enter(&Person::john(), &browser, &didit).await;
        for (length, is_kept) in [(fits + 6000, false), (fits, true)] {
            didit.on_next(Endpoint::Token, with_refresh_token_of(length));
            let page = sign_in(&browser, &didit).await;
            if is_kept {
                assert_eq!(page.status(), StatusCode::OK, "{place:?}");
                assert_eq!(who(&browser).await, Person::alejandra().subject());
            } else {
                assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
                assert!(page.text().contains("session-too-large"), "{place:?}");
                assert_eq!(who(&browser).await, Person::john().subject());
            }
        }
    }
}

// Behaviour 88.
#[tokio::test]
async fn under_load_everybody_has_their_own_tokens() {
    let didit = didit();
    for place in Place::both(&didit) {
        let first = start(place.config(&didit));
        let people = [Person::alejandra(), Person::john()].into_iter().cycle();
        let mut users = Vec::new();
        for person in people.take(12) {
            let browser = first.new_browser();
            enter(&person, &browser, &didit).await;
            users.push((browser, person));
        }
        let mut before = Vec::new();
        for _ in 0..3 {
            didit.clock().advance(Duration::from_secs(86_400 - 15));
            let asked = users.iter().cycle().take(5 * users.len());
            let asked = asked.map(|(browser, person)| async move {
                (browser.get("/told").await.text().to_owned(), person)
            });
            let told = join_all(asked).await;
            for (index, (text, person)) in told.iter().enumerate() {
                let expected = format!("{} {} ", person.subject(), person.email().unwrap());
                assert!(text.starts_with(&expected), "{place:?}: {text}");
                let own = &told.get(index % users.len()).expect("the first time").0;
                assert_eq!(text, own, "{place:?}: another one's, or an old one");
            }
            let mut texts: Vec<_> = told.into_iter().map(|(text, _)| text).collect();
            texts.sort();
            texts.dedup();
            assert_eq!(texts.len(), users.len(), "{place:?}");
            assert!(texts.iter().all(|text| !before.contains(text)));
            before = texts;
        }
    }
}
