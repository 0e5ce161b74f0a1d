use serde_json::{Value, json};

use crate::process::{AUTHENTICATION, CONFIDENTIAL, Program, REDIRECT_URI};

pub(crate) const ALEJANDRA: &str = "8a1d4f0e-52c7-4c0b-9d3f-0b6a1e77c001";

pub(crate) fn authorization_url(program: &Program, scope: &str) -> String {
    format!(
        "{}/auth/v2/authorize?client_id=app&response_type=code&scope={scope}&state=the-state\
         &redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcallback",
        program.origin()
    )
}

/// The code of a sign-in as this person.
pub(crate) fn code(program: &Program, subject: &str) -> String {
    let url = authorization_url(program, "openid%20offline%20email");
    let approval = json!({"authorization_url": url, "subject": subject});
    let body = program.api("POST", "approve", &approval);
    let redirect = body["redirect_url"].as_str().unwrap();
    let back = redirect.strip_prefix(REDIRECT_URI).unwrap();
    let (code, state) = back
        .strip_prefix("?code=")
        .unwrap()
        .split_once('&')
        .unwrap();
    assert_eq!(state, "state=the-state");
    code.to_owned()
}

fn token_request(program: &Program, form: &str) -> (u16, Value) {
    let response = program.send(
        "POST /auth/v2/token\nAuthorization: Basic YXBwOnNlY3JldA==\n\
         Content-Type: application/x-www-form-urlencoded",
        form,
    );
    (response.status, response.json())
}

pub(crate) fn exchanged(program: &Program, code: &str) -> (u16, Value) {
    token_request(
        program,
        &format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}"),
    )
}

pub(crate) fn user_info(program: &Program, tokens: &Value) -> (u16, Value) {
    let token = tokens["access_token"].as_str().unwrap();
    let head = format!("GET /auth/v2/users/retrieve\nAuthorization: Bearer {token}");
    let response = program.send(&head, "");
    (response.status, response.json())
}

#[test]
fn a_person_signs_in_without_a_browser() {
    let program = Program::start(&CONFIDENTIAL);
    let code = code(&program, ALEJANDRA);
    let (status, tokens) = exchanged(&program, &code);
    assert_eq!(status, 200, "{tokens}");
    let (_, body) = user_info(&program, &tokens);
    assert_eq!(body["email"]["email"], "alejandra.rosas@example.com");

    let requests = program.requests();
    let seen: Vec<_> = requests
        .iter()
        .map(|request| &request["endpoint"])
        .collect();
    assert_eq!(seen, ["authorize", "token", "user_info"]);
    let shown = Value::from(requests).to_string();
    for secret in [
        &code,
        tokens["access_token"].as_str().unwrap(),
        "YXBwOnNlY3JldA",
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn tokens_are_issued_without_a_sign_in() {
    let program = Program::start(&CONFIDENTIAL);
    let tokens = program.api(
        "POST",
        "tokens",
        &json!({"subject": ALEJANDRA, "scope": "openid email"}),
    );
    assert_eq!(tokens["scope"], "openid email");
    assert_eq!(tokens["refresh_token"], Value::Null);
    let (status, body) = user_info(&program, &tokens);
    assert_eq!((status, &body["sub"]), (200, &json!(ALEJANDRA)));
    assert_eq!(body["email"]["email"], "alejandra.rosas@example.com");

    for (subject, scope, detail) in [
        (
            "nobody",
            "openid",
            "No person has this subject; GET /fake/api/people lists all people.",
        ),
        (
            ALEJANDRA,
            "openid fax",
            "The scope \"fax\" is not accepted; GET /fake/api/state lists the accepted ones.",
        ),
    ] {
        let issue = json!({"subject": subject, "scope": scope});
        let refused = program.call("POST", "tokens", &issue).problem();
        assert_eq!(refused, (422, detail.to_owned()));
    }
}

#[test]
fn a_person_declines_without_a_browser() {
    let program = Program::start(&CONFIDENTIAL);
    let url = authorization_url(&program, "openid");
    let body = program.api("POST", "decline", &json!({"authorization_url": url}));
    assert_eq!(
        body["redirect_url"],
        "http://localhost:3000/callback?error=access_denied&error_description=the+user+declined\
         &state=the-state"
    );
}

#[test]
fn an_invalid_authorization_request_is_rejected_with_the_reason() {
    let program = Program::start(&CONFIDENTIAL);
    let rejection = |url: &str, subject: &str| {
        let approval = json!({"authorization_url": url, "subject": subject});
        program.call("POST", "approve", &approval).problem()
    };
    let good = authorization_url(&program, "openid");
    for (url, subject, detail) in [
        (
            authorization_url(&program, "email"),
            ALEJANDRA,
            "Correct the authorization request: scope openid is missing.",
        ),
        (
            good.replace("client_id=app", "client_id=other"),
            ALEJANDRA,
            "Correct the authorization request: client_id is missing or unknown.",
        ),
        (
            good.replace("authorize", "token"),
            ALEJANDRA,
            "Correct the authorization request: its path is not the authorization endpoint.",
        ),
        (
            "not a URL".to_owned(),
            ALEJANDRA,
            "Correct the authorization request: it is not a URI.",
        ),
        (
            good,
            "unknown",
            "No person has this subject; GET /fake/api/people lists all people.",
        ),
    ] {
        assert_eq!(rejection(&url, subject), (422, detail.to_owned()));
    }
    assert_eq!(program.requests()[0]["problem"], "scope openid is missing");
}

#[test]
fn requests_are_listed_with_their_problems_page_by_page() {
    let program = Program::start(&CONFIDENTIAL);
    assert_eq!(exchanged(&program, "code_made_up").0, 400);
    program.get("/.well-known/openid-configuration");
    program.get("/unknown");
    let body = program.api("GET", "requests", &Value::Null);
    let seen: Vec<_> = body["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| json!([request["number"], request["status"], request["problem"]]))
        .collect();
    assert_eq!(
        seen,
        [
            json!([1, 400, "the code is unknown"]),
            json!([2, 200, null]),
            json!([3, 404, "no endpoint has this path"]),
        ]
    );
    assert_eq!(body["last"], 3);
    program.get("/unknown");
    let body = program.api("GET", "requests?since=3", &Value::Null);
    assert_eq!(body["requests"][0]["number"], 4);

    program.api("DELETE", "requests", &Value::Null);
    let body = program.api("GET", "requests", &Value::Null);
    assert_eq!(body, json!({"requests": [], "last": 4}));
}

#[test]
fn tokens_of_another_run_are_unknown() {
    let first = Program::start(&CONFIDENTIAL);
    let (_, tokens) = exchanged(&first, &code(&first, ALEJANDRA));
    let second = Program::start(&CONFIDENTIAL);
    exchanged(&second, &code(&second, ALEJANDRA));
    assert_eq!(user_info(&second, &tokens).0, 401);
}

#[test]
fn the_state_has_the_settings_of_the_command_line() {
    let program = Program::start(&[
        "--public",
        "--client-id",
        "app",
        "--redirect-uri",
        REDIRECT_URI,
        "--scopes",
        "openid offline profile",
        "--access-token-lifetime",
        "10m",
        "--with-end-session",
        "--post-logout-redirect-uri",
        "http://localhost:3000/",
    ]);
    let state = program.api("GET", "state", &Value::Null);
    assert_eq!(state["client"]["authentication_method"], "none");
    assert_eq!(state["scopes"], json!(["openid", "offline", "profile"]));
    assert_eq!(state["lifetimes"]["access_token"], 600);
    assert_eq!(
        state["post_logout_redirect_uris"],
        json!(["http://localhost:3000/"])
    );
    let endpoints = state["endpoints"].as_array().unwrap().iter();
    let names: Vec<_> = endpoints.map(|endpoint| &endpoint["name"]).collect();
    assert!(names.contains(&&json!("end_session")), "{names:?}");
    assert!(!names.contains(&&json!("revocation")), "{names:?}");
    let discovery = state["discovery"]
        .as_str()
        .unwrap()
        .strip_prefix(&program.origin());
    assert_eq!(
        program.get(discovery.unwrap()).json()["scopes_supported"],
        json!(["openid", "offline", "profile"])
    );
}

#[test]
fn didit_authentication_has_the_same_api() {
    let program = Program::start(&AUTHENTICATION);
    let url = format!(
        "{}/sign-in?redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcallback&state=s&scope=openid\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
        program.origin()
    );
    let approval = json!({"authorization_url": url, "subject": ALEJANDRA});
    let body = program.api("POST", "approve", &approval);
    let (_, code) = body["redirect_url"]
        .as_str()
        .unwrap()
        .split_once("?code=")
        .unwrap();
    let (code, _) = code.split_once('&').unwrap();
    let exchange = json!({
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "redirect_uri": REDIRECT_URI,
    });
    let head = "POST /token/\nContent-Type: application/json";
    let response = program.send(head, &exchange.to_string());
    assert_eq!(response.status, 200, "{}", response.body);
    // The response has only a code; the recorded request has the reason.
    let response = program.send(head, &exchange.to_string());
    assert_eq!(response.json(), json!({"error": "invalid_grant"}));
    let last = program.requests().pop().unwrap();
    assert_eq!(last["problem"], "the code was used before");
    assert_eq!(last["parameters"][1][0], "code_verifier");
}

#[test]
fn an_invalid_request_to_the_api_tells_what_to_send() {
    let program = Program::start(&CONFIDENTIAL);
    for (method, path, body, status, detail) in [
        (
            "GET",
            "nothing",
            "",
            404,
            "The API has no such path; GET /fake/api/ lists all.",
        ),
        ("PUT", "clock", "{}", 405, "Use GET, POST here."),
        ("GET", "approve", "", 405, "Use POST here."),
        (
            "POST",
            "product",
            "{\"on\": 1}",
            400,
            "Send {\"on\": true} or {\"on\": false}; invalid type: integer `1`, expected a boolean at \
             line 1 column 8.",
        ),
        (
            "POST",
            "revocation",
            "{",
            400,
            "Send {}; EOF while parsing an object at line 1 column 1.",
        ),
        (
            "GET",
            "requests?since=x",
            "",
            400,
            "Send the number of a request as `since`.",
        ),
        (
            "GET",
            "requests?since=%",
            "",
            400,
            "Correct the query: the parameters are not form-urlencoded.",
        ),
    ] {
        let head = format!("{method} /fake/api/{path}\nContent-Type: application/json");
        let response = program.send(&head, body);
        assert_eq!(
            response.problem(),
            (status, detail.to_owned()),
            "{method} {path}"
        );
    }
    let response = program.call("DELETE", "keys", &Value::Null);
    assert_eq!(response.header("allow"), Some("get, post"));
}
