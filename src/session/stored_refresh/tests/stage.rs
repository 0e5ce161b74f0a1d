//! Some processes that share a session.

use std::{
    future::{Future, pending},
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{
    view::{View, number, tokens},
    world::{Defect, START, World},
};
use crate::{
    clock::Timestamp,
    cookie::CookieScope,
    error::ErrorKind,
    provider::Provider,
    seal::KeySource,
    session::{
        DataChange, Limits, PresentedCookies, RefreshCalls, Rules, Session, StoreEntry,
        StoredSessions,
        store::{SessionKey, SessionOwner},
        user_sessions,
    },
};

/// What is explored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    pub(super) processes: &'static [Role],
    /// Whether the refresh token works once.
    pub(super) single_use: bool,
    /// How long the session was not used: after a tenth of the idle limit a use is recorded.
    pub(super) unused: Duration,
    /// The maximum number of faults in one interleaving.
    pub(super) faults: usize,
    pub(super) defect: Option<Defect>,
}

/// What a process does, once.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    /// Loads the session, records its use in the background, and refreshes it.
    Refreshes,
    /// Sets a value of the application's data, under a key of its own.
    ChangesData,
    /// Loads the session, ends it, and sends the refresh token if no other process may have.
    SignsOut,
    /// Begins another session of the same user.
    SignsIn,
    /// Ends all sessions of the user.
    EndsAll,
}

/// The end of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The task had nothing to do.
    Idle,
    Crashed,
    FoundNobody,
    RecordedUse,
    /// Loaded tokens of the first number, and got those of the second.
    Refreshed(u32, u32),
    ChangedData,
    Failed(ErrorKind),
    SignedOut {
        is_certain: bool,
    },
    SignedIn,
    EndedAll {
        is_certain: bool,
    },
}

/// What all runs of a scenario share.
pub(super) struct Stage {
    pub(super) scenario: Scenario,
    pub(super) world: Arc<World>,
    /// Those of each task.
    pub(super) sessions: Vec<Arc<StoredSessions>>,
    pub(super) key: SessionKey,
    /// The session that exists at the start.
    pub(super) value: Vec<u8>,
    pub(super) owner: SessionOwner,
}

/// A task of a process.
pub(super) struct Task {
    pub(super) future: Pin<Box<dyn Future<Output = End>>>,
    pub(super) end: Option<End>,
    /// When it began to sleep.
    pub(super) asleep: Option<u16>,
    /// The use that the background task is to record.
    pub(super) use_to_record: Arc<Mutex<Option<Use>>>,
}

/// A session that was used, and its entry as it was loaded.
type Use = (Session, StoreEntry);

impl Stage {
    pub(super) fn new(scenario: Scenario) -> Self {
        let tasks = 2 * scenario.main_tasks();
        let world = World::new(tasks, scenario.single_use, scenario.defect);
        let sessions = (0..tasks).map(|task| scenario.sessions(View::new(&world, task)));
        let sessions: Vec<_> = sessions.collect();
        let key = SessionKey::of_cookie_id(&[1; 32]);
        let start = Timestamp::from_unix(START.as_unix() - scenario.unused.as_secs());
        let session = Session::start(tokens(0, scenario.single_use), false, LIMITS, start);
        Self {
            value: sessions[0].seal(key, &session),
            owner: SessionOwner::new(sessions[0].user(session.tokens().claims()), LIMITS.absolute),
            scenario,
            world,
            sessions,
            key,
        }
    }

    /// The main task of a process.
    pub(super) fn main(&self, index: usize, role: Role) -> Task {
        let sessions = Arc::clone(&self.sessions[index]);
        let view = View::new(&self.world, index);
        let use_to_record = Arc::default();
        let record = Arc::clone(&use_to_record);
        Task {
            future: match role {
                Role::Refreshes => Box::pin(refresh(sessions, self.key, view, record)),
                Role::ChangesData => Box::pin(change_data(sessions, self.key, index)),
                Role::SignsOut => Box::pin(sign_out(sessions, self.key, view)),
                Role::SignsIn => Box::pin(sign_in(sessions, view)),
                Role::EndsAll => Box::pin(end_all(sessions)),
            },
            end: None,
            asleep: None,
            use_to_record,
        }
    }

    /// A background task, as `SessionLifecycle::record_use` starts it.
    pub(super) fn background(&self, index: usize, (used, entry): Use) -> Task {
        let sessions = Arc::clone(&self.sessions[index]);
        let record = async move {
            sessions.record_use(used, entry).await;
            End::RecordedUse
        };
        Task {
            future: Box::pin(record),
            end: None,
            ..Task::idle()
        }
    }
}

impl Task {
    pub(super) fn idle() -> Self {
        Self::over(End::Idle)
    }

    pub(super) fn over(end: End) -> Self {
        Self {
            future: Box::pin(pending()),
            end: Some(end),
            asleep: None,
            use_to_record: Arc::default(),
        }
    }
}

impl Scenario {
    /// How many main tasks there are, including that of a later attempt. A background task's index is its main task's
    /// plus this number.
    pub(super) fn main_tasks(&self) -> usize {
        self.processes.len() + 1
    }

    fn sessions(&self, view: View) -> Arc<StoredSessions> {
        let provider = Provider::didit();
        let provider = if self.single_use {
            provider.with_single_use_refresh_tokens()
        } else {
            provider
        };
        let keys = KeySource {
            secrets: &[&[7; 32]],
            client_id: "app",
            cookie_name: "didit",
            origin: "https://app.example",
        };
        let clock = Arc::new(view.world.clock.clone());
        StoredSessions::new(
            Arc::new(view),
            keys,
            CookieScope::new("didit", true),
            Rules::new(LIMITS, &provider),
            provider,
            clock,
        )
    }
}

/// As a request for the tokens does.
async fn refresh(
    sessions: Arc<StoredSessions>,
    key: SessionKey,
    view: View,
    use_to_record: Arc<Mutex<Option<Use>>>,
) -> End {
    let (session, entry) = match sessions.load(key).await {
        Ok(Some(found)) => found,
        Ok(None) => return End::FoundNobody,
        Err(error) => return End::Failed(error.kind()),
    };
    if let Some(used) = session.touched_if_due(LIMITS, sessions.now()) {
        *use_to_record.lock().expect("nothing panics") = Some((used, entry));
    }
    let found = number(session.tokens());
    match sessions.refresh(session, entry, TIMEOUT, &view).await {
        Ok(tokens) => End::Refreshed(found, number(&tokens)),
        Err(error) => End::Failed(error.kind()),
    }
}

async fn change_data(sessions: Arc<StoredSessions>, key: SessionKey, index: usize) -> End {
    let name = index.to_string();
    let change = DataChange::set(&name, &index).expect("a number is JSON");
    let load = || sessions.load(key);
    match sessions.change_data(load, &change, TIMEOUT).await {
        Ok(_) => End::ChangedData,
        Err(error) => End::Failed(error.kind()),
    }
}

/// As `SessionLifecycle::sign_out` does if the access token has expired.
async fn sign_out(sessions: Arc<StoredSessions>, key: SessionKey, view: View) -> End {
    let seized = sessions.prepare_end(key, TIMEOUT).await;
    let is_certain = sessions.delete(key).await.is_ok();
    if let Ok(Some((session, true))) = seized
        && view.prepare().await.is_ok()
    {
        // The new tokens end with this process.
        drop(view.send((), session.tokens()).await);
    }
    End::SignedOut { is_certain }
}

/// As a callback does.
async fn sign_in(sessions: Arc<StoredSessions>, view: View) -> End {
    let now = sessions.now();
    let session = Session::start(tokens(0, true), false, LIMITS, now);
    let begun = async {
        // The exchange of the code is between the two.
        let arrival = sessions.epoch().await?;
        let generation = sessions.generation(&session, arrival).await?;
        let existing = PresentedCookies::default();
        let created = sessions.create(&session, generation, existing, now).await;
        created.map(|(_, key)| (key.expect("it is in the store"), arrival, generation))
    };
    match begun.await {
        Ok(begun) => {
            view.world.state().begun.push(begun);
            End::SignedIn
        }
        Err(error) => End::Failed(error.kind()),
    }
}

async fn end_all(sessions: Arc<StoredSessions>) -> End {
    let claims = tokens(0, true).claims().clone();
    let ended = user_sessions::end_all(&*sessions.store, sessions.user(&claims)).await;
    let is_certain = ended.is_ok();
    End::EndedAll { is_certain }
}

pub(super) const LIMITS: Limits = Limits {
    idle: Duration::from_secs(1000),
    absolute: Duration::from_secs(10_000),
};
pub(super) const TIMEOUT: Duration = Duration::from_secs(1);
