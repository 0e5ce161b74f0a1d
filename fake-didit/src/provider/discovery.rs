//! The metadata document (OpenID Connect Discovery §3, RFC 8414 §2).

use serde_json::{Value, json};

use crate::{
    keys::Algorithm,
    provider::{
        endpoint::Endpoint,
        product::{END_SESSION, Product, REVOCATION},
        state::State,
    },
};

/// How long caches may store the document, in seconds.
pub(crate) const MAX_AGE: u64 = 300;

/// The document. It states exactly what the fake supports.
pub(crate) fn document(state: &State) -> Value {
    let mut document = match state.product {
        Product::SignIn => sign_in(state),
        Product::Authentication => authentication(state),
    };
    // All algorithms, not only the configured one: OpenID Connect Discovery §3 requires RS256. Didit
    // Authentication documents only ES256.
    let algorithms = state.keys.algorithms.iter().copied().map(Algorithm::name);
    let common = [
        ("issuer", json!(state.issuer.as_str())),
        ("scopes_supported", json!(state.scopes)),
        ("response_types_supported", json!(["code"])),
        ("grant_types_supported", json!(grant_types(state))),
        ("subject_types_supported", json!(["pairwise"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        (
            "id_token_signing_alg_values_supported",
            algorithms.collect(),
        ),
    ];
    let common = common.map(|(name, value)| (name.to_owned(), value));
    if let Some(members) = document.as_object_mut() {
        members.extend(common);
        members.extend(optional_endpoints(state));
        if state.sends_iss {
            // RFC 9207 §3.
            members.insert(
                "authorization_response_iss_parameter_supported".to_owned(),
                true.into(),
            );
        }
    }
    document
}

fn grant_types(state: &State) -> Vec<&'static str> {
    let mut grant_types = vec!["authorization_code", "refresh_token"];
    if state.product == Product::SignIn && !state.client.is_public() {
        grant_types.push("client_credentials");
    }
    grant_types
}

/// The Sign in API's endpoints are at the issuer's origin.
fn sign_in(state: &State) -> Value {
    let at = |path| format!("{}{path}", state.issuer.origin());
    json!({
        "authorization_endpoint": at("/auth/v2/authorize"),
        "token_endpoint": at("/auth/v2/token"),
        "userinfo_endpoint": at("/auth/v2/users/retrieve"),
        "introspection_endpoint": at("/auth/v2/introspect"),
        "jwks_uri": at("/auth/config/jwks"),
        "token_endpoint_auth_methods_supported": [state.client.authentication_method()],
    })
}

/// The optional endpoints of the Sign in API that are switched on.
fn optional_endpoints(state: &State) -> impl Iterator<Item = (String, Value)> {
    let at = |path| format!("{}{path}", state.issuer.origin());
    let revocation = [
        ("revocation_endpoint", json!(at(REVOCATION))),
        // RFC 8414 §2: the default is client_secret_basic.
        (
            "revocation_endpoint_auth_methods_supported",
            json!([state.client.authentication_method()]),
        ),
    ];
    let revocation = state.has(Endpoint::Revocation).then_some(revocation);
    let end_session = [("end_session_endpoint", json!(at(END_SESSION)))];
    let end_session = state.has(Endpoint::EndSession).then_some(end_session);
    let members = revocation.into_iter().flatten();
    let members = members.chain(end_session.into_iter().flatten());
    members.map(|(name, value)| (name.to_owned(), value))
}

/// Didit Authentication's endpoints are below the issuer.
fn authentication(state: &State) -> Value {
    let at = |path| format!("{}{path}", state.issuer.as_str());
    json!({
        "authorization_endpoint": at("/sign-in"),
        "token_endpoint": at("/token/"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "token_endpoint_auth_methods_supported": [state.client.authentication_method()],
    })
}
