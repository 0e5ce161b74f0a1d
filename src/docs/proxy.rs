//! Behind a reverse proxy, and with calls to Didit through an egress proxy.
//!
//! # What the reverse proxy has to do
//!
//! | it must | else |
//! |---|---|
//! | terminate TLS for the origin of the redirect URI | the browser drops the `Secure` cookies |
//! | pass the whole path on | a stripped prefix hides the callback: an `ERROR` in the log |
//! | pass `Cookie`, `Sec-Fetch-*`, `Origin` and `Accept` on | people get problem documents, or nobody stays signed in |
//! | pass `Set-Cookie` headers on one by one | folded into one header they are lost |
//! | accept headers of 8 KB in both directions | 400 or 502 during the sign-in |
//!
//! The layer needs no `X-Forwarded-*` header and trusts none: what it knows of its own address comes from the redirect
//! URI. `X-Forwarded-Proto: http` between proxy and application changes nothing.
//!
//! All people have to use the host of the redirect URI. A sign-in that starts on another name of the site
//! (`www.app.example`, an IP address) ends at the callback with `unknown-sign-in`, since the flow cookie belongs to the
//! first name. Redirect the other names to this one in the proxy.
//!
//! # Header sizes
//!
//! A request brings at most 4 KB of session and 3 KB of sign-ins under way; an answer sets at most one session. nginx
//! reads answers with headers of 4 or 8 KB by default:
//!
//! ```text
//! location / {
//!     proxy_pass http://127.0.0.1:3000;      # no path behind the port: nothing is stripped
//!     proxy_set_header Host $host;
//!     proxy_buffer_size 16k;                 # headers of an answer
//!     proxy_busy_buffers_size 24k;
//! }
//! large_client_header_buffers 4 16k;         # headers of a request
//! ```
//!
//! With a [session store](crate::docs::machines) the session cookie has 43 characters, and the defaults suffice.
//!
//! # Below a prefix
//!
//! An application at `https://example.com/shop` that sees the whole path sets all paths of the layer:
//!
//! ```
//! # fn main() -> Result<(), tower_didit::ConfigError> {
//! use tower_didit::Config;
//!
//! let config = Config::builder("client-id", "https://example.com/shop/callback")
//!     .with_client_secret("client-secret")
//!     .with_login_path("/shop/login")
//!     .with_logout_path("/shop/logout")
//!     .with_landing_page("/shop")
//!     .with_cookie_name("shop")
//!     .build()?;
//! # let _ = config;
//! # Ok(())
//! # }
//! ```
//!
//! The cookies have `Path=/`, as `__Host-` requires. An application whose proxy strips the prefix cannot use the layer:
//! let the proxy pass the path on, and `nest` the routes.
//!
//! # Caches
//!
//! Do not cache `/login`, `/logout` and the callback. Answers for signed-in users have `Vary: Cookie` and `private`; a
//! rule of a CDN that ignores both gives one user's page to another.
//!
//! # Calls to Didit
//!
//! The application calls `apx.didit.me` on port 443 (with Didit Authentication: its issuer). The default transport
//! reads no `HTTPS_PROXY` variable and uses no proxy. Where calls have to go through one, give
//! [`with_transport`](crate::ConfigBuilder::with_transport) a service that sends them: a
//! `tower::Service<http::Request<Bytes>, Response = http::Response<Bytes>>`. It must not follow redirects, retry, or log
//! headers and bodies: see [`HttpTransport`](crate::transport::HttpTransport).
//!
//! ```
//! # fn main() -> Result<(), tower_didit::ConfigError> {
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use tower_didit::{Config, transport::TransportError};
//!
//! /// Your HTTP client, set up with the proxy.
//! async fn through_the_proxy(
//!     request: Request<Bytes>,
//! ) -> Result<Response<Bytes>, TransportError> {
//! #   let _ = request;
//! #   Err(TransportError::not_connected("a proxy that is not there"))
//!     // …
//! }
//!
//! let config = Config::builder("client-id", "https://app.example/callback")
//!     .with_client_secret("client-secret")
//!     .with_transport(tower::service_fn(through_the_proxy))
//!     .build()?;
//! # let _ = config;
//! # Ok(())
//! # }
//! ```
//!
//! A proxy that opens TLS has a certificate authority of its own:
//! [`add_root_certificates`](crate::ConfigBuilder::add_root_certificates).
