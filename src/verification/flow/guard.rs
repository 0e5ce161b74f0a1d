//! The guard for verified users.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header, request::Parts};
use tower_layer::Layer;
use tower_service::Service;

use super::{NextStep, Verification, outage};
use crate::{
    body::ResponseBody,
    error::{Error, ErrorKind, VerificationError, WiringError},
    extract::context,
    future::ResponseFuture,
    relying_party::see_other,
    return_to::ReturnTo,
    verification::new_verification::vendor_data,
};

/// Guards a group of routes: only verified users pass. Add it inside of [`RequireSignIn`](crate::RequireSignIn).
///
/// A person who is not verified is [sent to Didit](Verification#what-the-guard-does). A script or an API client gets 403
/// [`verification-required`](VerificationError::Required) as problem details (RFC 9457), whose `detail` names the page to
/// open.
///
/// [Example](Verification).
#[derive(Clone, Debug)]
pub struct RequireVerified(Verification);

impl RequireVerified {
    /// A guard with the requirements and records of `verification`. [Example](Verification).
    pub fn new(verification: &Verification) -> Self {
        Self(verification.clone())
    }

    /// `Ok(None)` lets the request pass; `Ok(Some(_))` is the URL that the person is sent to.
    async fn admit(&self, head: &Parts) -> Result<Option<HeaderValue>, Error> {
        let context = context(&head.extensions)?;
        let context = context.ok_or_else(|| Error::new(ErrorKind::NotSignedIn))?;
        let session = context.session()?.signed_in().await?;
        let session = session.ok_or_else(|| Error::new(ErrorKind::NotSignedIn))?;
        let user = vendor_data(session.tokens().claims());
        let Self(verification) = self;
        let return_url = &verification.0.return_url;
        let mut record = match verification.record(&user).await? {
            Some((known, version)) => verification.rechecked(&user, known, version).await?,
            None => None,
        };
        if let Some(known) = &record
            && matches!(verification.next_step(&user, known)?, NextStep::Admit)
        {
            return Ok(None);
        }
        let Some(page) = context.requested_page() else {
            let context = format!("open {return_url} in the browser");
            let error = Error::with_context(VerificationError::Required, context);
            return Err(error.with_public_context());
        };
        if verification.is_return_page(page) {
            return Err(Error::new(WiringError::ReturnPageGuarded));
        }
        if record
            .as_ref()
            .is_some_and(|known| verification.is_due(&user, known))
        {
            record = verification.ask_for_page(&user).await?;
        }
        let next_step = match &record {
            Some(known) => verification.next_step(&user, known)?,
            None => NextStep::Verify,
        };
        match next_step {
            NextStep::Admit => Ok(None),
            NextStep::Refuse => Err(Error::new(VerificationError::Declined)),
            NextStep::Wait => location(return_url).map(Some),
            NextStep::Verify => {
                let page = page.address().and_then(ReturnTo::of_request);
                let page = page.as_ref().map_or("/", ReturnTo::as_str);
                match verification.start_for_page(&user, page).await? {
                    Some(session) => Ok(Some(session)),
                    None => location(return_url).map(Some),
                }
            }
        }
    }
}

/// The response to an error. For a person it reloads itself if Didit did not respond.
pub(super) fn refusal(head: &Parts, error: Error) -> Response<Bytes> {
    let error = outage::of_page(error);
    let page = context(&head.extensions).ok().flatten();
    let page = page.and_then(|context| context.requested_page()?.address());
    let again = page.and_then(|_| outage::refresh(outage::wait(&error)?, ""));
    let mut response = error.into_http();
    if let Some(again) = again {
        response.headers_mut().insert(header::REFRESH, again);
    }
    response
}

pub(super) fn location(url: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(url).map_err(|_| Error::new(ErrorKind::InvalidResponse))
}

impl<S> Layer<S> for RequireVerified {
    type Service = RequireVerifiedService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let guard = self.clone();
        RequireVerifiedService { inner, guard }
    }
}

/// Refuses requests of users who are not verified. Made by [`RequireVerified`].
///
/// ```
/// use axum::Router;
/// use tower_layer::Layer;
/// use tower_didit::verification::{RequireVerified, RequireVerifiedService, Verification};
///
/// fn guarded(routes: Router, verification: &Verification) -> RequireVerifiedService<Router> {
///     RequireVerified::new(verification).layer(routes)
/// }
/// # let _ = guarded;
/// ```
#[derive(Clone, Debug)]
pub struct RequireVerifiedService<S> {
    inner: S,
    guard: RequireVerified,
}

impl<S> RequireVerifiedService<S> {
    /// The inner service.
    ///
    /// ```
    /// use tower_layer::Layer;
    /// use tower_didit::verification::{RequireVerified, RequireVerifiedService, Verification};
    ///
    /// fn check(verification: &Verification) {
    ///     let mut service: RequireVerifiedService<u8> = RequireVerified::new(verification).layer(1);
    ///     *service.get_mut() += 1;
    ///     assert_eq!(service.get_ref(), &2);
    ///     assert_eq!(service.into_inner(), 2);
    /// }
    /// # let _ = check;
    /// ```
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service, mutably. [Example](Self::get_ref).
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the inner service. [Example](Self::get_ref).
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, B, R> Service<Request<B>> for RequireVerifiedService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let guard = self.guard.clone();
        let (head, body) = request.into_parts();
        let decision = Box::pin(async move {
            let admitted = guard.admit(&head).await;
            let decision = match admitted {
                Ok(None) => Ok(None),
                Ok(Some(location)) => Err(see_other(location, [])),
                Err(error) => Err(refusal(&head, error)),
            };
            (head, decision)
        });
        ResponseFuture::decide(&mut self.inner, body, decision)
    }
}
