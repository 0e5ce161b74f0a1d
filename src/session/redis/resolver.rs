//! Looks up host names, and remembers which addresses they had.

use std::{io, net::SocketAddr, sync::Mutex, time::Duration};

use redis::{ConnectionAddr, RedisFuture, RedisResult, io::AsyncDNSResolver};
use tokio::{net::lookup_host, time::Instant};

use crate::lock::lock;

/// Looks up the host name of a server, with the system's resolver.
#[derive(Default)]
pub(super) struct Resolver {
    history: Mutex<History>,
    /// A lookup occupies a thread for as long as the system's resolver takes: the health checks of successive connections
    /// take turns.
    turn: tokio::sync::Mutex<()>,
}

impl Resolver {
    /// The addresses of a host, of which there is one at least.
    pub(super) async fn lookup(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let addresses: Vec<_> = lookup_host((host, port)).await?.collect();
        if addresses.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "no address found for the host",
            ));
        }
        lock(&self.history).record((host, port), &addresses, Instant::now());
        Ok(addresses)
    }

    /// Looks up whether a host has other addresses now than `address`. A lookup that fails is no sign of it.
    pub(super) async fn has_left(&self, (host, port): (&str, u16), address: SocketAddr) -> bool {
        let _turn = self.turn.lock().await;
        self.lookup(host, port).await.is_ok() && lock(&self.history).has_left(address)
    }
}

/// The host and port, unless the address is a socket's path.
pub(super) fn host(address: &ConnectionAddr) -> Option<(&str, u16)> {
    match address {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            Some((host, *port))
        }
        _ => None,
    }
}

/// Resolves any host to this address. Certificates are still verified for the host's name.
pub(super) struct Resolved(pub(super) SocketAddr);

impl AsyncDNSResolver for Resolved {
    fn resolve<'a, 'b: 'a>(
        &'a self,
        _host: &'b str,
        _port: u16,
    ) -> RedisFuture<'a, Box<dyn Iterator<Item = SocketAddr> + Send + 'a>> {
        let addresses: RedisResult<Box<dyn Iterator<Item = _> + Send>> =
            Ok(Box::new(std::iter::once(self.0)));
        Box::pin(std::future::ready(addresses))
    }
}

/// The addresses that a host had in the last minute.
///
/// If a lookup does not return the address of the connection, the name points elsewhere, or its addresses are in
/// rotation and each lookup returns some of them. In a rotation addresses come back: two returns within a minute count
/// as a rotation (an operator who goes back to the former server causes one return). Then an address has left when no lookup
/// has returned it for a minute.
#[derive(Debug, Default)]
struct History {
    host: (String, u16),
    /// Each address, with the last lookup that returned it.
    seen: Vec<(SocketAddr, Instant)>,
    last_lookup: Option<Instant>,
    /// When addresses came back.
    returns: Vec<Instant>,
}

impl History {
    fn record(&mut self, host: (&str, u16), addresses: &[SocketAddr], now: Instant) {
        if (self.host.0.as_str(), self.host.1) != host {
            *self = Self {
                host: (host.0.to_owned(), host.1),
                ..Self::default()
            };
        }
        let is_recent = |time: Instant| now.duration_since(time) < MEMORY;
        self.seen.retain(|(_, time)| is_recent(*time));
        self.returns.retain(|time| is_recent(*time));
        for address in addresses {
            match self.seen.iter_mut().find(|(seen, _)| seen == address) {
                Some((_, time)) => {
                    if Some(*time) != self.last_lookup && *time != now {
                        self.returns.push(now);
                    }
                    *time = now;
                }
                None => self.seen.push((*address, now)),
            }
        }
        self.last_lookup = Some(now);
    }

    fn has_left(&self, address: SocketAddr) -> bool {
        let seen = self.seen.iter().find(|(seen, _)| *seen == address);
        match seen {
            Some((_, time)) if Some(*time) == self.last_lookup => false,
            Some(_) => self.returns.len() < ROTATION,
            None => true,
        }
    }
}

const MEMORY: Duration = Duration::from_secs(60);
/// So many returns within [`MEMORY`] are a rotation.
const ROTATION: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(2);

    fn address(number: u8) -> SocketAddr {
        ([192, 0, 2, number], 6379).into()
    }

    /// How often a connection is replaced while successive lookups return these addresses, one digit each.
    fn replacements(answers: &[&str]) -> usize {
        let (mut history, mut now) = (History::default(), Instant::now());
        let (mut current, mut replacements) = (None, 0);
        for answer in answers {
            let answer: Vec<_> = answer.bytes().map(address).collect();
            history.record(("redis.example", 6379), &answer, now);
            let current = current.get_or_insert(answer[0]);
            if history.has_left(*current) {
                *current = answer[0];
                replacements += 1;
            }
            now += INTERVAL;
        }
        replacements
    }

    #[test]
    fn a_name_that_points_elsewhere_is_followed() {
        assert_eq!(replacements(&["1", "2"]), 1);
        assert_eq!(replacements(&["12", "2"]), 1);
        assert_eq!(replacements(&["12", "34"]), 1);
        assert_eq!(replacements(&["1", "2", "1"]), 2, "to the former server");
        let every_two_minutes = [["1"; 60], ["2"; 60]].concat().repeat(5);
        assert_eq!(replacements(&every_two_minutes), 9);
    }

    #[test]
    fn a_name_that_keeps_the_address_is_not_left() {
        assert_eq!(replacements(&["1", "12", "21", "31"]), 0);
        assert_eq!(replacements(&["12", "21"].repeat(100)), 0);
    }

    #[test]
    fn a_rotation_of_addresses_replaces_a_connection_few_times() {
        assert_eq!(replacements(&["1", "2"].repeat(1000)), 2);
        assert_eq!(replacements(&["1", "2", "3", "4"].repeat(1000)), 4);
        assert_eq!(replacements(&["12", "23", "34", "41"].repeat(1000)), 3);
        let cached_for_20_s = [["1"; 10], ["2"; 10]].concat().repeat(100);
        assert_eq!(replacements(&cached_for_20_s), 2);
    }

    #[test]
    fn an_address_that_leaves_a_rotation_is_left_within_a_minute() {
        let rotation = ["1", "2", "3"].repeat(10);
        let settled = replacements(&rotation);
        let minute = usize::try_from(MEMORY.as_secs() / INTERVAL.as_secs()).unwrap();
        let left = ["1", "2", "3"].map(|gone| {
            let rest = ["1", "2", "3"].into_iter().filter(|other| *other != gone);
            let rest = rest.cycle().take(minute);
            let answers: Vec<_> = rotation.iter().copied().chain(rest).collect();
            replacements(&answers) - settled
        });
        assert_eq!(left.iter().sum::<usize>(), 1, "the connection's: {left:?}");
    }

    #[tokio::test]
    async fn a_lookup_that_fails_is_no_reason_to_replace() {
        let resolver = Resolver::default();
        assert!(resolver.lookup("redis.invalid", 1).await.is_err());
        assert!(!resolver.has_left(("redis.invalid", 1), address(1)).await);
        let here = SocketAddr::from(([127, 0, 0, 1], 1));
        assert!(resolver.has_left(("127.0.0.1", 1), address(1)).await);
        assert!(!resolver.has_left(("127.0.0.1", 1), here).await);
    }
}
