//! The settings of sessions: how long they last, where they are kept, what follows their end.

use std::{sync::Arc, time::Duration};

use zeroize::Zeroizing;

use super::{ConfigBuilder, Keeping};
use crate::session::store::SessionStore;

impl ConfigBuilder {
    /// How long a session lasts when it is not used: 1 second to 400 days.
    ///
    /// Default: 1 day. Use is noted after a tenth of it.
    pub fn with_session_idle_timeout(mut self, limit: Duration) -> Self {
        self.limits.idle = limit;
        self
    }

    /// How long a session lasts in any case: 1 second to 400 days.
    ///
    /// Default: 7 days.
    pub fn with_session_lifetime(mut self, limit: Duration) -> Self {
        self.limits.absolute = limit;
        self
    }

    /// Keeps sessions on the server; the browser has a random id. They may then have 64 KB, end for good with a
    /// sign-out, and hold refresh tokens that work once.
    ///
    /// [`MemoryStore`](crate::store::MemoryStore) is for one process; `RedisStore` (feature `redis`) is for
    /// several, and so is whatever implements [`SessionStore`](crate::store::SessionStore).
    ///
    /// Default: sealed into cookies, with nothing on the server; but in a `MemoryStore` where refresh tokens
    /// work once and `offline_access` (or `offline`) asks for them.
    pub fn with_session_store(mut self, store: impl SessionStore) -> Self {
        self.keeping = Keeping::Store(Arc::new(store));
        self
    }

    /// Seals sessions into cookies, also where the default would be another. With refresh tokens that work
    /// once, `build` then refuses the scopes that bring them.
    pub fn with_sessions_in_cookies(mut self) -> Self {
        self.keeping = Keeping::Cookies;
        self
    }

    /// How many bytes the cookies of a session may take in all, names and attributes included:
    /// 1,024 to 40,960. A session that needs more is refused with
    /// [`ErrorKind::SessionTooLarge`](crate::ErrorKind::SessionTooLarge).
    ///
    /// Default: 4,096. Browsers send the cookies with every request, and many servers and proxies
    /// refuse requests whose headers exceed 8 or 16 KB: raise it only with them in mind.
    pub fn with_session_cookie_limit(mut self, bytes: usize) -> Self {
        self.session_cookie_limit = bytes;
        self
    }

    /// The keys of the cookies, and of what a store has: the first seals, all open. A key is rolled by putting
    /// the new one in front; where several processes are not restarted at once, by adding it behind first, so
    /// that all can open what one has sealed with it. Each is at least 32 random bytes, the same for every
    /// instance of the application; where they are kept as text (`openssl rand -base64 32`), decode it first.
    ///
    /// Default: derived from the client secret. Whoever knows or guesses the secret can then forge
    /// sessions, and changing it signs everybody out: set keys in production.
    ///
    /// ```
    /// # let (current, previous) = ([7; 32], [8; 32]);
    /// # tower_didit::Config::builder("client-id", "https://app.example/callback")
    /// #     .with_client_secret("client-secret")
    /// .with_cookie_keys([current, previous])
    /// # .build().unwrap();
    /// ```
    pub fn with_cookie_keys<I>(mut self, keys: I) -> Self
    where
        I: IntoIterator<Item: Into<Vec<u8>>>,
    {
        let keys = keys.into_iter().map(|key| Zeroizing::new(key.into()));
        self.cookie_keys = Some(keys.collect());
        self
    }

    /// What the cookies of this layer are called: up to 32 letters, digits, `-` and `_`, without `__` in front and
    /// `-flow` at the end. On https their names begin with `__Host-`; flow cookies have `-flow-` behind the name.
    ///
    /// Layers on one host need names of their own, whatever their ports: browsers send all of a host's cookies to
    /// each port. They also need paths of their own for the callback, sign-in and sign-out.
    ///
    /// Default: `didit`.
    ///
    /// ```
    /// # fn main() -> Result<(), tower_didit::ConfigError> {
    /// use tower_didit::Config;
    ///
    /// let staff = Config::builder("staff-client", "https://app.example/staff/callback")
    ///     .with_client_secret("client-secret")
    ///     .with_cookie_name("staff")
    ///     .with_login_path("/staff/login")
    ///     .with_logout_path("/staff/logout")
    ///     .build()?;
    /// # let _ = staff;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie_name = name.into();
        self
    }

    /// Where people go after `POST /logout`, and after
    /// [`DiditClient::sign_out`](crate::DiditClient::sign_out): paths of this site, or absolute URLs of
    /// others, such as the post-logout page that is configured at Didit. The first is where all go but
    /// those whose form names another one of them: `POST /logout?return_to=/goodbye`.
    ///
    /// Where the provider has a page of its own that ends its session (OpenID Connect RP-Initiated
    /// Logout), people go there instead, and come back to
    /// [`with_post_logout_redirect_uri`](Self::with_post_logout_redirect_uri).
    ///
    /// Default: the landing page.
    pub fn with_sign_out_pages<I>(mut self, pages: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.sign_out_pages = pages.into_iter().map(Into::into).collect();
        self
    }

    /// Where the provider sends people whose session it has ended, if its metadata has an
    /// `end_session_endpoint`: an absolute URL of this site that is registered there (OpenID Connect
    /// RP-Initiated Logout §3). It gets a `state`, which means nothing.
    ///
    /// Default: none, the provider shows a page of its own.
    pub fn with_post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_logout_redirect_uri = Some(uri.into());
        self
    }
}
