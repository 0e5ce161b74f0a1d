//! The application's own data in the session.

use serde::{Serialize, de::DeserializeOwned};

use super::DiditClient;
use crate::{
    context::RequestSession,
    error::{Error, ErrorKind},
    session::DataChange,
};

impl DiditClient {
    /// Keeps a value of the application in the session of this client's request, under a key, in place of an earlier
    /// value: a database id, a role, the name of a device.
    ///
    /// The value is sealed with the session, stays through refreshes, and is gone with the session. A key has at most
    /// 64 bytes; all values of a session have at most 1 KiB as one JSON object, and are part of the size of the cookies.
    ///
    /// In the callback's handler the value becomes part of the session that begins. A callback that arrives again gets
    /// the same session.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use tower_didit::{
    ///     DiditAuth, DiditClient, Error, IdClaims, ReturnTo,
    ///     fake::{Browser, FakeDidit, FakeDiditExt, Person},
    /// };
    ///
    /// async fn callback(user: IdClaims, client: DiditClient, back: ReturnTo) -> Result<ReturnTo, Error> {
    ///     # let _ = user;
    ///     // In SQL: INSERT … ON CONFLICT (subject) DO UPDATE … RETURNING id, role
    ///     client.set("account", &7_u64).await?;
    ///     client.set("role", "admin").await?;
    ///     Ok(back)
    /// }
    ///
    /// async fn role(client: DiditClient) -> Result<String, Error> {
    ///     Ok(client.get("role").await?.unwrap_or_default())
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_didit::ConfigError> {
    /// # let didit = FakeDidit::new("client-id", "client-secret");
    /// # let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
    /// # let app = Router::new().route("/callback", get(callback)).route("/role", get(role)).layer(auth);
    /// # let browser = Browser::new("https://app.example", app).add_didit(&didit);
    /// # browser.visit("/login?return_to=/role").await;
    /// # let page = browser.sign_in_as(&Person::john()).await;
    /// # assert_eq!(page.text(), "admin");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// **Concurrent requests.** In a [store](crate::store), all requests and processes that set different keys keep
    /// all values; of two values for one key the last one stays. A call waits for a refresh of the session that another
    /// request has started, at most as long as [`refresh`](Self::refresh) waits. With sessions in cookies, requests of one
    /// process keep all values likewise, and requests that several processes answer at the same time may lose one.
    ///
    /// With sessions in cookies, a user can send an older cookie again, with earlier values: a limit or a counter that
    /// must not go back belongs in a store or a database.
    ///
    /// A response that starts a sign-in writes no session.
    ///
    /// # Errors
    ///
    /// - [`NotSignedIn`](ErrorKind::NotSignedIn): nobody is signed in, or the client has no request;
    /// - [`SessionDataTooLarge`](ErrorKind::SessionDataTooLarge): the key or the data exceeds its limit;
    /// - [`UnexpectedSessionData`](ErrorKind::UnexpectedSessionData): the value cannot be written as JSON;
    /// - [`SessionTooLarge`](ErrorKind::SessionTooLarge): the session does not fit its cookies with the value;
    /// - [`SessionEnded`](ErrorKind::SessionEnded): the session has ended in the meantime;
    /// - [`AskedTooLate`](crate::reason::WiringError::AskedTooLate): sessions are in cookies, or the session is about to
    ///   begin, and the response headers were already sent;
    /// - [`SessionUnavailable`](ErrorKind::SessionUnavailable): the session store does not answer, or a refresh takes
    ///   too long.
    ///
    /// After an error the earlier value stays, except after `SessionUnavailable`: the store may have the new value.
    pub async fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), Error> {
        let change = DataChange::set(key, value)?;
        self.request_session()?.change_data(&change).await
    }

    /// The value that [`set`](Self::set) has kept under a key, if there is one.
    ///
    /// Waits only for the session. The value is the one that the session had when the request first asked for the
    /// session, or that this request has set since.
    ///
    /// A middleware that decides who may pass:
    ///
    /// ```
    /// use axum::{
    ///     Router,
    ///     extract::Request,
    ///     http::StatusCode,
    ///     middleware::{Next, from_fn},
    ///     response::{IntoResponse, Response},
    ///     routing::get,
    /// };
    /// use tower_didit::{DiditClient, Error};
    ///
    /// async fn admins_only(client: DiditClient, request: Request, next: Next) -> Result<Response, Error> {
    ///     if client.get::<String>("role").await?.as_deref() == Some("admin") {
    ///         return Ok(next.run(request).await);
    ///     }
    ///     Ok(StatusCode::FORBIDDEN.into_response())
    /// }
    ///
    /// let admin: Router = Router::new()
    ///     .route("/admin", get(|| async { "all users" }))
    ///     .route_layer(from_fn(admins_only));
    /// ```
    ///
    /// # Errors
    ///
    /// - [`NotSignedIn`](ErrorKind::NotSignedIn): nobody is signed in, or the client has no request;
    /// - [`UnexpectedSessionData`](ErrorKind::UnexpectedSessionData): the value is not a `T`;
    /// - [`SessionEnded`](ErrorKind::SessionEnded): the session has ended in the meantime;
    /// - those of [`IdClaims::of`](crate::IdClaims::of).
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        self.request_session()?.data().await?.get(key)
    }

    /// Removes the value under a key, if there is one.
    ///
    /// ```
    /// use tower_didit::{DiditClient, Error};
    ///
    /// async fn leave_team(client: DiditClient) -> Result<(), Error> {
    ///     client.remove("team").await
    /// }
    /// # let _router: axum::Router = axum::Router::new().route("/leave", axum::routing::post(leave_team));
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set).
    pub async fn remove(&self, key: &str) -> Result<(), Error> {
        let change = DataChange::remove(key);
        self.request_session()?.change_data(&change).await
    }

    /// The session of this client's request.
    pub(super) fn request_session(&self) -> Result<&RequestSession, Error> {
        let request = self.request.as_ref();
        let request = request.ok_or_else(|| Error::new(ErrorKind::NotSignedIn))?;
        request.session()
    }
}
