use serde_json::{Value, json};

use crate::{
    api::{ALEJANDRA, authorization_url, code, exchanged, user_info},
    process::{CONFIDENTIAL, Program},
};

#[test]
fn the_clock_makes_codes_and_tokens_expire() {
    let program = Program::start(&[&CONFIDENTIAL[..], &["--code-lifetime", "5m"]].concat());
    let code = code(&program, ALEJANDRA);
    let body = program.api("POST", "clock", &json!({"advance": "5m"}));
    assert_eq!(body["ahead"], 300);
    let (status, error) = exchanged(&program, &code);
    assert_eq!(
        (status, &error["error_description"]),
        (400, &json!("the code has expired"))
    );
    assert_eq!(
        program.api("POST", "clock", &json!({"advance": 60}))["ahead"],
        360
    );

    let (status, detail) = program
        .call("POST", "clock", &json!({"advance": "1.5h"}))
        .problem();
    assert_eq!(
        (status, &*detail),
        (
            422,
            "advance must be a duration such as 90, 90s, 5m, 2h or 30d, at most 100 years."
        )
    );
    let far = json!({"advance": "36500d"});
    assert_eq!(program.call("POST", "clock", &far).status, 422);
}

#[test]
fn keys_are_announced_rotated_and_retired() {
    let program = Program::start(&CONFIDENTIAL);
    let published = |body: &Value| body["published"].as_array().unwrap().len();
    let change = |action: &str| program.api("POST", "keys", &json!({"action": action}));
    assert_eq!(published(&change("announce")), 4);
    let body = change("rotate_gently");
    assert_eq!(
        (&body["signing"], published(&body)),
        (&json!("fake-es256-2"), 4)
    );
    assert_eq!(published(&change("retire")), 2);
    let body = change("rotate");
    assert_eq!(
        (&body["signing"], published(&body)),
        (&json!("fake-es256-3"), 2)
    );
    let jwks = program.get("/auth/config/jwks").json();
    assert_eq!(jwks["keys"][0]["kid"], "fake-es256-3");
}

#[test]
fn grants_are_revoked_and_the_product_is_switched_off_and_on() {
    let program = Program::start(&CONFIDENTIAL);
    let (_, tokens) = exchanged(&program, &code(&program, ALEJANDRA));
    assert_eq!(
        program.api("POST", "revocation", &json!({})),
        json!({"revoked": 1})
    );
    assert_eq!(user_info(&program, &tokens).0, 401);
    let problems = program.requests();
    assert_eq!(
        problems.last().unwrap()["problem"],
        "the access token was revoked"
    );

    program.api("POST", "product", &json!({"on": false}));
    assert_eq!(program.get("/.well-known/openid-configuration").status, 404);
    let url = authorization_url(&program, "openid");
    let declined = program.call("POST", "decline", &json!({"authorization_url": url}));
    assert_eq!(declined.problem().0, 409);
    program.api("POST", "product", &json!({"on": true}));
    assert_eq!(program.get("/.well-known/openid-configuration").status, 200);
}

#[test]
fn people_are_added_replaced_and_removed() {
    let program = Program::start(&CONFIDENTIAL);
    let ada = json!({"subject": "u-1815", "first_name": "Ada", "family_name": "Lovelace",
        "email": "ada@example.com"});
    let body = program.api("POST", "people", &ada);
    assert_eq!(body["people"][2]["name"], "Ada Lovelace");
    let (_, tokens) = exchanged(&program, &code(&program, "u-1815"));
    assert_eq!(
        user_info(&program, &tokens).1["email"]["email"],
        "ada@example.com"
    );

    let body = program.api(
        "POST",
        "people",
        &json!([{"subject": "u-1815"}, {"subject": "u-2"}]),
    );
    assert_eq!(body["people"].as_array().unwrap().len(), 4);
    assert_eq!(body["people"][2]["email"], Value::Null);
    let body = program.api("DELETE", "people?subject=u-1815", &Value::Null);
    assert_eq!(body["people"][2]["subject"], "u-2");
    let many: Vec<_> = (0..997)
        .map(|at| json!({"subject": at.to_string()}))
        .collect();
    program.api("POST", "people", &many.into());
    program.api("POST", "people", &json!({"subject": "u-2"}));
    let full = program.call("POST", "people", &json!({"subject": "u-3"}));
    let (status, detail) = full.problem();
    assert_eq!(status, 422);
    assert!(detail.starts_with("The limit is 1000 people;"), "{detail}");
    let gone = program.call("DELETE", "people?subject=u-1815", &Value::Null);
    assert_eq!(gone.problem().0, 404);
    let nameless = program.call("POST", "people", &json!({"first_name": "Ada"}));
    let (status, detail) = nameless.problem();
    assert_eq!(status, 400);
    assert!(detail.contains("missing field `subject`"), "{detail}");
}
