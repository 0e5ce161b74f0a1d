//! Connects an application to a fake Didit, for its tests.

use std::time::SystemTime;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use fake_didit::{FakeClock, FakeDidit, IssuedTokens, Person};
use http::HeaderValue;

use crate::{
    clock::{Clock, Timestamp},
    config::{Config, ConfigBuilder},
    error::Error,
    json::Object,
    layer::DiditAuth,
    provider::Provider,
    session::{PresentedCookies, Session},
    tokens::{
        AccessClaims, AccessToken, DiditTokens, IdClaims, IdToken, RefreshToken, Scopes, TokenSet,
        UserInfo,
    },
};

/// Connects an application to a [`FakeDidit`], for its tests.
///
/// | test | with |
/// |---|---|
/// | a handler, called as a function | [`id_claims`](Self::id_claims), [`tokens`](Self::tokens), [`user_info`](Self::user_info), [`access_claims`](Self::access_claims) |
/// | routes behind the layer, for a user who is signed in already | [`session_cookies`](Self::session_cookies) |
/// | the sign-in itself | [`config`](Self::config) and a [`Browser`](fake_didit::Browser) |
///
/// `examples/testing` shows all three. A [`Person`] of your own signs in with
/// [`Browser::sign_in_as`](fake_didit::Browser::sign_in_as) once
/// [`FakeDidit::add_person`] lists them; the other two ways need no list.
///
/// [Example](crate::fake).
pub trait FakeDiditExt {
    /// Starts the configuration of an application that signs in at this fake, in the process: with the
    /// fake's client, provider and clock. The redirect URI is registered.
    ///
    /// Endpoints that the fake gets later are not part of the configuration. A public client also needs cookie keys.
    /// [Example](crate::fake).
    ///
    /// # Panics
    ///
    /// Those of [`FakeDidit::with_redirect_uri`].
    fn config(&self, redirect_uri: &str) -> ConfigBuilder;

    /// Begins a session of this person without a sign-in. The result is the `Cookie` header of their requests.
    ///
    /// The session is in cookies or in the session store, as `auth` is configured. Its tokens are the
    /// fake's, for the scopes that `auth` requests; they can be used and refreshed. The session is one of the first
    /// redirect URI's origin.
    ///
    /// The callback's handler does not run, so the session has no value of [`DiditClient::set`](crate::DiditClient::set).
    ///
    /// ```
    /// use axum::{Router, body::Body, routing::get};
    /// use http::{Request, header};
    /// use tower::ServiceExt;
    /// use tower_didit::{
    ///     DiditAuth, IdClaims,
    ///     fake::{FakeDidit, FakeDiditExt, Person},
    /// };
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let didit = FakeDidit::new("app", "secret");
    /// let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
    /// let app = Router::new()
    ///     .route("/profile", get(|user: IdClaims| async move { user.subject().to_owned() }))
    ///     .layer(auth.clone());
    ///
    /// let alejandra = Person::alejandra();
    /// let cookies = didit.session_cookies(&auth, &alejandra).await?;
    /// let request = Request::get("/profile").header(header::COOKIE, cookies).body(Body::empty())?;
    /// assert_eq!(app.oneshot(request).await?.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`IdTokenError::Issuer`](crate::reason::IdTokenError::Issuer): `auth` does not accept the fake's
    ///   issuer.
    /// - [`ErrorKind::SessionTooLarge`](crate::ErrorKind::SessionTooLarge): the session does not fit into
    ///   its cookies.
    /// - [`ErrorKind::SessionUnavailable`](crate::ErrorKind::SessionUnavailable): the session store failed.
    /// - Those of a metadata request, when `auth` discovers its provider.
    /// - Those of a [user information request](crate::DiditClient::user_info), with
    ///   [`with_user_info_at_sign_in`](ConfigBuilder::with_user_info_at_sign_in).
    ///
    /// # Panics
    ///
    /// `auth` requests a scope that the fake does not know.
    fn session_cookies(
        &self,
        auth: &DiditAuth,
        person: &Person,
    ) -> impl Future<Output = Result<HeaderValue, Error>> + Send;

    /// The claims of an ID token of this person, for a handler that is called as a function.
    ///
    /// ```
    /// use tower_didit::{IdClaims, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// async fn hello(user: IdClaims) -> String {
    ///     format!("Hello, {}", user.subject())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let john = Person::john();
    /// let claims = FakeDidit::new("app", "secret").id_claims(&john);
    /// assert_eq!(hello(claims).await, format!("Hello, {}", john.subject()));
    /// # }
    /// ```
    fn id_claims(&self, person: &Person) -> IdClaims;

    /// Tokens of this person for these scopes, for a handler that is called as a function. They work at the
    /// fake.
    ///
    /// ```
    /// use tower_didit::{DiditTokens, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// async fn scopes(tokens: DiditTokens) -> String {
    ///     tokens.scopes().to_string()
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let didit = FakeDidit::new("app", "secret");
    /// let tokens = didit.tokens(&Person::alejandra(), ["openid", "email"]);
    /// assert_eq!(scopes(tokens).await, "openid email");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// The fake does not know a scope.
    fn tokens(&self, person: &Person, scopes: impl IntoIterator<Item: AsRef<str>>) -> DiditTokens;

    /// The claims of an access token of this person for these scopes, for an API's handler that is called as a function.
    ///
    /// ```
    /// use tower_didit::{AccessClaims, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// async fn orders(access: AccessClaims) -> String {
    ///     format!("the orders of {}", access.subject())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let john = Person::john();
    /// let access = FakeDidit::new("app", "secret").access_claims(&john, ["openid"]);
    /// assert_eq!(orders(access).await, format!("the orders of {}", john.subject()));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// The fake does not know a scope.
    fn access_claims(
        &self,
        person: &Person,
        scopes: impl IntoIterator<Item: AsRef<str>>,
    ) -> AccessClaims;

    /// The user information about this person for these scopes, for a handler that is called as a function.
    ///
    /// ```
    /// use tower_didit::{UserInfo, scope, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// async fn hello(user: UserInfo) -> String {
    ///     format!("Hello, {}", user.first_name().unwrap_or("stranger"))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let didit = FakeDidit::new("app", "secret");
    /// let user = didit.user_info(&Person::alejandra(), [scope::NAMES]);
    /// assert_eq!(hello(user).await, "Hello, Alejandra");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// The fake does not know a scope.
    fn user_info(&self, person: &Person, scopes: impl IntoIterator<Item: AsRef<str>>) -> UserInfo;
}

impl FakeDiditExt for FakeDidit {
    fn config(&self, redirect_uri: &str) -> ConfigBuilder {
        let didit = self.clone().with_redirect_uri(redirect_uri);
        let config = Config::builder(didit.client_id(), redirect_uri)
            .with_provider(provider(&didit))
            .with_clock(didit.clock());
        let config = match didit.client_secret() {
            Some(secret) => config.with_client_secret(secret),
            None => config,
        };
        config.with_transport(didit)
    }

    async fn session_cookies(
        &self,
        auth: &DiditAuth,
        person: &Person,
    ) -> Result<HeaderValue, Error> {
        let (config, lifecycle) = (&auth.origins.first.config, &auth.origins.first.lifecycle);
        let (sessions, now) = (&lifecycle.sessions, lifecycle.now());
        let tokens = self.tokens(person, config.request.scopes.iter());
        let issuer = tokens.claims().issuer();
        config.id_token_rules.check_issuer(issuer)?;
        let metadata = lifecycle.calls.metadata().await?;
        let keeps_id_token = metadata.end_session_endpoint.is_some();
        let mut session =
            Session::start(tokens.clone(), keeps_id_token, sessions.rules.limits, now);
        if config.user_info_at_sign_in {
            let user_info = lifecycle.calls.user_info(&tokens).await?;
            session = session.with_user_info(user_info);
        }
        let epoch = sessions.epoch().await?;
        let generation = sessions.prepare(&session, epoch).await?;
        let existing = PresentedCookies::default();
        let (cookies, _) = sessions.create(&session, generation, existing, now).await?;
        let cookies = cookies.iter().map(HeaderValue::as_bytes);
        let pairs = cookies.filter_map(|cookie| cookie.split(|byte| *byte == b';').next());
        let pairs = pairs.collect::<Vec<_>>().join(&b"; "[..]);
        Ok(HeaderValue::from_bytes(&pairs).expect("pairs of header values"))
    }

    fn id_claims(&self, person: &Person) -> IdClaims {
        claims(&self.issue_tokens(person, ["openid"]))
    }

    fn tokens(&self, person: &Person, scopes: impl IntoIterator<Item: AsRef<str>>) -> DiditTokens {
        let issued = self.issue_tokens(person, scopes);
        let now = Timestamp::now(&self.clock());
        let tokens = TokenSet {
            access_token: AccessToken::new(issued.access_token()),
            refresh_token: issued.refresh_token().map(RefreshToken::new),
            id_token: Some(IdToken::new(issued.id_token())),
            scopes: Scopes::new(issued.scope()),
            expires_at: Some(now.plus(issued.expires_in())),
            received_at: now,
        };
        DiditTokens::new(tokens, claims(&issued))
    }

    fn access_claims(
        &self,
        person: &Person,
        scopes: impl IntoIterator<Item: AsRef<str>>,
    ) -> AccessClaims {
        let issued = self.issue_tokens(person, scopes);
        let (issuer, now) = (self.issuer(), Timestamp::now(&self.clock()));
        let expires = now.plus(issued.expires_in());
        let members: Object = match payload(issued.access_token()) {
            Some(payload) => serde_json::from_str(&payload).expect("the fake's JWTs have claims"),
            // As the introspection endpoint describes an opaque token.
            None => [
                ("active", true.into()),
                ("iss", issuer.as_str().into()),
                ("sub", person.subject().into()),
                ("claims", issued.scope().into()),
                ("client_id", self.client_id().into()),
                ("iat", now.as_unix().into()),
                ("exp", expires.as_unix().into()),
            ]
            .map(|(name, value): (&str, serde_json::Value)| (name.to_owned(), value))
            .into_iter()
            .collect(),
        };
        // The JWTs of Didit Authentication name no scopes.
        let scopes = if self.is_authentication() {
            ""
        } else {
            issued.scope()
        };
        let scopes = Scopes::new(scopes);
        AccessClaims::new(members, issuer.into(), scopes, Some(expires))
    }

    fn user_info(&self, person: &Person, scopes: impl IntoIterator<Item: AsRef<str>>) -> UserInfo {
        let scopes: Vec<_> = scopes.into_iter().collect();
        let members = self.user_info_members(person, &scopes);
        let scopes: Vec<_> = scopes.iter().map(AsRef::as_ref).collect();
        let now = Timestamp::now(&self.clock());
        UserInfo::new(members, Scopes::new(scopes.join(" ")), now)
    }
}

impl Clock for FakeClock {
    fn now(&self) -> SystemTime {
        FakeClock::now(self)
    }
}

/// The claims of the fake's own ID token, unverified.
fn claims(issued: &IssuedTokens) -> IdClaims {
    let payload = payload(issued.id_token()).expect("the fake's ID token is a JWT");
    IdClaims::new(payload.into())
}

/// The payload of a JWT.
fn payload(token: &str) -> Option<String> {
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?);
    String::from_utf8(payload.ok()?).ok()
}

fn provider(didit: &FakeDidit) -> Provider {
    if didit.is_authentication() {
        return Provider::authentication(didit.issuer());
    }
    let mut provider = Provider::didit();
    if let Some(endpoint) = didit.revocation_endpoint() {
        provider = provider.with_revocation_endpoint(endpoint);
    }
    if let Some(endpoint) = didit.end_session_endpoint() {
        provider = provider.with_end_session_endpoint(endpoint);
    }
    provider
}
