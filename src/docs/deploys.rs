//! What a deploy does to sessions and to sign-ins under way: a new build, new keys, other settings.
//!
//! During a rolling deploy, old and new processes answer the same browser. A process treats a value that it cannot read
//! as a missing cookie or a missing entry, and does not remove it. The other processes still read the value, and
//! undoing the change restores the session, unless the user has signed in again in the meantime.
//!
//! # The table
//!
//! A session *stays* if its user is signed in after the change, and *ends* otherwise: a guarded page then redirects
//! to the sign-in, where Didit often asks nothing. A sign-in under way *goes on* if its callback may arrive after the
//! change; otherwise it *starts again*: the person gets a page with a link (`flow-cookie-undecryptable` or `unknown-sign-in`,
//! 400).
//!
//! | change | session in cookies | session in a store | sign-in under way |
//! |---|---|---|---|
//! | a restart | stays | stays | goes on |
//! | a build that reads and writes another format | ends | ends | starts again |
//! | a new cookie key, added at the end | stays | stays | goes on |
//! | the new cookie key, moved to the front | stays | stays | goes on |
//! | removal of the cookie key that sealed the session or flow cookie | ends | ends | starts again |
//! | removal of a cookie key that sealed neither | stays | stays | goes on |
//! | cookie keys are set for the first time, without the client secret | ends | ends | starts again |
//! | cookie keys are set for the first time, with the client secret (at least 32 bytes) as the last of them | stays | stays | goes on |
//! | another client secret, while cookie keys are set | stays | stays | goes on |
//! | another client secret, without cookie keys | ends | ends | starts again |
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
//! The table's store is a shared one. Every deploy ends the sessions of a [`MemoryStore`](crate::store::MemoryStore),
//! which are lost with the process.
//!
//! # Keys
//!
//! [Machines](crate::docs::machines#cookie-keys) describes the three deploys that replace a cookie key without signing
//! anybody out. **Without cookie keys the client secret is the key**: replacing the secret at Didit signs everybody
//! out. To set cookie keys for the first time, deploy them with the client secret as the last key, if the secret has at
//! least 32 bytes (`with_cookie_keys([new, secret])`; in `DIDIT_COOKIE_KEYS` as base64 of its text), wait for the
//! [absolute limit](crate::ConfigBuilder::with_session_lifetime), and deploy the keys without the secret.
//!
//! An empty `DIDIT_COOKIE_KEYS` counts as missing, and is logged at WARN. If a deploy fails to inject the variable, the
//! keys change and everybody is signed out.
//!
//! # Settings
//!
//! - **Scopes**: a session keeps the scopes with which its user signed in. A handler that needs a new scope
//!   gets `insufficient-scope` until the user signs in again, and can respond with [`SignIn`](crate::SignIn).
//! - **A lower cookie limit**: a larger session stays unchanged. Its cookies are not written again
//!   (`session not updated` in the log), so the session ends at its idle limit, or with its access token.
//! - **Session limits**: the shorter of the limit in the session and the configured limit counts.
//! - **The path of the redirect URI**: register both at the provider, and serve the old path until the last process
//!   has the new one, for instance with a redirect from `/old` to `/new` that keeps the query.
//! - **The cookie name**: cookies with the old name stay in browsers, unread, until they expire.
//!
//! # Two builds
//!
//! A build opens only values of its own format. A flow cookie has a longer format if the sign-in has a
//! [parameter of its own](crate::SignIn#parameters), `max_age` or a required `acr`: a build that would not enforce these
//! does not open it. The changelog names each release that changes the format. Single-use
//! refresh tokens are safe: a build that cannot read a session does not refresh it. User information and the
//! application's data are optional parts: a build that does not know one of them reads the sessions without it.
//! Entries of an unknown format stay in the store until they expire, unless their browser signs in again or signs out.
//!
//! `tests/session/deploys.rs` in the repository reads the table, and tests each change.
