//! A store and a provider whose answers the test decides.

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
        user_sessions::{Epoch, Generation},
    },
    tokens::DiditTokens,
};

/// What the processes share.
pub(super) struct World {
    pub(super) clock: HandClock,
    single_use: bool,
    pub(super) defect: Option<Defect>,
    state: Mutex<State>,
}

/// A defect that the invariants must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Defect {
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
    /// A request that was sent is reported as not sent.
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

/// The result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallResult {
    Done,
    /// No answer comes. The call takes effect at any later time, or never. (The caller cannot tell a request that
    /// the provider answers with a 5xx from this.)
    Lost,
    /// Likewise, and the caller notices after all retry limits.
    LostLate,
    /// The process dies. Its call takes effect at any later time, or never.
    Dies,
    /// The request did not leave the machine.
    NeverLeft,
    /// The provider calls the refresh token invalid.
    Refused,
}

pub(super) struct State {
    store: MemoryStore,
    /// The session that exists at the start.
    first: Option<SessionKey>,
    call_states: Vec<CallState>,
    /// Lost calls that may still take effect.
    wire: Vec<Option<LateCall>>,
    /// The lost calls that took effect.
    arrived: Vec<u8>,
    /// How many calls have changed the store, and how many may have changed the provider.
    epochs: [u8; 2],
    /// The number of the latest tokens.
    pub(super) issued: u32,
    /// The refresh tokens that the provider may have seen.
    pub(super) sent: Vec<String>,
    /// The processes that received tokens, and the numbers of these.
    pub(super) received: Vec<(usize, u32)>,
    /// The entries that processes have tried to create, in this order.
    pub(super) created: Vec<SessionKey>,
    /// The sessions that browsers were given, with the epoch and the generation before each.
    pub(super) begun: Vec<(SessionKey, Epoch, Generation)>,
    pub(super) is_deleted: bool,
    pub(super) is_refused: bool,
    /// The first violation.
    pub(super) violation: Option<String>,
}

type LateCall = Box<dyn FnOnce(&World) + Send>;

/// The current call of a task.
#[derive(Default)]
struct CallState {
    call: Option<Call>,
    result: Option<CallResult>,
    /// All that the task has learned, and when: its state follows from that.
    log: Vec<u8>,
}

impl Call {
    pub(super) fn faults(self) -> &'static [CallResult] {
        match self {
            // A process that dies while it reads is one that does nothing more.
            Self::Load | Self::List | Self::Prepare => &[CallResult::Lost],
            Self::Create
            | Self::Replace
            | Self::BeginRefresh
            | Self::AbandonRefresh
            | Self::Delete => &[CallResult::Lost, CallResult::LostLate, CallResult::Dies],
            Self::Send => &[
                CallResult::Lost,
                CallResult::NeverLeft,
                CallResult::Refused,
                CallResult::Dies,
            ],
        }
    }

    /// The index of the store or of the provider; `None` for a call of neither.
    fn place(self) -> Option<usize> {
        match self {
            Self::Prepare => None,
            Self::Send => Some(1),
            _ => Some(0),
        }
    }
}

impl World {
    pub(super) fn new(processes: usize, single_use: bool, defect: Option<Defect>) -> Arc<Self> {
        let clock = HandClock::default();
        clock.set(START);
        Arc::new(Self {
            state: Mutex::new(State::new(processes, &clock)),
            clock,
            single_use,
            defect,
        })
    }

    /// Starts anew, with one session.
    pub(super) fn reset(
        &self,
        key: SessionKey,
        value: &[u8],
        lifetime: Duration,
        owner: SessionOwner,
    ) {
        self.clock.set(START);
        let processes = self.state().call_states.len();
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

    /// The entry in the store.
    pub(super) fn stored(&self, key: SessionKey) -> Option<StoredSession> {
        at_once(self.store().load(key))
    }

    /// What a process loads.
    pub(super) fn load(&self, key: SessionKey) -> Option<StoredSession> {
        let stored = self.stored(key);
        // An epoch has no value, a generation a short one.
        stored.filter(|stored| {
            self.defect != Some(Defect::LosesGenerations) || stored.value().len() > 8
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

    /// The given version, or with this defect the current one.
    pub(super) fn version(&self, key: SessionKey, version: u64, defect: Defect) -> u64 {
        if self.defect != Some(defect) {
            return version;
        }
        self.stored(key).map_or(version, |stored| stored.version())
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics that holds it")
    }

    /// The call that a task waits for; `None` if it sleeps.
    pub(super) fn call_of(&self, process: usize) -> Option<Call> {
        self.state().call_states[process].call
    }

    /// Decides the result of a call. The task continues when it is polled.
    pub(super) fn decide(&self, process: usize, result: CallResult, time: u16) {
        let mut state = self.state();
        let epochs = state.epochs;
        let call_state = &mut state.call_states[process];
        let call = call_state.call.take().expect("it waits for a call");
        let epoch = call.place().map_or(0, |place| epochs[place]);
        call_state.log.extend([call as u8, result as u8, epoch]);
        call_state.log.extend(time.to_be_bytes());
        call_state.result = Some(result);
    }

    /// Notes that a process was woken.
    pub(super) fn note_awake(&self, process: usize, time: u16) {
        let log = &mut self.state().call_states[process].log;
        log.push(u8::MAX);
        log.extend(time.to_be_bytes());
    }

    /// The lost calls that may still take effect.
    pub(super) fn under_way(&self) -> Vec<usize> {
        let state = self.state();
        let wire = state.wire.iter().enumerate();
        wire.filter_map(|(index, effect)| effect.as_ref().map(|_| index))
            .collect()
    }

    /// Lets a lost call take effect.
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

    /// All that a task has learned.
    pub(super) fn log_of(&self, process: usize) -> Vec<u8> {
        self.state().call_states[process].log.clone()
    }

    /// The lost calls that took effect.
    pub(super) fn log_of_wire(&self) -> Vec<u8> {
        self.state().arrived.clone()
    }

    pub(super) fn violate(&self, what: impl Into<String>) {
        self.state().violation.get_or_insert(what.into());
    }

    /// Waits for the decision about a call. The calls of one process wait one at a time.
    pub(super) async fn decision(&self, process: usize, call: Call) -> CallResult {
        let mut is_waiting = false;
        poll_fn(|_| {
            let mut state = self.state();
            let call_state = &mut state.call_states[process];
            if is_waiting {
                return call_state.result.take().map_or(Poll::Pending, Poll::Ready);
            }
            if call_state.call.is_none() && call_state.result.is_none() {
                call_state.call = Some(call);
                is_waiting = true;
            }
            Poll::Pending
        })
        .await
    }

    /// Lets the call of a task take effect later.
    pub(super) fn put_on_wire(&self, process: usize, effect: impl FnOnce(&World) + Send + 'static) {
        let mut state = self.state();
        let index = u8::try_from(state.wire.len()).expect("few calls are lost");
        state.call_states[process].log.push(index);
        state.wire.push(Some(Box::new(effect)));
    }

    pub(super) fn change(&self, place: usize) {
        self.state().epochs[place] += 1;
    }

    /// What the provider does with a refresh token.
    pub(super) fn grant(&self, refresh_token: &str) -> Option<DiditTokens> {
        self.change(1);
        let mut state = self.state();
        let is_old = self.single_use && refresh_token != format!("rt-{}", state.issued);
        if is_old || state.is_refused {
            return None;
        }
        state.issued += 1;
        Some(tokens(state.issued, self.single_use))
    }

    /// Records that a refresh token was sent.
    pub(super) fn note_sent(&self, refresh_token: &str) {
        let is_new = !self.state().sent.iter().any(|sent| sent == refresh_token);
        if self.single_use && !is_new {
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
            call_states: (0..processes).map(|_| CallState::default()).collect(),
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

/// The answer of a store in memory.
pub(super) fn at_once<T>(answer: StoreFuture<'_, T>) -> T {
    let answer = answer.now_or_never().expect("memory does not wait");
    answer.expect("memory does not fail")
}

pub(super) const START: Timestamp = Timestamp::from_unix(1_000_000);
