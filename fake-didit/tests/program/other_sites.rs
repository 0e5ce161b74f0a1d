use crate::{
    process::{CONFIDENTIAL, Program},
    responses,
};

#[test]
fn a_page_of_another_site_cannot_use_the_api() {
    let program = Program::start(&CONFIDENTIAL);
    let own = program.origin();
    let json = "Content-Type: application/json";
    for (head, expected) in [
        (
            "POST /fake/api/clock\nContent-Type: text/plain".to_owned(),
            415,
        ),
        ("POST /fake/api/clock".to_owned(), 415),
        (
            format!("POST /fake/api/clock\n{json}\nOrigin: https://evil.example"),
            403,
        ),
        (
            format!("POST /fake/api/clock\n{json}\nOrigin: http://localhost:3000"),
            403,
        ),
        (format!("POST /fake/api/clock\n{json}\nOrigin: null"), 403),
        (
            "DELETE /fake/api/faults\nOrigin: https://evil.example".to_owned(),
            403,
        ),
        (
            "OPTIONS /fake/api/clock\nOrigin: https://evil.example".to_owned(),
            403,
        ),
        ("OPTIONS /fake/api/clock".to_owned(), 405),
    ] {
        let (status, _) = program.send(&head, r#"{"advance": 60}"#).problem();
        assert_eq!(status, expected, "{head}");
    }
    let clock = program.api("GET", "clock", &serde_json::Value::Null);
    assert_eq!(clock["ahead"], 0);
    let head = format!("POST /fake/api/clock\n{json}\nOrigin: {own}");
    assert_eq!(program.send(&head, r#"{"advance": 60}"#).status, 200);
}

#[test]
fn a_foreign_host_that_resolves_to_this_machine_is_rejected() {
    let program = Program::start(&[&CONFIDENTIAL[..], &["--issuer", "http://didit.test"]].concat());
    let get = |host: &str| {
        let request =
            format!("GET /fake/api/state HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        responses::to(program.connect(), &request).status
    };
    for host in ["127.0.0.1", "localhost:4000", "[::1]:4000", "didit.test"] {
        assert_eq!(get(host), 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:4000",
        "localhost.evil.example",
    ] {
        assert_eq!(get(host), 421, "{host}");
    }
}

#[test]
fn no_response_has_cors_headers() {
    let program = Program::start(&CONFIDENTIAL);
    for path in [
        "/.well-known/openid-configuration",
        "/auth/config/jwks",
        "/fake/api/state",
        "/fake/",
    ] {
        let response = program.get(path);
        assert_eq!(response.status, 200);
        assert_eq!(
            response.header("access-control-allow-origin"),
            None,
            "{path}"
        );
    }
}
