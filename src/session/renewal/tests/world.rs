//! A store and a provider that do nothing before they are told to.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard},
    task::Poll,
    time::Duration,
};

use futures_util::FutureExt;

use super::view::tokens;
use crate::{
    clock::{Timestamp, tests::HandClock},
    session::{
        memory::MemoryStore,
        store::{SessionKey, SessionOwner, SessionStore, StoreFuture, StoredSession, UserKey},
        user_sessions::Generation,
    },
    tokens::DiditTokens,
};

/// What the processes share.
pub(super) struct World {
    pub(super) clock: HandClock,
    rotates: bool,
    pub(super) flaw: Option<Flaw>,
    state: Mutex<State>,
}

/// Something that is not as it has to be: the check must find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The store begins a refresh whatever the session's version.
    BeginsAnyVersion,
    /// The store acknowledges a refresh attempt, and forgets it.
    ForgetsAttempts,
    /// The store replaces a session whatever its version.
    ReplacesAnyVersion,
    /// The store lists no sessions.
    ForgetsOwners,
    /// The store never has the generation of a user.
    LosesGenerations,
    /// Of a request that was sent it is said that it was not.
    DeniesSending,
}

/// What a process waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Load,
    Create,
    Replace,
    BeginRefresh,
    AbandonRefresh,
    Delete,
    List,
    Prepare,
    Send,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Done,
    /// No answer comes. The call itself takes effect at any time from now on, or never. (So does a request
    /// that the provider answers with a 5xx, as far as the caller can tell.)
    Lost,
    /// Likewise, and it took longer to find that out than anybody has patience.
    LostLate,
    /// The process ends there and then. Its call takes effect at any time from now on, or never.
    Dies,
    /// The request did not leave the machine.
    NeverLeft,
    /// The provider refuses the refresh token, for good.
    Refused,
}

pub(super) struct State {
    store: MemoryStore,
    /// The session that there is at first.
    first: Option<SessionKey>,
    desks: Vec<Desk>,
    /// Calls that are still on their way.
    wire: Vec<Option<Effect>>,
    /// All that happened on the wire.
    arrived: Vec<u8>,
    /// How many calls have changed the store, and how many may have changed the provider.
    epochs: [u8; 2],
    /// The number of the latest tokens.
    pub(super) issued: u32,
    /// The refresh tokens that the provider may have seen.
    pub(super) sent: Vec<String>,
    /// Who received tokens, and which.
    pub(super) received: Vec<(usize, u32)>,
    /// The entries that processes have tried to create, in this order.
    pub(super) created: Vec<SessionKey>,
    /// The sessions that browsers were given, and the generation before each.
    pub(super) begun: Vec<(SessionKey, Generation)>,
    pub(super) is_deleted: bool,
    pub(super) is_refused: bool,
    /// What must not have happened.
    pub(super) violation: Option<String>,
}

type Effect = Box<dyn FnOnce(&World) + Send>;

/// Where a process stands.
#[derive(Default)]
struct Desk {
    call: Option<Call>,
    fate: Option<Fate>,
    /// All that it has learned, and when: what it is now and does next follows from that.
    log: Vec<u8>,
}

impl Call {
    pub(super) fn faults(self) -> &'static [Fate] {
        match self {
            // One that dies while it reads is one that did nothing more.
            Self::Load | Self::List | Self::Prepare => &[Fate::Lost],
            Self::Create
            | Self::Replace
            | Self::BeginRefresh
            | Self::AbandonRefresh
            | Self::Delete => &[Fate::Lost, Fate::LostLate, Fate::Dies],
            Self::Send => &[Fate::Lost, Fate::NeverLeft, Fate::Refused, Fate::Dies],
        }
    }

    /// Of the store or of the provider; of neither.
    fn place(self) -> Option<usize> {
        match self {
            Self::Prepare => None,
            Self::Send => Some(1),
            _ => Some(0),
        }
    }
}

impl World {
    pub(super) fn new(processes: usize, rotates: bool, flaw: Option<Flaw>) -> Arc<Self> {
        let clock = HandClock::default();
        clock.set(START);
        Arc::new(Self {
            state: Mutex::new(State::new(processes, &clock)),
            clock,
            rotates,
            flaw,
        })
    }

    /// As if nothing had happened yet; there is a session.
    pub(super) fn reset(
        &self,
        key: SessionKey,
        value: &[u8],
        lifetime: Duration,
        owner: SessionOwner,
    ) {
        self.clock.set(START);
        let processes = self.state().desks.len();
        let new = State {
            first: Some(key),
            ..State::new(processes, &self.clock)
        };
        at_once(new.store.create(key, value.to_vec(), lifetime, Some(owner)));
        *self.state() = new;
    }

    pub(super) fn store(&self) -> MemoryStore {
        self.state().store.clone()
    }

    /// The session as it is there.
    pub(super) fn stored(&self, key: SessionKey) -> Option<StoredSession> {
        at_once(self.store().load(key))
    }

    /// What a process loads.
    pub(super) fn load(&self, key: SessionKey) -> Option<StoredSession> {
        let stored = self.stored(key);
        // Of all entries, a generation alone has no value.
        stored.filter(|stored| {
            self.flaw != Some(Flaw::LosesGenerations) || !stored.value().is_empty()
        })
    }

    /// Whether there was something to delete.
    pub(super) fn delete(&self, key: SessionKey) -> bool {
        let was_there = self.stored(key).is_some();
        at_once(self.store().delete(key));
        let mut state = self.state();
        if state.first == Some(key) {
            state.is_deleted = true;
        }
        was_there
    }

    /// The sessions of a user in the order of their creation: a run must be repeatable, and keys are random.
    pub(super) fn list(&self, user: UserKey) -> Vec<SessionKey> {
        let mut keys = at_once(self.store().list(user));
        let state = self.state();
        keys.sort_by_key(|key| state.created.iter().position(|created| created == key));
        keys
    }

    /// The version that is asked for, or with this flaw the one that is there.
    pub(super) fn version(&self, key: SessionKey, version: u64, flaw: Flaw) -> u64 {
        if self.flaw != Some(flaw) {
            return version;
        }
        self.stored(key).map_or(version, |stored| stored.version())
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics that holds it")
    }

    /// What a process waits for; none if it sleeps.
    pub(super) fn call_of(&self, process: usize) -> Option<Call> {
        self.state().desks[process].call
    }

    /// Decides. The process goes on when it is polled.
    pub(super) fn decide(&self, process: usize, fate: Fate, time: u16) {
        let mut state = self.state();
        let epochs = state.epochs;
        let desk = &mut state.desks[process];
        let call = desk.call.take().expect("it waits for a call");
        let epoch = call.place().map_or(0, |place| epochs[place]);
        desk.log.extend([call as u8, fate as u8, epoch]);
        desk.log.extend(time.to_be_bytes());
        desk.fate = Some(fate);
    }

    /// Notes that a process was woken.
    pub(super) fn note_awake(&self, process: usize, time: u16) {
        let log = &mut self.state().desks[process].log;
        log.push(u8::MAX);
        log.extend(time.to_be_bytes());
    }

    /// Which calls are on their way.
    pub(super) fn under_way(&self) -> Vec<usize> {
        let state = self.state();
        let wire = state.wire.iter().enumerate();
        wire.filter_map(|(index, effect)| effect.as_ref().map(|_| index))
            .collect()
    }

    /// Lets a call take effect whose caller has given it up.
    pub(super) fn arrive(&self, index: usize) {
        let effect = {
            let mut state = self.state();
            let [store, provider] = state.epochs;
            let index_byte = u8::try_from(index).expect("few calls are lost");
            state.arrived.extend([index_byte, store, provider]);
            state.wire[index].take().expect("it is on its way")
        };
        effect(self);
    }

    /// All that a process has learned.
    pub(super) fn log_of(&self, process: usize) -> Vec<u8> {
        self.state().desks[process].log.clone()
    }

    /// All that was lost and came late.
    pub(super) fn log_of_wire(&self) -> Vec<u8> {
        self.state().arrived.clone()
    }

    pub(super) fn violate(&self, what: impl Into<String>) {
        self.state().violation.get_or_insert(what.into());
    }

    /// Waits for the decision about a call. Of several calls of one process, one waits at a time.
    pub(super) async fn fate(&self, process: usize, call: Call) -> Fate {
        let mut is_waiting = false;
        poll_fn(|_| {
            let mut state = self.state();
            let desk = &mut state.desks[process];
            if is_waiting {
                return desk.fate.take().map_or(Poll::Pending, Poll::Ready);
            }
            if desk.call.is_none() && desk.fate.is_none() {
                desk.call = Some(call);
                is_waiting = true;
            }
            Poll::Pending
        })
        .await
    }

    /// Lets the call of a process be on its way from now on.
    pub(super) fn put_on_wire(&self, process: usize, effect: impl FnOnce(&World) + Send + 'static) {
        let mut state = self.state();
        let index = u8::try_from(state.wire.len()).expect("few calls are lost");
        state.desks[process].log.push(index);
        state.wire.push(Some(Box::new(effect)));
    }

    pub(super) fn change(&self, place: usize) {
        self.state().epochs[place] += 1;
    }

    /// What the provider does with a refresh token.
    pub(super) fn grant(&self, refresh_token: &str) -> Option<DiditTokens> {
        self.change(1);
        let mut state = self.state();
        let is_old = self.rotates && refresh_token != format!("rt-{}", state.issued);
        if is_old || state.is_refused {
            return None;
        }
        state.issued += 1;
        Some(tokens(state.issued, self.rotates))
    }

    /// Whatever comes of it.
    pub(super) fn note_sent(&self, refresh_token: &str) {
        let is_new = !self.state().sent.iter().any(|sent| sent == refresh_token);
        if self.rotates && !is_new {
            self.violate(format!("{refresh_token} was sent twice"));
        }
        self.state().sent.push(refresh_token.to_owned());
    }
}

impl State {
    fn new(processes: usize, clock: &HandClock) -> Self {
        Self {
            store: MemoryStore::new().with_clock(clock.clone()),
            first: None,
            desks: (0..processes).map(|_| Desk::default()).collect(),
            wire: Vec::new(),
            arrived: Vec::new(),
            epochs: [0; 2],
            issued: 0,
            sent: Vec::new(),
            received: Vec::new(),
            created: Vec::new(),
            begun: Vec::new(),
            is_deleted: false,
            is_refused: false,
            violation: None,
        }
    }
}

/// What a store in memory answers.
pub(super) fn at_once<T>(answer: StoreFuture<'_, T>) -> T {
    let answer = answer.now_or_never().expect("memory does not wait");
    answer.expect("memory does not fail")
}

pub(super) const START: Timestamp = Timestamp::from_unix(1_000_000);
