//! The fake Didit itself.

use std::{
    convert::Infallible,
    fmt, future, io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use tokio::net::{TcpListener, ToSocketAddrs};
use tower_service::Service;

use super::{
    answer::Answer,
    authorize::{AuthorizeRequest, Refusal, is_redirect_uri},
    client::Client,
    clock::FakeClock,
    decision,
    endpoint::Endpoint,
    fault::{Fault, Misdeed, tamper},
    keys::Algorithm,
    listen,
    log::RecordedRequest,
    person::Person,
    routes,
    state::State,
};
use crate::{
    clock::SystemClock,
    config::{Config, ConfigBuilder},
};

/// A whole Didit (its Sign in API) in the process: honest and strict by default, hostile on request.
///
/// It is a Tower service that answers by the path alone, so it stands in for
/// `https://auth.didit.me` and `https://apx.didit.me` alike, and it can [`listen`](Self::listen) on a
/// socket. All clones are the same Didit; a setter on one of them changes all.
#[derive(Clone)]
pub struct FakeDidit {
    state: Arc<Mutex<State>>,
    clock: FakeClock,
}

impl FakeDidit {
    /// A Didit with one client, which authenticates with HTTP Basic (RFC 6749 §2.3.1).
    ///
    /// Its codes and tokens look random and are the same in every run.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self::with_client(Client::confidential(client_id.into(), client_secret.into()))
    }

    /// A Didit with one public client: no secret, and PKCE is a must (RFC 9700 §2.1.1). Its refresh
    /// tokens are rotated (§2.2.2).
    pub fn new_public(client_id: impl Into<String>) -> Self {
        Self::with_client(Client::public(client_id.into())).with_rotating_refresh_tokens()
    }

    /// Registers a redirect URI, besides those registered before. They are compared byte for byte.
    ///
    /// # Panics
    ///
    /// When `uri` is not absolute or has a fragment (RFC 6749 §3.1.2).
    #[must_use]
    pub fn with_redirect_uri(self, uri: impl Into<String>) -> Self {
        let uri = uri.into();
        assert!(
            is_redirect_uri(&uri),
            "not an absolute redirect URI without a fragment: {uri:?}"
        );
        self.set(|state| state.redirect_uris.push(uri))
    }

    /// The `iss` of ID tokens and introspection. Default: `https://apx.didit.me`.
    #[must_use]
    pub fn with_issuer(self, issuer: impl Into<String>) -> Self {
        self.set(|state| state.issuer = issuer.into())
    }

    /// Signs ID tokens with RS256. Default: ES256.
    #[must_use]
    pub fn with_rs256(self) -> Self {
        self.set(|state| state.keys.algorithm = Algorithm::Rs256)
    }

    /// Publishes keys as the example in Didit's documentation does: `crv` is `secp256r1`, and there is
    /// no `kid`, `alg` or `use`. The ID token's header names a `kid` all the same.
    #[must_use]
    pub fn with_bare_jwks(self) -> Self {
        self.set(|state| state.keys.bare = true)
    }

    /// Expects the client's secret in the body instead of the `Authorization` header.
    #[must_use]
    pub fn with_client_secret_post(self) -> Self {
        self.set(|state| state.client.expect_secret_in_body())
    }

    /// How long a code can be used, in whole seconds. Default: 60 s.
    #[must_use]
    pub fn with_code_lifetime(self, lifetime: Duration) -> Self {
        self.set(|state| state.code_lifetime = lifetime.as_secs())
    }

    /// How long an access token counts, in whole seconds; also its `expires_in`. Default: 3600 s.
    #[must_use]
    pub fn with_access_token_lifetime(self, lifetime: Duration) -> Self {
        self.set(|state| state.access_token_lifetime = lifetime.as_secs())
    }

    /// How long a refresh token counts, in whole seconds. Default: 30 days.
    #[must_use]
    pub fn with_refresh_token_lifetime(self, lifetime: Duration) -> Self {
        self.set(|state| state.refresh_token_lifetime = lifetime.as_secs())
    }

    /// Gives a new refresh token with each refresh; an old one that comes back ends its grant
    /// (RFC 9700 §4.14.2). Default, but for a public client: a refresh token is reusable and the answer
    /// has none.
    #[must_use]
    pub fn with_rotating_refresh_tokens(self) -> Self {
        self.set(|state| state.rotates_refresh_tokens = true)
    }

    /// Runs on the machine's own time, for a fake that a person clicks through. Default: its
    /// [`clock`](Self::clock), which stands still.
    #[must_use]
    pub fn with_system_clock(self) -> Self {
        self.set(|state| state.clock = Arc::new(SystemClock))
    }

    /// The clock that it runs on, unless [`with_system_clock`](Self::with_system_clock) was called.
    pub fn clock(&self) -> FakeClock {
        self.clock.clone()
    }

    /// Starts the configuration of an application that signs in here: with the fake's own client, on
    /// its clock, in the process. The redirect URI is registered.
    ///
    /// The application of a public client lacks only its cookie keys.
    ///
    /// # Panics
    ///
    /// As [`with_redirect_uri`](Self::with_redirect_uri).
    pub fn config(&self, redirect_uri: &str) -> ConfigBuilder {
        let didit = self.clone().with_redirect_uri(redirect_uri);
        let state = didit.lock();
        let config = Config::builder(&state.client.id, redirect_uri)
            .with_transport(self.clone())
            .with_clock(Arc::clone(&state.clock));
        match state.client.secret() {
            Some(secret) => config.with_client_secret(secret),
            None => config,
        }
    }

    /// Serves HTTP/1.1 on a socket, in a spawned task, until the runtime ends; port 0 picks a free one.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound.
    pub async fn listen(&self, addr: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        tokio::spawn(listen::serve(listener, self.clone()));
        Ok(addr)
    }

    /// A person signs in without a browser: gives the URL with the code that the browser goes to.
    ///
    /// The request is checked, counted and recorded like one of a browser. Of scripted faults only
    /// [`Fault::error`] has a meaning here.
    ///
    /// # Panics
    ///
    /// When `authorize_url` is not a good authorization request.
    pub fn approve(&self, authorize_url: &str, person: Person) -> String {
        match self.asked(authorize_url) {
            Ok(asked) => decision::approve(&mut self.lock(), &asked, person),
            Err(redirect) => redirect,
        }
    }

    /// A person says no: gives the URL with `error=access_denied` that the browser goes to.
    ///
    /// # Panics
    ///
    /// As [`approve`](Self::approve).
    pub fn decline(&self, authorize_url: &str) -> String {
        self.asked(authorize_url)
            .map_or_else(|redirect| redirect, |asked| decision::decline(&asked))
    }

    /// Ends all grants so far: their codes and tokens count no more.
    pub fn revoke_all(&self) {
        self.lock().ledger.revoke_all();
    }

    /// Signs with the other keys from now on, and publishes only those. There are two sets, which take
    /// turns.
    pub fn rotate_keys(&self) {
        self.lock().keys.rotate();
    }

    /// Misbehaves once, at the next call of an endpoint. Faults queue up, one for each call.
    pub fn on_next(&self, endpoint: Endpoint, fault: Fault) {
        self.lock().script.on_next(endpoint, fault);
    }

    /// Misbehaves at every call of an endpoint that has no fault queued.
    pub fn on_every(&self, endpoint: Endpoint, fault: Fault) {
        self.lock().script.on_every(endpoint, fault);
    }

    /// Forgets all faults: from now on it is honest.
    pub fn clear_faults(&self) {
        self.lock().script.clear();
    }

    /// All requests so far, oldest first (the latest 10,000).
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.lock().log.requests()
    }

    /// How often an endpoint was called, with any method and however it was answered.
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.lock().log.count(endpoint)
    }

    /// The latest request of an endpoint.
    pub fn last(&self, endpoint: Endpoint) -> Option<RecordedRequest> {
        self.lock().log.last(endpoint)
    }

    fn with_client(client: Client) -> Self {
        let clock = FakeClock::new();
        Self {
            state: Arc::new(Mutex::new(State::new(client, clock.clone()))),
            clock,
        }
    }

    fn set(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.lock());
        self
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic of a test's thread must not hide what it was about.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The authorization request behind a URL, or where a scripted error sends the browser.
    fn asked(&self, authorize_url: &str) -> Result<AuthorizeRequest, String> {
        let request = Request::get(authorize_url)
            .body(Bytes::new())
            .expect("the authorize URL is a URI");
        let endpoint = Endpoint::at(request.uri().path());
        assert_eq!(
            endpoint,
            Some(Endpoint::Authorize),
            "not an authorize URL: {authorize_url}"
        );

        let mut state = self.lock();
        state.log.record(&request);
        let fault = state.script.take(Endpoint::Authorize);
        let asked = decision::read(&state, &request);
        drop(state);
        let asked = asked.unwrap_or_else(|(Refusal::Redirect(why) | Refusal::Page(why))| {
            panic!("FakeDidit refuses the authorization request {authorize_url}: {why}")
        });
        match fault.and_then(|fault| decision::scripted(&asked, &fault.0)) {
            Some(redirect) => Err(redirect),
            None => Ok(asked),
        }
    }

    /// The answer, and for how long it is held back; `None`: for ever.
    fn answer(&self, request: &Request<Bytes>) -> Option<(Answer, Duration)> {
        let endpoint = Endpoint::at(request.uri().path());
        let mut state = self.lock();
        state.log.record(request);
        let fault = endpoint.and_then(|endpoint| state.script.take(endpoint));
        let misdeed = fault.map(|fault| fault.0);
        if let Some(Misdeed::Hang) = misdeed {
            return None;
        }
        let answer = routes::answer(&mut state, endpoint, request, misdeed.as_ref());
        let keys = state.keys;
        // A test's closure may ask this fake.
        drop(state);
        Some(match misdeed {
            Some(Misdeed::Delay(by)) => (answer, by),
            Some(misdeed) => (tamper(answer, &misdeed, &keys), Duration::ZERO),
            None => (answer, Duration::ZERO),
        })
    }
}

impl fmt::Debug for FakeDidit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeDidit")
            .field("client_id", &self.lock().client.id)
            .finish_non_exhaustive()
    }
}

impl Service<Request<Bytes>> for FakeDidit {
    type Response = Response<Bytes>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        // Counted and worked on now, not when the future is first polled.
        match self.answer(&request) {
            None => Box::pin(future::pending()),
            Some((answer, Duration::ZERO)) => Box::pin(future::ready(Ok(answer))),
            Some((answer, held_back)) => Box::pin(async move {
                tokio::time::sleep(held_back).await;
                Ok(answer)
            }),
        }
    }
}
