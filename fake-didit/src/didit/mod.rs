//! The fake.

mod approval;
mod controls;
mod service;
pub(crate) mod settings;
mod user_info;

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::net::{TcpListener, ToSocketAddrs};

use self::settings::MAX_AUTHENTICATION_LIFETIME;
use crate::{
    clock::FakeClock,
    keys::{Algorithm, Keys},
    listen::Connections,
    log::RecordedRequest,
    person::Person,
    provider::{client::Client, endpoint::Endpoint, product::Product, state::State},
};

/// An OpenID provider in the process that behaves like Didit: the Sign in API or
/// [Didit Authentication](Self::authentication). Strict by default, with [faults](crate::Fault) on request.
///
/// It is a Tower service: `Service<Request<Bytes>>`. It ignores scheme and host of the request, so it serves
/// both `https://auth.didit.me` and `https://apx.didit.me`. It can also [`listen`](Self::listen) on a
/// socket. Clones share one state.
///
/// At most 10,000 codes and 10,000 tokens of each kind are valid at a time. Above that, used, expired and
/// revoked ones are removed first, then the oldest.
///
/// # A sign-in
///
/// ```
/// use fake_didit::{Endpoint, FakeDidit, Person};
///
/// let didit = FakeDidit::new("app", "secret").with_redirect_uri("https://app.example/callback");
/// let authorization_url = "https://auth.didit.me/?client_id=app&response_type=code&scope=openid&state=s\
///                          &redirect_uri=https://app.example/callback";
///
/// let callback = didit.approve(authorization_url, &Person::alejandra());
/// assert!(callback.starts_with("https://app.example/callback?code=code_"));
/// let callback = didit.decline(authorization_url);
/// assert!(callback.starts_with("https://app.example/callback?error=access_denied"));
///
/// assert_eq!(didit.count(Endpoint::Authorize), 2);
/// assert_eq!(didit.last(Endpoint::Authorize).unwrap().problem(), None);
/// didit.clear_requests();
/// assert!(didit.requests().is_empty());
/// ```
///
/// # Settings
///
/// ```
/// use std::time::Duration;
/// use fake_didit::FakeDidit;
///
/// // With the defaults of other OpenID providers.
/// let didit = FakeDidit::new("app", "secret")
///     .with_redirect_uri("https://app.example/callback")
///     .with_client_secret_post()
///     .with_scopes(["openid", "profile", "offline"])
///     .with_iss_parameter()
///     .with_rs256()
///     .with_jwks_max_age(Duration::from_secs(3600))
///     .with_code_lifetime(Duration::from_secs(30))
///     .with_access_token_lifetime(Duration::from_secs(600))
///     .with_refresh_token_lifetime(Duration::from_secs(24 * 3600))
///     .with_rotating_refresh_tokens()
///     .with_revocation_endpoint()
///     .with_end_session_endpoint()
///     .with_post_logout_redirect_uri("https://app.example/");
/// assert!(didit.revocation_endpoint().is_some() && didit.end_session_endpoint().is_some());
///
/// // For interactive use, with keys as in Didit's documentation.
/// let didit = FakeDidit::new("app", "secret").with_system_clock().with_bare_jwks();
/// assert!(didit.jwks_document().contains("secp256r1"));
/// ```
///
/// # Controls
///
/// ```
/// use std::time::Duration;
/// use fake_didit::{Endpoint, FakeDidit, Fault};
///
/// let didit = FakeDidit::new("app", "secret");
/// didit.on_next(Endpoint::Token, Fault::error("server_error").with_status(500));
/// didit.on_every(Endpoint::Jwks, Fault::hang());
/// didit.clear_faults();
///
/// didit.clock().advance(Duration::from_secs(3600)); // access tokens have expired
/// didit.rotate_keys(); // ID tokens are signed with keys that the application does not know
/// didit.revoke_all(); // codes, access tokens and refresh tokens are invalid
/// didit.switch_off(); // every endpoint responds with 404
/// ```
#[derive(Clone)]
pub struct FakeDidit(Arc<Mutex<State>>);

impl FakeDidit {
    /// The Sign in API, with one client that authenticates with HTTP Basic (RFC 6749 §2.3.1).
    /// [Example](Self#a-sign-in).
    ///
    /// Codes and tokens look random but are the same in every run, except for ES256 signatures.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        let client = Client::confidential(client_id.into(), client_secret.into());
        Self::with_client(Product::SignIn, client)
    }

    /// The Sign in API, with one public client: without a secret, with mandatory PKCE (RFC 9700 §2.1.1) and
    /// rotating refresh tokens (§2.2.2).
    ///
    /// ```
    /// use fake_didit::FakeDidit;
    ///
    /// assert_eq!(FakeDidit::new_public("app").client_secret(), None);
    /// ```
    pub fn new_public(client_id: impl Into<String>) -> Self {
        let client = Client::public(client_id.into());
        Self::with_client(Product::SignIn, client).with_rotating_refresh_tokens()
    }

    /// Didit Authentication, with one application: a public client, JSON at the token endpoint, ID tokens
    /// and access tokens signed with ES256 and valid for five minutes, and a session endpoint.
    ///
    /// Refresh tokens rotate, and a refresh invalidates the previous access token.
    ///
    /// ```
    /// use fake_didit::FakeDidit;
    ///
    /// let didit = FakeDidit::authentication("app");
    /// assert!(didit.is_authentication());
    /// assert_eq!(didit.issuer(), "https://app.auth.didit.me");
    /// assert_eq!((didit.client_id(), didit.client_secret()), ("app".to_owned(), None));
    /// ```
    pub fn authentication(client_id: impl Into<String>) -> Self {
        let client = Client::public(client_id.into());
        let didit = Self::with_client(Product::Authentication, client)
            .with_rotating_refresh_tokens()
            .with_access_token_lifetime(MAX_AUTHENTICATION_LIFETIME);
        didit.set(|state| state.keys = Keys::new(&[Algorithm::Es256], "k_fake"))
    }

    /// Whether this is [Didit Authentication](Self::authentication), not the Sign in API.
    pub fn is_authentication(&self) -> bool {
        self.lock().product == Product::Authentication
    }

    /// The issuer, which [`with_issuer`](Self::with_issuer) sets. See its example.
    pub fn issuer(&self) -> String {
        self.lock().issuer.as_str().to_owned()
    }

    /// The client id. [`authentication`](Self::authentication) has an example.
    pub fn client_id(&self) -> String {
        self.lock().client.id.clone()
    }

    /// The client secret; `None` for a public client. [`new_public`](Self::new_public) has an example.
    pub fn client_secret(&self) -> Option<String> {
        self.lock().client.secret().map(str::to_owned)
    }

    /// The people on the sign-in page, in order. See [`with_people`](Self::with_people).
    pub fn people(&self) -> Vec<Person> {
        self.lock().accounts.to_vec()
    }

    /// The URL of the revocation endpoint, if [switched on](Self::with_revocation_endpoint).
    /// [Example](Self#settings).
    pub fn revocation_endpoint(&self) -> Option<String> {
        self.lock().optional_endpoint(Endpoint::Revocation)
    }

    /// The URL of the end-session endpoint, if [switched on](Self::with_end_session_endpoint).
    /// [Example](Self#settings).
    pub fn end_session_endpoint(&self) -> Option<String> {
        self.lock().optional_endpoint(Endpoint::EndSession)
    }

    /// The clock, which a test can advance. [Example](Self#controls).
    pub fn clock(&self) -> FakeClock {
        self.lock().clock.clone()
    }

    /// Serves HTTP/1.1 on a socket, in a spawned task, until the runtime shuts down. Port 0 selects a free
    /// port. [`with_issuer`](Self::with_issuer) has an example.
    ///
    /// | limit | above it |
    /// |---|---|
    /// | 512 concurrent connections | further connections wait |
    /// | 30 s for the headers, or until the next request | the connection is closed |
    /// | 30 s for the body | 408 |
    /// | 64 KB for request line and headers | 431 |
    /// | 64 KB for the body | 413 |
    ///
    /// # Errors
    ///
    /// If the address cannot be bound.
    pub async fn listen(&self, addr: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let didit = self.clone();
        tokio::spawn(async move { Connections::new().serve(&listener, didit).await });
        Ok(addr)
    }

    /// The requests so far, oldest first: at most the latest 10,000 and 32 MB. [`RecordedRequest`] has an
    /// example.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.lock().log.requests()
    }

    /// Removes the [requests](Self::requests) so far. Counts and numbers continue.
    /// [Example](Self#a-sign-in).
    pub fn clear_requests(&self) {
        self.lock().log.clear();
    }

    /// The number of requests to an endpoint, with any method and any response. [Example](Self#a-sign-in).
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.lock().log.count(endpoint)
    }

    /// The latest request to an endpoint. [`RecordedRequest`] has an example.
    pub fn last(&self, endpoint: Endpoint) -> Option<RecordedRequest> {
        self.lock().log.last(endpoint)
    }

    /// The origins at which a browser reaches it.
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
        // After a panic of one test thread, the others still get the state: their failures tell more than a
        // poisoned lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FakeDidit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeDidit")
            .field("client_id", &self.lock().client.id)
            .finish_non_exhaustive()
    }
}
