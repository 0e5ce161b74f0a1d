use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
};

use serde_json::{Value, json};

use crate::{
    process::{CONFIDENTIAL, Program},
    responses,
};

const DISCOVERY: &str = "GET /.well-known/openid-configuration";
const TOKEN: &str = "POST /auth/v2/token\nContent-Type: application/x-www-form-urlencoded\n\
                     Authorization: Basic YXBwOnNlY3JldA==";

#[test]
fn a_body_above_the_limit_gets_413() {
    let program = Program::start(&CONFIDENTIAL);
    for length in [64 * 1024 + 1, 4 * 1024 * 1024] {
        let response = program.send(TOKEN, &"x".repeat(length));
        assert_eq!(response.status, 413);
    }
    assert_eq!(
        program.requests()[0]["problem"],
        "the body has more than 64 KB"
    );
    let people = format!("[{}]", " ".repeat(64 * 1024));
    let head = "POST /fake/api/people\nContent-Type: application/json";
    assert_eq!(program.send(head, &people).problem().0, 413);
}

#[test]
fn an_invalid_form_gets_400() {
    let program = Program::start(&CONFIDENTIAL);
    for (form, why) in [
        ("grant_type=%zz", "the parameters are not form-urlencoded"),
        (
            "grant_type=a&grant_type=b",
            "parameter grant_type is repeated",
        ),
        ("", "grant_type is missing"),
        (
            "grant_type=password",
            "grant_type must be authorization_code, refresh_token or client_credentials",
        ),
    ] {
        let response = program.send(TOKEN, form);
        assert_eq!(
            (
                response.status,
                response.json()["error_description"].as_str()
            ),
            (400, Some(why))
        );
        assert_eq!(program.requests().last().unwrap()["problem"], why);
    }
    let decision = program.send(
        "POST /approve\nContent-Type: application/x-www-form-urlencoded",
        "%",
    );
    assert_eq!(decision.status, 400);
}

#[test]
fn headers_above_the_limit_get_431() {
    let program = Program::start(&CONFIDENTIAL);
    let long = "x".repeat(200_000);
    assert_eq!(
        program
            .send(&format!("{DISCOVERY}\nX-Long: {long}"), "")
            .status,
        431
    );
    assert_eq!(program.send(&format!("GET /?state={long}"), "").status, 431);
    let many = "\nX-Many: 1".repeat(200);
    assert_eq!(program.send(&format!("{DISCOVERY}{many}"), "").status, 431);
    assert_eq!(
        responses::to(program.connect(), "NONSENSE\r\n\r\n").status,
        400
    );
    assert_eq!(program.send(DISCOVERY, "").status, 200);
}

#[test]
fn a_hundred_open_connections_are_served() {
    let program = Program::start(&CONFIDENTIAL);
    let mut open: Vec<TcpStream> = (0..100).map(|_| program.connect()).collect();
    assert_eq!(program.send(DISCOVERY, "").status, 200);
    let request = program.request(DISCOVERY, "");
    for stream in &mut open {
        stream.write_all(request.as_bytes()).unwrap();
    }
    for stream in open {
        assert_eq!(responses::read(stream).status, 200);
    }
    assert_eq!(program.requests().len(), 101);
}

#[test]
fn connections_above_the_limit_wait() {
    let program = Program::start(&CONFIDENTIAL);
    let mut open: Vec<TcpStream> = (0..600).map(|_| program.connect()).collect();
    let request = program.request(DISCOVERY, "");
    for stream in &mut open {
        stream.write_all(request.as_bytes()).unwrap();
    }
    for stream in open {
        assert_eq!(responses::read(stream).status, 200);
    }
    let state = program.api("GET", "state", &Value::Null);
    assert_eq!(state["requests"], 600);
}

#[test]
fn a_client_that_disconnects_does_not_affect_others() {
    let program = Program::start(&CONFIDENTIAL);
    let whole = program.request(TOKEN, "grant_type=refresh_token&refresh_token=x");
    for end in [1, whole.len() / 2, whole.len() - 1] {
        let mut stream = program.connect();
        stream.write_all(&whole.as_bytes()[..end]).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        // The program closes the connection, with or without a response.
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
    assert_eq!(program.requests(), [] as [Value; 0]);

    // A client that disconnects before the response does not block others.
    program.api(
        "POST",
        "faults",
        &json!({"endpoint": "token", "fault": "silence"}),
    );
    let mut stream = program.connect();
    stream.write_all(whole.as_bytes()).unwrap();
    while program.requests().is_empty() {}
    drop(stream);
    let response = program.send(TOKEN, "grant_type=refresh_token&refresh_token=x");
    assert_eq!(response.json()["error"], "invalid_grant");
    assert_eq!(program.requests()[0]["status"], Value::Null);
}
