//! Identity verification with the program.

use std::{
    io::{Read, Write},
    net::TcpListener,
};

use serde_json::{Value, json};

use crate::process::{CONFIDENTIAL, Program};

#[test]
fn a_session_is_created_finished_and_reported_by_a_webhook() {
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/webhook", receiver.local_addr().unwrap());
    let arguments = ["--webhook", &url, "--api-key", "the-key", "--sandbox"];
    let program = Program::start(&[&CONFIDENTIAL[..], &arguments].concat());
    let workflow = program.api("GET", "state", &Value::Null)["verification"]["workflow_id"].clone();
    let head = "POST /v3/session/\nContent-Type: application/json\nx-api-key: the-key";
    let new = json!({"workflow_id": workflow, "vendor_data": "u-1", "sandbox_scenario": "approve"});
    let session = program.send(head, &new.to_string()).json();
    let page = session["url"].as_str().unwrap();
    let page = page.strip_prefix(&program.origin()).unwrap();

    let (mut connection, _) = receiver.accept().unwrap();
    let (mut request, mut buffer) = (String::new(), [0; 4096]);
    while !request.contains("\"workflow_version\"") {
        let length = connection.read(&mut buffer).unwrap();
        assert_ne!(length, 0, "{request}");
        request.push_str(str::from_utf8(&buffer[..length]).unwrap());
    }
    assert!(
        request.starts_with("POST /webhook HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("\"environment\":\"sandbox\""), "{request}");
    connection
        .write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        .unwrap();

    assert!(program.get(page).body.contains("id=\"continue\""));
    let id = &session["session_id"];
    let sessions = program.api("GET", "verifications", &Value::Null);
    let expected = json!({"session_id": id, "status": "In Progress", "vendor_data": "u-1"});
    assert_eq!(sessions["sessions"], json!([expected]));
    let change = json!({"session_id": id, "status": "Declined"});
    let sessions = program.api("POST", "verifications", &change);
    assert_eq!(sessions["sessions"][0]["status"], "Declined");
}

#[test]
fn faults_of_webhooks_are_injected_by_name() {
    let program = Program::start(&CONFIDENTIAL);
    let fault = json!({"fault": "TAMPERED", "every": true});
    let webhooks = program.api("POST", "webhooks", &fault);
    assert_eq!(webhooks["attempts"], json!([]));
    assert!(
        webhooks["faults"]
            .as_array()
            .unwrap()
            .contains(&json!("TAMPERED"))
    );
    program.api("DELETE", "webhooks", &Value::Null);
    let unknown = program.call("POST", "webhooks", &json!({"fault": "TAMPER"}));
    assert_eq!(
        unknown.problem(),
        (
            422,
            "No fault has this name; GET /fake/api/webhooks lists all faults.".to_owned()
        )
    );
    let unknown = json!({"session_id": "1", "status": "Approved"});
    assert_eq!(
        program.call("POST", "verifications", &unknown).problem().0,
        422
    );
}
