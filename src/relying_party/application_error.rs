//! The errors of the application: those of extractors, guards and handlers.

use std::{mem, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Response, header, request::Parts, response, uri::PathAndQuery};

use super::{
    RelyingParty, ResponseUpdate, failure::Failure, request_kind::page_request,
    responses::append_cookies,
};
use crate::{
    context::{Destination, RequestContext, RequestedPage, SignInChallenge},
    error::{Error, ErrorKind, NextPage, Rendered},
    oidc::SignInParameters,
    return_to::ReturnTo,
};

impl RelyingParty {
    /// Replaces an error for a person who is waiting for a page: with a sign-in if a sign-in helps, otherwise with an error
    /// page.
    pub(super) fn replace_error(
        self: Arc<Self>,
        error: Error,
        context: Arc<RequestContext>,
        head: &mut response::Parts,
    ) -> ResponseUpdate {
        let challenge = head.extensions.remove::<SignInChallenge>();
        let is_asked_for = challenge.is_some();
        let SignInChallenge {
            destination,
            parameters,
        } = challenge.unwrap_or_else(|| SignInChallenge {
            destination: Destination::RequestedPage,
            parameters: SignInParameters::requiring(error.required_authentication().clone()),
        });
        let page = context.requested_page();
        // A `POST` has no address to return to: a sign-in would not repeat its body.
        let address = page.and_then(RequestedPage::address);
        let helps = is_asked_for || (address.is_some() && self.sign_in_helps(&error, &context));
        let query = address.and_then(PathAndQuery::query);
        let is_misrouted =
            helps && query.is_some_and(|query| self.is_misrouted_callback(query, &context.cookies));
        let starts_sign_in = helps && !is_misrouted;
        let session = context.asked_session();
        if let Some(cookies) = session.and_then(|session| session.cookies(starts_sign_in)) {
            append_cookies(&mut head.headers, cookies);
        }
        let headers = mem::take(&mut head.headers);
        let address = address.filter(|_| !is_misrouted);
        let return_to = match destination {
            Destination::RequestedPage => address.and_then(ReturnTo::of_request),
            Destination::LandingPage => None,
            Destination::Page(page) => Some(page),
        };
        Box::pin(async move {
            let reply = if starts_sign_in {
                let return_to = self.return_to(return_to);
                let host = context.requested_page().and_then(RequestedPage::host);
                self.sign_in(Some(&parameters), return_to, host, &context.cookies)
                    .await
            } else {
                let return_to = return_to.map(|page| self.return_to(Some(page)));
                Err(Failure::from(error).returning_to(return_to.as_ref()))
            };
            let reply = reply.unwrap_or_else(|failure| {
                let page = context.requested_page().map(RequestedPage::head);
                self.render(failure, page.as_ref())
            });
            Err(with_headers(headers, reply))
        })
    }

    /// Replaces an error of the callback's handler with an error page, never with a sign-in, which would fail in the
    /// same way.
    pub(super) fn replace_callback_error(
        &self,
        request: &Parts,
        return_to: &ReturnTo,
        head: &mut response::Parts,
    ) -> Option<Response<Bytes>> {
        let error = unrendered_error(head)?;
        let page = page_request(request)?;
        let failure = Failure::from(error).returning_to(return_to).used_up();
        let reply = self.render(failure, Some(page));
        Some(with_headers(mem::take(&mut head.headers), reply))
    }

    /// Whether a sign-in resolves an error. A user who has just signed in is not sent to the provider again.
    fn sign_in_helps(&self, error: &Error, context: &RequestContext) -> bool {
        match error.kind().row().advice.next_page {
            NextPage::SignIn => {}
            // Even right after a sign-in. `check_no_loop` ends a series of step-ups.
            NextPage::StepUp => return true,
            NextPage::TryAgain | NextPage::Reload | NextPage::LandingPage => return false,
        }
        let asked = context.asked_session();
        match asked.and_then(|asked| asked.known_session()) {
            Some(session) => !session.is_recent(self.lifecycle.now()),
            None => matches!(
                error.kind(),
                ErrorKind::NotSignedIn | ErrorKind::SessionEnded
            ),
        }
    }
}

/// The error of a response, unless an inner layer has replaced it. Logs it.
#[inline]
pub(super) fn unrendered_error(head: &mut response::Parts) -> Option<Error> {
    let error = head.extensions.get::<Error>()?.clone();
    if error.kind().status() != head.status {
        return None;
    }
    let is_rendered = head.extensions.insert(Rendered).is_some();
    error.log("request failed");
    (!is_rendered).then_some(error)
}

/// Adds the headers of the application's response to the reply, except those about its content.
pub(super) fn with_headers(mut headers: HeaderMap, mut reply: Response<Bytes>) -> Response<Bytes> {
    let own = reply.headers();
    let is_replaced = |name: &HeaderName| {
        name.as_str().starts_with("content-")
            || (name != header::SET_COOKIE && own.contains_key(name))
    };
    let mut replaced: Vec<_> = headers.keys().cloned().collect();
    replaced.retain(is_replaced);
    for name in replaced {
        headers.remove(name);
    }
    for (name, value) in own {
        headers.append(name, value.clone());
    }
    *reply.headers_mut() = headers;
    reply
}
