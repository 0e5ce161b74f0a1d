use serde_json::{Value, json};

use crate::process::{AUTHENTICATION, CONFIDENTIAL, Program};

const DISCOVERY: &str = "/.well-known/openid-configuration";

#[test]
fn a_fault_is_injected_the_requested_number_of_times() {
    let program = Program::start(&CONFIDENTIAL);
    let ask = || program.get(DISCOVERY).status;
    let add = |times: Value| {
        let fault = json!({"endpoint": "discovery", "fault": "error", "code": "busy", "status": 503,
            "description": "back at noon", "times": times});
        program.api("POST", "faults", &fault)
    };
    let body = add(json!(2));
    assert_eq!(
        body["faults"][1],
        json!({"endpoint": "discovery", "what": "answers 503 with the error busy", "times": 1})
    );
    assert_eq!([ask(), ask(), ask()], [503, 503, 200]);
    let first = &program.requests()[0];
    assert_eq!(first["fault"], "answers 503 with the error busy");
    assert_eq!(first["problem"], Value::Null);

    add(json!("every"));
    assert_eq!([ask(), ask(), ask()], [503, 503, 503]);
    let body = program.api("DELETE", "faults?endpoint=discovery", &Value::Null);
    assert_eq!(body, json!({"faults": []}));
    assert_eq!(ask(), 200);
}

#[test]
fn every_kind_of_fault_has_its_response() {
    let program = Program::start(&CONFIDENTIAL);
    let regular = program.get(DISCOVERY);
    let inject = |fault: Value| {
        let mut fault = fault;
        fault["endpoint"] = "discovery".into();
        program.api("POST", "faults", &fault);
        program.get(DISCOVERY)
    };
    let html = inject(json!({"fault": "html"}));
    assert_eq!(
        html.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let empty = inject(json!({"fault": "empty", "status": 204}));
    assert_eq!((empty.status, &*empty.body), (204, ""));
    let truncated = inject(json!({"fault": "truncated"}));
    assert_eq!(truncated.body, regular.body[..regular.body.len() / 2]);
    assert!(serde_json::from_str::<Value>(&truncated.body).is_err());
    let slow = inject(json!({"fault": "slow", "seconds": 0.01}));
    assert_eq!(slow.body, regular.body);
    let edited = inject(
        json!({"fault": "edit", "members": {"issuer": "https://evil.example",
        "jwks_uri": null}}),
    );
    assert_eq!(edited.json()["issuer"], "https://evil.example");
    assert_eq!(edited.json().get("jwks_uri"), None);
    let text = inject(json!({"fault": "answer", "status": 500, "body": "down"}));
    assert_eq!((text.status, &*text.body), (500, "down"));
    let response = inject(
        json!({"fault": "answer", "headers": {"Content-Type": "application/jwt"},
        "body": {"a": 1}}),
    );
    assert_eq!((response.status, &*response.body), (200, "{\"a\":1}"));
    assert_eq!(response.header("content-type"), Some("application/jwt"));
}

#[test]
fn a_forgery_is_selected_by_name() {
    let program = Program::start(&CONFIDENTIAL);
    let body = program.api("GET", "faults", &Value::Null);
    assert!(body["forgeries"].as_array().unwrap().len() > 100);
    let add = |fault: &Value| program.api("POST", "faults", fault);
    add(&json!({"endpoint": "token", "fault": "forgery", "name": "ALGORITHM_NONE"}));
    let body = add(&json!({"endpoint": "token", "fault": "edit_id_token", "claims": {"aud": "x"}}));
    let what: Vec<_> = body["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| &fault["what"])
        .collect();
    assert_eq!(
        what,
        [
            "forges the ID token: ALGORITHM_NONE",
            "edits the ID token and signs it again"
        ]
    );
}

#[test]
fn an_invalid_fault_tells_what_to_send() {
    let program = Program::start(&CONFIDENTIAL);
    for (fault, status, detail) in [
        (
            json!({"endpoint": "tokens", "fault": "silence"}),
            422,
            "Send one of these as `endpoint`: discovery, authorize, decision, token, jwks, user_info, introspect, create_verification, \
             verification_decision, update_verification, delete_verification, verification_report, \
             arm_verification, list_verifications, webhook_destinations, verification_page.",
        ),
        (
            json!({"endpoint": "jwks", "fault": "forgery", "name": "ALGORITHM_NONE"}),
            422,
            "Send \"endpoint\": \"token\", the only one that returns ID tokens.",
        ),
        (
            json!({"endpoint": "token", "fault": "forgery", "name": "None"}),
            422,
            "No forgery has this name; GET /fake/api/faults lists all.",
        ),
        (
            json!({"endpoint": "token", "fault": "silence", "times": 0}),
            422,
            "Send a number from 1 to 1000 as `times`, or \"every\".",
        ),
        (
            json!({"endpoint": "token", "fault": "slow", "seconds": -1}),
            422,
            "Send a number from 0 to 600 as `seconds`.",
        ),
        (
            json!({"endpoint": "token", "fault": "html", "status": 101}),
            422,
            "Send a number from 200 to 599 as `status`.",
        ),
        (
            json!({"endpoint": "token", "fault": "answer", "headers": {"Content-Length": "9"}}),
            422,
            "Leave out the header Content-Length.",
        ),
        (
            json!({"endpoint": "token", "fault": "answer", "headers": {"a b": "9"}}),
            422,
            "Send names and values of HTTP headers as `headers`.",
        ),
        (
            json!({"endpoint": "token", "fault": "error"}),
            400,
            "Send {\"endpoint\": \"token\", \"fault\": \"error\", \"code\": \"server_error\", \
             \"times\": 1}; missing field `code`.",
        ),
    ] {
        let response = program.call("POST", "faults", &fault);
        assert_eq!(response.problem(), (status, detail.to_owned()), "{fault}");
    }
    let many = json!({"endpoint": "token", "fault": "silence", "times": 1000});
    program.api("POST", "faults", &many);
    assert_eq!(program.call("POST", "faults", &many).problem().0, 422);
}

#[test]
fn didit_authentication_has_its_own_endpoints() {
    let program = Program::start(&AUTHENTICATION);
    let body = program.api("GET", "faults", &Value::Null);
    assert_eq!(
        body["endpoints"],
        json!([
            "discovery",
            "authorize",
            "decision",
            "token",
            "jwks",
            "session",
            "create_verification",
            "verification_decision",
            "update_verification",
            "delete_verification",
            "verification_report",
            "arm_verification",
            "list_verifications",
            "webhook_destinations",
            "verification_page",
        ])
    );
}
