//! Failures at run time.

mod advice;
mod authentication;
mod kind;
mod log_limit;
mod problem;
mod reason;
mod table;

use std::{
    borrow::Cow,
    error::Error as StdError,
    fmt, iter,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

pub(crate) use advice::NextPage;
pub(crate) use authentication::{RequiredAuthentication, quoted};
pub use kind::ErrorKind;
#[cfg(all(test, feature = "test-util"))]
pub(crate) use kind::tests::EVERY;
pub(crate) use problem::Rendered;
pub use reason::{
    CallbackError, GuardError, IdTokenError, TokenError, VerificationError, WiringError,
};
pub(crate) use table::Actor;

type Source = Box<dyn StdError + Send + Sync>;

/// Why a sign-in, a sign-out or a call to Didit failed; the rejection of all extractors.
///
/// [`kind`](Self::kind) says what failed, and [`kind().code()`](ErrorKind::code) is a stable name of the kind. No error
/// contains an authorization code, a token, a secret, a code verifier or the value of a cookie: errors are safe to log.
/// Cloning copies a pointer.
///
/// A handler may return the error. A program gets problem details (RFC 9457) with the status and the code of the kind.
/// A person who waits for a page gets one from [`DiditAuth`](crate::DiditAuth)
/// ([`with_error_page`](crate::ConfigBuilder::with_error_page)), or a sign-in if a sign-in helps.
///
/// The error is in the extensions of its response, where a middleware can read it. The layer leaves the response
/// unchanged if a middleware removes the error or changes the status.
///
/// ```
/// use tower_didit::{DiditClient, DiditTokens, Error, ErrorKind};
///
/// async fn email(tokens: DiditTokens, client: DiditClient) -> Result<String, Error> {
///     match client.user_info(&tokens).await {
///         Ok(user) => Ok(user.email().unwrap_or("no e-mail address").to_owned()),
///         Err(error) if error.kind() == ErrorKind::ProviderTimeout => Ok("not known now".to_owned()),
///         Err(error) => Err(error),
///     }
/// }
/// # let _router: axum::Router = axum::Router::new().route("/email", axum::routing::get(email));
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    context: Option<Cow<'static, str>>,
    /// Whether the sender of the request may read the context.
    is_context_public: bool,
    /// The host that was called.
    host: Option<Box<str>>,
    /// The provider's `error`: printable and cut, but not to be trusted.
    provider_code: Option<String>,
    /// The provider's `error_description`, likewise.
    provider_description: Option<String>,
    /// When the request may succeed.
    retry_after: Option<Duration>,
    source: Option<Source>,
    /// The authentication with which the request would succeed.
    required_authentication: RequiredAuthentication,
    is_logged: AtomicBool,
}

impl Error {
    pub(crate) fn new(kind: impl Into<ErrorKind>) -> Self {
        Self(Arc::new(Inner {
            kind: kind.into(),
            context: None,
            is_context_public: false,
            host: None,
            provider_code: None,
            provider_description: None,
            retry_after: None,
            source: None,
            required_authentication: RequiredAuthentication::default(),
            is_logged: AtomicBool::new(false),
        }))
    }

    /// With the details, in the crate's own words.
    pub(crate) fn with_context(
        kind: impl Into<ErrorKind>,
        context: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(kind).with_details(context)
    }

    /// With the expected and the received value, for an operator who has to compare them. `received` is untrusted: it
    /// is cut, and stripped of control characters.
    pub(crate) fn with_received(kind: IdTokenError, expected: &str, received: &str) -> Self {
        let received = printable(received, RECEIVED_LENGTH);
        Self::with_context(kind, format!("{expected}; received was {received:?}"))
    }

    pub(crate) fn with_source(kind: ErrorKind, source: impl Into<Source>) -> Self {
        Self::new(kind).edit(|inner| inner.source = Some(source.into()))
    }

    /// An error of another kind, caused by this one.
    pub(crate) fn into_cause_of(self, kind: ErrorKind) -> Self {
        if self.kind() == kind {
            return self;
        }
        let host = self.0.host.clone();
        Self::with_source(kind, self).edit(|inner| inner.host = host)
    }

    /// An error of the provider's: its `error` and `error_description` (RFC 6749 §4.1.2.1, §5.2).
    pub(crate) fn from_provider(kind: ErrorKind, code: &str, description: Option<&str>) -> Self {
        let description = description.map(|text| printable(text, DESCRIPTION_LENGTH));
        Self::new(kind).edit(|inner| {
            inner.provider_code = Some(printable(code, CODE_LENGTH));
            inner.provider_description = description;
        })
    }

    /// Adds the scopes that the provider refuses.
    pub(crate) fn with_scopes(self, requested: &str) -> Self {
        self.with_details(format!(
            "{requested:?} was requested; correct `with_scopes`, or allow the scopes at the provider"
        ))
    }

    /// Adds the details.
    pub(crate) fn with_details(self, context: impl Into<Cow<'static, str>>) -> Self {
        self.edit(|inner| inner.context = Some(context.into()))
    }

    /// A step-up: the user has to authenticate again (RFC 9470).
    pub(crate) fn step_up(required: RequiredAuthentication) -> Self {
        let error = Self::new(ErrorKind::StepUpRequired);
        error.edit(|inner| inner.required_authentication = required)
    }

    /// The authentication with which the request would succeed.
    pub(crate) fn required_authentication(&self) -> &RequiredAuthentication {
        &self.0.required_authentication
    }

    /// The details.
    pub(crate) fn details(&self) -> Option<&str> {
        self.0.context.as_deref()
    }

    /// Adds the time after which the request may succeed.
    pub(crate) fn with_retry_after(self, wait: Duration) -> Self {
        self.edit(|inner| inner.retry_after = Some(wait))
    }

    /// Shows the details to the sender of the request.
    pub(crate) fn with_public_context(self) -> Self {
        self.edit(|inner| inner.is_context_public = true)
    }

    /// The details that the sender of the request may read.
    pub(crate) fn public_context(&self) -> Option<&str> {
        let context = self.0.context.as_deref();
        context.filter(|_| self.0.is_context_public)
    }

    /// Adds the host that was called, unless the error has one.
    pub(crate) fn at(self, host: &str) -> Self {
        self.edit(|inner| {
            inner.host.get_or_insert_with(|| host.into());
        })
    }

    /// What failed.
    /// [Example](Self).
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The provider's `error` code, cut to 64 characters of printable ASCII. Of a request that Didit's verification API
    /// refuses, it is the name of the wrong member.
    ///
    /// The text is untrusted, from the provider or from an attacker who forged the callback: escape it on a page.
    /// `Debug` and `Display` show the text only if it is a code of the specifications, because a provider may repeat
    /// parts of the request.
    ///
    /// ```
    /// use tower_didit::{
    ///     DiditAuth,
    ///     fake::{Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
    /// };
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_didit::ConfigError> {
    /// let didit = FakeDidit::new("app", "secret");
    /// let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
    /// let tokens = didit.tokens(&Person::john(), ["openid", "offline"]);
    ///
    /// let fault = Fault::error("account_locked").with_description("Locked on Monday.");
    /// didit.on_next(Endpoint::Token, fault);
    /// let error = auth.client().refresh(&tokens).await.unwrap_err();
    /// assert_eq!(error.kind().code(), "provider-refused");
    /// assert_eq!(error.provider_code(), Some("account_locked"));
    /// assert_eq!(error.provider_description(), Some("Locked on Monday."));
    /// # Ok(())
    /// # }
    /// ```
    pub fn provider_code(&self) -> Option<&str> {
        self.0.provider_code.as_deref()
    }

    /// The provider's `error_description`, cut to 256 characters of printable ASCII.
    ///
    /// The text is untrusted, like [`provider_code`](Self::provider_code). `Debug` and `Display` omit it.
    /// [Example](Self::provider_code).
    pub fn provider_description(&self) -> Option<&str> {
        self.0.provider_description.as_deref()
    }

    /// How long to wait before the next attempt, if that is known. The response has it as `Retry-After`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_didit::{
    ///     DiditAuth, ErrorKind,
    ///     fake::{FakeDidit, FakeDiditExt, Person},
    /// };
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_didit::ConfigError> {
    /// let didit = FakeDidit::authentication("app");
    /// let config = didit.config("https://app.example/callback").with_cookie_keys([[7; 32]]);
    /// let client = DiditAuth::new(config.build()?).client();
    /// let tokens = didit.tokens(&Person::john(), ["openid"]);
    /// for _ in 0..30 {
    ///     assert!(client.session(&tokens).await.is_ok());
    /// }
    /// let error = client.session(&tokens).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::TooManySessionChecks);
    /// assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The chain of sources, for a log.
    pub(crate) fn causes(&self) -> Option<String> {
        let causes: Vec<_> = iter::successors(self.source(), |&cause| cause.source())
            .map(ToString::to_string)
            .collect();
        (!causes.is_empty()).then(|| causes.join(": "))
    }

    /// Logs the error once: at `DEBUG` if the user has to act, otherwise at `WARN`, up to a limit for each message
    /// and code.
    pub(crate) fn log(&self, message: impl fmt::Display) {
        if self.0.is_logged.swap(true, Ordering::Relaxed) {
            return;
        }
        let (code, host) = (self.kind().code(), self.0.host.as_deref());
        let source = self.causes();
        let allowed = match self.kind().row().actor {
            Actor::User => None,
            _ => log_limit::allows(message.to_string(), code),
        };
        match allowed {
            None => tracing::debug!(code, host, error = %self, source, "{message}"),
            Some(left_out) => {
                let left_out = (left_out > 0).then_some(left_out);
                tracing::warn!(code, host, error = %self, source, left_out, "{message}");
            }
        }
    }

    /// The provider's code, for a log.
    fn known_code(&self) -> Option<&str> {
        let code = self.provider_code()?;
        let is_known = TokenError::from_code(code) != TokenError::Other
            || AUTHORIZATION_ERRORS.contains(&code)
            || matches!(self.kind(), ErrorKind::Verification(_));
        Some(if is_known { code } else { "unknown" })
    }

    /// Changes a new error; a shared one stays unchanged.
    fn edit(mut self, edit: impl FnOnce(&mut Inner)) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            edit(inner);
        }
        self
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("context", &self.0.context)
            .field("host", &self.0.host)
            .field("provider_code", &self.known_code())
            .field("source", &self.0.source)
            .finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind.row().summary)?;
        if let Some(context) = &self.0.context {
            write!(f, ": {context}")?;
        }
        if let Some(code) = self.known_code() {
            write!(f, " (error code {code})")?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// Untrusted text, reduced to printable ASCII and to `length` characters.
fn printable(text: &str, length: usize) -> String {
    text.chars()
        .filter(|c| c.is_ascii_graphic() || *c == ' ')
        .take(length)
        .collect()
}

/// Codes of RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6 that do not occur in responses to token requests.
const AUTHORIZATION_ERRORS: &[&str] = &[
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_request_object",
    "invalid_request_uri",
    "login_required",
    "registration_not_supported",
    "request_not_supported",
    "request_uri_not_supported",
    "server_error",
    "temporarily_unavailable",
    "unsupported_response_type",
];
const CODE_LENGTH: usize = 64;
const DESCRIPTION_LENGTH: usize = 256;
const RECEIVED_LENGTH: usize = 128;

#[cfg(test)]
mod tests;
