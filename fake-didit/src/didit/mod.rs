//! The fake Didit itself.

mod controls;
mod service;
pub(crate) mod settings;

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use http::{Request, StatusCode};
use tokio::net::{TcpListener, ToSocketAddrs};

use self::settings::MAX_AUTHENTICATION_LIFETIME;
use crate::{
    clock::FakeClock,
    keys::{Algorithm, Keys},
    listen::Connections,
    log::{Outcome, RecordedRequest},
    person::Person,
    provider::{
        authorize::Refusal, client::Client, decision, endpoint::Endpoint, product::Product,
        state::State,
    },
};

/// A whole Didit in the process, its Sign in API or [Didit Authentication](Self::authentication):
/// strict by default, with faults on request.
///
/// It is a Tower service that answers by the path alone, so it stands in for
/// `https://auth.didit.me` and `https://apx.didit.me` alike, and it can [`listen`](Self::listen) on a
/// socket. All clones are the same Didit; a setter on one of them changes all.
///
/// It keeps at most 10,000 codes and 10,000 tokens of each kind. The next one replaces those that are used,
/// expired or revoked, and then the oldest, which are unknown from then on.
#[derive(Clone)]
pub struct FakeDidit(Arc<Mutex<State>>);

impl FakeDidit {
    /// A Didit with one client, which authenticates with HTTP Basic (RFC 6749 §2.3.1).
    ///
    /// Its codes and tokens look random and are the same in every run, but for signatures with ES256.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        let client = Client::confidential(client_id.into(), client_secret.into());
        Self::with_client(Product::SignIn, client)
    }

    /// A Didit with one public client: no secret, and PKCE is a must (RFC 9700 §2.1.1). Its refresh
    /// tokens are rotated (§2.2.2).
    pub fn new_public(client_id: impl Into<String>) -> Self {
        let client = Client::public(client_id.into());
        Self::with_client(Product::SignIn, client).with_rotating_refresh_tokens()
    }

    /// A Didit Authentication with one application: an issuer of its own, a public client, JSON at the
    /// token endpoint, tokens that are all signed with ES256 and live for five minutes, a session that
    /// can be asked for and ended.
    ///
    /// Its refresh tokens are rotated, and a refresh ends the access token before.
    pub fn authentication(client_id: impl Into<String>) -> Self {
        let client = Client::public(client_id.into());
        let didit = Self::with_client(Product::Authentication, client)
            .with_rotating_refresh_tokens()
            .with_access_token_lifetime(MAX_AUTHENTICATION_LIFETIME);
        didit.set(|state| state.keys = Keys::new(&[Algorithm::Es256], "k_fake"))
    }

    /// The product that it is.
    pub fn product(&self) -> Product {
        self.lock().product
    }

    /// The `iss` of everything that has one.
    pub fn issuer(&self) -> String {
        self.lock().issuer.as_str().to_owned()
    }

    /// The client's id.
    pub fn client_id(&self) -> String {
        self.lock().client.id.clone()
    }

    /// The client's secret; a public client has none.
    pub fn client_secret(&self) -> Option<String> {
        self.lock().client.secret().map(str::to_owned)
    }

    /// The people on the sign-in page, in the order of its buttons.
    pub fn people(&self) -> Vec<Person> {
        self.lock().accounts.to_vec()
    }

    /// The URL of token revocation (RFC 7009), where it is
    /// [switched on](Self::with_revocation_endpoint).
    pub fn revocation_endpoint(&self) -> Option<String> {
        self.lock().optional_endpoint(Endpoint::Revocation)
    }

    /// The URL of the page that ends a session, where it is
    /// [switched on](Self::with_end_session_endpoint).
    pub fn end_session_endpoint(&self) -> Option<String> {
        self.lock().optional_endpoint(Endpoint::EndSession)
    }

    /// The clock that it runs on.
    pub fn clock(&self) -> FakeClock {
        self.lock().clock.clone()
    }

    /// Serves HTTP/1.1 on a socket, in a spawned task, until the runtime ends; port 0 picks a free one.
    ///
    /// | at most | else |
    /// |---|---|
    /// | 512 connections at a time | the next one waits |
    /// | 30 s for the headers, or until the next request | the connection ends |
    /// | 30 s for the body | 408 |
    /// | 64 KB of request line and headers | 431 |
    /// | 64 KB of body | 413 |
    ///
    /// # Errors
    ///
    /// When the address cannot be bound.
    pub async fn listen(&self, addr: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let didit = self.clone();
        tokio::spawn(async move { Connections::new().serve(&listener, didit).await });
        Ok(addr)
    }

    /// A person signs in without a browser, listed on the sign-in page or not: gives the URL with the code
    /// that the browser goes to.
    ///
    /// The request is checked, counted and recorded like one of a browser. Of scripted faults only
    /// [`Fault::error`](crate::Fault::error) has a meaning here.
    ///
    /// # Panics
    ///
    /// When `authorize_url` is not a good authorization request, or the product is
    /// [switched off](Self::switch_off).
    pub fn approve(&self, authorize_url: &str, person: &Person) -> String {
        self.decided(authorize_url, Some(person.clone()))
            .unwrap_or_else(|why| {
                panic!("FakeDidit refuses the authorization request {authorize_url}: {why}")
            })
    }

    /// A person says no: gives the URL with `error=access_denied` that the browser goes to.
    ///
    /// # Panics
    ///
    /// As [`approve`](Self::approve).
    pub fn decline(&self, authorize_url: &str) -> String {
        self.decided(authorize_url, None).unwrap_or_else(|why| {
            panic!("FakeDidit refuses the authorization request {authorize_url}: {why}")
        })
    }

    /// All requests so far, oldest first (the latest 10,000).
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.lock().log.requests()
    }

    /// Forgets the [requests](Self::requests) so far. Counts and the requests' numbers go on.
    pub fn clear_requests(&self) {
        self.lock().log.clear();
    }

    /// How often an endpoint was called, with any method and however it was answered.
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.lock().log.count(endpoint)
    }

    /// The latest request of an endpoint.
    pub fn last(&self, endpoint: Endpoint) -> Option<RecordedRequest> {
        self.lock().log.last(endpoint)
    }

    /// The origins that a browser finds it at.
    pub(crate) fn origins(&self) -> Vec<String> {
        let state = self.lock();
        state.product.origins(&state.issuer)
    }

    pub(crate) fn set(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.lock());
        self
    }

    fn with_client(product: Product, client: Client) -> Self {
        let state = State::new(product, client, FakeClock::new());
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic of a test's thread must not hide what it was about.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the browser goes when the person approves the authorization request, or declines it
    /// (`None`); the error says why the request is no good.
    pub(crate) fn decided(
        &self,
        authorize_url: &str,
        person: Option<Person>,
    ) -> Result<String, String> {
        let request = Request::get(authorize_url)
            .body(Bytes::new())
            .map_err(|_| "it is not a URI".to_owned())?;
        let mut state = self.lock();
        if state.is_off {
            return Err("the product is switched off".to_owned());
        }
        if state.endpoint(request.uri().path()) != Some(Endpoint::Authorize) {
            return Err("it is not at the authorization endpoint".to_owned());
        }
        let fault = state.script.take(Endpoint::Authorize);
        let asked = decision::read(&state, &request)
            .map_err(|(Refusal::Redirect { why, .. } | Refusal::Page(why))| why);
        let outcome = Outcome {
            fault: fault.clone(),
            status: Some(
                asked
                    .as_ref()
                    .map_or(StatusCode::BAD_REQUEST, |_| StatusCode::OK),
            ),
            problem: asked.as_ref().err().cloned(),
            ..state.outcome(Some(Endpoint::Authorize))
        };
        state.log.record(&request, outcome);

        let asked = asked?;
        let scripted = fault.and_then(|fault| decision::scripted(&asked, &fault.0));
        Ok(match (scripted, person) {
            (Some(redirect), _) => redirect,
            (None, Some(person)) => decision::approve(&mut state, &asked, person),
            (None, None) => decision::decline(&asked),
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
