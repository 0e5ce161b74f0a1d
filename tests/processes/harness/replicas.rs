//! A primary, two replicas, and three Sentinels that watch over them.

use std::{fs, path::PathBuf, process::Command};

use super::{
    gate::Gate,
    moment::eventually,
    process::Process,
    redis::{Redis, ask, folder_in_memory},
    resp::Value,
};
use crate::support::port::Port;

pub(crate) const SERVICE: &str = "sessions";

/// Applications, replicas and Sentinels know each Redis by the address of its gate.
pub(crate) struct Replicas {
    pub(crate) nodes: Vec<Node>,
    sentinels: Vec<Sentinel>,
}

/// A Redis and its gate.
pub(crate) struct Node {
    pub(crate) redis: Redis,
    pub(crate) gate: Gate,
}

pub(crate) struct Sentinel {
    port: Port,
    folder: PathBuf,
    _process: Process,
}

impl Replicas {
    pub(crate) async fn start(name: &str) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        for index in 0..3 {
            let gate = Gate::prepare().await;
            let mut options = vec![
                format!(
                    "--replica-announce-ip 127.0.0.1 --replica-announce-port {}",
                    gate.port()
                ),
                "--repl-diskless-sync-delay 0".to_owned(),
            ];
            if let Some(primary) = nodes.first() {
                options.push(format!("--replicaof 127.0.0.1 {}", primary.gate.port()));
            }
            let redis = Redis::start_with(&format!("{name}-{index}"), options);
            gate.lead_to(redis.port());
            nodes.push(Node { redis, gate });
        }
        let primary = nodes[0].gate.port();
        let sentinels =
            (0..3).map(|index| Sentinel::start(&format!("{name}-{index}"), primary, ""));
        let replicas = Self {
            sentinels: sentinels.collect(),
            nodes,
        };
        replicas.are_well().await;
        replicas
    }

    pub(crate) fn url(&self) -> String {
        let sentinels = self.sentinels.iter();
        let sentinels: Vec<_> = sentinels
            .map(|sentinel| format!("127.0.0.1:{}", sentinel.port.number()))
            .collect();
        format!("redis+sentinel://{}/{SERVICE}", sentinels.join(","))
    }

    /// The node that most Sentinels name, if it says so itself.
    pub(crate) fn primary(&self) -> Option<usize> {
        let named = self.sentinels.iter().filter_map(|sentinel| {
            let answer = sentinel.ask(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE])?;
            let port = String::from_utf8_lossy(answer.words().get(1)?).parse().ok();
            self.nodes
                .iter()
                .position(|node| Some(node.gate.port()) == port)
        });
        let named: Vec<_> = named.collect();
        let agreed = named.iter().copied().find(|index| {
            named.iter().filter(|other| *other == index).count() > self.sentinels.len() / 2
        });
        agreed.filter(|index| self.nodes[*index].role().as_deref() == Some("master"))
    }

    /// Waits until another node than `old` is the primary.
    pub(crate) async fn have_another_than(&self, old: usize) -> usize {
        eventually("another primary", async || {
            self.primary().filter(|new| *new != old)
        })
        .await
    }

    /// Waits until a former primary is a replica: until then it acknowledges what is lost.
    pub(crate) async fn is_demoted(&self, old: usize) {
        let role = || self.nodes[old].role();
        eventually("a demotion", async || {
            (role()?.as_str() == "slave").then_some(())
        })
        .await;
    }

    /// Waits until two replicas follow the primary, and the Sentinels know of it.
    pub(crate) async fn are_well(&self) {
        eventually("two replicas follow the primary", async || {
            let primary = &self.nodes[self.primary()?];
            let facts = ask(primary.redis.port(), &["INFO", "replication"]).ok()?;
            let facts = String::from_utf8_lossy(facts.text()).into_owned();
            (facts.matches("state=online").count() == 2).then_some(())?;
            for sentinel in &self.sentinels {
                sentinel.sees_all()?;
            }
            Some(())
        })
        .await;
    }

    /// From now on the Sentinels ask for a user with a password; what they know of each other stays.
    pub(crate) fn protect_sentinels(&self, user: &str, password: &str) {
        for sentinel in &self.sentinels {
            let (password, user) = (format!(">{password}"), user);
            let set = sentinel.ask(&["ACL", "SETUSER", user, "on", &password, "+@all"]);
            assert!(matches!(set, Some(Value::Text(_))), "{set:?}");
            sentinel.ask(&["ACL", "SETUSER", "default", "off"]);
        }
    }

    /// Asks a Sentinel for a failover, unless one is under way.
    pub(crate) fn fail_over(&self) {
        let asked = self.sentinels[0].ask(&["SENTINEL", "FAILOVER", SERVICE]);
        asked.expect("the Sentinel runs");
    }

    /// Likewise, until another node than `old` is the primary: a Sentinel gives up if that takes long.
    pub(crate) async fn fail_over_from(&self, old: usize) -> usize {
        eventually("a failover", async || match self.primary() {
            Some(new) if new != old => Some(new),
            Some(_) => {
                self.fail_over();
                None
            }
            None => None,
        })
        .await
    }
}

impl Node {
    fn role(&self) -> Option<String> {
        let Value::List(role) = ask(self.redis.port(), &["ROLE"]).ok()? else {
            return None;
        };
        Some(String::from_utf8_lossy(role.first()?.text()).into_owned())
    }
}

impl Sentinel {
    /// Starts one that watches over the primary at this port, with further settings.
    pub(crate) fn start(name: &str, primary: u16, more: &str) -> Self {
        let port = Port::keep();
        let folder = folder_in_memory().join(format!("sentinel-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the folder can be written");
        let file = folder.join("sentinel.conf");
        let settings = format!(
            "bind 127.0.0.1\nport {}\ndir {}\nsentinel monitor {SERVICE} 127.0.0.1 {primary} 2\n\
             sentinel down-after-milliseconds {SERVICE} 600\nsentinel failover-timeout {SERVICE} 4000\n\
             sentinel parallel-syncs {SERVICE} 2\n{more}",
            port.number(),
            folder.display()
        );
        fs::write(&file, settings).expect("the folder can be written");
        let process = Process::start(
            Command::new("redis-server").arg(file).arg("--sentinel"),
            "on Debian it is in the package `redis-server` (apt-get install redis-server)",
        );
        process.wait_for("+monitor master");
        let sentinel = Self {
            port,
            folder,
            _process: process,
        };
        // It looks more often, and a busy machine does not make it pause for 30 s.
        let faster = "INFO-PERIOD 200 PING-PERIOD 500 ASK-PERIOD 100 PUBLISH-PERIOD 200 TILT-PERIOD 500 \
                      ELECTION-TIMEOUT 1000";
        let mut words = vec!["SENTINEL", "DEBUG"];
        words.extend(faster.split_whitespace());
        sentinel.ask(&words).expect("it runs");
        sentinel
    }

    fn ask(&self, words: &[&str]) -> Option<Value> {
        ask(self.port.number(), words).ok()
    }

    /// Whether it knows the other Sentinels, and no server is down.
    fn sees_all(&self) -> Option<()> {
        let quorum = self.ask(&["SENTINEL", "CKQUORUM", SERVICE])?;
        matches!(quorum, Value::Text(text) if text.starts_with(b"OK 3 usable")).then_some(())?;
        let Value::List(replicas) = self.ask(&["SENTINEL", "REPLICAS", SERVICE])? else {
            return None;
        };
        let well = replicas.iter().filter(|replica| {
            let facts = replica.words();
            let fact = |name: &[u8]| {
                facts
                    .iter()
                    .position(|word| *word == name)
                    .map(|index| facts[index + 1])
            };
            fact(b"flags") == Some(b"slave") && fact(b"master-link-status") == Some(b"ok")
        });
        (well.count() == 2).then_some(())
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
