//! Where sessions are kept, and what several processes and machines have to share.
//!
//! # Three places
//!
//! | | [in cookies](crate::ConfigBuilder::with_sessions_in_cookies) | in [memory](crate::store::MemoryStore) | in Redis, or [your own](crate::store::SessionStore) store |
//! |---|---|---|---|
//! | the server keeps | nothing | all, in one process | all, for all processes |
//! | size of a session | 4 KB, up to 40 | 64 KB | 64 KB |
//! | a restart | sessions stay | sessions end | sessions stay |
//! | a sign-out ends copies of the cookie | in this process, until it restarts | yes | yes |
//! | keeps refresh tokens that work once | no | yes | yes |
//! | one refresh for all requests of | a process | a process | all processes |
//!
//! Cookies are the default; memory is the default where refresh tokens work once (Didit Authentication with
//! `offline_access`). [`with_session_store`](crate::ConfigBuilder::with_session_store) takes any
//! [`SessionStore`](crate::store::SessionStore).
//!
//! # How to choose
//!
//! - **Cookies** need no operations and no look-up. Choose them unless one of the next lines applies.
//! - **Redis** if a sign-out has to end every copy at once, if sessions are large, or with Didit Authentication and
//!   `offline_access` in more than one process. `store::RedisStore` is behind the feature `redis`.
//! - **Your own store** for a database that is there anyway: implement [`SessionStore`](crate::store::SessionStore), as
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
//! | clocks | synchronised | synchronised |
//!
//! [Several machines](crate::docs::recipes::several_machines) shows it as code.
//!
//! A callback that arrives again joins the first one only in the same process. Another process that shares the store
//! answers 409 (`sign-in-already-completed`), or leads to the landing page if the browser is signed in. With sessions in
//! cookies it sends the code again, and the provider refuses it: 400 (`invalid-grant`).
//!
//! # Cookie keys
//!
//! The first key seals, all open. The values in a store are sealed with them, too. Generate one with
//! `openssl rand -base64 32`, and give it to all processes ([`with_cookie_keys`](crate::ConfigBuilder::with_cookie_keys),
//! `DIDIT_COOKIE_KEYS`). To roll without signing anybody out:
//!
//! 1. Deploy `old new`: all processes can open what the new key seals.
//! 2. Deploy `new old`: the new key seals.
//! 3. After the absolute limit (a week), deploy `new`.
//!
//! # When a store does not answer
//!
//! Extractors and [`RequireSignIn`](crate::RequireSignIn) answer 503 with `Retry-After`, within 1 s and afterwards at
//! once; so does `Option<IdClaims>`. Nobody is taken for signed in or out. Requests that ask for nothing go on. A
//! sign-out removes the cookies all the same, and the entry in the store is deleted as soon as the store answers, if that
//! is within a minute.
//!
//! # Refreshes
//!
//! A process that refreshes the tokens of a stored session first records the attempt in the store, in one atomic step.
//! The others use the old access token while it is valid, then wait for the outcome. See
//! [flow](crate::docs::flow#a-refresh).
//!
//! # Redis
//!
//! `RedisStore` talks to one address (Redis 6.2 or later). For `rediss://` switch on the feature `tokio-rustls-comp` of
//! the crate `redis` in your own `Cargo.toml`. Set `appendonly yes`, `appendfsync always` and no evicting
//! `maxmemory-policy`: with less, who signed in just before a crash may have to sign in again.
