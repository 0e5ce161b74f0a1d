//! The sessions of a user: list them, end them, wait for their end.

use std::{fmt, time::SystemTime};

use serde::de::DeserializeOwned;

use super::{DiditClient, SignedOut};
use crate::{error::Error, layer::DiditAuth, session::lifecycle::PublicSession};

impl DiditClient {
    /// The sessions of the user of this client's request, in all browsers and at all origins of the layer, the last
    /// used first.
    ///
    /// Needs a [session store](crate::ConfigBuilder::with_session_store): sessions in cookies are known only to their browsers. Reads
    /// each session from the store, and waits at most 15 s.
    ///
    /// ```
    /// use tower_didit::{DiditClient, Error};
    ///
    /// async fn devices(client: DiditClient) -> Result<String, Error> {
    ///     let mut page = String::new();
    ///     for session in client.sessions().await? {
    ///         let label: Option<String> = session.get("label")?;
    ///         let here = if session.is_this_one() { " (here)" } else { "" };
    ///         page += &format!("{}{here}\n", label.as_deref().unwrap_or("a browser"));
    ///     }
    ///     Ok(page)
    /// }
    /// # let _router: axum::Router = axum::Router::new().route("/devices", axum::routing::get(devices));
    /// ```
    ///
    /// # Errors
    ///
    /// - [`NotSignedIn`](crate::ErrorKind::NotSignedIn): nobody is signed in, or the client has no request;
    /// - [`StoreRequired`](crate::ErrorKind::StoreRequired): sessions are in cookies;
    /// - [`SessionEnded`](crate::ErrorKind::SessionEnded): the session of the request has ended in the meantime;
    /// - [`SessionUnavailable`](crate::ErrorKind::SessionUnavailable): the session store does not answer.
    pub async fn sessions(&self) -> Result<Vec<UserSession>, Error> {
        self.lifecycle.require_store()?;
        let session = self.request_session()?.current().await?;
        let all = self
            .lifecycle
            .sessions_of(session.tokens().claims())
            .await?;
        let all = all.into_iter().map(|listed| UserSession {
            is_this_one: listed.session.id() == session.id(),
            listed,
        });
        Ok(all.collect())
    }

    /// Ends all sessions of the user of this client's request, in all browsers, processes and origins: first in the application,
    /// then at the provider, in the background. The response removes the cookies of this session, unless the response headers
    /// were already sent.
    ///
    /// No answer, refresh or callback that is under way in any process brings one of them back: a callback that arrived
    /// before this call fails with `session-ended`. Sign-ins whose callback arrives later begin new sessions.
    ///
    /// Waits at most 15 s, and completes even if the browser disconnects. The origin of the request is not checked: protect the handler
    /// against cross-site requests.
    ///
    /// ```
    /// use tower_didit::{DiditClient, Error, SignedOut};
    ///
    /// async fn sign_out_everywhere(client: DiditClient) -> Result<SignedOut, Error> {
    ///     client.sign_out_everywhere().await
    /// }
    /// # let _router: axum::Router =
    /// #     axum::Router::new().route("/sign-out/everywhere", axum::routing::post(sign_out_everywhere));
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`sessions`](Self::sessions), and [`SignOutIncomplete`](crate::ErrorKind::SignOutIncomplete): the
    /// session store did not answer, and some sessions may continue. Call again, or
    /// [`DiditAuth::sign_out_user`](crate::DiditAuth::sign_out_user): the session of the request has ended.
    pub async fn sign_out_everywhere(&self) -> Result<SignedOut, Error> {
        self.lifecycle.require_store()?;
        let page = self.request_session()?.sign_out_everywhere().await?;
        Ok(self.signed_out(page))
    }

    /// Ends the session of this user that has a [public id](UserSession::public_id): first in the application, then at the
    /// provider, for which it waits at most 2 s. Returns whether there was one; another user's session is not found. If it is the session of the
    /// request, the response removes its cookies.
    ///
    /// The origin of the request is not checked: protect the handler against cross-site requests.
    ///
    /// ```
    /// use axum::{extract::Path, http::StatusCode};
    /// use tower_didit::{DiditClient, Error};
    ///
    /// async fn sign_out(Path(id): Path<String>, client: DiditClient) -> Result<StatusCode, Error> {
    ///     let was_there = client.sign_out_session(&id).await?;
    ///     Ok(if was_there { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND })
    /// }
    /// # let _router: axum::Router =
    /// #     axum::Router::new().route("/devices/{id}/sign-out", axum::routing::post(sign_out));
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`sessions`](Self::sessions), and [`SignOutIncomplete`](crate::ErrorKind::SignOutIncomplete): the
    /// session store did not answer.
    pub async fn sign_out_session(&self, public_id: &str) -> Result<bool, Error> {
        self.lifecycle.require_store()?;
        self.request_session()?.sign_out_session(public_id).await
    }

    /// A future that is ready when the session of this client's request has ended, for streams and `WebSocket`s.
    ///
    /// | the end | ready |
    /// |---|---|
    /// | a sign-out, another sign-in of the browser, or a refused refresh, in this process | at once |
    /// | the absolute limit | at once |
    /// | the idle limit; with Didit Authentication an access token that cannot be refreshed | at once with sessions in cookies, within 30 s in a store |
    /// | an end in another process | within 30 s in a store; never with sessions in cookies |
    ///
    /// All futures of a session share one look-up of the store every 30 s, which does not count as use. A store that does not answer
    /// ends nothing. With sessions in cookies the idle limit counts from the last response of this process that wrote the
    /// cookies.
    ///
    /// Ready at once if nobody is signed in, if the session cannot be looked up (call it in the handler, not later), and in the
    /// callback's handler, where the session has not begun. The future borrows nothing; dropping it frees all that it needs.
    ///
    /// ```
    /// use std::{convert::Infallible, time::Duration};
    /// use axum::response::sse::{Event, Sse};
    /// use futures_util::{Stream, StreamExt, stream};
    /// use tower_didit::{DiditClient, IdClaims};
    ///
    /// async fn ticks(_: IdClaims, client: DiditClient) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    ///     let ticks = stream::unfold((), |()| async {
    ///         tokio::time::sleep(Duration::from_secs(1)).await;
    ///         Some((Ok(Event::default().data("tick")), ()))
    ///     });
    ///     Sse::new(ticks.take_until(client.ended()))
    /// }
    /// # let _router: axum::Router = axum::Router::new().route("/ticks", axum::routing::get(ticks));
    /// ```
    pub fn ended(&self) -> impl Future<Output = ()> + Send + Unpin + use<> {
        // Asks now: later may be after the response headers.
        let is_asked = self.request_session().is_ok();
        let request = self.request.clone().filter(|_| is_asked);
        Box::pin(async move {
            let end = match request {
                Some(request) => match request.asked_session() {
                    Some(session) => session.end().await,
                    None => None,
                },
                None => None,
            };
            if let Some(end) = end {
                end.await;
            }
        })
    }
}

impl DiditAuth {
    /// Ends all sessions of a user, as [`DiditClient::sign_out_everywhere`](crate::DiditClient::sign_out_everywhere) does, for an
    /// administrator or a webhook. Returns how many there were.
    ///
    /// `issuer` and `subject` are those of [`IdClaims`](crate::IdClaims). The issuers of one
    /// [`Provider`](crate::Provider) count as one: any of them will do.
    ///
    /// ```
    /// use tower_didit::{Config, DiditAuth, Error, Provider, store::MemoryStore};
    ///
    /// async fn ban(auth: &DiditAuth, subject: &str) -> Result<(), Error> {
    ///     // First in the database, so that the callback's handler refuses the user from now on.
    ///     let ended = auth.sign_out_user("https://apx.didit.me", subject).await?;
    ///     println!("{ended} sessions ended");
    ///     Ok(())
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let config = Config::builder("client-id", "https://app.example/callback")
    /// #     .with_client_secret("client-secret")
    /// #     .with_session_store(MemoryStore::new());
    /// # ban(&DiditAuth::new(config.build()?), "8a1d4f0e").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`StoreRequired`](crate::ErrorKind::StoreRequired): sessions are in cookies. They end at their limits, or all
    ///   together if you replace the cookie keys; to lock a user out, check the account on every request;
    /// - [`SignOutIncomplete`](crate::ErrorKind::SignOutIncomplete): the session store did not answer, and some sessions
    ///   may continue. Call again.
    pub async fn sign_out_user(&self, issuer: &str, subject: &str) -> Result<usize, Error> {
        let lifecycle = &self.origins.first.lifecycle;
        lifecycle.sign_out_user(issuer, subject).await
    }
}

/// A session of a user, from [`DiditClient::sessions`](crate::DiditClient::sessions).
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tower_didit::{DiditClient, Error};
///
/// /// Ends the sessions of the user that were not used for a month.
/// async fn tidy_up(client: DiditClient) -> Result<(), Error> {
///     for session in client.sessions().await? {
///         let age = SystemTime::now().duration_since(session.last_used());
///         if age.is_ok_and(|age| age > Duration::from_secs(30 * 24 * 3600)) {
///             client.sign_out_session(session.public_id()).await?;
///         }
///     }
///     Ok(())
/// }
/// # let _router: axum::Router = axum::Router::new().route("/tidy", axum::routing::post(tidy_up));
/// ```
#[derive(Clone)]
pub struct UserSession {
    listed: PublicSession,
    is_this_one: bool,
}

impl UserSession {
    /// 22 characters for a URL or a form: a keyed hash (HMAC) of the session's id. It is of no use as a cookie, and stays the
    /// same until the session ends or the cookie keys are rotated; ids from before a rotation still work.
    /// [Example](Self).
    pub fn public_id(&self) -> &str {
        &self.listed.public_id
    }

    /// When the user signed in.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use tower_didit::UserSession;
    ///
    /// fn oldest(sessions: &[UserSession]) -> Option<SystemTime> {
    ///     sessions.iter().map(UserSession::began).min()
    /// }
    /// # assert_eq!(oldest(&[]), None);
    /// ```
    pub fn began(&self) -> SystemTime {
        self.listed.session.started().into()
    }

    /// When the session was last used. A use is recorded once a tenth of the
    /// [idle limit](crate::ConfigBuilder::with_session_idle_timeout) has passed since the one before. [Example](Self).
    pub fn last_used(&self) -> SystemTime {
        self.listed.session.last_used().into()
    }

    /// Whether this is the session of the request. [Example](crate::DiditClient::sessions).
    pub fn is_this_one(&self) -> bool {
        self.is_this_one
    }

    /// The value that the application has kept in this session with [`DiditClient::set`](crate::DiditClient::set), such as a label:
    /// `set("label", "Firefox on Linux")`. [Example](crate::DiditClient::sessions).
    ///
    /// # Errors
    ///
    /// [`UnexpectedSessionData`](crate::ErrorKind::UnexpectedSessionData): the value is not a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        self.listed.session.data().get(key)
    }
}

impl fmt::Debug for UserSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSession")
            .field("public_id", &self.listed.public_id)
            .field("is_this_one", &self.is_this_one)
            .finish_non_exhaustive()
    }
}
