//! The program `fake-didit` and its JSON API; what is said here is for the feature `cli`.
//!
//! ```text
//! fake-didit --client-id app --client-secret secret --redirect-uri http://localhost:3000/callback
//! ```
//!
//! It listens on `127.0.0.1:4000`, prints its issuer and the environment for tower-didit, runs on the
//! system's clock, and ends on ctrl-c or `SIGTERM`. `--help` lists all arguments. When it cannot start,
//! one line on the standard error says why, and the exit code is 2. Its codes and tokens differ in each
//! run, and none outlives the program.
//!
//! Its start page at `/fake/` shows each request with what was wrong with it, and has switches for faults,
//! keys, clock, people and revocation.
//!
//! # The JSON API
//!
//! The same for a test suite in any language. A body is JSON and needs `Content-Type: application/json`;
//! each answer is JSON.
//!
//! | call | does |
//! |---|---|
//! | `GET /fake/api/` | lists the calls |
//! | `GET /fake/api/state` | all but the requests: issuer, client, scopes, lifetimes, endpoints, clock, keys, faults, people |
//! | `POST /fake/api/approve` | signs in without a browser: `{"authorization_url": "…", "subject": "…"}` gives `{"redirect_url": "…"}` |
//! | `POST /fake/api/decline` | declines likewise: `{"authorization_url": "…"}` |
//! | `GET /fake/api/people` | the people who can sign in |
//! | `POST /fake/api/people` | adds a person, or an array of people, as [`Person::from_json`](crate::Person::from_json) reads them; one with a known subject is replaced |
//! | `DELETE /fake/api/people?subject=…` | removes a person |
//! | `GET /fake/api/requests?since=…` | the requests after this number (default: all that are kept), oldest first, at most 200; `last` is the next `since` |
//! | `DELETE /fake/api/requests` | forgets the requests |
//! | `GET /fake/api/faults` | the faults that wait; endpoints, kinds and forgeries to choose from |
//! | `POST /fake/api/faults` | adds a fault, see below |
//! | `DELETE /fake/api/faults?endpoint=…` | forgets the faults of an endpoint, or all of them |
//! | `GET /fake/api/keys` | the names of the key that signs and of the published keys |
//! | `POST /fake/api/keys` | `{"action": "announce"}`, or `"rotate_gently"`, `"retire"`, `"rotate"` |
//! | `GET /fake/api/clock` | the time in seconds since 1970, and how far it is ahead |
//! | `POST /fake/api/clock` | `{"advance": 300}` or `{"advance": "5m"}` |
//! | `POST /fake/api/revocation` | `{}` revokes all grants |
//! | `GET /fake/api/product` | whether the product is switched on for the application |
//! | `POST /fake/api/product` | `{"on": false}` makes every endpoint answer 404; `{"on": true}` ends that |
//!
//! A call that cannot be done is answered with `application/problem+json` (RFC 9457), whose `detail` says
//! what to do: 400 for a body that cannot be read, 422 for one that asks for what is not possible.
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
//! `endpoint` is the [name](crate::Endpoint::name) of an endpoint. `times` is a number, 1 if it is missing,
//! or `"every"`; the faults for the next calls come first. An endpoint has one fault for every call, and a
//! new one takes its place. `fault` is one of these:
//!
//! | `fault` | with | does |
//! |---|---|---|
//! | `error` | `code`, `status`, `description` | the error answer of OAuth; at `authorize` it travels with the browser |
//! | `answer` | `status`, `headers`, `body` | exactly this answer: a string as it is, anything else as JSON |
//! | `html`, `empty` | `status` | a page, or no body, with status 200 |
//! | `truncated` | | the first half of the regular answer |
//! | `slow` | `seconds` | the regular answer, late |
//! | `silence` | | no answer |
//! | `forgery` | `name` | an ID token with this [`Forgery`](crate::Forgery) |
//! | `edit` | `members` | the regular answer with other members; `null` removes one |
//! | `edit_id_token` | `header`, `claims` | likewise for the ID token, which is signed again |
//!
//! ## Requests
//!
//! A request has `number`, `at`, `method`, `endpoint`, `path`, `status` (`null` without an answer),
//! `problem` (what was wrong with it), `fault` (what the answer had), `parameters` (pairs of name and
//! value), `authorization`, `content_type` and `user_agent`. Of codes, tokens and all other values that may
//! be secrets only the beginning is shown: at most 6 characters and at most a quarter. The same goes for a
//! word of more than 40 characters, and for the client's secret in the place of another value. What cannot
//! be read as HTTP is answered and not listed.
//!
//! # Security
//!
//! Whoever reaches the port can sign in as anybody. By default that is this machine alone; the program
//! warns when it listens elsewhere. Pages of other sites in the developer's browser cannot drive it: below
//! `/fake/` it refuses the `Origin` of another site, a `Host` that is neither an address nor `localhost`
//! nor the issuer's, and a `POST` that a form could send. No answer has CORS headers, as none of Didit's
//! are documented to have.
//!
//! Limits are those of [`FakeDidit`] and [`FakeDidit::listen`], at most 1,000 waiting faults and people, and a
//! record of the latest 10,000 requests or 32 MB.

mod announcement;
mod arguments;
mod console;
mod lifetime;
mod signals;

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
    arguments::{Arguments, Refusal},
    console::Console,
};
use crate::{FakeDidit, listen::Connections, provider::ledger::Ledger};

/// Runs the program until it is asked to stop; `arguments` begins with the program's name.
///
/// The exit code is 2 when it cannot start, with the reason in one line on the standard error.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let done = match Arguments::read(arguments) {
        Ok(arguments) => start(&arguments),
        Err(Refusal::Asked(text)) => {
            print(&text);
            Ok(())
        }
        Err(Refusal::Wrong(why)) => Err(why),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            complain(&why);
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
    // An error in the arguments is reported before one of the port.
    let didit = arguments.didit()?;
    let cannot_listen = |error: io::Error| match error.kind() {
        io::ErrorKind::InvalidInput => format!(
            "--listen {} must be an address and a port, for example 127.0.0.1:4000",
            arguments.listen
        ),
        _ => format!(
            "cannot listen on {}: {error}; choose another address with --listen, where port 0 picks a free one",
            arguments.listen
        ),
    };
    let listener = TcpListener::bind(&arguments.listen)
        .await
        .map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let origin = origin(address);
    let didit = didit.with_issuer(arguments.issuer(&origin));
    forget_other_runs(&didit);
    if !address.ip().is_loopback() {
        complain(&format!(
            "warning: whoever reaches {address} can sign in as anybody and drive this fake; \
             --listen 127.0.0.1:{} keeps others out",
            address.port()
        ));
    }
    let asked_to_stop = signals::asked_to_stop().map_err(cannot_start)?;
    print(&announcement::text(&didit, &origin));

    let connections = Connections::new();
    tokio::select! {
        never = connections.serve(&listener, Console::new(didit)) => match never {},
        () = asked_to_stop => {}
    }
    drop(listener);
    connections.shutdown(SHUTDOWN).await;
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn cannot_start(error: io::Error) -> String {
    format!("cannot start: {error}")
}

/// Where a browser on this machine finds the listener.
fn origin(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        return format!("http://localhost:{}", address.port());
    }
    format!("http://{address}")
}

/// In a test, codes and tokens are the same in every run. Here a token of the last run must not look like
/// one of this run.
fn forget_other_runs(didit: &FakeDidit) {
    let mut seed = [0; 32];
    rand::fill(&mut seed).expect("the system has random numbers");
    didit.lock().ledger = Ledger::new(&BASE64_STANDARD.encode(seed));
}

/// A standard output that is closed is no reason to stop.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

fn complain(why: &str) {
    let _ = writeln!(io::stderr(), "fake-didit: {why}");
}

/// Where the start page is, below the origin.
const START_PAGE: &str = "/fake/";

/// Who can sign in. Each answer of `/fake/api/state` lists them.
const MAX_PEOPLE: usize = 1000;

/// For requests that are being answered when the program is asked to stop.
const SHUTDOWN: Duration = Duration::from_secs(2);
