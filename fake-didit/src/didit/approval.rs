//! Sign-ins without a browser.

use bytes::Bytes;
use http::{Request, StatusCode};

use super::FakeDidit;
use crate::{
    log::Outcome,
    person::Person,
    provider::{authorize::Refusal, decision, endpoint::Endpoint},
};

/// # Sign-ins without a browser
impl FakeDidit {
    /// Approves a sign-in without a browser, for any person, listed on the sign-in page or not. Returns the
    /// callback URL with the code. [Example](Self#a-sign-in).
    ///
    /// The authorization request is checked, counted and recorded like one of a browser. Of injected faults,
    /// only [`Fault::error`](crate::Fault::error) applies.
    ///
    /// # Panics
    ///
    /// If `authorization_url` is not a valid authorization request, or the product is
    /// [switched off](Self::switch_off).
    pub fn approve(&self, authorization_url: &str, person: &Person) -> String {
        let callback = self.decide(authorization_url, Some(person.clone()));
        callback.unwrap_or_else(|why| invalid_request(authorization_url, &why))
    }

    /// Declines a sign-in without a browser. Returns the callback URL with `error=access_denied`.
    /// [Example](Self#a-sign-in).
    ///
    /// # Panics
    ///
    /// As [`approve`](Self::approve).
    pub fn decline(&self, authorization_url: &str) -> String {
        let callback = self.decide(authorization_url, None);
        callback.unwrap_or_else(|why| invalid_request(authorization_url, &why))
    }

    /// The callback URL after the person approved, or after a person declined (`None`). The error tells why
    /// the request is invalid.
    pub(crate) fn decide(
        &self,
        authorization_url: &str,
        person: Option<Person>,
    ) -> Result<String, String> {
        let request = Request::get(authorization_url)
            .body(Bytes::new())
            .map_err(|_| "it is not a URI".to_owned())?;
        let mut state = self.lock();
        if state.is_off {
            return Err("the product is switched off".to_owned());
        }
        if state.endpoint(request.uri().path()) != Some(Endpoint::Authorize) {
            return Err("its path is not the authorization endpoint".to_owned());
        }
        let fault = state.faults.take(Endpoint::Authorize);
        let parsed = decision::parse(&state, &request)
            .map_err(|(Refusal::Redirect { why, .. } | Refusal::Page(why))| why);
        let outcome = Outcome {
            fault: fault.clone(),
            status: Some(
                parsed
                    .as_ref()
                    .map_or(StatusCode::BAD_REQUEST, |_| StatusCode::OK),
            ),
            problem: parsed.as_ref().err().cloned(),
            ..state.outcome(Some(Endpoint::Authorize))
        };
        state.log.record(&request, outcome);

        let authorization = parsed?;
        let error = fault.and_then(|fault| decision::injected_error(&authorization, &fault.0));
        Ok(match (error, person) {
            (Some(redirect), _) => redirect,
            (None, Some(person)) => decision::approve(&mut state, &authorization, person),
            (None, None) => decision::decline(&authorization),
        })
    }
}

fn invalid_request(url: &str, why: &str) -> ! {
    panic!("invalid authorization request {url}: {why}")
}
