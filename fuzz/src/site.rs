//! A site with the layer.

use std::{
    convert::Infallible,
    future::ready,
    pin::Pin,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, Uri, header};
use tokio::runtime::{Builder, Runtime};
use tower::{Layer, ServiceExt, service_fn, util::ServiceFn};
use tower_didit::{
    Clock, Config, ConfigBuilder, DiditAuth, IdClaims, Provider, UserInfo,
    middleware::DiditAuthService,
};

use crate::{Answer, CLIENT_ID, ISSUER, NOW, SignIn, token_answer};

/// An application behind the layer. Each input meets a new one, on the same day: what came before
/// changes nothing.
pub struct Site {
    auth: DiditAuth,
    service: DiditAuthService<Application>,
}

type Application = ServiceFn<fn(Request<()>) -> Reply>;
type Reply = Pin<Box<dyn Future<Output = Result<Response<()>, Infallible>>>>;

impl Site {
    /// What the configuration of a site begins with.
    pub fn config(provider: Provider) -> ConfigBuilder {
        Config::builder(CLIENT_ID, "https://app.example/callback")
            .with_provider(provider)
            .with_cookie_keys([[7; 32]])
            .with_redirect_after_sign_in()
            .with_clock(Today)
    }

    /// A site whose provider answers each request with the body that `answer` gives.
    pub fn new<A>(config: ConfigBuilder, answer: A) -> Self
    where
        A: Fn(&Request<Bytes>) -> Bytes + Clone + Send + Sync + 'static,
    {
        let transport = service_fn(move |request: Request<Bytes>| {
            let answer = Response::new(answer(&request));
            ready(Ok::<_, Infallible>(answer))
        });
        let config = config.with_transport(transport).build();
        let auth = DiditAuth::new(config.expect("a good configuration"));
        let application: Application = service_fn(show_user);
        Self {
            service: auth.layer(application),
            auth,
        }
    }

    /// A site whose provider has these keys and answers every code with this ID token.
    pub fn given(provider: Provider, id_token: &str, jwks: impl Into<Bytes>) -> Self {
        let (tokens, jwks) = (token_answer(id_token), jwks.into());
        Self::new(Self::config(provider), move |request| {
            match *request.method() {
                Method::POST => tokens.clone(),
                _ => jwks.clone(),
            }
        })
    }

    /// A browser opens a page.
    pub fn get(&self, target: Uri, cookies: Option<HeaderValue>) -> Answer {
        let mut request = Request::new(());
        *request.uri_mut() = target;
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
        headers.extend(cookies.map(|cookies| (header::COOKIE, cookies)));
        let answer =
            RUNTIME.with(|runtime| runtime.block_on(self.service.clone().oneshot(request)));
        Answer::new(answer.unwrap_or_else(|never| match never {}))
    }

    /// A browser begins to sign in.
    pub fn login(&self, return_to: &str) -> Answer {
        let query: String = url::form_urlencoded::byte_serialize(return_to.as_bytes()).collect();
        self.get(uri(&format!("/login?return_to={query}")), None)
    }

    /// It comes back from the provider with a code.
    pub fn callback(&self, sign_in: &SignIn) -> Answer {
        let target = format!("/callback?code=code&state={}&iss={ISSUER}", sign_in.state);
        self.get(uri(&target), Some(sign_in.cookie()))
    }

    /// Both.
    pub fn sign_in(&self) -> Answer {
        let sign_in = SignIn::started_by(&self.login("/"));
        self.callback(&sign_in.expect("a sign-in"))
    }

    /// Whom the application takes the browser for that got this answer.
    pub fn claims_after(&self, answer: &Answer) -> Option<IdClaims> {
        let page = self.get(uri("/"), Some(answer.cookies()));
        page.claims().cloned()
    }

    /// What the application knows about the user of the browser that got this answer.
    pub fn user_info_after(&self, answer: &Answer) -> Option<UserInfo> {
        let page = self.get(uri("/"), Some(answer.cookies()));
        page.user_info().cloned()
    }
}

fn uri(target: &str) -> Uri {
    target.parse().expect("a request target")
}

/// The application: it says whom it takes the browser for.
fn show_user(request: Request<()>) -> Reply {
    let (asked, ()) = request.into_parts();
    let claims = IdClaims::of(&asked.extensions);
    let user_info = UserInfo::of(&asked.extensions);
    Box::pin(async move {
        let mut answer = Response::new(());
        if let Ok(Some(claims)) = claims.await {
            answer.extensions_mut().insert(claims);
        }
        if let Ok(Some(user_info)) = user_info.await {
            answer.extensions_mut().insert(user_info);
        }
        Ok(answer)
    })
}

/// A callback is kept for a minute, in case that it is reloaded.
impl Drop for Site {
    fn drop(&mut self) {
        RUNTIME.with(|runtime| runtime.block_on(self.auth.shutdown()));
    }
}

#[derive(Debug)]
pub(crate) struct Today;

impl Clock for Today {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW.into())
    }
}

thread_local! {
    pub(crate) static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
}
