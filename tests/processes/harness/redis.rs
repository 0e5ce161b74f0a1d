//! A real Redis.

use std::{
    fs,
    io::{self, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{self, Command},
    time::Duration,
};

use super::{process::Process, resp::Value};
use crate::support::port::Port;

/// A running `redis-server` that keeps what it acknowledges, as `RedisStore` wants it: it writes to disk
/// before it answers.
pub(crate) struct Redis {
    port: Port,
    options: Vec<String>,
    folder: PathBuf,
    process: Option<Process>,
    /// The process's own, for the system's signals.
    id: String,
}

impl Redis {
    /// Starts one for the story `name`, without data.
    pub(crate) fn start(name: &str) -> Self {
        Self::start_with(name, [])
    }

    /// Starts one with options, such as `--maxmemory 10mb`.
    pub(crate) fn start_with(name: &str, options: impl IntoIterator<Item = String>) -> Self {
        let folder = format!("redis-{name}-{}", process::id());
        let folder = folder_in_memory().join(folder);
        let mut redis = Self {
            port: Port::keep(),
            options: options.into_iter().collect(),
            folder,
            process: None,
            id: String::new(),
        };
        redis.start_again_empty();
        redis
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.number()
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port())
    }

    /// Crashes (SIGKILL).
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Starts again with the data that it had.
    pub(crate) fn start_again(&mut self) {
        self.kill();
        let process = Process::start(
            Command::new("redis-server")
                .args(["--bind", "127.0.0.1", "--port", &self.port().to_string()])
                .args(["--appendonly", "yes", "--appendfsync", "always"])
                .args(["--save", ""])
                .arg("--dir")
                .arg(&self.folder)
                .args(self.options.iter().flat_map(|option| option.split(' '))),
            "on Debian it is in the package `redis-server` (apt-get install redis-server)",
        );
        process.wait_for("Ready to accept connections");
        self.process = Some(process);
        let facts = self.ask(&["INFO", "server"]);
        let facts = std::str::from_utf8(facts.text()).expect("text");
        let id = facts
            .lines()
            .find_map(|line| line.strip_prefix("process_id:"));
        self.id = id.expect("it knows its process").into();
    }

    /// Starts again without data.
    pub(crate) fn start_again_empty(&mut self) {
        self.kill();
        // It fails only where nothing is there.
        let _ = fs::remove_dir_all(&self.folder);
        fs::create_dir_all(&self.folder).expect("the target directory can be written");
        self.start_again();
    }

    /// Stands still (SIGSTOP): connections are accepted by the system, and nothing is answered.
    pub(crate) fn pause(&self) {
        self.signal("STOP");
    }

    /// Goes on (SIGCONT).
    pub(crate) fn go_on(&self) {
        self.signal("CONT");
    }

    /// What it answers to a command.
    pub(crate) fn ask(&self, words: &[&str]) -> Value {
        ask(self.port(), words).expect("Redis answers")
    }

    /// What it answers to the second of two commands on one connection.
    pub(crate) fn ask_as(&self, first: &[&str], second: &[&str]) -> Value {
        let address = ("127.0.0.1", self.port());
        let mut connection = TcpStream::connect(address).expect("Redis runs");
        let first = answer(&mut connection, first);
        assert!(!matches!(first.expect("Redis answers"), Value::Error(_)));
        answer(&mut connection, second).expect("Redis answers")
    }

    /// Waits until this many replicas have all that was written.
    pub(crate) fn is_replicated(&self, replicas: i64) {
        // `WAIT` waits for what was written before its connection's last command.
        let waited = self.ask_as(&["PING"], &["WAIT", &replicas.to_string(), "10000"]);
        assert_eq!(waited.number(), replicas);
    }

    /// How many commands of its clients it has done. The `INFO` that tells it does not count, nor the `DEL` by which a
    /// store examines its connection.
    pub(crate) fn commands(&self) -> u64 {
        let stats = self.ask(&["INFO", "commandstats"]);
        let stats = std::str::from_utf8(stats.text()).expect("text");
        let calls = stats.lines().filter_map(|line| {
            let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            (!["info", "del"].contains(&name))
                .then(|| rest.split_once(',').expect("more numbers").0)
        });
        calls
            .map(|calls| calls.parse::<u64>().expect("a number"))
            .sum()
    }

    fn signal(&self, name: &str) {
        // `kill` is built into every shell, and no part of the standard library.
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.id)])
            .status();
        assert!(sent.expect("there is a shell").success());
    }
}

/// What the Redis or Sentinel at a port answers to a command.
pub(crate) fn ask(port: u16, words: &[&str]) -> io::Result<Value> {
    let mut connection = TcpStream::connect(("127.0.0.1", port))?;
    // It may hang.
    connection.set_read_timeout(Some(Duration::from_secs(2)))?;
    answer(&mut connection, words)
}

fn answer(connection: &mut TcpStream, words: &[&str]) -> io::Result<Value> {
    connection.write_all(&Value::command(words))?;
    let (mut bytes, mut more) = (Vec::new(), [0; 4096]);
    loop {
        let length = connection.read(&mut more)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&more[..length]);
        if let Some((answer, _)) = Value::read(&bytes) {
            return Ok(answer);
        }
    }
}

/// A folder in memory, where the system has one: the stories kill processes, not the machine, and no
/// `fsync` has to wait for a busy disk.
pub(crate) fn folder_in_memory() -> PathBuf {
    let shared_memory = PathBuf::from("/dev/shm");
    if shared_memory.is_dir() {
        shared_memory
    } else {
        PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
