//! The calls to Didit's verification API.

mod destinations;
mod failure;
mod list;
mod rate_limit;
mod report;

#[cfg(feature = "reqwest")]
use std::time::{Duration, SystemTime};
use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use serde_json::{Value, json};

use self::rate_limit::{Class, RateLimits};
use super::{
    Decision, NewVerification, ResubmitStep, Status, VerificationId, VerificationSession,
    invalid_request,
};
#[cfg(feature = "reqwest")]
use crate::transport::ReqwestTransport;
use crate::{
    clock::Clock,
    config::{Config, ConfigError},
    error::{Error, ErrorKind, VerificationError},
    json,
    provider::{Endpoint, InvalidUrl},
    transport::{HttpTransport, LimitedTransport, ReuseConnection},
};

/// Calls Didit's verification API: creates sessions, reads their decisions, lists and changes them, and manages webhook
/// destinations. Cloning copies a pointer.
///
/// ```no_run
/// use axum::{extract::State, response::Redirect};
/// use tower_didit::{
///     Config, ConfigError, Error, IdClaims,
///     verification::{NewVerification, Requirements, VerificationClient, VerificationId},
/// };
///
/// const WORKFLOW: &str = "99999999-8888-4777-8666-555555555555";
///
/// fn client(config: &Config) -> Result<VerificationClient, ConfigError> {
///     VerificationClient::new("the-API-key", config)
/// }
///
/// async fn verify(State(client): State<VerificationClient>, user: IdClaims) -> Result<Redirect, Error> {
///     let verification = NewVerification::of_user(WORKFLOW, &user).with_callback("https://app.example/verified");
///     let session = client.create(verification).await?;
///     println!("store {} of {} for the user", session.id(), session.workflow_id());
///     if session.is_resumed() {
///         println!("the session is already {}", session.status());
///     }
///     Ok(Redirect::to(session.url())) // an app's SDK takes `session.session_token()`
/// }
///
/// /// `stored` is the id that the application has stored for the user, not one from the browser.
/// async fn is_verified(client: &VerificationClient, user: &IdClaims, stored: VerificationId) -> Result<bool, Error> {
///     let decision = client.decision(stored).await?;
///     let requirements = Requirements::identity()
///         .with_liveness()
///         .with_workflow(WORKFLOW)
///         .with_session(stored)
///         .with_vendor_data(NewVerification::of_user(WORKFLOW, user).vendor_data());
///     Ok(decision.judge(&requirements).is_verified())
/// }
/// # let _router: axum::Router<()> = axum::Router::new().route("/verify", axum::routing::post(verify)).with_state(todo!());
/// ```
///
/// # Errors
///
/// Each call may fail with
///
/// | kind | when |
/// |---|---|
/// | [`Verification`](ErrorKind::Verification) | Didit refuses, for one of these [reasons](VerificationError) |
/// | [`ProviderUnreachable`](ErrorKind::ProviderUnreachable), [`ProviderTimeout`](ErrorKind::ProviderTimeout) | Didit does not respond |
/// | [`InvalidResponse`](ErrorKind::InvalidResponse) | the response is not one that Didit documents, such as a redirect, which is not followed |
///
/// The API key is in no error, log line or `Debug` output.
///
/// # Rate limits
///
/// Didit allows each API key 600 creations, 600 reads, 300 changes and 50 reports a minute. A client and its clones keep
/// these limits together: a call above one is not sent, and fails with [`RateLimited`](VerificationError::RateLimited) and
/// the time to wait ([`Error::retry_after`]). If Didit answers 429, because other processes use the key too, no call of
/// that class is sent for as long as its `Retry-After` says: 5 minutes at most, 10 s if it has none.
#[derive(Clone)]
pub struct VerificationClient(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    api_key: HeaderValue,
    /// `https://verification.didit.me`, without a slash at the end.
    base: Endpoint,
    transport: LimitedTransport,
    limits: Arc<RateLimits>,
}

impl VerificationClient {
    /// A client with the API key of the application in Didit's console. It takes transport, timeout, proxy, certificates
    /// and clock from `config`. [Example](Self).
    ///
    /// # Errors
    ///
    /// [`ConfigError::Invalid`]: the key is empty, or has white space, control or non-ASCII characters.
    pub fn new(api_key: impl AsRef<str>, config: &Config) -> Result<Self, ConfigError> {
        let clock = Arc::clone(&config.clock);
        Self::over(config.transport.clone(), clock, api_key.as_ref())
    }

    /// A client for applications without a [`Config`]: with the default transport, a timeout of 10 s (5 s to connect), and
    /// the system's clock.
    ///
    /// ```
    /// use tower_didit::verification::VerificationClient;
    ///
    /// # fn main() -> Result<(), tower_didit::ConfigError> {
    /// let client = VerificationClient::without_sign_in("the-API-key")?;
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new), and [`ConfigError::RootCertificates`]: the system's cannot be loaded.
    #[cfg(feature = "reqwest")]
    #[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
    pub fn without_sign_in(api_key: impl AsRef<str>) -> Result<Self, ConfigError> {
        let transport = ReqwestTransport::new(CONNECT_TIMEOUT, TIMEOUT, &[], None);
        let transport = transport.map_err(|source| ConfigError::RootCertificates { source })?;
        let transport = LimitedTransport {
            transport: Arc::new(transport),
            timeout: TIMEOUT,
        };
        Self::over(transport, Arc::new(SystemTime::now), api_key.as_ref())
    }

    /// The server to call instead of Didit, such as a fake or a gateway.
    ///
    /// Default: `https://verification.didit.me`.
    ///
    /// ```
    /// use tower_didit::{Config, ConfigError, verification::VerificationClient};
    ///
    /// fn client(config: &Config) -> Result<VerificationClient, ConfigError> {
    ///     VerificationClient::new("key", config)?.with_base_url("http://localhost:4400")
    /// }
    /// # let config = Config::builder("id", "https://app.example/callback").with_client_secret("s").build()?;
    /// # client(&config)?;
    /// # Ok::<_, ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidValue`]: the URL is neither https nor http on loopback, or has a query.
    pub fn with_base_url(mut self, url: impl AsRef<str>) -> Result<Self, ConfigError> {
        let text = url.as_ref().trim_end_matches('/');
        let base = Endpoint::parse(BASE_URL, text)?;
        if base.url().query().is_some() {
            return Err(InvalidUrl::new(BASE_URL, text, "must not have a query").into());
        }
        Arc::make_mut(&mut self.0).base = base;
        Ok(self)
    }

    /// Creates a session for a user, or resumes the user's unfinished one of the same workflow, and
    /// [says so](VerificationSession::is_resumed). [Example](Self).
    ///
    /// If Didit does not respond, repeat the call: if it has created a session, the repeated call resumes it.
    ///
    /// # Errors
    ///
    /// Those of [every call](Self#errors). [`VerificationError::InvalidRequest`] without a call if a value is certainly
    /// invalid.
    pub async fn create(
        &self,
        verification: NewVerification,
    ) -> Result<VerificationSession, Error> {
        let body = verification.into_json()?;
        let call = Call::new(CREATION, Method::POST, SESSIONS).with_body(body);
        let response = self.send(call).await?;
        self.read(&response, CREATION, VerificationSession::read)
    }

    /// Reads the decision about a session; before Didit has decided, it has a pending status. [Example](Self).
    ///
    /// # Errors
    ///
    /// Those of [every call](Self#errors), and [`VerificationError::UnknownSession`].
    pub async fn decision(&self, id: VerificationId) -> Result<Decision, Error> {
        let call = Call::of_session("decision", Method::GET, id, "decision");
        let response = self.send(call).await?;
        let decision = Decision::from_json(response.body()).map_err(|error| self.at(error))?;
        let answered = decision.session_id().unwrap_or_default();
        if answered.parse().ok() != Some(id) {
            return Err(self.invalid("decision: it is about another session"));
        }
        Ok(decision)
    }

    /// Approves or declines a session by hand, such as after a review. Didit's console shows the comment. Didit sends the
    /// webhook of the change.
    ///
    /// ```
    /// use tower_didit::{Error, verification::{Status, VerificationClient, VerificationId}};
    ///
    /// async fn approve(client: &VerificationClient, id: VerificationId) -> Result<(), Error> {
    ///     client.update_status(id, Status::Approved, "The passport was checked by phone.").await
    /// }
    /// # let _ = approve;
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every call](Self#errors), [`VerificationError::UnknownSession`], and
    /// [`VerificationError::InvalidRequest`]: the status is neither `Approved` nor `Declined`, the session has it already,
    /// or Didit does not allow the change.
    pub async fn update_status(
        &self,
        id: VerificationId,
        status: Status,
        comment: impl AsRef<str>,
    ) -> Result<(), Error> {
        if !matches!(status, Status::Approved | Status::Declined) {
            return Err(invalid_request(
                "the new status is neither `Approved` nor `Declined`",
            ));
        }
        let body = json!({"new_status": status.as_str(), "comment": comment.as_ref()});
        self.update(id, &body).await
    }

    /// Lets the person repeat these steps at the same URL. Without steps: all that were not approved.
    ///
    /// ```
    /// use tower_didit::{Error, verification::{ResubmitStep, VerificationClient, VerificationId}};
    ///
    /// async fn ask_for_a_better_picture(client: &VerificationClient, id: VerificationId) -> Result<(), Error> {
    ///     client.resubmit(id, &[ResubmitStep::new("feature_ocr", "OCR")]).await
    /// }
    /// # let _ = ask_for_a_better_picture;
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`update_status`](Self::update_status).
    pub async fn resubmit(&self, id: VerificationId, steps: &[ResubmitStep]) -> Result<(), Error> {
        let status = Status::Resubmitted.as_str();
        let nodes: Vec<_> = steps.iter().map(ResubmitStep::to_json).collect();
        let body = if nodes.is_empty() {
            json!({"new_status": status})
        } else {
            json!({"new_status": status, "nodes_to_resubmit": nodes})
        };
        self.update(id, &body).await
    }

    /// Deletes a session with the person's images and data. Didit may keep a template of the face, by the retention policy
    /// in its console. Webhooks that it has queued still arrive.
    ///
    /// ```
    /// use tower_didit::{Error, verification::{VerificationClient, VerificationId}};
    ///
    /// async fn forget(client: &VerificationClient, id: VerificationId) -> Result<(), Error> {
    ///     client.delete(id).await
    /// }
    /// # let _ = forget;
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every call](Self#errors), and [`VerificationError::UnknownSession`], also if the session was deleted before.
    pub async fn delete(&self, id: VerificationId) -> Result<(), Error> {
        let call = Call::of_session("deletion", Method::DELETE, id, "delete");
        self.send(call).await.map(drop)
    }

    async fn update(&self, id: VerificationId, body: &Value) -> Result<(), Error> {
        let call = Call::of_session("update", Method::PATCH, id, "update-status");
        let call = call.with_body(body.to_string().into_bytes());
        let response = self.send(call).await?;
        let id_of =
            |members: &_| VerificationId::of_member(members, "session_id").ok_or("session_id");
        let updated = self.read(&response, "update", id_of)?;
        if updated != id {
            return Err(self.invalid("update: it is about another session"));
        }
        Ok(())
    }

    /// Whether more than half of the reads of a minute are used up. Reads for which no person waits are then put off.
    pub(super) fn is_busy(&self) -> bool {
        self.0.limits.is_busy(Class::Read)
    }

    fn over(
        transport: LimitedTransport,
        clock: Arc<dyn Clock>,
        api_key: &str,
    ) -> Result<Self, ConfigError> {
        let invalid = |why| ConfigError::Invalid {
            name: "API key",
            why,
        };
        if api_key.is_empty() {
            return Err(invalid("is empty; it is in Didit's console"));
        }
        if !api_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid(
                "has white space or other characters that no key has; a file may have added a new line",
            ));
        }
        let mut api_key = HeaderValue::from_str(api_key).map_err(|_| invalid("is no header"))?;
        api_key.set_sensitive(true);
        Ok(Self(Arc::new(Inner {
            api_key,
            base: Endpoint::parse(BASE_URL, DIDIT)?,
            transport,
            limits: Arc::new(RateLimits::new(clock)),
        })))
    }

    /// Sends a call, unless it is above the rate limit. Returns the response if it is a success.
    async fn send(&self, call: Call) -> Result<Response<Bytes>, Error> {
        let Call {
            name,
            mut request,
            path,
            unknown,
        } = call;
        let base = self.0.base.url().as_str().trim_end_matches('/');
        let uri = Uri::try_from(format!("{base}{path}"));
        *request.uri_mut() = uri.map_err(|_| self.invalid("the URL is too long"))?;
        let headers = request.headers_mut();
        headers.insert(API_KEY, self.0.api_key.clone());
        headers.entry(header::ACCEPT).or_insert(JSON);
        let class = Class::of(request.method(), &path);
        if let Err(wait) = self.0.limits.begin(class) {
            let context = format!("{name}: not sent");
            let error = Error::with_context(VerificationError::RateLimited, context);
            return Err(self.at(error.with_retry_after(wait)));
        }
        let response = self.0.transport.send(request).await;
        let response = response.map_err(|error| self.at(error.into()))?;
        match response.status() {
            StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT => Ok(response),
            status => {
                let error = failure::of(name, unknown, &response);
                if status == StatusCode::TOO_MANY_REQUESTS {
                    self.0.limits.pause(class, error.retry_after());
                }
                Err(self.at(error))
            }
        }
    }

    fn read<T>(
        &self,
        response: &Response<Bytes>,
        name: &str,
        read: impl FnOnce(&json::Object) -> Result<T, &'static str>,
    ) -> Result<T, Error> {
        let members = json::object(response.body());
        let Some(members) = members else {
            return Err(self.invalid(format!("{name}: not a JSON object")));
        };
        read(&members).map_err(|member| self.unusable(name, member))
    }

    /// The error of a response with a member that is missing or unusable.
    fn unusable(&self, name: &str, member: &str) -> Error {
        self.invalid(format!("{name}: `{member}` is missing or unusable"))
    }

    fn invalid(&self, context: impl Into<std::borrow::Cow<'static, str>>) -> Error {
        self.at(Error::with_context(ErrorKind::InvalidResponse, context))
    }

    fn at(&self, error: Error) -> Error {
        error.at(self.0.base.host())
    }
}

impl fmt::Debug for VerificationClient {
    /// Without the API key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationClient")
            .field("host", &self.0.base.host())
            .finish_non_exhaustive()
    }
}

/// A request, before it has the API key and the host.
struct Call {
    /// Its name in errors.
    name: &'static str,
    request: Request<Bytes>,
    path: String,
    /// The error of a 404. `None` if Didit documents no 404 for this call.
    unknown: Option<VerificationError>,
}

impl Call {
    fn new(name: &'static str, method: Method, path: impl Into<String>) -> Self {
        let mut request = Request::new(Bytes::new());
        if method == Method::GET {
            request.extensions_mut().insert(ReuseConnection);
        }
        *request.method_mut() = method;
        Self {
            name,
            request,
            path: path.into(),
            unknown: None,
        }
    }

    /// The path ends with a slash: Didit redirects paths without it.
    fn of_session(name: &'static str, method: Method, id: VerificationId, action: &str) -> Self {
        Self {
            unknown: Some(VerificationError::UnknownSession),
            ..Self::new(name, method, format!("/v3/session/{id}/{action}/"))
        }
    }

    fn with_body(mut self, json: Vec<u8>) -> Self {
        *self.request.body_mut() = json.into();
        self.request
            .headers_mut()
            .insert(header::CONTENT_TYPE, JSON);
        self
    }
}

const CREATION: &str = "creation of a session";
const SESSIONS: &str = "/v3/session/";
const DIDIT: &str = "https://verification.didit.me";
const BASE_URL: &str = "URL of the verification API";
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
#[cfg(feature = "reqwest")]
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
#[cfg(feature = "reqwest")]
const TIMEOUT: Duration = Duration::from_secs(10);
