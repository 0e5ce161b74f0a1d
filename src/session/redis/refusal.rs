//! What an error of Redis means: whether the command was executed, and what helps.

use std::{fmt::Display, sync::Mutex};

use redis::{Arg, Cmd, ErrorKind, RedisError};

use crate::lock::lock;

/// What an error of a command means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The server is not the primary, or not ready: the command was not executed there. Another connection may lead
    /// to the primary.
    NotPrimary,
    /// The server cannot execute the command at the moment, and has not.
    NotNow,
    /// The connection is lost. Whether the command was executed is unknown.
    Lost,
    /// The operator has to act.
    Fault(Fault),
    Other,
}

impl Refusal {
    pub(super) fn of(error: &RedisError) -> Self {
        match code(error) {
            "READONLY" | "LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "NOREPLICAS" => {
                Self::NotPrimary
            }
            "MOVED" | "ASK" | "TRYAGAIN" | "BUSY" => Self::NotNow,
            "OOM" => Self::Fault(Fault::OutOfMemory),
            "NOAUTH" => Self::Fault(Fault::NotAuthenticated),
            "WRONGPASS" => Self::Fault(Fault::WrongPassword),
            "NOPERM" => Self::Fault(Fault::NotPermitted),
            "MISCONF" => Self::Fault(Fault::NotPersistent),
            _ => match error.kind() {
                ErrorKind::AuthenticationFailed => Self::Fault(Fault::WrongPassword),
                _ if is_of_certificate(error) => Self::Fault(Fault::Certificate),
                ErrorKind::Io | ErrorKind::Parse | ErrorKind::ClusterConnectionNotFound => {
                    Self::Lost
                }
                _ => Self::Other,
            },
        }
    }

    /// Whether the command may have been executed.
    pub(super) fn is_ambiguous(self) -> bool {
        matches!(self, Self::Lost | Self::Other)
    }

    /// Whether another attempt may succeed in a moment.
    pub(super) fn is_transient(self) -> bool {
        matches!(self, Self::NotPrimary | Self::NotNow | Self::Lost)
    }

    /// Whether another connection may help.
    pub(super) fn blames_connection(self) -> bool {
        matches!(
            self,
            Self::NotPrimary | Self::Lost | Self::Fault(Fault::NotAuthenticated)
        )
    }
}

/// The code of an error. Redis before 7 wraps the error of a command in a script:
/// `ERR Error running script (...): @user_script: 1: -READONLY You can't write against a read only replica.`
fn code(error: &RedisError) -> &str {
    let code = error.code().unwrap_or_default();
    if code != "ERR" {
        return code;
    }
    let detail = error.detail().unwrap_or_default();
    let inner = detail.split_once(": -").map(|(_, inner)| inner);
    inner
        .and_then(|inner| inner.split(' ').next())
        .unwrap_or(code)
}

/// Whether the certificate of a server, a Sentinel or a node of a cluster is not accepted. The crate `redis` keeps only
/// the text of such an error, which is that of rustls.
fn is_of_certificate(error: &RedisError) -> bool {
    error.to_string().contains("invalid peer certificate")
}

/// A failure that only an operator can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    OutOfMemory,
    NotAuthenticated,
    WrongPassword,
    NotPermitted,
    NotPersistent,
    Certificate,
    /// The URL names one node of a cluster.
    Cluster,
}

impl Fault {
    fn code(self) -> &'static str {
        match self {
            Self::OutOfMemory => "OOM",
            Self::NotAuthenticated => "NOAUTH",
            Self::WrongPassword => "WRONGPASS",
            Self::NotPermitted => "NOPERM",
            Self::NotPersistent => "MISCONF",
            Self::Certificate => "CERTIFICATE",
            Self::Cluster => "MOVED",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::OutOfMemory => "raise `maxmemory`, or give the sessions a Redis of their own",
            Self::NotAuthenticated => {
                "put user and password into the Redis URL; those of Sentinels are `sentinel_username` and \
                 `sentinel_password` in its query"
            }
            Self::WrongPassword => "correct user and password in the Redis URL",
            Self::NotPermitted => {
                "allow the user the commands and keys that the documentation of `RedisStore` lists (ACL SETUSER)"
            }
            Self::NotPersistent => {
                "look for the failed save in the log of Redis: the disk may be full"
            }
            Self::Certificate => {
                "give each server a certificate for the host in the Redis URL, or for the one that Sentinels or the \
                 cluster announce; trust a private CA with `RedisStore::with_root_certificates`"
            }
            Self::Cluster => "the server belongs to a cluster: use a `redis+cluster://` URL",
        }
    }
}

/// The faults that commands meet, each logged once until its command succeeds again.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Vec<(Vec<u8>, Fault)>>);

impl Faults {
    /// A success of another command, such as a `GET` while memory is full, does not end a fault.
    pub(super) fn end(&self, command: &Cmd) {
        let mut faults = lock(&self.0);
        if !faults.is_empty() {
            let name = name(command);
            faults.retain(|(other, _)| *other != name);
        }
    }

    pub(super) fn begin(
        &self,
        command: &Cmd,
        fault: Fault,
        redis: &impl Display,
        error: &RedisError,
    ) {
        let name = name(command);
        let mut faults = lock(&self.0);
        let is_known = faults.iter().any(|(_, other)| *other == fault);
        if !faults.contains(&(name.clone(), fault)) {
            faults.push((name, fault));
        }
        drop(faults);
        if !is_known {
            tracing::error!(
                code = fault.code(),
                advice = fault.advice(),
                %redis,
                %error,
                "session store refuses commands until its operator acts"
            );
        }
    }
}

fn name(command: &Cmd) -> Vec<u8> {
    match command.args_iter().next() {
        Some(Arg::Simple(name)) => name.to_vec(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use redis::{Value, parse_redis_value};

    use super::*;

    fn refusal(line: &str) -> Refusal {
        let value = parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap();
        let error = value.extract_error().map(|_: Value| ()).unwrap_err();
        Refusal::of(&error)
    }

    // Behaviour 104.
    #[test]
    fn each_error_of_a_failover_has_a_remedy() {
        for line in [
            "READONLY You can't write against a read only replica.",
            "ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -READONLY You can't write \
             against a read only replica.",
            "LOADING Redis is loading the dataset in memory",
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
            "CLUSTERDOWN The cluster is down",
            "NOREPLICAS Not enough good replicas to write.",
        ] {
            assert_eq!(refusal(line), Refusal::NotPrimary, "{line}");
        }
        for line in [
            "MOVED 1 host:1",
            "ASK 1 host:1",
            "TRYAGAIN Multiple keys request during rehashing of slot",
            "BUSY Redis is busy",
        ] {
            assert_eq!(refusal(line), Refusal::NotNow, "{line}");
        }
        for (line, fault) in [
            (
                "OOM command not allowed when used memory > 'maxmemory'.",
                Fault::OutOfMemory,
            ),
            (
                "ERR Error running script (call to f_1): @user_script:1: -OOM command not allowed",
                Fault::OutOfMemory,
            ),
            ("NOAUTH Authentication required.", Fault::NotAuthenticated),
            (
                "WRONGPASS invalid username-password pair or user is disabled.",
                Fault::WrongPassword,
            ),
            (
                "NOPERM this user has no permissions to run the 'get' command",
                Fault::NotPermitted,
            ),
            (
                "MISCONF Redis is configured to save RDB snapshots",
                Fault::NotPersistent,
            ),
        ] {
            assert_eq!(refusal(line), Refusal::Fault(fault), "{line}");
        }
        assert_eq!(refusal("ERR unknown command"), Refusal::Other);
        let lost = RedisError::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert_eq!(Refusal::of(&lost), Refusal::Lost);
        assert!(Refusal::Lost.is_ambiguous() && !Refusal::NotPrimary.is_ambiguous());
    }
}
