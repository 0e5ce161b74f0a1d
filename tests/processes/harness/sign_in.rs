//! A whole sign-in.

use std::collections::BTreeMap;

use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use super::{
    browser::Browser,
    peer::{ACCOUNT, Peer},
    relying_party::{CLIENT_ID, RelyingParty, SCOPES},
};

/// Opens the page for members, is sent to the provider and back, and is shown there who signed in.
/// Gives the URL that led back.
pub(crate) async fn sign_in(browser: &mut Browser, app: &RelyingParty, peer: &Peer) -> Url {
    let page = app.url("/me");
    let visits = browser.follow(&page).await;
    let last = visits.last().expect("a visit leads somewhere");
    assert_eq!(
        (&last.url, last.status),
        (&page, StatusCode::OK),
        "{}",
        last.body
    );
    let visit_to = |url: &Url| {
        let mut urls = visits.iter().map(|visit| &visit.url);
        let found =
            urls.find(|visited| (visited.origin(), visited.path()) == (url.origin(), url.path()));
        found.unwrap_or_else(|| panic!("the way leads through {url}"))
    };

    let request: BTreeMap<_, _> = visit_to(&peer.url("/auth/v2/authorize"))
        .query_pairs()
        .into_owned()
        .collect();
    assert_eq!(request["code_challenge_method"], "S256");

    let home = browser.json(&app.url("/")).await;
    assert_eq!(home, json!({ "signed_in": true, "sub": ACCOUNT }));
    let me = browser.json(&page).await;
    assert_is_alejandra(&me);
    assert_eq!(me["claims"]["iss"], peer.origin(), "{me}");
    assert_eq!(me["claims"]["nonce"], *request["nonce"], "{me}");
    visit_to(&app.url("/callback")).clone()
}

fn assert_is_alejandra(me: &Value) {
    assert_eq!(me["sub"], ACCOUNT, "{me}");
    assert_eq!(me["scope"], SCOPES, "{me}");
    assert_eq!(me["has_refresh_token"], true, "{me}");
    assert_lasts_an_hour(me["expires_in"].as_u64(), me);

    let claims = &me["claims"];
    assert_eq!(claims["sub"], ACCOUNT, "{me}");
    assert_eq!(claims["aud"], CLIENT_ID, "{me}");
    let time = |name: &str| claims[name].as_u64();
    let life = time("exp").zip(time("iat")).map(|(exp, iat)| exp - iat);
    assert_lasts_an_hour(life, me);

    assert_eq!(
        me["user_info"],
        json!({
            "sub": ACCOUNT,
            "email": { "email": "alejandra@example.com", "is_verified": true, "is_primary": true },
            "names": {
                "first_name": "Alejandra",
                "family_name": "Rosas",
                "full_name": "Alejandra Rosas",
                "is_verified": true,
            },
        })
    );
}

fn assert_lasts_an_hour(seconds: Option<u64>, me: &Value) {
    let is_an_hour = seconds.is_some_and(|seconds| (3500..=3600).contains(&seconds));
    assert!(is_an_hour, "{me}");
}
