//! What is said to a provider when somebody signs out.

use aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{provider::Endpoint, tokens::IdToken};

/// What every end-session request of an application says (OpenID Connect RP-Initiated Logout §2).
#[derive(Clone, Debug)]
pub(crate) struct EndSessionRequest {
    pub(crate) client_id: String,
    /// Where the provider sends the browser afterwards, if it knows this address.
    pub(crate) redirect_uri: Option<String>,
}

impl EndSessionRequest {
    /// Where to send the browser of the user whose ID token this is.
    ///
    /// A token that would make an address that servers refuse is left out: the client id tells the
    /// provider as well whom it is about to ask. `state` comes back with the browser and means nothing.
    pub(crate) fn url(&self, endpoint: &Endpoint, id_token: Option<&IdToken>) -> String {
        let mut state = [0; 16];
        rand::fill(&mut state).expect("the system's random source works");
        let state = BASE64_URL_SAFE_NO_PAD.encode(state);
        let hint = id_token
            .map(IdToken::secret)
            .filter(|hint| hint.len() <= MAX_HINT);

        let mut url = endpoint.url().clone();
        let mut query = url.query_pairs_mut();
        if let Some(hint) = hint {
            query.append_pair("id_token_hint", hint);
        }
        query.append_pair("client_id", &self.client_id);
        if let Some(redirect_uri) = &self.redirect_uri {
            query
                .append_pair("post_logout_redirect_uri", redirect_uri)
                .append_pair("state", &state);
        }
        drop(query);
        url.into()
    }
}

/// In bytes: with the rest of the address well below the 8 KB at which servers refuse.
const MAX_HINT: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn url(hint: Option<&str>, redirect_uri: Option<&str>) -> String {
        let endpoint = Endpoint::parse("end-session endpoint", "https://op.example/end?a=b");
        let request = EndSessionRequest {
            client_id: "the client".to_owned(),
            redirect_uri: redirect_uri.map(str::to_owned),
        };
        request.url(&endpoint.unwrap(), hint.map(IdToken::new).as_ref())
    }

    // OpenID Connect RP-Initiated Logout §2; behaviour 90.
    #[test]
    fn it_says_who_signs_out_and_where_to_go_afterwards() {
        assert_eq!(
            url(None, None),
            "https://op.example/end?a=b&client_id=the+client"
        );
        let full = url(Some("a.b.c"), Some("https://app.example/bye"));
        let (known, state) = full.split_once("&state=").unwrap();
        assert_eq!(
            known,
            "https://op.example/end?a=b&id_token_hint=a.b.c&client_id=the+client&\
             post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye"
        );
        assert_eq!(state.len(), 22);
        assert_ne!(full, url(Some("a.b.c"), Some("https://app.example/bye")));
    }

    // OpenID Connect RP-Initiated Logout §2; behaviour 90.
    #[test]
    fn a_huge_hint_is_left_out() {
        assert!(url(Some(&"x".repeat(4096)), None).contains("id_token_hint"));
        assert!(!url(Some(&"x".repeat(4097)), None).contains("id_token_hint"));
    }
}
