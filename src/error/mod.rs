//! What can go wrong while a program runs.

mod advice;
mod answer;
mod kind;
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
};

pub(crate) use advice::NextPage;
pub(crate) use answer::{Answered, oblige};
pub use kind::ErrorKind;
#[cfg(all(test, feature = "test-util"))]
pub(crate) use kind::tests::EVERY;
pub use reason::{CallbackError, IdTokenError, TokenError, WiringError};
pub(crate) use table::Actor;

/// Why a sign-in, a sign-out or a call to Didit did not succeed.
///
/// [`kind`](Self::kind) says which of the cases it is and [`kind().code()`](ErrorKind::code) gives
/// it a stable name. No error contains an authorization code, a token, a secret, a code verifier or
/// the value of a cookie: it is safe to log. Cloning copies a pointer.
///
/// A handler may return it: it is the rejection of all extractors, too. A program gets a problem document
/// (RFC 9457) with the status and the code of the kind. Where a person is waiting for a page,
/// [`DiditAuth`](crate::DiditAuth) makes one of it
/// ([`with_error_page`](crate::ConfigBuilder::with_error_page)), or a sign-in if that helps.
///
/// It is in the extensions of its answer, where a middleware can see it. One that answers in its own words takes
/// it out or changes the status: then the layer leaves the answer alone.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    context: Option<Cow<'static, str>>,
    /// The host that was called.
    host: Option<Box<str>>,
    provider: Option<ProviderText>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    is_logged: AtomicBool,
}

/// What the provider itself said: checked and cut, yet not to be trusted.
struct ProviderText {
    code: String,
    description: Option<String>,
}

impl Error {
    pub(crate) fn new(kind: impl Into<ErrorKind>) -> Self {
        Self::build(kind.into(), None, None, None)
    }

    /// With what exactly was wrong, in the crate's own words.
    pub(crate) fn with_context(
        kind: impl Into<ErrorKind>,
        context: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(kind).explained(context)
    }

    /// Adds what was expected, and what was received instead, which may be anything: it is cut, and
    /// shown where an operator has to compare.
    pub(crate) fn with_received(
        kind: impl Into<ErrorKind>,
        expected: &str,
        received: &str,
    ) -> Self {
        let received = printable(received, RECEIVED_LENGTH);
        Self::with_context(kind, format!("{expected}; received was {received:?}"))
    }

    pub(crate) fn with_source(
        kind: ErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::build(kind, None, None, Some(source.into()))
    }

    /// What another part of the program makes of it: an error of this kind, whose cause it is.
    pub(crate) fn into_cause_of(self, kind: ErrorKind) -> Self {
        if self.kind() == kind {
            return self;
        }
        let host = self.0.host.clone();
        Self::with_source(kind, self).edit(|inner| inner.host = host)
    }

    /// An error that the provider named: `code` and `description` are its `error` and
    /// `error_description` (RFC 6749 §4.1.2.1, §5.2).
    pub(crate) fn from_provider(
        kind: impl Into<ErrorKind>,
        code: &str,
        description: Option<&str>,
    ) -> Self {
        let provider = ProviderText {
            code: printable(code, CODE_LENGTH),
            description: description.map(|text| printable(text, DESCRIPTION_LENGTH)),
        };
        Self::build(kind.into(), None, Some(provider), None)
    }

    /// Names the scopes that were asked for, and what to do about a refusal.
    pub(crate) fn with_scopes(self, requested: &str) -> Self {
        self.explained(format!(
            "asked for were {requested:?}; correct `with_scopes`, or allow them at the provider"
        ))
    }

    /// Says what exactly was wrong.
    pub(crate) fn explained(self, context: impl Into<Cow<'static, str>>) -> Self {
        self.edit(|inner| inner.context = Some(context.into()))
    }

    /// Notes the host that was called, unless it is known already.
    pub(crate) fn at(self, host: &str) -> Self {
        self.edit(|inner| {
            inner.host.get_or_insert_with(|| host.into());
        })
    }

    /// Which of the cases it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The `error` code with which the provider refused, cut to 64 characters of printable ASCII.
    ///
    /// It is the provider's text, or that of whoever forged the callback: escape it before it meets
    /// a page. `Debug` and `Display` show it only if it is one of the specifications' codes, as a
    /// provider may repeat what it was sent.
    pub fn provider_code(&self) -> Option<&str> {
        self.0.provider.as_ref().map(|text| text.code.as_str())
    }

    /// The `error_description` with which the provider refused, cut to 256 characters of
    /// printable ASCII.
    ///
    /// Treat it as [`provider_code`](Self::provider_code). `Debug` and `Display` leave it out.
    pub fn provider_description(&self) -> Option<&str> {
        self.0.provider.as_ref()?.description.as_deref()
    }

    /// What it came of, for a log: all levels below this one.
    pub(crate) fn causes(&self) -> Option<String> {
        let causes: Vec<_> = iter::successors(self.source(), |&cause| cause.source())
            .map(ToString::to_string)
            .collect();
        (!causes.is_empty()).then(|| causes.join(": "))
    }

    /// Tells the operator, once: at `DEBUG` what users and strangers cause, at `WARN` everything else.
    pub(crate) fn log(&self, message: impl fmt::Display) {
        if self.0.is_logged.swap(true, Ordering::Relaxed) {
            return;
        }
        let (code, host) = (self.kind().code(), self.0.host.as_deref());
        let source = self.causes();
        if self.kind().row().actor == Actor::User {
            tracing::debug!(code, host, error = %self, source, "{message}");
        } else {
            tracing::warn!(code, host, error = %self, source, "{message}");
        }
    }

    fn known_code(&self) -> Option<&'static str> {
        let code = self.provider_code()?;
        let known = KNOWN_CODES.iter().find(|known| **known == code);
        Some(known.copied().unwrap_or("unknown"))
    }

    fn build(
        kind: ErrorKind,
        context: Option<Cow<'static, str>>,
        provider: Option<ProviderText>,
        source: Option<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Inner {
            kind,
            context,
            host: None,
            provider,
            source,
            is_logged: AtomicBool::new(false),
        }))
    }

    /// Changes an error that nobody else has yet.
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

/// What is left of a provider's text: printable ASCII, at most `length` characters.
fn printable(text: &str, length: usize) -> String {
    text.chars()
        .filter(|c| c.is_ascii_graphic() || *c == ' ')
        .take(length)
        .collect()
}

/// RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6.
const KNOWN_CODES: &[&str] = &[
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_request_object",
    "invalid_request_uri",
    "invalid_scope",
    "login_required",
    "registration_not_supported",
    "request_not_supported",
    "request_uri_not_supported",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
];
const CODE_LENGTH: usize = 64;
const DESCRIPTION_LENGTH: usize = 256;
const RECEIVED_LENGTH: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_one_level_in_lower_case() {
        assert_eq!(
            Error::new(ErrorKind::NotSignedIn).to_string(),
            "nobody is signed in"
        );
        assert_eq!(
            Error::with_context(ErrorKind::InvalidAnswer, "no access_token").to_string(),
            "the provider's answer cannot be used: no access_token"
        );
        assert_eq!(
            Error::from_provider(TokenError::InvalidGrant, "invalid_grant", Some("expired"))
                .to_string(),
            "the provider refuses the code or refresh token (error code invalid_grant)"
        );
        assert_eq!(
            Error::from_provider(ErrorKind::InvalidScope, "invalid_scope", None)
                .with_scopes("openid pets")
                .to_string(),
            "the provider refuses a scope: asked for were \"openid pets\"; correct `with_scopes`, or allow them \
             at the provider (error code invalid_scope)"
        );
    }

    #[test]
    fn a_providers_text_is_cut_and_stripped_of_control_characters() {
        let error = Error::from_provider(
            ErrorKind::ProviderRefused,
            &"x".repeat(1000),
            Some(&format!("line\r\nbreak é\u{202e} {}", "y".repeat(1000))),
        );
        assert_eq!(error.provider_code().map(str::len), Some(64));
        let description = error.provider_description().unwrap_or_default();
        assert!(description.starts_with("linebreak  y"), "{description}");
        assert_eq!(description.len(), 256);
    }

    #[test]
    fn what_a_provider_may_repeat_appears_in_no_log() {
        let error = Error::from_provider(
            TokenError::InvalidGrant,
            "invalid_grant",
            Some("code SplxlOBeZQQYbYS6WxSbIA is spent"),
        );
        assert!(!format!("{error} {error:?}").contains("SplxlOBeZQQYbYS6WxSbIA"));

        let error = Error::from_provider(ErrorKind::ProviderRefused, "hunter2", None);
        assert_eq!(
            error.to_string(),
            "the provider refused (error code unknown)"
        );
        assert!(!format!("{error:?}").contains("hunter2"));
    }

    #[test]
    fn the_first_host_is_kept() {
        let called = |error: Error| error.0.host.as_deref().map(str::to_owned);
        let error = Error::new(ErrorKind::ProviderTimeout).at("keys.example");
        assert_eq!(called(error.clone()).as_deref(), Some("keys.example"));
        let again = error.at("token.example");
        assert_eq!(called(again.clone()).as_deref(), Some("keys.example"));
        let outer = again.into_cause_of(ErrorKind::TokensUnavailable);
        assert_eq!(called(outer.clone()).as_deref(), Some("keys.example"));
        let causes = outer.causes();
        assert_eq!(
            causes.as_deref(),
            Some("the provider did not answer in time")
        );
    }

    #[test]
    fn errors_cross_threads() {
        fn assert_auto<T: Send + Sync + Unpin + 'static>() {}
        assert_auto::<Error>();
    }
}
