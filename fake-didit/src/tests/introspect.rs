use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::{
    Bytes, authorize_url, code_form, didit, query, send_json, signed_in, token_request, tokens,
};
use crate::Person;

fn introspection(form: &str) -> Request<Bytes> {
    let mut request = token_request(form.to_owned());
    *request.uri_mut() = "https://apx.didit.me/auth/v2/introspect".parse().unwrap();
    request
}

#[tokio::test]
async fn a_valid_token_is_described_with_didits_members() {
    let didit = didit();
    let tokens = signed_in(&didit).await;
    let form = format!("token={}", tokens["access_token"].as_str().unwrap());
    let (status, body) = send_json(&didit, introspection(&form)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        body,
        json!({
            "active": true,
            "iss": "https://apx.didit.me",
            "iat": 1_767_225_600,
            "exp": 1_767_229_200,
            "sub": Person::alejandra().subject(),
            "identifier": "alejandra.rosas@example.com",
            "identifier_type": "email",
            "claims": "openid offline email",
            "client_id": "app",
        })
    );
    didit.revoke_all();
    assert_eq!(
        send_json(&didit, introspection(&form)).await.1,
        json!({"active": false})
    );
}

#[tokio::test]
async fn the_identifier_of_a_person_without_an_email_is_the_phone_number() {
    let didit = didit();
    let phone = Person::new("u-1").with_phone("+15550100");
    for (person, identifier, kind) in [
        (phone, json!("+15550100"), json!("phone")),
        (Person::new("u-2"), Value::Null, Value::Null),
    ] {
        let callback = didit.approve(&authorize_url(&[]), &person);
        let code = query(&callback, "code").unwrap();
        let tokens = tokens(&didit, code_form(&code, &[])).await;
        let form = format!("token={}", tokens["access_token"].as_str().unwrap());
        let (_, body) = send_json(&didit, introspection(&form)).await;
        assert_eq!(body["sub"], person.subject());
        assert_eq!(body["identifier"], identifier);
        assert_eq!(body["identifier_type"], kind);
    }
}

#[tokio::test]
async fn an_invalid_request_gets_didits_errors() {
    let didit = didit();
    let error = |(status, body): (StatusCode, Value)| (status.as_u16(), body["error"].clone());

    let mut request = introspection("token=x");
    *request.method_mut() = Method::GET;
    assert_eq!(
        error(send_json(&didit, request).await),
        (405, "method_not_allowed".into())
    );

    let mut request = introspection("token=x");
    request
        .headers_mut()
        .insert("content-type", "application/json".parse().unwrap());
    assert_eq!(
        error(send_json(&didit, request).await),
        (400, "invalid_content_type".into())
    );

    assert_eq!(
        error(send_json(&didit, introspection("other=x")).await),
        (400, "required".into())
    );

    let mut request = introspection("token=x");
    request.headers_mut().remove("authorization");
    assert_eq!(
        error(send_json(&didit, request).await),
        (401, "invalid_client".into())
    );
}
