//! A sign-out of `examples/relying_party` at an OpenID provider that takes tokens back and has a page that
//! ends its own session: npm's `oidc-provider` in `tests/peer`. Real processes over real HTTP.

use reqwest::StatusCode;

use crate::{
    harness::{
        browser::Browser,
        peer::Peer,
        relying_party::{CLIENT_ID, RelyingParty},
        sign_in::sign_in,
    },
    support::port::Port,
};

const REVOCATIONS: &str = "POST /auth/v2/revoke ";

// RFC 6749 §2.3, RFC 7009 §2.2, OpenID Connect RP-Initiated Logout §2; behaviours 32, 89 and 90.
#[tokio::test]
async fn a_sign_out_ends_both_sessions_with_every_client_authentication() {
    let public = [
        ("DIDIT_CLIENT_SECRET", ""),
        (
            "DIDIT_COOKIE_KEYS",
            "Y29va2llIGtleXMgb2YgYSBwdWJsaWMgY2xpZW50Li4=",
        ),
    ];
    for (method, more) in [
        ("client_secret_basic", &[][..]),
        ("client_secret_post", &[]),
        ("none", &public),
    ] {
        let (here, there) = (Port::keep(), Port::keep());
        let peer = Peer::start(&there, &here, &[("AUTH_METHOD", method)]);
        let discovered = [
            ("DIDIT_PROVIDER", "discovered"),
            ("DIDIT_ISSUER", peer.origin()),
        ];
        let settings = [&discovered, more].concat();
        let app = RelyingParty::start(&here, &settings);
        let mut browser = Browser::new();
        sign_in(&mut browser, &app, &peer).await;
        let mut copy = browser.clone();

        let left = browser.post(&app.url("/logout")).await;
        assert_eq!(left.status, StatusCode::SEE_OTHER);
        let page = left.location().expect("it leads to the provider");
        assert_eq!(page.path(), "/auth/v2/logout");
        let parameters: Vec<_> = page.query_pairs().into_owned().collect();
        let [(hint, _), client_id] = &*parameters else {
            panic!("{page}");
        };
        assert_eq!(hint, "id_token_hint");
        assert_eq!(*client_id, ("client_id".into(), CLIENT_ID.into()));

        // The provider knows its own ID token, and asks whether it is to end its session.
        let asked = browser.get(&page, "text/html").await;
        assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
        assert!(asked.body.contains("sign-out"), "{}", asked.body);
        assert_eq!(browser.json(&app.url("/")).await["signed_in"], false);

        // The process that saw the sign-out refuses a copy of the cookie, and removes it.
        assert_eq!(peer.answered(&format!("{REVOCATIONS}200")).await, 1);
        assert_eq!(peer.answered(REVOCATIONS).await, 1);
        let refused = copy.clone().get(&app.url("/me"), "application/json").await;
        assert_eq!(refused.json()["code"], "not-signed-in");

        // Another process accepts it, and the provider does not: with the refresh token the grant has ended.
        let listen = [("LISTEN", "127.0.0.1:0")];
        let other = RelyingParty::start(&here, &[&settings[..], &listen].concat());
        let refused = copy.get(&other.url("/me"), "application/json").await;
        assert_eq!(refused.json()["code"], "access-token-refused");
    }
}
