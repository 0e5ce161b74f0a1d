//! Settings of the calls to the provider, and the clock.

use std::{sync::Arc, time::Duration};

#[cfg(feature = "reqwest")]
use zeroize::Zeroizing;

use super::ConfigBuilder;
#[cfg(feature = "reqwest")]
use super::ProxySetting;
#[cfg(feature = "reqwest")]
use crate::tokens::Secret;
use crate::{clock::Clock, transport::HttpTransport};

impl ConfigBuilder {
    /// The timeout of each call to the provider, connection included: 1 millisecond to 5 minutes.
    ///
    /// Default: 10 seconds.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_http_timeout(Duration::from_secs(5));
    /// # config.build().unwrap();
    /// ```
    pub fn with_http_timeout(mut self, timeout: Duration) -> Self {
        self.http_timeout = timeout;
        self
    }

    /// The timeout of the default transport's connections: 1 millisecond to 5 minutes.
    ///
    /// At most half of [`with_http_timeout`](Self::with_http_timeout) is used, so that a connection failure comes
    /// before the timeout of the call: the failure proves that nothing was sent, and the call may be repeated.
    ///
    /// Default: 5 seconds.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_connect_timeout(Duration::from_secs(2));
    /// # config.build().unwrap();
    /// ```
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Adds certificates, in PEM, that the default transport trusts in addition to the system's.
    ///
    /// Default: the system's alone.
    ///
    /// ```no_run
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.add_root_certificates(std::fs::read("/etc/ssl/company-ca.pem")?);
    /// # config.build().unwrap();
    /// # Ok::<_, std::io::Error>(())
    /// ```
    pub fn add_root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    /// Sends the calls to the provider through this HTTP proxy, by `CONNECT`. The URL has `http://` or `https://`
    /// (TLS to the proxy), a host and a port, and before the host a user and a password if the proxy requires Basic
    /// authentication: `http://user:password@proxy.example:3128`.
    ///
    /// Calls to loopback are direct. `NO_PROXY` and other variables are not read. An error names the proxy's host, never
    /// its credentials. The setting is for the default transport; a transport of
    /// [`with_transport`](Self::with_transport) ignores it.
    ///
    /// Default: no proxy; the environment is not read.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_proxy("http://proxy.example:3128");
    /// # config.build().unwrap();
    /// ```
    #[cfg(feature = "reqwest")]
    #[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
    pub fn with_proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = ProxySetting::Url(Secret(Zeroizing::new(url.into())));
        self
    }

    /// Sends the calls to the provider through the proxy that the environment names: `HTTPS_PROXY`, else `ALL_PROXY`;
    /// no proxy for the hosts in `NO_PROXY`. Each may be in lower case; if both are set, the upper-case one counts
    /// (`curl` prefers the lower-case one).
    ///
    /// `NO_PROXY` lists names with their subdomains, addresses and networks, with commas in between; `*` is every host.
    /// `HTTP_PROXY` has no effect: only loopback is called over plain http, and calls to loopback are direct. `build`
    /// reads the variables, and reports a URL that cannot be a proxy's: [`ConfigError::InvalidVariable`]. Proxy settings
    /// of Windows and macOS are not read. In all else it works like [`with_proxy`](Self::with_proxy).
    ///
    /// ```no_run
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_system_proxy();
    /// # config.build().unwrap();
    /// ```
    ///
    /// [`ConfigError::InvalidVariable`]: crate::ConfigError::InvalidVariable
    #[cfg(feature = "reqwest")]
    #[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
    pub fn with_system_proxy(mut self) -> Self {
        self.proxy = ProxySetting::System;
        self
    }

    /// Carries every request to the provider. Any Tower service is a transport:
    /// [example](crate::transport::HttpTransport).
    ///
    /// Default: reqwest with rustls (feature `reqwest`).
    pub fn with_transport(mut self, transport: impl HttpTransport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// The clock that all lifetimes and limits are measured by. [Example](Clock).
    ///
    /// Default: the system's.
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}
