//! Didit, whose work is done before anybody asks.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::ready,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, header};
use serde_json::{Map, Value, json};
use tower::{Service, service_fn};
use tower_didit::{
    fake::{Endpoint, FakeDidit, Fault, Person},
    transport::HttpTransport,
};
use url::{Url, form_urlencoded::Serializer};

/// Hands out answers that [`FakeDidit`] gave earlier, so that what is measured holds no work of the
/// provider: no signature but the verification of one.
pub(crate) struct PreparedDidit {
    didit: FakeDidit,
    /// In the order of the sign-ins.
    tokens: Arc<Mutex<VecDeque<Response<Bytes>>>>,
}

impl PreparedDidit {
    pub(crate) fn new() -> Self {
        let didit = FakeDidit::new("client-id", "client-secret")
            .with_redirect_uri(CALLBACK)
            .with_system_clock();
        didit.on_every(Endpoint::Token, Fault::edit_id_token(add_claims));
        Self {
            didit,
            tokens: Arc::default(),
        }
    }

    /// Alejandra says yes: gives the callback. Callbacks have to come in this order.
    pub(crate) fn approve(&self, authorize_url: &str) -> String {
        let callback = self
            .didit
            .approve(&unchallenged(authorize_url), &Person::alejandra());
        let url = Url::parse(&callback).expect("a URL");
        let code = url.query_pairs().find(|(name, _)| name == "code");
        let (_, code) = code.expect("the code of a yes");
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", &code)
            .append_pair("redirect_uri", CALLBACK)
            .finish();
        let request = Request::post("https://apx.didit.me/auth/v2/token")
            // client-id:client-secret
            .header(
                header::AUTHORIZATION,
                "Basic Y2xpZW50LWlkOmNsaWVudC1zZWNyZXQ=",
            )
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.into());
        let answer = self.ask(request.expect("a good request"));
        self.tokens.lock().expect("no panic").push_back(answer);
        callback
    }

    /// The way to the prepared answers.
    pub(crate) fn transport(&self) -> impl HttpTransport + use<> {
        let keys = Request::get("https://apx.didit.me/auth/config/jwks").body(Bytes::new());
        let keys = self.ask(keys.expect("a good request"));
        let tokens = Arc::clone(&self.tokens);
        service_fn(move |request: Request<Bytes>| {
            let answer = if request.uri().path() == "/auth/config/jwks" {
                keys.clone()
            } else {
                let prepared = tokens.lock().expect("no panic").pop_front();
                prepared.expect("every sign-in was approved")
            };
            ready(Ok::<_, Infallible>(answer))
        })
    }

    fn ask(&self, request: Request<Bytes>) -> Response<Bytes> {
        let answer = self.didit.clone().call(request).now_or_never();
        let answer = answer.expect("it answers at once").expect("infallible");
        assert!(answer.status().is_success(), "{answer:?}");
        answer
    }
}

/// Without PKCE: the verifier is in a sealed cookie, and the answer is made before it is opened.
fn unchallenged(authorize_url: &str) -> String {
    let asked = Url::parse(authorize_url).expect("a URL");
    let mut url = asked.clone();
    let kept = asked
        .query_pairs()
        .filter(|(name, _)| !name.starts_with("code_challenge"));
    url.query_pairs_mut().clear().extend_pairs(kept);
    url.into()
}

/// Makes the ID token one that tells as much as Didit knows of somebody.
fn add_claims(_: &mut Map<String, Value>, claims: &mut Map<String, Value>) {
    let told = json!({
        "email": "alejandra.rosas@example.com",
        "email_verified": true,
        "name": "Alejandra Rosas",
        "given_name": "Alejandra",
        "family_name": "Rosas",
        "picture": "https://example.com/pictures/alejandra.png",
        "phone_number": "+34123456789",
        "phone_number_verified": true,
        "birthdate": "1990-04-12",
        "gender": "female",
        "address": {"formatted": "Carrer de Mallorca 1, 08029 Barcelona", "country": "ES"},
        "locale": "es-ES",
        "zoneinfo": "Europe/Madrid",
        "preferred_username": "alejandra.rosas",
        "updated_at": 1_767_225_600,
        "jti": "5d9f43aa-0002-4be1-8b02-c35e7a921f64",
        "sid": "0b6a1e77-c001-4c0b-9d3f-8a1d4f0e52c7",
        "amr": ["passkey"],
        "verified": {"email": true, "phone": true, "document": true, "face": true},
    });
    let told = told.as_object().expect("written as an object above");
    claims.extend(told.clone());
}

pub(crate) const CALLBACK: &str = "https://app.example/callback";
