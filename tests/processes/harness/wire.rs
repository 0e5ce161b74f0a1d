//! The connections between one application and Redis, with somebody who listens and can hold them.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

use super::{
    change::{Change, Kind},
    moment::in_time,
    resp::Value,
};

/// A proxy in front of Redis that knows what the application's `RedisStore` wants.
#[derive(Clone)]
pub(crate) struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    redis: u16,
    log: Mutex<Vec<Change>>,
    hold: Mutex<Option<Hold>>,
    /// How many connections are open, either end of each.
    open: watch::Sender<usize>,
}

/// Where a change is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Redis has not got it yet.
    Command,
    /// It is done, and the application does not know yet.
    Answer,
}

/// The next change of a kind is held, and all that follows on its connection.
#[derive(Clone)]
pub(crate) struct Hold {
    kind: Kind,
    stage: Stage,
    caught: Arc<watch::Sender<bool>>,
    verdict: Arc<watch::Sender<Option<Verdict>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Forward,
    Drop,
}

impl Wire {
    /// Opens a way to the Redis at a port of this machine.
    pub(crate) async fn open(redis: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("the loopback interface has a free port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            redis,
            log: Mutex::default(),
            hold: Mutex::default(),
            open: watch::Sender::new(0),
        });
        tokio::spawn(serve(listener, Arc::clone(&shared)));
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}/", self.address)
    }

    /// Holds what comes next of this kind.
    pub(crate) fn hold(&self, kind: Kind, stage: Stage) -> Hold {
        let hold = Hold {
            kind,
            stage,
            caught: Arc::new(watch::Sender::new(false)),
            verdict: Arc::new(watch::Sender::new(None)),
        };
        *lock(&self.shared.hold) = Some(hold.clone());
        hold
    }

    /// The changes that Redis has answered, in this order.
    pub(crate) fn changes(&self) -> Vec<Change> {
        lock(&self.shared.log).clone()
    }

    /// Waits until both ends of all connections are closed: Redis has done, or will never do, what an
    /// application wanted that is dead.
    pub(crate) async fn is_quiet(&self) {
        self.has_accepted_all().await;
        let mut open = self.shared.open.subscribe();
        let quiet = in_time("all connections end", open.wait_for(|open| *open == 0)).await;
        quiet.expect("the wire is there");
    }

    /// Connections are accepted in the order in which they were made: one more comes after all of them.
    async fn has_accepted_all(&self) {
        let last = TcpStream::connect(self.address).await;
        let mut last = last.expect("the wire listens");
        last.shutdown().await.expect("it is open");
        // Nobody says anything; how it ends is no matter.
        let _ = in_time("it ends", last.read_to_end(&mut Vec::new())).await;
    }
}

impl Hold {
    /// Waits until something is held.
    pub(crate) async fn has_caught(&self) {
        let mut caught = self.caught.subscribe();
        let caught = in_time("a change is held", caught.wait_for(|caught| *caught)).await;
        caught.expect("the hold is there");
    }

    /// It goes on.
    pub(crate) fn let_go(self) {
        self.verdict.send_replace(Some(Verdict::Forward));
    }

    /// It is lost, with its connection.
    pub(crate) fn lose(self) {
        self.verdict.send_replace(Some(Verdict::Drop));
    }

    async fn verdict(&self) -> Verdict {
        self.caught.send_replace(true);
        let mut verdict = self.verdict.subscribe();
        let verdict = verdict.wait_for(Option::is_some).await;
        verdict
            .ok()
            .and_then(|verdict| *verdict)
            .unwrap_or(Verdict::Drop)
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((application, _)) = listener.accept().await {
        let Ok(redis) = TcpStream::connect(("127.0.0.1", shared.redis)).await else {
            continue; // Redis is down: the application's connection ends at once.
        };
        // Or small commands wait for one another.
        let _ = (application.set_nodelay(true), redis.set_nodelay(true));
        let (from_application, to_application) = application.into_split();
        let (from_redis, to_redis) = redis.into_split();
        let pending = Arc::default();
        shared.open.send_modify(|open| *open += 2);
        let there = commands(
            from_application,
            to_redis,
            Arc::clone(&shared),
            Arc::clone(&pending),
        );
        let back = answers(from_redis, to_application, Arc::clone(&shared), pending);
        tokio::spawn(counted(Arc::clone(&shared), there));
        tokio::spawn(counted(Arc::clone(&shared), back));
    }
}

async fn counted(shared: Arc<Shared>, connection: impl Future<Output = ()>) {
    connection.await;
    shared.open.send_modify(|open| *open -= 1);
}

/// What Redis has not answered yet, in this order.
type Pending = Arc<Mutex<VecDeque<Option<Change>>>>;

async fn commands(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: Arc<Shared>,
    pending: Pending,
) {
    let mut bytes = Vec::new();
    while let Some((command, sent)) = next(&mut from, &mut bytes).await {
        let change = Change::wanted_by(&command);
        if !shared.lets_pass(change.as_ref(), Stage::Command).await {
            break;
        }
        // Before it is sent: the response must find it.
        lock(&pending).push_back(change);
        if to.write_all(&sent).await.is_err() {
            break;
        }
    }
    // `to` is closed, and Redis ends the connection when it has answered all.
}

async fn answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: Arc<Shared>,
    pending: Pending,
) {
    let mut bytes = Vec::new();
    while let Some((answer, received)) = next(&mut from, &mut bytes).await {
        let change = lock(&pending).pop_front().flatten();
        if let Some(change) = change.as_ref().filter(|_| answer == Value::Number(1)) {
            lock(&shared.log).push(change.clone());
        }
        if !shared.lets_pass(change.as_ref(), Stage::Answer).await {
            break;
        }
        // An application that is dead gets no answers; what Redis has done is written down all the same.
        let _ = to.write_all(&received).await;
    }
}

/// The next whole value, and its bytes.
pub(crate) async fn next(
    from: &mut (impl AsyncRead + Unpin),
    bytes: &mut Vec<u8>,
) -> Option<(Value, Vec<u8>)> {
    loop {
        if let Some((value, length)) = Value::read(bytes) {
            return Some((value, bytes.drain(..length).collect()));
        }
        if from.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}

impl Shared {
    /// Waits while `change` is held; false if it is lost.
    async fn lets_pass(&self, change: Option<&Change>, stage: Stage) -> bool {
        let Some(change) = change else {
            return true;
        };
        let is_meant = |hold: &Hold| hold.kind == change.kind && hold.stage == stage;
        let hold = lock(&self.hold).take_if(|hold| is_meant(hold));
        match hold {
            Some(hold) => hold.verdict().await == Verdict::Forward,
            None => true,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
