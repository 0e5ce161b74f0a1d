//! Some processes that share a session.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use super::{
    view::{View, number, tokens},
    world::{Flaw, START, World},
};
use crate::{
    clock::Timestamp,
    cookie::CookieScope,
    error::ErrorKind,
    provider::Provider,
    seal::{KeyContext, Purpose, Sealer},
    session::{Limits, RefreshCalls, Rules, Session, StoredSessions, store::SessionKey},
};

/// What is explored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    pub(super) processes: &'static [Role],
    /// Whether the refresh token works once.
    pub(super) rotates: bool,
    /// For how long nobody has used the session: after a while its use is noted.
    pub(super) unused: Duration,
    /// How much may go wrong on one way.
    pub(super) faults: usize,
    pub(super) flaw: Option<Flaw>,
}

/// What a process does, once.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    /// Finds the session, and wants new tokens for it.
    Renews,
    /// Finds the session, ends it, and uses the refresh token once more if nobody else may have.
    SignsOut,
}

/// What a process has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Crashed,
    FoundNobody,
    /// Lookup tokens of the one number, and got those of the other.
    Renewed(u32, u32),
    Failed(ErrorKind),
    SignedOut {
        is_certain: bool,
    },
}

/// What all runs of a scenario take place on.
pub(super) struct Stage {
    pub(super) scenario: Scenario,
    pub(super) world: Arc<World>,
    /// As each process has them; the last are those of a later attempt.
    pub(super) sessions: Vec<Arc<StoredSessions>>,
    pub(super) key: SessionKey,
    /// The session that there is at first.
    pub(super) value: Vec<u8>,
}

/// A process under way.
pub(super) struct Process {
    pub(super) future: Pin<Box<dyn Future<Output = End>>>,
    pub(super) end: Option<End>,
    /// Since when it sleeps.
    pub(super) asleep: Option<u16>,
}

impl Stage {
    pub(super) fn new(scenario: Scenario) -> Self {
        let processes = scenario.processes.len() + 1;
        let world = World::new(processes, scenario.rotates, scenario.flaw);
        let sessions = (0..processes).map(|process| scenario.sessions(View::new(&world, process)));
        let sessions: Vec<_> = sessions.map(Arc::new).collect();
        let key = SessionKey::of_id(&[1; 32]);
        let start = Timestamp::from_unix(START.as_unix() - scenario.unused.as_secs());
        let session = Session::start(tokens(0, scenario.rotates), false, LIMITS, start);
        Self {
            value: sessions[0].seal(&key, &session),
            scenario,
            world,
            sessions,
            key,
        }
    }

    /// One that is about to ask for the session.
    pub(super) fn process(&self, index: usize, role: Role) -> Process {
        let sessions = Arc::clone(&self.sessions[index]);
        let view = View::new(&self.world, index);
        Process {
            future: match role {
                Role::Renews => Box::pin(renew(sessions, self.key, view)),
                Role::SignsOut => Box::pin(sign_out(sessions, self.key, view)),
            },
            end: None,
            asleep: None,
        }
    }
}

impl Scenario {
    fn sessions(&self, view: View) -> StoredSessions {
        let provider = Provider::didit();
        let provider = if self.rotates {
            provider.with_single_use_refresh_tokens()
        } else {
            provider
        };
        let context = KeyContext {
            client_id: "app",
            origin: "https://app.example",
        };
        let clock = Arc::new(view.world.clock.clone());
        StoredSessions::new(
            Arc::new(view),
            Sealer::new([[7; 32].as_slice()], Purpose::Store, context),
            CookieScope::new("didit", true),
            Rules::new(LIMITS, &provider),
            provider,
            clock,
        )
    }
}

async fn renew(sessions: Arc<StoredSessions>, key: SessionKey, view: View) -> End {
    let (session, kept) = match sessions.load(key).await {
        Ok(Some(found)) => found,
        Ok(None) => return End::FoundNobody,
        Err(error) => return End::Failed(error.kind()),
    };
    let found = number(session.tokens());
    match sessions.renew(session, kept, HORIZON, &view).await {
        Ok(tokens) => End::Renewed(found, number(&tokens)),
        Err(error) => End::Failed(error.kind()),
    }
}

/// As `SessionLifecycle::sign_out` does it where the access token has ended.
async fn sign_out(sessions: Arc<StoredSessions>, key: SessionKey, view: View) -> End {
    let seized = sessions.seize(key, HORIZON).await;
    let is_certain = sessions.delete(&key).await.is_ok();
    if let Ok(Some((session, true))) = seized
        && view.prepare().await.is_ok()
    {
        // What comes of it ends with this process.
        drop(view.send((), session.tokens()).await);
    }
    End::SignedOut { is_certain }
}

pub(super) const LIMITS: Limits = Limits {
    idle: Duration::from_secs(1000),
    absolute: Duration::from_secs(10_000),
};
pub(super) const HORIZON: Duration = Duration::from_secs(1);
