//! A sign-in under way.

use http::HeaderValue;
use url::Url;

use crate::Answer;

/// What a browser has of the sign-in that it began.
pub struct SignIn {
    pub state: String,
    pub cookie_name: String,
    pub cookie_value: String,
}

impl SignIn {
    /// The sign-in that this answer begins, if it does.
    pub fn started_by(answer: &Answer) -> Option<Self> {
        let url = Url::parse(answer.location()?).expect("the provider's address");
        // The last one: the provider's address may have a `state` of its own.
        let state = url.query_pairs().filter(|(name, _)| name == "state").last();
        let (_, state) = state.expect("a state");
        let (name, value) = answer.set_cookies().next().expect("a flow cookie");
        Some(Self {
            state: state.into_owned(),
            cookie_name: name.to_owned(),
            cookie_value: value.to_owned(),
        })
    }

    /// Its cookie, as the browser sends it.
    pub(crate) fn cookie(&self) -> HeaderValue {
        let pair = format!("{}={}", self.cookie_name, self.cookie_value);
        pair.parse().expect("it came in a header")
    }
}
