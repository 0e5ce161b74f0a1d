use serde_json::json;

use super::*;

const ISSUER: &str = "https://op.example";

fn document() -> Object {
    let document = json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://op.example/authorize?tenant=1",
        "token_endpoint": "https://op.example/token/",
        "jwks_uri": "https://keys.example/",
        "userinfo_endpoint": "https://op.example/me",
        "id_token_signing_alg_values_supported": ["none", "HS256", "PS384", "RS256"],
    });
    document.as_object().unwrap().clone()
}

fn read(provider: &Provider, document: Object) -> Result<Metadata, String> {
    provider.read_metadata(Value::Object(document).to_string().as_bytes())
}

fn read_with(member: &str, value: Value) -> Result<Metadata, String> {
    let mut document = document();
    document.insert(member.to_owned(), value);
    read(&Provider::discovered(ISSUER), document)
}

#[test]
fn endpoints_are_taken_from_the_document_as_they_are() {
    let metadata = read(&Provider::discovered(ISSUER), document()).unwrap();
    assert_eq!(
        metadata.authorization_endpoint.url().as_str(),
        "https://op.example/authorize?tenant=1"
    );
    assert_eq!(metadata.token_endpoint.url().path(), "/token/");
    assert_eq!(
        metadata.signing_algorithms,
        [SigningAlgorithm::Ps384, SigningAlgorithm::Rs256]
    );
    assert_eq!(metadata.client_authentication, ClientAuthentication::Basic);
    assert!(!metadata.has_iss_parameter);
}

#[test]
fn set_values_override_the_document() {
    let provider = Provider::discovered(ISSUER)
        .with_token_endpoint("https://proxy.example/token")
        .with_signing_algorithms([SigningAlgorithm::Es256]);
    let metadata = read(&provider, document()).unwrap();
    assert_eq!(
        metadata.token_endpoint.url().as_str(),
        "https://proxy.example/token"
    );
    assert_eq!(metadata.signing_algorithms, [SigningAlgorithm::Es256]);
}

#[test]
fn the_document_of_another_issuer_is_refused() {
    for issuer in [
        json!("https://op.example/"),
        json!("http://op.example"),
        json!("https://OP.example"),
        json!([ISSUER]),
        json!(null),
    ] {
        assert_eq!(
            read_with("issuer", issuer).unwrap_err(),
            "its issuer is not the configured one"
        );
    }
}

#[test]
fn errors_name_the_unusable_member() {
    for (member, value, why) in [
        (
            "token_endpoint",
            json!(7),
            "the token endpoint is not an absolute URL",
        ),
        (
            "jwks_uri",
            json!("http://127.0.0.1/keys"),
            r#"the JWKS URI "http://127.0.0.1/keys" must be https, as the issuer is"#,
        ),
        (
            "id_token_signing_alg_values_supported",
            json!(["none", "HS256"]),
            "none of its ID token algorithms is supported",
        ),
    ] {
        assert_eq!(read_with(member, value).unwrap_err(), why);
    }
    let mut without = document();
    without.remove("jwks_uri");
    assert_eq!(
        read(&Provider::discovered(ISSUER), without.clone()).unwrap_err(),
        "the JWKS URI is missing"
    );
    let trusting = Provider::discovered(ISSUER).insecure_trust_tls_for_id_token();
    assert!(read(&trusting, without).is_ok());
    let long = format!("http://op.example/{}", "a".repeat(70_000));
    assert!(read_with("token_endpoint", json!(long)).unwrap_err().len() < 400);
}

#[test]
fn unusable_optional_endpoints_are_ignored() {
    for (name, usable) in [
        ("userinfo_endpoint", "https://op.example/me"),
        ("revocation_endpoint", "https://op.example/revoke"),
        ("end_session_endpoint", "https://op.example/end?tenant=1"),
    ] {
        let url = |value| {
            let metadata = read_with(name, value).unwrap();
            let endpoint = match name {
                "userinfo_endpoint" => metadata.user_info_endpoint,
                "revocation_endpoint" => metadata.revocation_endpoint,
                _ => metadata.end_session_endpoint,
            };
            endpoint.map(|endpoint| endpoint.url().to_string())
        };
        assert_eq!(url(json!(usable)).as_deref(), Some(usable));
        for unusable in [json!(null), json!("http://op.example/me"), json!(7)] {
            assert_eq!(url(unusable), None, "{name}");
        }
    }
}

// RFC 8414 §2; behaviour 32.
#[test]
fn the_client_authentication_is_one_that_the_provider_supports() {
    for (methods, method) in [
        (
            json!(["client_secret_post", "client_secret_basic"]),
            ClientAuthentication::Basic,
        ),
        (
            json!(["private_key_jwt", "client_secret_post"]),
            ClientAuthentication::Post,
        ),
        (
            json!(["private_key_jwt", "none"]),
            ClientAuthentication::None,
        ),
        (json!([]), ClientAuthentication::Basic),
        (json!(null), ClientAuthentication::Basic),
    ] {
        let metadata = read_with("token_endpoint_auth_methods_supported", methods).unwrap();
        assert_eq!(metadata.client_authentication, method);
    }
    assert_eq!(
        read_with(
            "token_endpoint_auth_methods_supported",
            json!(["private_key_jwt"])
        )
        .unwrap_err(),
        "the token endpoint has no supported client authentication method"
    );
}

// OpenID Connect Discovery §4.1; behaviour 62.
#[test]
fn the_document_is_below_the_issuer_with_or_without_a_trailing_slash() {
    for (issuer, url) in [
        (
            "https://op.example",
            "https://op.example/.well-known/openid-configuration",
        ),
        (
            "https://op.example/",
            "https://op.example/.well-known/openid-configuration",
        ),
        (
            "https://op.example/a/b",
            "https://op.example/a/b/.well-known/openid-configuration",
        ),
        (
            "https://op.example/a/",
            "https://op.example/a/.well-known/openid-configuration",
        ),
    ] {
        match Provider::discovered(issuer).metadata_source().unwrap() {
            MetadataSource::Discovered(found) => assert_eq!(found.url().as_str(), url),
            MetadataSource::Known(_) => panic!("{issuer} has to be found"),
        }
    }
    for issuer in ["http://op.example", "https://op.example/?a", "op.example"] {
        assert!(Provider::discovered(issuer).metadata_source().is_err());
        assert!(Provider::authentication(issuer).metadata_source().is_err());
    }
    let slash = Provider::authentication("https://acme.auth.didit.me/");
    assert_eq!(
        slash.metadata_source().unwrap_err().to_string(),
        r#"the issuer "https://acme.auth.didit.me/" must not end with a slash"#
    );
}
