//! Each log event: its level, its fields, and what to do.
//!
//! The events are those of [`tracing`](https://docs.rs/tracing), with targets below `tower_didit`. Without a subscriber
//! they are lost: an application adds `tracing-subscriber = "0.3"`, and starts with `tracing_subscriber::fmt::init()`. It
//! then prints `INFO` and above, or what `RUST_LOG` says, such as `RUST_LOG=info,tower_didit=debug`. If that crate has its
//! feature `env-filter` and `RUST_LOG` is not set, only `ERROR` is printed: set it.
//!
//! - `ERROR`: the application is wired incorrectly, or Redis refuses to serve it. Each fault is logged once.
//! - `WARN`: the provider, the store or the configuration needs attention.
//! - `DEBUG`: successes, and failures that users and attackers can cause.
//!
//! No event contains an authorization code, a token, a secret, a code verifier or a cookie value. The issuer, the
//! audience and the times of a refused ID token are logged, because an operator has to compare them.
//!
//! # Errors
//!
//! An [`Error`](crate::Error) is logged once, when its response is made. The level depends on who has to act: `DEBUG`
//! for the codes under "The person" in [errors](crate::docs::errors), `WARN` for all others. The fields are `code`,
//! `error` (what exactly was wrong), `source` (its causes) and `host` (the host that was called).
//!
//! Anybody can cause some of the `WARN` errors, such as a callback with `error=invalid_scope`, or any request while the
//! store is down. So each thread logs at most 60 errors of one event and `code` in a minute at `WARN`, and the rest at
//! `DEBUG`. The next `WARN` has their number in the field `left_out`.
//!
//! | event | level | when |
//! |---|---|---|
//! | `request failed` | DEBUG or WARN | a request was answered with the error |
//! | `refresh failed` | DEBUG or WARN | a refresh did not succeed |
//! | `fetch failed, using stale {name}` | DEBUG or WARN | keys or metadata could not be fetched; the cached ones stay in use |
//! | `failed to renew the token of the application` | DEBUG or WARN | [`client_credentials`](crate::DiditClient::client_credentials) returns the old token while it is valid: look at the provider |
//! | `failed to save refreshed tokens` | DEBUG or WARN | the request gets the new tokens, the session keeps the old ones: look at the store |
//! | `failed to record the outcome of a refresh` | DEBUG or WARN | look at the store |
//! | `failed to record the use of a session` | DEBUG or WARN | the session may reach its idle limit early: look at the store |
//! | `failed to delete ended session` | DEBUG or WARN | a copy of its cookie works until the session's limits: look at the store |
//! | `failed to end a replaced session` | DEBUG or WARN | look at the store |
//! | `failed to make the state of a sign-in usable again` | DEBUG or WARN | the code was not sent, but a reload of the callback is refused: the person starts another sign-in; look at the store |
//!
//! # Sign-ins and sessions
//!
//! | event | level | fields | when |
//! |---|---|---|---|
//! | `sign-in started` | DEBUG | | a browser is sent to the provider |
//! | `signed in` | DEBUG | | a session began |
//! | `callback handler refused the user` | DEBUG | `status` | the callback's handler answered 400 or above: no session |
//! | `tokens refreshed` | DEBUG | | new tokens arrived |
//! | `sign-out requested` | DEBUG | | `POST /logout` |
//!
//! # Webhooks
//!
//! Events of `verification::DiditWebhooks` (feature `verification`). None contains any part of a webhook's body.
//!
//! | event | level | fields | when |
//! |---|---|---|---|
//! | `webhook refused` | DEBUG | `wrong` | answered 401: `wrong` is `timestamp`, `signature` or `body` |
//! | `webhook not read` | DEBUG | `wrong` | the body is too large (`size`, 413), too slow (`time`, 503) or incomplete (`end`, 503) |
//! | `webhook was handled before` | DEBUG | | answered 200 without the handler |
//! | `webhook is being handled` | DEBUG | | answered 503 without the handler |
//! | `webhook handler failed` | WARN | `status` | the handler did not answer 2xx: Didit sends the webhook three times at most |
//! | `webhook store unavailable` | DEBUG or WARN | as for [errors](#errors) | answered 503: look at the store |
//! | `failed to record the outcome of a webhook` | DEBUG or WARN | as for [errors](#errors) | the handler may get the event again: look at the store |
//!
//! - WARN `test or sandbox webhook not passed on: see DiditWebhooks::accept_sandbox`: the webhook is from *Try webhook* in
//!   Didit's console, or the secret is that of a sandbox. See [verification](crate::docs::verification#try-it).
//! - WARN `webhook with an unknown signature: compare the secret with that of the destination in Didit's console, unless somebody forges webhooks`:
//!   each destination has a secret of its own. Logged once.
//!
//! # Verification
//!
//! Events of `verification::Verification` (feature `verification`).
//!
//! | event | level | fields | when |
//! |---|---|---|---|
//! | `approved session does not meet the requirements` | DEBUG | `reasons` | the person sees `verification-declined`: compare the [`Reason`](crate::verification::Reason)s with the workflow in Didit's console |
//! | `user no longer verified` | DEBUG | `status` | found by a [recheck](crate::verification::Verification#lost-webhooks), so a webhook was lost or the session was deleted: check that webhooks arrive |
//!
//! - WARN `decision of a sandbox not accepted: see Requirements::accept_sandbox`: the API key is that of a sandbox, which
//!   checks nobody. Use the live one, or see [verification](crate::docs::verification#from-the-console-to-production).
//! - WARN `failed to recheck verified users: they pass for 7 days more` (`code`, `error`, `source`): Didit or the records
//!   did not respond to a [recheck](crate::verification::Verification#lost-webhooks). See `code` in
//!   [errors](crate::docs::errors). Logged once, and again if a check fails after one has succeeded.
//!
//! # Faults
//!
//! The fields of each event are in parentheses.
//!
//! - ERROR `no route for the callback: add a handler for GET of this path inside the layer, or use with_redirect_after_sign_in` (`path`):
//!   add the route.
//! - ERROR `callback at another path: the layer is in a nested router, or a proxy strips a prefix` (`callback`, `path`):
//!   `callback` is the path that the layer expects, `path` the one that it sees. See
//!   [placement](crate::docs::placement) and [proxy](crate::docs::proxy).
//! - ERROR `session store refuses commands until its operator acts` (`code`, `advice`, `redis`, `error`): `advice` says
//!   what to do. Logged once for each `code` (`OOM`, `NOAUTH`, `WRONGPASS`, `NOPERM`, `MISCONF`, `CERTIFICATE` if a
//!   certificate is not accepted, and `MOVED` if the URL names one node of a cluster), and again if the fault returns
//!   after it was repaired.
//! - WARN `sign-in started on a host without a redirect URI: let the proxy pass Host on, redirect this host to that of the redirect URI, or add one with add_redirect_uri` (`host`, `redirect_uri`):
//!   the browser comes back to `redirect_uri`. If `host` is the name that the browser uses, its cookies stay there and
//!   the sign-in fails with `unknown-sign-in`. See [proxy](crate::docs::proxy#several-hosts). Logged once for each
//!   host, for at most 8 hosts, because strangers can send any.
//! - WARN `login loop: browsers come back from the provider, but without a session; all processes must share the cookie keys and the session store, and the site must keep its host name`:
//!   see [machines](crate::docs::machines). Logged once.
//! - WARN `DIDIT_COOKIE_KEYS is empty: the keys are derived from the client secret`: set the variable, or remove it.
//! - WARN `clocks differ by more than with_clock_skew: this process's is behind, or another's is ahead` (`written`, `now`):
//!   another process has written a session or a sign-in at `written`, and the clock of this process says `now`, both in
//!   seconds since 1970. See [machines](crate::docs::machines#clocks). Logged once.
//! - WARN `too many concurrent token requests: the provider may be slow`: look at the provider. Logged once.
//! - WARN `memory store full: sessions are removed before they expire`:
//!   raise [`with_capacity`](crate::store::MemoryStore::with_capacity), or use a shared store. Logged once.
//! - WARN `background queue full: ended sessions not deleted or not revoked`: some ended sessions stay in the store or at
//!   the provider until their limits: look at the store and the provider. Logged once.
//! - WARN `two sessions under one cookie name (cookie tossing): nobody is signed in` (`cookie`):
//!   another host of the site or a script has set one of the cookies. Use https, or give the
//!   application a host name of its own. Logged once.
//! - ERROR `a rule of RequireSignIn reads the user information, which sessions do not keep: add with_user_info_at_sign_in to the configuration`:
//!   the routes of that guard are closed to everybody. Call [`check`](crate::RequireSignIn::check) at start-up to know
//!   before the first request. Logged once.
//! - WARN `guard refuses everybody because its scope is not requested: request it with with_scopes` (`scope`): of
//!   [`RequireSignIn::scope`](crate::RequireSignIn::scope). Logged once in a process for each scope.
//! - WARN `user information read whose scope was not granted: request it with with_scopes` (`scope`): a getter of
//!   [`UserInfo`](crate::UserInfo), or a [rule](crate::RequireSignIn#rules) that calls it, finds nothing for any user.
//!   Logged once in a process for each scope.
//! - WARN `endpoint in provider metadata ignored` (`invalid`): an optional endpoint has an unusable URL and counts as
//!   missing.
//! - WARN `failed to end session at the provider` (`code`, `error`, `source`):
//!   no action needed: the provider's session ends at its own limits.
//! - WARN `session not updated` (`error`): the session no longer fits its cookies: use a store.
//!
//! # What to watch
//!
//! An `ERROR` is an alert by itself. A single `WARN` is not: one broken response of the provider is one `WARN`. Alert
//! on the rate of a `code`, such as 5 in 5 minutes.
//!
//! | alert on | because |
//! |---|---|
//! | any `ERROR` | sign-in is broken for everybody, or on some routes, or Redis refuses to serve sessions |
//! | `WARN` with `code` `invalid-client`, `invalid-scope`, `invalid-request`, at a rate | Didit and the configuration disagree: all sign-ins fail |
//! | `WARN` with `session-unavailable`, `tokens-unavailable`, `provider-unreachable`, `provider-timeout`, at a rate | an outage |
//! | the `WARN` `webhook handler failed` | Didit drops an event after three attempts |
//! | the `WARN` `login loop: …` | keys, stores or host names differ between processes |
//!
//! When one process has other cookie keys than the rest, no `WARN` appears at first: that process ignores the cookies
//! of the others. The signs are at `DEBUG` (`RUST_LOG=info,tower_didit=debug`), in all processes:
//!
//! | `DEBUG` event | when |
//! |---|---|
//! | `request failed` with `code` `flow-cookie-undecryptable` | a sign-in that started at the process with the other keys came back to another one, or the reverse |
//! | `request failed` with `code` `session-not-kept` | a browser was signed in twice within 30 seconds, and is still signed out |
//! | many `sign-in started`, few `signed in` | signed-in users are sent to the provider again |
//!
//! The events carry no path: a span around the layer adds it, see
//! [production](crate::docs::recipes::production#host-method-and-path-in-the-log).
