//! The address at which applications reach a Redis, and what happens to their connections there.

use std::{
    future, mem,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::{resp::Value, wire::next};

/// A proxy. Connections of other servers, such as replicas and Sentinels, pass through it in any case.
#[derive(Clone)]
pub(crate) struct Gate {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    /// Where new connections lead.
    target: Arc<Mutex<u16>>,
    writes: Arc<Mutex<Vec<Write>>>,
}

/// A change of an entry that Redis has acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Write {
    pub(crate) key: String,
    /// The version that it changed: 0 of an entry that is new, `None` of one that was deleted.
    pub(crate) version: Option<u64>,
}

#[derive(Clone, Default)]
struct State {
    /// What commands are answered, in place of Redis.
    refusal: Option<&'static str>,
    /// How many connections were made.
    connections: usize,
    /// The connections before this one are silent.
    silent: usize,
    /// Those before this one are closed.
    closed: usize,
}

impl Gate {
    /// Opens a way to the Redis at a port of this machine.
    pub(crate) async fn open(target: u16) -> Self {
        let gate = Self::prepare().await;
        gate.lead_to(target);
        gate
    }

    /// Opens a way that leads nowhere yet.
    pub(crate) async fn prepare() -> Self {
        Self::at(([127, 0, 0, 1], 0).into()).await
    }

    /// Likewise, at this address.
    pub(crate) async fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await;
        let listener = listener.expect("the loopback interface has a free port");
        let gate = Self {
            address: listener.local_addr().expect("it is bound"),
            state: Arc::default(),
            target: Arc::default(),
            writes: Arc::default(),
        };
        tokio::spawn(gate.clone().serve(listener));
        gate
    }

    /// How many connections applications have made.
    pub(crate) fn connections(&self) -> usize {
        self.state.borrow().connections
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}/", self.address)
    }

    /// New connections lead there; those that exist stay where they are.
    pub(crate) fn lead_to(&self, target: u16) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }

    /// All commands are answered with this error.
    pub(crate) fn refuse(&self, error: &'static str) {
        self.state.send_modify(|state| state.refusal = Some(error));
    }

    /// Commands reach Redis again.
    pub(crate) fn admit(&self) {
        self.state.send_modify(|state| state.refusal = None);
    }

    /// The connections that exist go silent.
    pub(crate) fn stall(&self) {
        self.state
            .send_modify(|state| state.silent = state.connections);
    }

    /// The connections that exist are closed.
    pub(crate) fn sever(&self) {
        self.state
            .send_modify(|state| state.closed = state.connections);
    }

    /// What was written since this was last asked for.
    pub(crate) fn take_writes(&self) -> Vec<Write> {
        mem::take(&mut *self.writes())
    }

    fn writes(&self) -> MutexGuard<'_, Vec<Write>> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(self, listener: TcpListener) {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(self.clone().pass(client));
        }
    }

    /// One connection. An error is its end.
    async fn pass(self, mut client: TcpStream) -> Option<()> {
        let target = *self.target.lock().unwrap_or_else(PoisonError::into_inner);
        let mut redis = TcpStream::connect(("127.0.0.1", target)).await.ok()?;
        let _ = (client.set_nodelay(true), redis.set_nodelay(true));
        let mut bytes = Vec::new();
        if client.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        // What the crate `redis` says first.
        let is_application = bytes.windows(7).any(|word| word == b"SETINFO");
        if !is_application {
            redis.write_all(&bytes).await.ok()?;
            copy_bidirectional(&mut client, &mut redis).await.ok()?;
            return None;
        }
        let mut number = 0;
        self.state.send_modify(|state| {
            number = state.connections;
            state.connections += 1;
        });
        let mut state = self.state.subscribe();
        let is_closed = state.wait_for(|state| number < state.closed);
        tokio::select! {
            ended = self.answer(client, redis, bytes, number) => ended,
            _ = is_closed => None,
        }
    }

    async fn answer(
        &self,
        mut client: TcpStream,
        mut redis: TcpStream,
        mut sent: Vec<u8>,
        number: usize,
    ) -> Option<()> {
        let mut answered = Vec::new();
        loop {
            let (asked, command) = next(&mut client, &mut sent).await?;
            self.hear(number).await;
            let refusal = self.state.borrow().refusal;
            let answer = if let Some(error) = refusal {
                format!("-{error}\r\n").into_bytes()
            } else {
                redis.write_all(&command).await.ok()?;
                let (answer, bytes) = next(&mut redis, &mut answered).await?;
                self.writes().extend(Write::acknowledged(&asked, &answer));
                bytes
            };
            self.hear(number).await;
            client.write_all(&answer).await.ok()?;
        }
    }

    /// Never ends for a connection that is silent.
    async fn hear(&self, number: usize) {
        if number < self.state.borrow().silent {
            future::pending::<()>().await;
        }
    }
}

impl Write {
    /// The write that a command is, if it was made. The lists of users are no entries.
    fn acknowledged(command: &Value, answer: &Value) -> Option<Self> {
        let words = command.words();
        let (key, version) = match (&words[..], answer) {
            ([b"SET", key, ..], Value::Text(_)) => (key, Some(0)),
            ([b"EVAL", _, b"1", key, version, ..], Value::Number(1)) if version.len() == 8 => {
                let version = version.first_chunk().expect("8 bytes");
                (key, Some(u64::from_be_bytes(*version)))
            }
            ([b"DEL", key], Value::Number(_)) => (key, None),
            _ => return None,
        };
        let key = String::from_utf8_lossy(key).into_owned();
        Some(Self { key, version })
    }
}
