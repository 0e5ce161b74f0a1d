//! Where sessions are kept, and what several processes and machines have to share.
//!
//! # Three places
//!
//! | | [in cookies](crate::ConfigBuilder::with_sessions_in_cookies) | in [memory](crate::store::MemoryStore) | in Redis, or [your own](crate::store::SessionStore) store |
//! |---|---|---|---|
//! | the server keeps | nothing | all sessions, in one process | all sessions, for all processes |
//! | size of a session | 2 KB by default, 30 KB at most | 64 KB | 64 KB |
//! | after a restart | sessions remain | sessions are gone | sessions remain |
//! | after a sign-out, copies of the cookie are refused | by this process, until it restarts | yes | by all processes |
//! | can keep single-use refresh tokens (accepted only once) | no | yes | yes |
//! | one refresh per session in | each process | the process | all processes |
//!
//! Cookies are the default; memory is the default where refresh tokens are single-use (Didit Authentication with
//! `offline_access`). [`with_session_store`](crate::ConfigBuilder::with_session_store) takes any
//! [`SessionStore`](crate::store::SessionStore).
//!
//! # How to choose
//!
//! - **Cookies** need no operations and no lookup. Choose them unless one of the next lines applies.
//! - **Redis** if a sign-out has to invalidate every copy of the cookie at once, if sessions are large, or with Didit
//!   Authentication and `offline_access` in more than one process. `store::RedisStore` is behind the feature `redis`.
//! - **Your own store** for a database that you already run: implement [`SessionStore`](crate::store::SessionStore), as
//!   `examples/session_store` does, and test it with `store::conformance` (feature `test-util`).
//! - **Memory** for one process whose users may sign in again after a restart.
//!
//! # What processes share
//!
//! | | in cookies | in a store |
//! |---|---|---|
//! | client id, redirect URI, cookie keys | the same | the same |
//! | store | | the same |
//! | load balancer | any; no sticky sessions | any; no sticky sessions |
//! | [clocks](#clocks) | synchronised | synchronised |
//!
//! [Several machines](crate::docs::recipes::several_machines) shows the code.
//!
//! A callback that arrives again joins the first one only in the same process. Another process that shares the store
//! answers 409 (`callback-already-used`), or leads to the [landing page](crate::ConfigBuilder::with_landing_page)
//! (`/`) if the browser is signed in. With sessions in cookies that process sends the code again, and the provider
//! refuses it: 400 (`invalid-grant`). If a process is killed while it exchanges a code, the proxy's retry or the
//! person's reload at another process gets the same 409 or 400. Its page offers another sign-in.
//!
//! # Clocks
//!
//! Machines compare times that others have written. What happens if their clocks differ:
//!
//! | time | written by | with clocks that differ by 4 minutes |
//! |---|---|---|
//! | `iat`, `nbf`, `exp`, `auth_time` of an ID token | the provider | on a clock that is behind by more than [`with_clock_skew`](crate::ConfigBuilder::with_clock_skew) (60 s by default, at most 5 minutes) sign-ins and refreshes fail; the log has both times. If this machine's clock is ahead, ID tokens expire early; a sign-in fails only once its ID token looks expired |
//! | the 20 minutes of a sign-in | the process that starts it | 16 to 24 minutes |
//! | the limits of a session | the process that wrote it last | end up to 4 minutes early or late |
//! | the end of an access token | the process that received it | refreshed too early, or too late: then the provider refuses it (`access-token-refused`) |
//! | the deadline until which others wait for a refresh | the process that refreshes | a reusable refresh token may be sent by two processes; a single-use one is still sent only once: until the refreshing process has saved the result, other processes treat the session as one that cannot be refreshed |
//!
//! Entries of a store expire after a duration, not at a clock time, so clock differences do not affect their expiry. A
//! process that reads a time more than `with_clock_skew` in the future logs that time and its own at `WARN`, once. That
//! process may be right, and the one that wrote the time wrong. Limits and token lifetimes that are not far longer than
//! the difference need synchronised clocks.
//!
//! # Cookie keys
//!
//! The first key encrypts, and every key decrypts: cookies, and the values in a store. Generate one with
//! `openssl rand -base64 32`, and give it to all processes
//! ([`with_cookie_keys`](crate::ConfigBuilder::with_cookie_keys), `DIDIT_COOKIE_KEYS`). An empty `DIDIT_COOKIE_KEYS`
//! counts as missing, which is logged: the keys are then derived from the client secret.
//!
//! To rotate without signing anybody out, deploy three times, with these values of `DIDIT_COOKIE_KEYS` (`OLD` and `NEW` are
//! keys in base64, with a space in between). A step is done when every process has the new value; the wait of step 2 begins then:
//!
//! | deploy | keys | then |
//! |---|---|---|
//! | 1 | `OLD NEW` | all processes can decrypt values of the new key; the next step may follow at once |
//! | 2 | `NEW OLD` | the new key encrypts; wait for the [absolute limit](crate::ConfigBuilder::with_session_lifetime) of a session, a week by default |
//! | 3 | `NEW` | values of the old key count as no cookie |
//!
//! Tokens that the application has [sealed](crate::docs::recipes::jobs#jobs-without-a-request) have no limit: open and seal
//! each text again before step 3.
//!
//! [Deploys](crate::docs::deploys) has a table of what other changes do to sessions.
//!
//! **When a key has leaked**, anyone who has the key can forge a session of any user. Deploy `NEW` alone, to all
//! processes at once: all sessions, in cookies and in a store, become invalid, and everybody signs in again. If the
//! client secret has leaked and no cookie keys are set, set some, and replace the secret at Didit.
//!
//! # When a store does not answer
//!
//! Extractors and [`RequireSignIn`](crate::RequireSignIn) answer 503 with `Retry-After`; so does `Option<IdClaims>`. The
//! first requests wait 1 s. From then on requests fail at once, except one in each second, which asks the store again and
//! waits up to 1 s. No user counts as signed in or signed out. Requests that do not ask for the session are not
//! affected. A callback fails with 503 after about 2 s, before its code is sent, so the person can reload the page.
//!
//! A sign-out fails with 503 (`sign-out-incomplete`) after 2 s. The effects of such a sign-out:
//!
//! - The browser's cookies are removed. The next user of this browser is not signed in.
//! - The process that answered the sign-out refuses copies of the cookie until that process restarts.
//! - The entry in the store is deleted as soon as the store answers, if it answers within a minute and the process
//!   still runs. Later the entry is deleted when a copy of the cookie reaches the process that answered the sign-out.
//! - Otherwise the session stays in the store until its limits, and in other processes a copy of its cookie works again
//!   once the store answers. The log has the event `failed to delete ended session`.
//! - The session at the provider continues: its tokens, which are needed to terminate it, are in the store.
//!
//! At most 4,096 entries wait for their deletion in a process; beyond that the layer logs
//! `background queue full: ended sessions not deleted or not revoked`. If another sign-in of the browser replaces a session while the store fails to
//! delete it, the new session begins, and a copy of the old cookie works in other processes until the deletion
//! succeeds: processes learn only from the store that a session has ended.
//!
//! # Refreshes
//!
//! A process that refreshes the tokens of a stored session first records the attempt in the store, in one atomic step.
//! The other processes use the old access token while it is valid, then wait for the outcome. See
//! [flow](crate::docs::flow#a-refresh).
//!
//! # Redis
//!
//! `RedisStore` needs Redis 6.2 or later: one server, a group with Sentinels, or a cluster. The URL says which:
//!
//! | URL | servers |
//! |---|---|
//! | `redis://user:password@host:6379/0` | one server, or a name that always points to the primary |
//! | `redis+sentinel://user:password@host1,host2,host3/mymaster/0` | the primary of the service `mymaster`; the hosts are the Sentinels (port 26379) |
//! | `redis+cluster://user:password@host1,host2,host3` | a cluster; the hosts are some of its nodes (port 6379) |
//!
//! Sentinels with a password of their own get `?sentinel_username=…&sentinel_password=…`. Sentinels and cluster nodes
//! have to name addresses that the application can reach (`replica-announce-ip`, `cluster-announce-ip`), and with TLS
//! names for which the certificates are valid (`resolve-hostnames`, `announce-hostnames`; `cluster-announce-hostname`).
//!
//! TLS is on with `rediss://`, `rediss+sentinel://` and `rediss+cluster://`. The servers need certificates for the hosts
//! in the URL or, with Sentinels and in a cluster, for those that are announced. A private CA is trusted with
//! `RedisStore::with_root_certificates`. Client certificates are not supported: `tls-auth-clients no`.
//!
//! Each command has 1 s, the connection included (`RedisStore::with_timeout`). Set `appendonly yes`, `appendfsync always`
//! and `maxmemory-policy noeviction`: with weaker settings, a user who signed in just before a crash may have to sign in
//! again.
//!
//! The same store may keep the [records of verified users](crate::docs::verification#what-to-store), as entries that do not
//! expire. With an eviction policy Redis may delete them, and those users have to verify again. Each `Verification` needs a
//! namespace of its own: `redis.clone().with_namespace("identity")`.
//!
//! # A failover of Redis
//!
//! The store finds the new primary by itself: usually at once, and at the latest 5 s after there is one. Nothing has to
//! be restarted. Until then requests that ask for the session are answered 503, as in
//! [an outage](#when-a-store-does-not-answer); a sign-in or a refresh that has begun waits and is completed if the
//! failover takes a second or two.
//!
//! | what happens | how it is noticed |
//! |---|---|
//! | the primary is killed, or connections are closed | the next command fails; one that may be repeated is sent over a new connection |
//! | the primary hangs, or a firewall drops the connection silently | no answer for half the timeout (500 ms); on an idle connection a health check notices within 3 s |
//! | the primary is demoted and keeps its connections | it answers `READONLY` or `MASTERDOWN`; if no write reveals it, within 2 s |
//! | it restarts (`LOADING`), or has too few replicas (`NOREPLICAS`) | its answer; the address is looked up again |
//! | a name points to another server | the old connection ends; or, if the old server goes on as a primary, within 2 s after the system's resolver returns the new address and a primary is there |
//! | Sentinels name another primary | within 2 s |
//! | slots of a cluster move (`MOVED`, `ASK`, `TRYAGAIN`, `CLUSTERDOWN`) | the answer; the command follows |
//! | scripts are flushed (`NOSCRIPT`) | does not matter: scripts are sent as a whole |
//!
//! The store looks the host name up every 2 s. Caches on the way (the time to live of a DNS record) delay what it sees. A
//! lookup that fails, or new addresses at which there is no primary, leave the connection as it is. If addresses of the
//! name come and go (two came back within a minute), the connection stays until its own address has been missing for a
//! minute.
//!
//! Commands are repeated only if they are idempotent or were certainly not executed. For all others the layer checks
//! whether they took effect, so that a refresh is begun once and a session that was deleted does not come back.
//!
//! **What a failover can lose.** Redis acknowledges a write before its replicas have it. A primary that dies loses
//! the writes of the last moment; one that is cut off, or replaced by `SENTINEL FAILOVER` while it runs, goes on to
//! acknowledge writes that the new primary does not get. If such a write is lost:
//!
//! | the write | then |
//! |---|---|
//! | a sign-in | the user signs in again |
//! | a sign-out | the process that answered it refuses the session; in others a copy of the cookie works until the session's limits |
//! | the use of a session | its idle limit may come early |
//! | a refresh, with a refresh token that works several times | it is refreshed again |
//! | the end of a verification | the user passes until Didit is [asked again](crate::docs::verification#what-to-store) |
//! | a refresh, with a single-use refresh token | another process may send the old refresh token once more; a provider that takes this for theft ends the session, and the user signs in again |
//!
//! To lose fewer writes, set `min-replicas-to-write 1` and `min-replicas-max-lag` on every server, with
//! two replicas or more: a primary that is cut off then stops acknowledging writes. (With one replica, a primary stops
//! when that replica does. Lookups go on, so signed-in users notice nothing, while sign-ins and sign-outs fail.) In a cluster also keep `cluster-node-timeout` short.
