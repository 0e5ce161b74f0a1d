//! A cluster of three primaries, each with a replica.

use super::{
    gate::Gate,
    moment::eventually,
    redis::{Redis, ask},
    replicas::Node,
    resp::Value,
};
use crate::support::port::Port;

const PRIMARIES: usize = 3;
const SLOTS: usize = 16_384;

/// Applications know each node by the address of its gate.
pub(crate) struct Shards {
    pub(crate) nodes: Vec<Node>,
    /// Between the nodes.
    buses: Vec<Port>,
}

impl Shards {
    pub(crate) async fn start(name: &str) -> Self {
        let (mut nodes, mut buses) = (Vec::new(), Vec::new());
        for index in 0..2 * PRIMARIES {
            let (gate, bus) = (Gate::prepare().await, Port::keep());
            let options = [
                "--cluster-enabled yes --cluster-node-timeout 1000 --repl-diskless-sync-delay 0"
                    .to_owned(),
                format!(
                    "--cluster-port {} --cluster-announce-ip 127.0.0.1",
                    bus.number()
                ),
                format!("--cluster-announce-port {}", gate.port()),
                // Half a cluster may answer for the half that it has.
                "--cluster-require-full-coverage no".to_owned(),
            ];
            let redis = Redis::start_with(&format!("{name}-{index}"), options);
            gate.lead_to(redis.port());
            nodes.push(Node { redis, gate });
            buses.push(bus);
        }
        let shards = Self { nodes, buses };
        shards.meet().await;
        shards
    }

    async fn meet(&self) {
        let (first, bus) = (&self.nodes[0], self.buses[0].number().to_string());
        for (index, node) in self.nodes.iter().enumerate() {
            node.redis
                .ask(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]);
            if index < PRIMARIES {
                let (start, end) = (
                    SLOTS * index / PRIMARIES,
                    SLOTS * (index + 1) / PRIMARIES - 1,
                );
                node.redis.ask(&[
                    "CLUSTER",
                    "ADDSLOTSRANGE",
                    &start.to_string(),
                    &end.to_string(),
                ]);
            }
            let port = first.gate.port().to_string();
            node.redis
                .ask(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
        }
        eventually("all nodes have met", async || {
            let known = |node: &Node| {
                look(node, &["CLUSTER", "NODES"]).map(|nodes| {
                    nodes.matches("connected").count() - nodes.matches("disconnected").count()
                })
            };
            self.nodes
                .iter()
                .all(|node| known(node) == Some(self.nodes.len()))
                .then_some(())
        })
        .await;
        for (index, node) in self.nodes.iter().enumerate().skip(PRIMARIES) {
            let primary = self.nodes[index - PRIMARIES]
                .redis
                .ask(&["CLUSTER", "MYID"]);
            let primary = String::from_utf8_lossy(primary.text()).into_owned();
            node.redis.ask(&["CLUSTER", "REPLICATE", &primary]);
        }
        self.are_well().await;
    }

    pub(crate) fn url(&self) -> String {
        let nodes = self.nodes.iter().take(PRIMARIES);
        let nodes: Vec<_> = nodes
            .map(|node| format!("127.0.0.1:{}", node.gate.port()))
            .collect();
        format!("redis+cluster://{}", nodes.join(","))
    }

    /// Waits until each of three primaries has a replica that follows it, and all nodes know.
    pub(crate) async fn are_well(&self) {
        eventually("three primaries with a replica each", async || {
            for node in &self.nodes {
                let facts = look(node, &["CLUSTER", "INFO"])?;
                (facts.contains("cluster_state:ok") && facts.contains("cluster_slots_ok:16384"))
                    .then_some(())?;
                let nodes = look(node, &["CLUSTER", "NODES"])?;
                (nodes.matches("slave ").count() == PRIMARIES && !nodes.contains("fail"))
                    .then_some(())?;
                let facts = look(node, &["INFO", "replication"])?;
                (facts.contains("state=online") || facts.contains("master_link_status:up"))
                    .then_some(())?;
            }
            Some(())
        })
        .await;
    }

    /// The primary of a key, if all nodes that run agree.
    pub(crate) fn primary_of(&self, key: &str) -> Option<usize> {
        let views = (0..self.nodes.len()).filter_map(|node| self.primary_in_view_of(node, key));
        let views: Vec<_> = views.collect();
        let first = *views.first()?;
        views.iter().all(|view| *view == first).then_some(first)
    }

    /// The primary of a key, as a node sees it.
    pub(crate) fn primary_in_view_of(&self, node: usize, key: &str) -> Option<usize> {
        let port = self.nodes[node].redis.port();
        let slot = ask(port, &["CLUSTER", "KEYSLOT", key]).ok()?.number();
        let Value::List(ranges) = ask(port, &["CLUSTER", "SLOTS"]).ok()? else {
            return None;
        };
        let port = ranges.iter().find_map(|range| {
            let Value::List(range) = range else {
                return None;
            };
            (range[0].number()..=range[1].number())
                .contains(&slot)
                .then_some(())?;
            let Value::List(node) = &range[2] else {
                return None;
            };
            Some(node[1].number())
        })?;
        self.nodes
            .iter()
            .position(|node| i64::from(node.gate.port()) == port)
    }

    /// Begins to move the slot of a key, and moves the key.
    pub(crate) fn move_key(&self, key: &str, from: usize, to: usize) {
        let [here, there] = [from, to].map(|index| &self.nodes[index].redis);
        let slot = here.ask(&["CLUSTER", "KEYSLOT", key]).number().to_string();
        let [from, to] = [here, there].map(|node| {
            let id = node.ask(&["CLUSTER", "MYID"]);
            String::from_utf8_lossy(id.text()).into_owned()
        });
        there.ask(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from]);
        here.ask(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to]);
        let port = there.port().to_string();
        let moved = here.ask(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]);
        assert_eq!(moved, Value::Text(b"OK".to_vec()));
    }

    /// The replica of a node, or the node of which it is one.
    pub(crate) fn partner(index: usize) -> usize {
        (index + PRIMARIES) % (2 * PRIMARIES)
    }
}

fn look(node: &Node, words: &[&str]) -> Option<String> {
    let facts = ask(node.redis.port(), words).ok()?;
    Some(String::from_utf8_lossy(facts.text()).into_owned())
}
