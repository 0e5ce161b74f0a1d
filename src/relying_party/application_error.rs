//! The errors that the application answers with: those of extractors, guards and handlers.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response, header, request::Parts, response, uri::PathAndQuery};

use super::{
    Disposition, RelyingParty, RequestKind, Settled, answer::append_cookies, failure::Failure,
};
use crate::{
    context::{AskedPage, RequestContext, SignInChallenge},
    error::{Answered, Error, ErrorKind, NextPage},
    oidc::Callback,
    return_to::ReturnTo,
};

impl RelyingParty {
    /// What a person gets in place of an error of an extractor, a guard or a handler: a sign-in if that helps, else a
    /// page.
    pub(super) fn answer_person(
        self: &Arc<Self>,
        error: Error,
        context: &Arc<RequestContext>,
        page: &AskedPage,
        head: &mut response::Parts,
    ) -> Disposition {
        let challenge = head.extensions.remove::<SignInChallenge>();
        let inner = std::mem::take(&mut head.headers);
        let asked = page.address();
        // What was sent is not repeated.
        let helps = challenge.is_some() || (asked.is_some() && self.sign_in_helps(&error, context));
        let is_stray = helps && asked.is_some_and(|asked| self.is_stray_callback(asked, context));
        if is_stray {
            self.report_stray_callback();
        }
        let wanted = challenge.and_then(|challenge| challenge.return_to);
        let asked = asked.filter(|_| !is_stray);
        let return_to = wanted.or_else(|| asked.and_then(ReturnTo::of_request));
        if !helps || is_stray {
            let return_to = return_to.map(|page| self.return_to(Some(page)));
            let failure = Failure::from(error).returning_to(return_to.as_ref());
            let reply = self.render_page(failure, &page.head());
            return Disposition::Reply(in_place_of(inner, reply));
        }
        let return_to = self.return_to(return_to);
        let relying_party = Arc::clone(self);
        let context = Arc::clone(context);
        Disposition::Later(Box::pin(async move {
            let redirect = relying_party.sign_in(return_to, context.cookies()).await;
            let reply = redirect.unwrap_or_else(|failure| {
                let page = context.asked_page.as_ref();
                let head = page.map(AskedPage::head).expect("it is there");
                relying_party.render_page(failure, &head)
            });
            Settled::Reply(in_place_of(inner, reply))
        }))
    }

    /// Whether a sign-in mends an error. Somebody who has just signed in is not sent to the provider for ever.
    fn sign_in_helps(&self, error: &Error, context: &RequestContext) -> bool {
        if error.kind().row().advice.next_page != NextPage::SignIn {
            return false;
        }
        let session = context.asked_session();
        match session.and_then(|session| session.is_young(self.now())) {
            Some(is_young) => !is_young,
            None => matches!(
                error.kind(),
                ErrorKind::NotSignedIn | ErrorKind::SessionEnded
            ),
        }
    }

    /// What a person gets in place of an error of the callback's handler. No sign-in starts: it would end here again.
    pub(super) fn answer_person_at_callback(
        &self,
        request: &Parts,
        return_to: &ReturnTo,
        head: &mut response::Parts,
    ) -> Option<Response<Bytes>> {
        let error = take_up_error(head)?;
        RequestKind::of_page(request).then(|| {
            let failure = Failure::from(error).returning_to(return_to);
            let reply = self.render_page(failure.used_up(), request);
            in_place_of(std::mem::take(&mut head.headers), reply)
        })
    }

    /// Whether a page that asks for a sign-in is itself the answer to one, whose path was changed on the way to
    /// the layer: another sign-in would end here again, and again.
    fn is_stray_callback(&self, page: &PathAndQuery, context: &RequestContext) -> bool {
        let query = page.query().unwrap_or_default();
        Callback::parse(query).is_ok_and(|callback| {
            let cookies = context.cookies().iter();
            self.flow_cookies().open(cookies, &callback.state).is_ok()
        })
    }

    fn report_stray_callback(&self) {
        self.reported.stray_callback.call_once(|| {
            tracing::error!(
                callback = self.config.redirect_uri.path,
                "a callback arrived at another path: the layer is inside of a nested router, or behind \
                 a proxy that strips a prefix"
            );
        });
    }
}

/// The error that the application answers with, unless a layer inside of this one has answered it. It is logged by
/// now.
#[inline]
pub(super) fn take_up_error(head: &mut response::Parts) -> Option<Error> {
    let error = head.extensions.get::<Error>()?.clone();
    if error.kind().status() != head.status {
        return None;
    }
    let is_answered = head.extensions.insert(Answered).is_some();
    error.log("request failed");
    (!is_answered).then_some(error)
}

/// Puts a reply in the place of the application's answer, whose headers stay, but for those that describe its
/// content.
fn in_place_of(mut headers: HeaderMap, reply: Response<Bytes>) -> Response<Bytes> {
    let (mut head, body) = reply.into_parts();
    let about_content: Vec<_> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("content-"))
        .cloned()
        .collect();
    for name in about_content {
        headers.remove(name);
    }
    let cookies = head.headers.get_all(header::SET_COOKIE);
    let cookies: Vec<_> = cookies.into_iter().cloned().collect();
    head.headers.remove(header::SET_COOKIE);
    headers.extend(head.headers);
    append_cookies(&mut headers, cookies);
    head.headers = headers;
    Response::from_parts(head, body)
}
