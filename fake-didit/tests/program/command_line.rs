use std::{fs, net::TcpListener, path::PathBuf, process, thread};

use serde_json::{Value, json};

use crate::process::{AUTHENTICATION, CONFIDENTIAL, Program, run};

/// The line on the standard error of a program that cannot start.
fn error_line(arguments: &[&str]) -> String {
    let output = run(arguments);
    let (out, error) = (output.stdout, String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    assert!(out.is_empty(), "{arguments:?}");
    let line = error.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{arguments:?}: {error}");
    line.strip_prefix("fake-didit: ").unwrap().to_owned()
}

fn more<'a>(arguments: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [arguments, more].concat()
}

#[test]
fn an_invalid_argument_prints_one_line() {
    let (app, authentication) = (&CONFIDENTIAL[..], &AUTHENTICATION[..]);
    for (arguments, expected) in [
        (
            vec![],
            "the following required arguments were not provided: --client-id <ID> --redirect-uri <URI> \
             --client-secret <SECRET>; --help lists all arguments",
        ),
        (
            more(app, &["--redirect-ur", "x"]),
            "unexpected argument '--redirect-ur' found; a similar argument exists: '--redirect-uri'; \
             --help lists all arguments",
        ),
        (
            more(app, &["--client-id", ""]),
            "the argument '--client-id <ID>' cannot be used multiple times; --help lists all arguments",
        ),
        (
            more(app, &["--redirect-uri", "/callback"]),
            "invalid value '/callback' for '--redirect-uri <URI>': must be an absolute URI without a \
             fragment, for example http://localhost:3000/callback; --help lists all arguments",
        ),
        (
            more(app, &["--public"]),
            "the argument '--client-secret <SECRET>' cannot be used with '--public'; \
             --help lists all arguments",
        ),
        (
            more(app, &["--authentication"]),
            "the argument '--client-secret <SECRET>' cannot be used with '--authentication'; \
             --help lists all arguments",
        ),
        (
            more(authentication, &["--with-revocation"]),
            "the argument '--authentication' cannot be used with '--with-revocation'; \
             --help lists all arguments",
        ),
        (
            more(app, &["--code-lifetime", "1.5h"]),
            "invalid value '1.5h' for '--code-lifetime <TIME>': must be a duration such as 90, 90s, 5m, \
             2h or 30d, at most 100 years; --help lists all arguments",
        ),
        (
            more(app, &["--issuer", "localhost:4000"]),
            "invalid value 'localhost:4000' for '--issuer <URL>': must be a URL, for example \
             http://localhost:4000; --help lists all arguments",
        ),
        (
            more(app, &["--issuer", "http:///localhost"]),
            "invalid value 'http:///localhost' for '--issuer <URL>': must be a URL, for example \
             http://localhost:4000; --help lists all arguments",
        ),
        (
            more(app, &["--issuer", "http://localhost:4000/fake/"]),
            "invalid value 'http://localhost:4000/fake/' for '--issuer <URL>': must not be below /fake, \
             the path of the start page; --help lists all arguments",
        ),
        (
            more(authentication, &["--issuer", "http://localhost:4000/"]),
            "--issuer http://localhost:4000/ must not end with a slash with --authentication",
        ),
        (
            more(authentication, &["--access-token-lifetime", "6m"]),
            "--access-token-lifetime must be at most 5m with --authentication",
        ),
        (
            more(app, &["--scopes", "email"]),
            "--scopes must include openid, which every sign-in requests: --scopes 'openid email'",
        ),
        (
            more(app, &["--listen", "localhost"]),
            "--listen localhost must be an address and a port, for example 127.0.0.1:4000",
        ),
        (
            more(app, &["--listen", "127.0.0.1:65536"]),
            "--listen 127.0.0.1:65536 must be an address and a port, for example 127.0.0.1:4000",
        ),
    ] {
        assert_eq!(error_line(&arguments), expected);
    }
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error_line = error_line(&more(&CONFIDENTIAL, &["--listen", &address]));
    assert!(
        error_line.starts_with(&format!(
            "cannot listen on {address}: Address already in use"
        )),
        "{error_line}"
    );
    assert!(
        error_line.ends_with("; choose another address with --listen; port 0 selects a free port")
    );
}

#[test]
fn an_error_in_a_people_file_has_its_position() {
    let file = |name: &str, text: &str| {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, text).unwrap();
        path.into_os_string().into_string().unwrap()
    };
    let error_line = |path: &str| {
        let error_line = error_line(&more(&CONFIDENTIAL, &["--people", path]));
        error_line
            .strip_prefix(&format!("--people {path}: "))
            .unwrap()
            .to_owned()
    };
    let subjects: Vec<_> = (0..1001)
        .map(|at| json!({"subject": at.to_string()}))
        .collect();
    let many = file("many.json", &Value::from(subjects).to_string());
    assert_eq!(error_line(&many), "1001 people; the limit is 1000");
    assert_eq!(
        error_line("/unknown/people.json"),
        "No such file or directory (os error 2)"
    );
    let entry = file("entry.json", "[{\"subject\": \"a\"},\n {\"subject\": 7}]");
    let line = error_line(&entry);
    assert!(line.starts_with("line 2, column "), "{line}");
    assert!(line.contains("entry 2, field `subject`: "), "{line}");
    let cut = file("cut.json", "[{\"subject\": \"a\"");
    assert!(error_line(&cut).starts_with("line 1, column "));
}

#[test]
fn help_and_version_exit_with_success() {
    let help = run(&["--help"]);
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(help.status.success() && help.stderr.is_empty());
    assert!(
        text.contains(
            "fake-didit --client-id app --client-secret secret --redirect-uri http://localhost:3000/callback"
        ),
        "{text}"
    );
    let version = run(&["--version"]);
    assert_eq!(
        String::from_utf8(version.stdout).unwrap(),
        format!("fake-didit {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[cfg(unix)]
#[test]
fn a_people_file_may_be_a_pipe() {
    let pipe = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("people-{}", process::id()));
    let made = process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let written = thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, r#"[{"subject": "u-1"}]"#)
    });
    let program = Program::start(&more(&CONFIDENTIAL, &["--people", pipe.to_str().unwrap()]));
    let body = program.api("GET", "people", &Value::Null);
    assert_eq!(body["people"][0]["subject"], "u-1");
    written.join().unwrap().unwrap();
    fs::remove_file(pipe).unwrap();
}

#[cfg(unix)]
#[test]
fn the_program_prints_the_environment_and_stops_on_sigterm() {
    let program = Program::start(&CONFIDENTIAL);
    let origin = program.origin();
    let stopped = program.stop();
    assert_eq!((stopped.code, &*stopped.stderr), (Some(0), ""));
    let line = |name: &str| {
        let mut lines = stopped.stdout.lines();
        let line = lines.find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().to_owned()
    };
    let (workflow, secret) = (line("Workflow"), line("Webhooks    signed with"));
    assert_eq!((workflow.len(), secret.len()), (36, 43));
    assert_eq!(
        stopped.stdout,
        format!(
            "Fake Didit (Sign in API) listens on {origin}

Start page  {origin}/fake/
Issuer      {origin}
Discovery   {origin}/.well-known/openid-configuration

Identity verification at {origin}/v3/session/

API key     fake-api-key
Workflow    {workflow}
Webhooks    signed with {secret}

For tower-didit, for example its `cargo run --example verified_site`:

export DIDIT_PROVIDER=discovered
export DIDIT_ISSUER={origin}
export DIDIT_CLIENT_ID=app
export DIDIT_CLIENT_SECRET=secret
export DIDIT_REDIRECT_URI=http://localhost:3000/callback
export DIDIT_SCOPES='openid offline names email'
export DIDIT_VERIFICATION_URL={origin}
export DIDIT_API_KEY=fake-api-key
export DIDIT_WORKFLOW={workflow}
export DIDIT_WEBHOOK_SECRET={secret}
"
        )
    );
}

#[cfg(unix)]
#[test]
fn a_public_client_gets_a_cookie_key_instead_of_a_secret() {
    let program = Program::start(&more(
        &AUTHENTICATION,
        &["--issuer", "http://localhost:4000/acme"],
    ));
    let printed = program.stop().stdout;
    assert!(printed.contains("(Didit Authentication)"), "{printed}");
    assert!(
        printed.contains("export DIDIT_PROVIDER=authentication\n"),
        "{printed}"
    );
    assert!(
        printed.contains("export DIDIT_ISSUER=http://localhost:4000/acme\n"),
        "{printed}"
    );
    assert!(!printed.contains("DIDIT_CLIENT_SECRET"), "{printed}");
    let key = printed
        .lines()
        .find_map(|line| line.strip_prefix("export DIDIT_COOKIE_KEYS="));
    assert_eq!(key.unwrap().len(), 44);
}

#[cfg(unix)]
#[test]
fn the_program_stops_while_a_request_hangs() {
    let program = Program::start(&CONFIDENTIAL);
    let fault = serde_json::json!({"endpoint": "jwks", "fault": "silence"});
    program.api("POST", "faults", &fault);
    let request = program.request("GET /auth/jwks", "");
    let mut waiting = program.connect();
    std::io::Write::write_all(&mut waiting, request.as_bytes()).unwrap();
    while program.requests().is_empty() {}
    assert_eq!(program.stop().code, Some(0));
}

#[cfg(unix)]
#[test]
fn requests_are_printed_on_the_standard_error_only_with_log_requests() {
    let unknown_code = "grant_type=authorization_code&code=code_0123456789&redirect_uri=x";
    let head = "POST /auth/v2/token\nAuthorization: Basic YXBwOnNlY3JldA==\n\
                Content-Type: application/x-www-form-urlencoded";
    for (flags, printed) in [
        (&[][..], ""),
        (
            &["--log-requests"],
            "#1 GET discovery 200\n#2 POST token 400: the code is unknown\n\
             #3 GET /favicon.png 404: no endpoint has this path\n",
        ),
    ] {
        let program = Program::start(&more(&CONFIDENTIAL, flags));
        program.get("/.well-known/openid-configuration");
        program.send(head, unknown_code);
        program.get("/favicon.png");
        assert_eq!(program.stop().stderr, printed);
    }
}
