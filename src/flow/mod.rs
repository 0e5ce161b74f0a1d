//! What a request means to the layer, and what comes of it.

mod answer;
mod asked_page;
mod callback;
mod completed;
mod failure;
mod flow_cookies;
mod navigation;
mod outcome;
mod page;
mod resume;
mod route;
mod sign_in;
mod sign_out;

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Once},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, header, request::Parts};

pub(crate) use callback::Admission;
pub(crate) use outcome::Departure;

use self::{completed::CompletedSignIns, route::Route};
use crate::{
    clock::Timestamp,
    config::Config,
    error::{Error, ErrorKind},
    oidc::Client,
    provider_calls::ProviderCalls,
};

/// All that one layer knows, shared by its services.
#[derive(Debug)]
pub(crate) struct Flow {
    config: Config,
    calls: ProviderCalls,
    completed: CompletedSignIns,
    reported: Reported,
}

/// What is told to the operator once.
#[derive(Debug)]
struct Reported {
    callback_route_missing: Once,
    stray_callback: Once,
    exchanges_full: Once,
}

/// What to do with a request.
pub(crate) enum Step {
    /// Hand it to the application; afterwards see the answer's head.
    Forward(Departure),
    /// Wait first, then ask [`Flow::admit`].
    Admit(Pin<Box<dyn Future<Output = Admission> + Send>>),
    /// Answer it here.
    Reply(Response<Bytes>),
}

impl Flow {
    pub(crate) fn new(config: Config) -> Self {
        let client = Client::new(
            &config.client_id,
            config
                .client_secret
                .as_ref()
                .map(|secret| secret.0.as_str()),
            config.redirect_uri.as_str(),
            &config.endpoints.token,
            config.scopes.clone(),
        );
        Self {
            calls: ProviderCalls::new(client, config.transport.clone()),
            config,
            completed: CompletedSignIns::default(),
            reported: Reported {
                callback_route_missing: Once::new(),
                stray_callback: Once::new(),
                exchanges_full: Once::new(),
            },
        }
    }

    /// Decides, without waiting, what a request means.
    pub(crate) fn decide(self: &Arc<Self>, request: &mut Parts) -> Step {
        match Route::of(request, &self.config) {
            Ok(Route::Application) => self.resume(request),
            Ok(Route::Callback) => self.callback(request),
            Ok(Route::Login) => Step::Reply(self.login(request)),
            Ok(Route::Logout) => Step::Reply(self.sign_out(request)),
            Err(allowed) => Step::Reply(self.method_not_allowed(request, &allowed)),
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::now(&*self.config.clock)
    }

    fn method_not_allowed(&self, request: &Parts, allowed: &Method) -> Response<Bytes> {
        let error = Error::new(ErrorKind::MethodNotAllowed);
        let mut response = self.failure(&error, request, None);
        let allowed =
            HeaderValue::from_str(allowed.as_str()).expect("GET and POST are header values");
        response.headers_mut().insert(header::ALLOW, allowed);
        response
    }
}
