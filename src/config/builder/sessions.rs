//! Settings of sessions, cookies and sign-out.

use std::{sync::Arc, time::Duration};

use zeroize::Zeroizing;

use super::{ConfigBuilder, SessionStorage, strings};
use crate::session::store::SessionStore;

impl ConfigBuilder {
    /// How long a session lasts without use: 1 second to 400 days.
    ///
    /// Each request whose handler asks for the session restarts the timeout. The restart is saved once a tenth of the
    /// timeout has passed since the last save.
    ///
    /// Default: 1 day.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_session_idle_timeout(Duration::from_secs(30 * 60));
    /// # config.build().unwrap();
    /// ```
    pub fn with_session_idle_timeout(mut self, timeout: Duration) -> Self {
        self.limits.idle = timeout;
        self
    }

    /// How long a session lasts at most, used or not: 1 second to 400 days.
    ///
    /// Default: 7 days.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_session_lifetime(Duration::from_secs(12 * 60 * 60));
    /// # config.build().unwrap();
    /// ```
    pub fn with_session_lifetime(mut self, lifetime: Duration) -> Self {
        self.limits.absolute = lifetime;
        self
    }

    /// Keeps sessions on the server; the browser has a random cookie id.
    ///
    /// A session may then have 64 KB and hold single-use refresh tokens, and a sign-out invalidates every copy of its
    /// cookie.
    /// [`MemoryStore`](crate::store::MemoryStore) is for one process, `RedisStore` (feature `redis`) for several;
    /// others implement [`SessionStore`](crate::store::SessionStore).
    ///
    /// Default: sessions are sealed into cookies; in a `MemoryStore` if refresh tokens are single-use and the scope
    /// `offline_access` or `offline` requests one.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// use tower_didit::store::MemoryStore;
    ///
    /// let config = config.with_session_store(MemoryStore::new());
    /// # config.build().unwrap();
    /// ```
    pub fn with_session_store(mut self, store: impl SessionStore) -> Self {
        self.session_storage = SessionStorage::Store(Arc::new(store));
        self
    }

    /// Seals sessions into cookies, whatever the default is. With single-use refresh tokens, `build` then refuses the
    /// scopes that request them.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_sessions_in_cookies();
    /// # config.build().unwrap();
    /// ```
    pub fn with_sessions_in_cookies(mut self) -> Self {
        self.session_storage = SessionStorage::Cookies;
        self
    }

    /// The size of all `Set-Cookie` lines of a response that writes a session in cookies, in bytes: 1,024 to 40,960. A
    /// larger session is refused with [`SessionTooLarge`](crate::ErrorKind::SessionTooLarge).
    ///
    /// Proxies limit the headers of a response: nginx to 4 KB by default. This setting's default leaves a quarter of
    /// that to the application. If you raise it, raise the [proxy's limit](crate::docs::proxy#header-sizes) too.
    /// Browsers send the cookies with every request, and many servers refuse requests with more than 8 KB of headers.
    ///
    /// Default: 3,072.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_session_cookie_limit(6 * 1024);
    /// # config.build().unwrap();
    /// ```
    pub fn with_session_cookie_limit(mut self, bytes: usize) -> Self {
        self.session_cookie_limit = bytes;
        self
    }

    /// The keys of cookies and of stored sessions: the first key seals, every key opens. Each has at least 32 random
    /// bytes. Every instance of the application needs the same keys.
    ///
    /// To rotate a key, put the new one first. If the instances restart one by one, first deploy the new key in the last
    /// place everywhere, then move it to the first. The setter takes raw bytes: decode a
    /// base64 key (`openssl rand -base64 32`) before passing it.
    ///
    /// Default: derived from the client secret. Anyone who knows or guesses the secret can then forge sessions, and a
    /// new secret signs everybody out: set keys in production.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// # let (current, previous) = ([7; 32], [8; 32]);
    /// let config = config.with_cookie_keys([current, previous]);
    /// # config.build().unwrap();
    /// ```
    pub fn with_cookie_keys(mut self, keys: impl IntoIterator<Item: Into<Vec<u8>>>) -> Self {
        let keys = keys.into_iter().map(|key| Zeroizing::new(key.into()));
        self.cookie_keys = Some(keys.collect());
        self
    }

    /// The name of this layer's cookies: 1 to 32 letters, digits, `-` and `_`, not starting with `__`, not ending with
    /// `-flow`. On https the prefix `__Host-` is added; flow cookies append `-flow-` to the name.
    ///
    /// Layers on one host need different names, even on different ports: browsers send a host's cookies to each port.
    /// Layers of one application also need different paths for the callback, sign-in and sign-out.
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

    /// The pages that may follow `POST /logout` and [`DiditClient::sign_out`](crate::DiditClient::sign_out): paths
    /// of this site, or absolute URLs of others, such as the post-logout page that is configured at Didit. The
    /// first is the default; a form may select another: `POST /logout?return_to=/goodbye`.
    ///
    /// If the provider has an end-session page (OpenID Connect RP-Initiated Logout), the browser goes there instead,
    /// and comes back to [`with_post_logout_redirect_uri`](Self::with_post_logout_redirect_uri).
    ///
    /// Default: the landing page.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_sign_out_pages(["/", "/goodbye"]);
    /// # config.build().unwrap();
    /// ```
    pub fn with_sign_out_pages(mut self, pages: impl IntoIterator<Item: Into<String>>) -> Self {
        self.sign_out_pages = strings(pages);
        self
    }

    /// Where the provider sends the browser after it has terminated its session, if its metadata has an
    /// `end_session_endpoint`: an absolute URL of this site that is registered there (OpenID Connect RP-Initiated
    /// Logout §3). The provider appends a `state`; ignore it.
    ///
    /// Default: not sent; the provider shows a page of its own.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_post_logout_redirect_uri("https://app.example/goodbye");
    /// # config.build().unwrap();
    /// ```
    pub fn with_post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_logout_redirect_uris = vec![uri.into()];
        self
    }

    /// Adds the post-logout redirect URI of a further [origin](Self::add_redirect_uri). A sign-out sends the URI of its
    /// own origin, or the first URI if that origin has none.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// let config = Config::builder("client-id", "https://app.example/callback")
    ///     .with_client_secret("client-secret")
    ///     .add_redirect_uri("https://app.example.org/callback")
    ///     .with_post_logout_redirect_uri("https://app.example/goodbye")
    ///     .add_post_logout_redirect_uri("https://app.example.org/goodbye");
    /// # config.build().unwrap();
    /// ```
    pub fn add_post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_logout_redirect_uris.push(uri.into());
        self
    }
}
