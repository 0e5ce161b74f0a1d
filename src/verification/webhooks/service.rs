//! The service of the layer for webhooks.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use super::DiditWebhooks;
use crate::{body::ResponseBody, flight::Flight};

/// Lets only authentic webhooks reach the inner service. Made by [`DiditWebhooks`].
///
/// The body type of the inner service's requests must be `From<Bytes>`, such as axum's `Body` or
/// `http_body_util::Full<Bytes>`.
///
/// ```
/// use axum::{Router, routing::post};
/// use tower_layer::Layer;
/// use tower_didit::verification::{DiditWebhooks, DiditWebhooksService, WebhookEvent};
///
/// # fn main() -> Result<(), tower_didit::ConfigError> {
/// let handler = Router::new().fallback(|_: WebhookEvent| async {});
/// let service: DiditWebhooksService<Router> = DiditWebhooks::new(["secret"])?.layer(handler);
/// let app: Router = Router::new().route_service("/didit", service);
/// # let _ = app;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DiditWebhooksService<S> {
    inner: S,
    webhooks: DiditWebhooks,
}

impl<S> DiditWebhooksService<S> {
    pub(super) fn new(inner: S, webhooks: DiditWebhooks) -> Self {
        Self { inner, webhooks }
    }

    /// The inner service.
    ///
    /// ```
    /// use tower_layer::Layer;
    /// use tower_didit::verification::{DiditWebhooks, DiditWebhooksService};
    ///
    /// # fn main() -> Result<(), tower_didit::ConfigError> {
    /// let mut service: DiditWebhooksService<u8> = DiditWebhooks::new(["secret"])?.layer(1);
    /// *service.get_mut() += 1;
    /// assert_eq!(service.get_ref(), &2);
    /// assert_eq!(service.into_inner(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service, mutably.
    /// [Example](Self::get_ref).
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the inner service.
    /// [Example](Self::get_ref).
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, B, R> Service<Request<B>> for DiditWebhooksService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + From<Bytes> + Send + 'static,
    R: Send + 'static,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The instance that was polled ready is the one that is called.
        let clone = self.inner.clone();
        let ready = mem::replace(&mut self.inner, clone);
        Box::pin(answer(self.webhooks.clone(), ready, request))
    }
}

async fn answer<S, B, R>(
    webhooks: DiditWebhooks,
    mut service: S,
    request: Request<B>,
) -> Result<Response<ResponseBody<R>>, S::Error>
where
    S: Service<Request<B>, Response = Response<R>>,
    B: Body + From<Bytes>,
{
    let (mut head, body) = request.into_parts();
    let (event, body, attempt) = match webhooks.receive(&head.headers, body).await {
        Ok(received) => received,
        Err(answer) => {
            let mut response = Response::new(ResponseBody::default());
            *response.status_mut() = answer;
            return Ok(response);
        }
    };
    head.extensions.insert(event);
    let response = service.call(Request::from_parts(head, body.into())).await?;
    let mut response = response.map(ResponseBody::application);
    let status = response.status();
    if status.is_success() {
        // In a task of its own, so that it is recorded even if the connection closes now.
        let task = Flight::start(&TaskTracker::new(), attempt.succeed());
        task.outcome().await;
        return Ok(response);
    }
    attempt.fail().await;
    tracing::warn!(status = status.as_u16(), "webhook handler failed");
    if status != StatusCode::NOT_FOUND {
        // Didit sends a webhook again after 404 and 5xx only.
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    Ok(response)
}
