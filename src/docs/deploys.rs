//! What a deploy does to sessions and to sign-ins under way: a new build, new keys, other settings.
//!
//! During a rolling deploy processes of both kinds answer the same browser. A value that a process cannot read counts
//! as no cookie there, and as no entry in the store. It is not removed, so the other processes go on reading it, and
//! undoing the change brings the session back, unless the user has signed in again meanwhile.
//!
//! # The table
//!
//! A session *stays* if its user is signed in after the change, and *ends* if they are not: a guarded page then leads to
//! the sign-in, which Didit often answers without asking. A sign-in under way *goes on* if its callback may arrive after
//! the change; else it *starts again*: the person gets a page with a link (`foreign-sign-in` or `unknown-sign-in`, 400).
//!
//! | change | session in cookies | session in a store | sign-in under way |
//! |---|---|---|---|
//! | a restart | stays | stays | goes on |
//! | a build that reads and writes another format | ends | ends | starts again |
//! | a new cookie key, last | stays | stays | goes on |
//! | the new cookie key, first | stays | stays | goes on |
//! | an old cookie key that has sealed it, removed | ends | ends | starts again |
//! | an old cookie key that has not sealed it, removed | stays | stays | goes on |
//! | cookie keys in place of the client secret | ends | ends | starts again |
//! | cookie keys, the client secret of 32 bytes or more as the last of them | stays | stays | goes on |
//! | the client secret, with cookie keys | stays | stays | goes on |
//! | the client secret, without cookie keys | ends | ends | starts again |
//! | the client id | ends | ends | starts again |
//! | the origin of the redirect URI | ends | ends | starts again |
//! | the path of the redirect URI | stays | stays | is not found (404) |
//! | the cookie name | ends | ends | starts again |
//! | more scopes | stays | stays | goes on |
//! | fewer scopes | stays | stays | goes on |
//! | a lower session cookie limit | stays | stays | goes on |
//! | shorter session limits, not yet reached | stays | stays | goes on |
//! | shorter session limits, reached | ends | ends | goes on |
//! | a store in place of cookies | ends | | goes on |
//! | cookies in place of a store | | ends | goes on |
//!
//! A [`MemoryStore`](crate::store::MemoryStore) is as old as its process: every deploy ends its sessions. The table's
//! store is shared.
//!
//! # Keys
//!
//! [Machines](crate::docs::machines#cookie-keys) describes the three deploys that replace a cookie key without signing
//! anybody out. **Without cookie keys the client secret is the key**: replacing it at Didit signs everybody out. To set
//! cookie keys for the first time, deploy them with the client secret as the last one, if it has at least 32 bytes
//! (`with_cookie_keys([new, secret])`; in `DIDIT_COOKIE_KEYS` as base64 of its text), wait for the
//! [absolute limit](crate::ConfigBuilder::with_session_lifetime), and deploy them without it.
//!
//! An empty `DIDIT_COOKIE_KEYS` counts as missing, which the log says at WARN: a secret that was not injected signs
//! everybody out.
//!
//! # Settings
//!
//! - **Scopes**: a session keeps the scopes with which its user signed in. A handler that needs a new one gets
//!   `insufficient-scope` until then, and can answer with [`SignIn`](crate::SignIn).
//! - **A lower cookie limit**: a larger session stays as it is. Its cookies are not written again (`session not updated`
//!   in the log), so it ends at its idle limit, or with its access token.
//! - **Session limits**: the shorter of two counts, the one that is written into the session and the one that is configured.
//! - **The path of the redirect URI**: the provider must know both, and the application serves the old path until the
//!   last process has the new one: for instance with a redirect of `/old` to `/new` that keeps the query.
//! - **The cookie name**: cookies of the old name stay in browsers until they expire. They are not read.
//!
//! # Two builds
//!
//! A build opens values of its own format only. The changelog says which release changes it. A refresh token that works once is safe: a build that cannot read a session does not refresh it.
//! Entries of an unknown format stay in the store until they expire, unless their browser signs in again or signs out.
//!
//! `tests/session/deploys.rs` in the repository reads the table, and makes each of its changes.
