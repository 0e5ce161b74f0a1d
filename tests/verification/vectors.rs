//! Deliveries that an independent implementation in Python has signed.
//!
//! Behaviour 127.

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::Value;
use tower_didit::verification::DiditWebhooks;

use crate::delivery::{Delivery, Site, time};

static VECTORS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(include_str!("webhook_vectors.json")).unwrap();
    document["vectors"].as_array().unwrap().clone()
});

/// A test for each vector, with its name.
macro_rules! vectors {
    ($($name:ident)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                check(stringify!($name)).await;
            }
        )*

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

vectors! {
    ascii_compact
    unicode_escaped_wire
    unicode_utf8_wire
    floats_whole
    key_order_nested
    key_order_integer_like
    string_escapes
    floats_small
    integers_big
    integers_39_digits
    timestamp_300_old
    timestamp_301_old
    timestamp_not_a_number
    timestamp_missing
    tampered_status
    tampered_decision
    secret_base64_decoded
    signatures_missing
    signature_empty
    signature_truncated
    signature_not_hex
    v2_over_raw_pretty
    v2_timestamp_prefixed
    no_decision
    resubmitted
    user_event
    duplicate_key
    not_json_nan
    empty_body
}

#[test]
fn each_vector_of_the_file_has_a_test() {
    let names = VECTORS.iter().map(name);
    assert_eq!(names.collect::<Vec<_>>(), NAMES);
}

fn name(vector: &Value) -> String {
    vector["id"].as_str().unwrap().replace('-', "_")
}

async fn check(wanted: &str) {
    let vector = VECTORS
        .iter()
        .find(|vector| name(vector) == wanted)
        .unwrap();
    let expected = &vector["expect"];
    // The file leaves open whether a repeated member is refused; the layer refuses it.
    let is_authentic = expected["accept"] == true;
    let is_valid = |signature: &str| is_authentic && expected[signature] == "valid";

    let both = delivery(vector);
    let only_raw = without(&both, "x-signature-v2");
    let only_canonical = without(&both, "x-signature");
    for (accepts_canonical, delivery, is_accepted) in [
        (false, &both, is_valid("raw")),
        (false, &only_raw, is_valid("raw")),
        (false, &only_canonical, false),
        (true, &both, is_valid("raw") || is_valid("v2")),
        (true, &only_raw, is_valid("raw")),
        (true, &only_canonical, is_valid("v2")),
    ] {
        let status = if is_accepted {
            StatusCode::OK
        } else {
            StatusCode::UNAUTHORIZED
        };
        let site = site(vector, accepts_canonical);
        let answer = site.answer(delivery.clone()).await;
        assert_eq!(answer, status, "canonical: {accepts_canonical}");
        assert_eq!(site.count(), usize::from(is_accepted));
        for (_, body) in site.received() {
            assert_eq!(body, delivery.body);
        }
    }
    assert_eq!(is_authentic, is_valid("raw") || is_valid("v2"));
}

fn site(vector: &Value, accepts_canonical: bool) -> Site {
    let secret = vector["secret"].as_str().unwrap();
    // Many of the vectors are of a sandbox.
    let mut webhooks = DiditWebhooks::new([secret]).unwrap().accept_sandbox();
    if accepts_canonical {
        webhooks = webhooks.accept_canonical_signature();
    }
    let now = time(vector["now"].as_u64().unwrap());
    let mut site = Site::of(webhooks);
    site.webhooks = site.webhooks.with_clock(move || now);
    site
}

fn delivery(vector: &Value) -> Delivery {
    let mut headers = HeaderMap::new();
    for (name, value) in vector["headers"].as_object().unwrap() {
        let name: HeaderName = name.to_lowercase().parse().unwrap();
        headers.insert(name, value.as_str().unwrap().parse().unwrap());
    }
    let body = vector["body_base64"].as_str().unwrap();
    let body = BASE64_STANDARD.decode(body).unwrap();
    Delivery { headers, body }
}

fn without(delivery: &Delivery, name: &str) -> Delivery {
    let mut delivery = delivery.clone();
    delivery.headers.remove(name);
    delivery
}
