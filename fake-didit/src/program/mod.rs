//! The program `fake-didit` and its JSON API (feature `cli`).
//!
//! ```text
//! cargo install --git https://github.com/tower-didit/tower-didit fake-didit
//! fake-didit --client-id app --client-secret secret --redirect-uri http://localhost:3000/callback
//! ```
//!
//! (In the repository, `cargo run -p fake-didit -- --client-id app …` starts it without an installation.)
//!
//! It listens on `127.0.0.1:4000`, prints its issuer and the environment for tower-didit, follows the
//! system's clock, and stops on ctrl-c or `SIGTERM`. `--help` lists all arguments. If it cannot start, one
//! line on the standard error gives the reason, and the exit code is 2. Codes and tokens differ in each run
//! and are lost when it stops.
//!
//! The start page at `/fake/` shows each request with the reason for its rejection, each verification, and each
//! webhook with the response to it. It controls faults, keys, clock, people, grants, verifications and webhooks.
//!
//! By default, the program prints nothing about requests. `--log-requests` prints a line for each on the
//! standard error:
//!
//! ```text
//! #1 GET authorize 200
//! #2 POST token 400: the code has expired
//! #3 POST token 503 (fault: answers 503 with the error busy)
//! #4 GET /favicon.png 404: no endpoint has this path
//! ```
//!
//! # The JSON API
//!
//! The API gives test suites in any language the same control. Bodies are JSON and need
//! `Content-Type: application/json`. Responses are JSON.
//!
//! | request | effect |
//! |---|---|
//! | `GET /fake/api/` | lists the requests of the API |
//! | `GET /fake/api/state` | the whole state except the recorded requests: issuer, client, scopes, lifetimes, endpoints, clock, keys, faults, people |
//! | `POST /fake/api/approve` | approves a sign-in without a browser: `{"authorization_url": "…", "subject": "…"}` returns `{"redirect_url": "…"}` |
//! | `POST /fake/api/decline` | declines a sign-in: `{"authorization_url": "…"}` |
//! | `POST /fake/api/tokens` | issues tokens without a sign-in, for requests to an API: `{"subject": "…", "scope": "openid email"}` returns `{"access_token": "…", …}` |
//! | `GET /fake/api/people` | the people who can sign in |
//! | `POST /fake/api/people` | adds a person or an array of people in the format of [`Person::from_json`](crate::Person::from_json); replaces people with the same subject |
//! | `DELETE /fake/api/people?subject=…` | removes a person |
//! | `GET /fake/api/requests?since=…` | the recorded requests with a higher number (default: all), oldest first, at most 200; `last` is the `since` of the next page |
//! | `DELETE /fake/api/requests` | removes the recorded requests |
//! | `GET /fake/api/faults` | the waiting faults; the available endpoints, kinds and forgeries |
//! | `POST /fake/api/faults` | adds a [fault](#faults) |
//! | `DELETE /fake/api/faults?endpoint=…` | removes the faults of an endpoint, or all faults |
//! | `GET /fake/api/keys` | the `kid`s of the signing key and of the published keys |
//! | `POST /fake/api/keys` | `{"action": "announce"}`, or `"rotate_gently"`, `"retire"`, `"rotate"` |
//! | `GET /fake/api/clock` | the time in seconds since 1970, and how many seconds it is ahead of the system's |
//! | `POST /fake/api/clock` | `{"advance": 300}` or `{"advance": "5m"}` |
//! | `POST /fake/api/revocation` | `{}` revokes all grants |
//! | `GET /fake/api/product` | whether the product is switched on |
//! | `POST /fake/api/product` | `{"on": false}` makes every endpoint respond with 404; `{"on": true}` reverts that |
//! | `GET /fake/api/verifications` | the newest 200 [sessions](#identity-verification) of identity verification |
//! | `POST /fake/api/verifications` | [ends](#identity-verification) a session, changes its status, edits its decision |
//! | `DELETE /fake/api/verifications?session_id=…` | deletes a session, as in the console |
//! | `GET /fake/api/users` | the blocked users of identity verification |
//! | `POST /fake/api/users` | `{"vendor_data": "…", "status": "BLOCKED"}`, or `"ACTIVE"` |
//! | `GET /fake/api/webhooks` | the latest 200 attempts to send a [webhook](#webhooks), newest first; the waiting faults, and the names of all [faults](crate::WebhookFault) |
//! | `POST /fake/api/webhooks` | injects a fault, queues an event, [pauses](#webhooks) the delivery |
//! | `DELETE /fake/api/webhooks` | removes the faults of webhooks |
//! | `POST /fake/api/webhooks/deliver` | `{}` sends the webhooks that are due, waits for the responses, and returns the attempts |
//! | `POST /fake/api/webhooks/resend` | `{}` sends the latest webhook again, signed anew, and returns the attempt |
//!
//! Errors are `application/problem+json` (RFC 9457, problem details), whose `detail` tells what to send
//! instead: 400 for a body that cannot be parsed, 422 for a body with invalid values.
//!
//! ```text
//! curl -s localhost:4000/fake/api/requests?since=12
//! curl -s localhost:4000/fake/api/clock -H content-type:application/json -d '{"advance": "1h"}'
//! curl -s localhost:4000/fake/api/people -H content-type:application/json \
//!   -d '{"subject": "u-1815", "first_name": "Ada", "family_name": "Lovelace"}'
//! curl -s -X DELETE localhost:4000/fake/api/faults
//! ```
//!
//! ## Faults
//!
//! ```text
//! curl -s localhost:4000/fake/api/faults -H content-type:application/json \
//!   -d '{"endpoint": "token", "fault": "forgery", "name": "ALGORITHM_NONE", "times": 1}'
//! ```
//!
//! `endpoint` is the [name](crate::Endpoint::name) of an endpoint. `times` is a number (default: 1) or
//! `"every"`. Counted faults are injected first; then the one for every request, of which an endpoint has at
//! most one. `fault` is one of these:
//!
//! | `fault` | parameters | response |
//! |---|---|---|
//! | `error` | `code`, `status`, `description` | an OAuth error response; at `authorize`, a redirect to the client |
//! | `answer` | `status`, `headers`, `body` | this response; a string body is sent as text, anything else as JSON |
//! | `html`, `empty` | `status` | an HTML page, or no body; default status: 200 |
//! | `truncated` | | the first half of the regular response |
//! | `slow` | `seconds` | the regular response, delayed |
//! | `silence` | | none |
//! | `forgery` | `name` | the regular response with this [`Forgery`](crate::Forgery) of the ID token |
//! | `edit` | `members` | the regular response with these members; `null` removes one |
//! | `edit_id_token` | `header`, `claims` | the regular response with these members of the ID token, which is signed again |
//!
//! ## Identity verification
//!
//! A session has `session_id`, `session_kind` (`user` or `business`), `status`, `vendor_data`, `workflow_id`, `url` (its
//! page), `callback_url` (where the page leads back to, with both parameters; `null` without a callback), `created_at`
//! and `expires_at`. `GET /fake/api/state` has the ids of both workflows: of people, and of businesses.
//!
//! `POST /fake/api/verifications` takes `session_id` and at least one of these, which apply in this order:
//!
//! | member | effect |
//! |---|---|
//! | `"decision": {"face_matches": […]}` | replaces members of the decision, in the API and in later webhooks; `null` removes one |
//! | `"scenario": "decline_aml_hit"` | ends the session as on its page: `approve`, `decline`, `review`, `abandon`, `expire`, or a scenario of the sandbox |
//! | `"status": "Kyc Expired"` | changes the status as in the console or by the passing of time; the checks stay as they are |
//! | `"nodes_to_resubmit": [{"node_id": "feature_ocr", "feature": "OCR"}]` | with the status `Resubmitted`: what the person repeats |
//!
//! ```text
//! curl -s localhost:4000/fake/api/verifications -H content-type:application/json \
//!   -d '{"session_id": "…", "scenario": "approve", "decision": {"face_matches": [{"status": "Declined"}]}}'
//! ```
//!
//! ## Webhooks
//!
//! Webhooks are sent as soon as they are due, to each `--webhook` and to the destinations that were added with Didit's
//! API; `http` only. `POST /fake/api/webhooks` takes at least one of these:
//!
//! | member | effect |
//! |---|---|
//! | `"paused": true` | webhooks wait: only `POST /fake/api/webhooks/deliver` sends them; `false` reverts that |
//! | `"fault": "DUPLICATE"` | injects a [fault](crate::WebhookFault) into the next event; with `"every": true`, into every one |
//! | `"event": {"webhook_type": "transaction.created", …}` | queues any event; members of the envelope are added |
//!
//! So a test decides whether a webhook comes before the browser or after it. An attempt has `number`, `at`, `url`,
//! `response` (the status; `null` without a response), `problem`, `fault`, `webhook_type`, `session_id`, `status`,
//! `headers` and `body`.
//!
//! ## Requests
//!
//! A recorded request has `number`, `at`, `method`, `endpoint`, `path`, `status` (`null` without a
//! response), `problem` (why it was rejected), `fault` (which fault was injected), `parameters` (pairs of
//! name and value), `authorization`, `content_type` and `user_agent`.
//!
//! Values that may be secret, such as codes and tokens, are truncated to a quarter, at most 6 characters; so
//! are words of more than 40 characters, and the client secret in a wrong place. Requests that are not valid
//! HTTP are not recorded.
//!
//! # Security
//!
//! Anyone who can connect to the port can sign in as any person. By default, only this machine can; the
//! program warns if it listens on another address. Pages of other sites in the developer's browser cannot
//! use the API: below `/fake/`, the program rejects a foreign `Origin`, a `Host` that is not an IP address,
//! `localhost` or the issuer's host, and a `POST` that an HTML form could send. No response has CORS
//! headers.
//!
//! Limits are those of [`FakeDidit`] and [`FakeDidit::listen`], and 1,000 each for waiting faults and
//! people.

mod arguments;
mod console;
mod lifetime;
mod signals;
mod startup_message;
mod values;

use std::{
    ffi::OsString,
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
    time::Duration,
};

use aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::net::TcpListener;

use self::{
    arguments::{Arguments, Exit},
    console::Console,
};
use crate::{FakeDidit, listen::Connections, provider::token_store::TokenStore, verification::Ids};

/// Runs the program until a signal stops it. `arguments` begins with the program's name.
///
/// If the program cannot start, the exit code is 2, and one line on the standard error gives the reason.
///
/// ```
/// use std::process::ExitCode;
///
/// let exit_code = fake_didit::program::run(["fake-didit".into(), "--version".into()]);
/// assert_eq!(exit_code, ExitCode::SUCCESS);
/// ```
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let result = match Arguments::parse_from_os(arguments) {
        Ok(arguments) => start(&arguments),
        Err(Exit::Info(text)) => {
            print(&text);
            Ok(())
        }
        Err(Exit::Error(why)) => Err(why),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            print_error(&why);
            ExitCode::from(2)
        }
    }
}

fn start(arguments: &Arguments) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(cannot_start)?;
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: &Arguments) -> Result<(), String> {
    // Errors in the arguments are reported before those of the port.
    let didit = arguments.didit()?;
    let cannot_listen = |error: io::Error| match error.kind() {
        io::ErrorKind::InvalidInput => format!(
            "--listen {} must be an address and a port, for example 127.0.0.1:4000",
            arguments.listen
        ),
        _ => format!(
            "cannot listen on {}: {error}; choose another address with --listen; port 0 selects a free port",
            arguments.listen
        ),
    };
    let listener = TcpListener::bind(&arguments.listen)
        .await
        .map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let origin = origin(address);
    let didit = didit.with_issuer(arguments.issuer(&origin));
    randomize_tokens(&didit);
    arguments.start_verification(&didit);
    if !address.ip().is_loopback() {
        print_error(&format!(
            "warning: anyone who can connect to {address} can sign in as any person; \
             --listen 127.0.0.1:{} accepts only local connections",
            address.port()
        ));
    }
    let stop = signals::stop_signal().map_err(cannot_start)?;
    print(&startup_message::text(&didit, &origin));

    let connections = Connections::new();
    tokio::select! {
        never = connections.serve(&listener, Console::new(didit, arguments.log_requests)) => match never {},
        () = stop => {}
    }
    drop(listener);
    connections.shutdown(SHUTDOWN).await;
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "the signature for `map_err`")]
fn cannot_start(error: io::Error) -> String {
    format!("cannot start: {error}")
}

/// The origin at which a browser on this machine reaches the listener.
fn origin(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        return format!("http://localhost:{}", address.port());
    }
    format!("http://{address}")
}

/// Makes codes and tokens differ between runs, so that those of an earlier run are unknown. The library
/// repeats them.
fn randomize_tokens(didit: &FakeDidit) {
    let mut seed = [0; 32];
    rand::fill(&mut seed).expect("the system provides random numbers");
    let seed = BASE64_STANDARD.encode(seed);
    let mut state = didit.lock();
    state.tokens = TokenStore::new(&seed);
    state.verification.ids = Ids::new(seed);
}

/// Ignores a closed standard output.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

fn print_error(why: &str) {
    let _ = writeln!(io::stderr(), "fake-didit: {why}");
}

/// The path of the start page.
const START_PAGE: &str = "/fake/";

/// The limit of people: each response of `/fake/api/state` lists them all.
const MAX_PEOPLE: usize = 1000;

/// How long the program waits for pending responses when it stops.
const SHUTDOWN: Duration = Duration::from_secs(2);
