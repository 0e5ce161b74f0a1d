//! A Redis for as long as a benchmark runs.

use std::{
    env, fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use redis::{Client, aio::MultiplexedConnection};

/// One that is there already (`REDIS_URL`), or one of its own, as durable as the documentation asks for.
pub(crate) struct RedisServer {
    url: String,
    own: Option<(Child, PathBuf)>,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        if let Ok(url) = env::var("REDIS_URL") {
            return Self { url, own: None };
        }
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port();
        let folder = env::temp_dir().join(format!("tower-didit-redis-{port}"));
        fs::create_dir_all(&folder).expect("a folder");
        let started = Command::new("redis-server")
            .args([
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
            ])
            .args(["--appendonly", "yes", "--appendfsync", "always"])
            .current_dir(&folder)
            .stdout(Stdio::null())
            .spawn();
        let child = started.expect("on Debian it is in the package `redis-server`");
        let server = Self {
            url: format!("redis://127.0.0.1:{port}/"),
            own: Some((child, folder)),
        };
        server.wait();
        server
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn connect(&self) -> MultiplexedConnection {
        let connection = self.client().get_multiplexed_async_connection().await;
        connection.expect("it answers")
    }

    fn wait(&self) {
        let start = Instant::now();
        while self.client().get_connection().is_err() {
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "redis-server does not start"
            );
            std::thread::yield_now();
        }
    }

    fn client(&self) -> Client {
        Client::open(self.url()).expect("the URL of a Redis")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some((child, folder)) = &mut self.own {
            // Either fails only where it has ended by itself.
            let _ = child.kill();
            let _ = child.wait();
            let _ = fs::remove_dir_all(folder);
        }
    }
}
