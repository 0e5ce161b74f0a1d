//! Behind a reverse proxy, and with calls to Didit through an egress proxy.
//!
//! # What the reverse proxy has to do
//!
//! | the proxy must | otherwise |
//! |---|---|
//! | terminate TLS for the origin of the redirect URI | the browser drops the `Secure` cookies |
//! | pass `Host` on, unchanged | with several redirect URIs all sign-ins come back to the first; with one, a `WARN` in the log |
//! | pass the whole path on | a stripped prefix hides the callback: an `ERROR` in the log |
//! | pass `Cookie`, `Sec-Fetch-*`, `Origin` and `Accept` on | people get problem details, or nobody stays signed in |
//! | pass `Set-Cookie` headers on one by one | folded into one header they are lost |
//! | accept headers of 8 KB in requests and of 4 KB in responses, as nginx does by default | 400 or 502 during the sign-in |
//!
//! The layer ignores `X-Forwarded-*` and `Forwarded`: it takes its own address from the redirect URIs.
//! `X-Forwarded-Proto: http` between proxy and application changes nothing.
//!
//! # Several hosts
//!
//! People have to use the host of a redirect URI. A sign-in that starts on another name of the site (`www.app.example`,
//! an IP address) ends at the callback with `unknown-sign-in`, since the flow cookie belongs to that name. The layer logs
//! the name at `WARN`. Redirect such names to the right one in the proxy, or give them a redirect URI of their own:
//!
//! ```
//! # fn main() -> Result<(), tower_didit::ConfigError> {
//! use tower_didit::Config;
//!
//! let config = Config::builder("client-id", "https://app.example/callback")
//!     .add_redirect_uri("https://app.example.org/callback")
//!     .with_client_secret("client-secret")
//!     .build()?;
//! # let _ = config;
//! # Ok(())
//! # }
//! ```
//!
//! The `Host` of a request (in HTTP/2 `:authority`) selects one of the redirect URIs: by its name, then by its port. No
//! URL is made from it. A request without a known host counts as one for the first redirect URI.
//!
//! **A proxy has to pass `Host` on, which nginx does not by default**: it sends the name of its upstream. The log then has
//! the `WARN` with that name. Set `proxy_set_header Host $host`, or `$http_host` where redirect URIs differ in their ports:
//! `$host` lacks the port.
//!
//! One nginx `server` can serve all origins: name them all in its `server_name`, and redirect every other name to one of
//! them.
//!
//! Each origin has sessions of its own: a user who signs in at one is not signed in at another, and a sign-out ends the
//! session of its own origin. Origins that differ only in their ports share their sessions. At the provider all origins
//! are one client; register all redirect URIs there.
//!
//! # nginx
//!
//! A complete configuration for `https://app.example` with the callback at `/callback` and two processes of the
//! application. The certificate names `app.example` and the other names that lead to it. A file below
//! `/etc/nginx/conf.d`:
//!
//! ```nginx
//! # Requests of the callback: 1 a second for each client IP, after a burst of 20.
//! limit_req_zone $binary_remote_addr zone=didit_callback:10m rate=1r/s;
//! # An access log without queries: the callback's query contains the authorization code.
//! log_format without_query '$remote_addr [$time_local] "$request_method $uri" $status $upstream_addr';
//! # WebSockets; other requests use connections that stay open.
//! map $http_upgrade $connection_upgrade {
//!     default upgrade;
//!     ''      '';
//! }
//!
//! upstream app {
//!     # Every request may try each process: see "Several processes" below.
//!     server 127.0.0.1:3000 max_fails=0;
//!     server 127.0.0.1:3001 max_fails=0;
//!     keepalive 32;
//! }
//!
//! # Every other name, and plain http, leads to the host of the redirect URI.
//! server {
//!     listen 80 default_server;
//!     listen 443 ssl default_server;
//!     server_name _;
//!     ssl_certificate     /etc/ssl/app.example.pem;
//!     ssl_certificate_key /etc/ssl/app.example.key;
//!     access_log off;
//!     return 301 https://app.example$request_uri;
//! }
//!
//! server {
//!     listen 443 ssl;
//!     server_name app.example;
//!     ssl_certificate     /etc/ssl/app.example.pem;
//!     ssl_certificate_key /etc/ssl/app.example.key;
//!     add_header Strict-Transport-Security "max-age=31536000" always;
//!
//!     # For all locations: a location with a proxy_set_header of its own inherits none.
//!     proxy_set_header Host       $host;
//!     proxy_set_header Connection $connection_upgrade;
//!     proxy_set_header Upgrade    $http_upgrade;
//!     proxy_http_version 1.1;
//!     proxy_connect_timeout 2s;
//!     # Only for with_session_cookie_limit(12 * 1024): nginx's own defaults suffice for the layer's default limit.
//!     large_client_header_buffers 4 16k;   # of a request
//!     proxy_buffer_size 16k;               # of a response, the callback's included
//!     proxy_busy_buffers_size 24k;
//!
//!     location / {
//!         proxy_pass http://app;           # no path behind the name: nothing is stripped
//!     }
//!
//!     location = /callback {
//!         limit_req zone=didit_callback burst=20 nodelay;
//!         limit_req_status 429;
//!         access_log /var/log/nginx/callback.log without_query;
//!         # nginx writes the request line, code included, with each rejection and each failed upstream.
//!         limit_req_log_level info;
//!         error_log /dev/null emerg;
//!         proxy_pass http://app;
//!     }
//! }
//! ```
//!
//! - **The callback's query contains the authorization code.** A stolen code is of little use without the code verifier,
//!   but it does not belong in a log. So the callback's access log has no query (`access_log off` also works), and
//!   its error log is off: with `limit_req`'s rejections and with upstream failures nginx writes the whole request
//!   line. Failures are still visible as status 429 or 502 in the access log. The code does not leak to other pages in
//!   `Referer`: the callback's response has `Referrer-Policy: no-referrer`.
//! - **The limit.** An anonymous client can start a sign-in and then request the callback with a made-up code; each time costs one
//!   token request to Didit. At most 256 such requests wait at a time; beyond that, sign-ins get 503 until some of them have a
//!   response. nginx's limit keeps one client IP from occupying all 256: it may send about 20 callbacks at once, then one
//!   a second. People behind one IP address, as in an office, share the limit: raise `burst` for them. Behind another proxy,
//!   `$binary_remote_addr` is that proxy's IP address until `set_real_ip_from` and `real_ip_header` say otherwise.
//! - **Several processes** need [the same keys and store](crate::docs::machines), and no sticky sessions. nginx sends a
//!   `GET` again to the next process if the first one does not answer (`proxy_next_upstream`, by default), which is
//!   right for a process that is down. `max_fails=0` keeps nginx from leaving out a process for 10 s after one failure:
//!   when processes restart one after the other, it could leave out all of them and respond with 502.
//!   If a process is killed while it exchanges a code, the retried callback gets 409
//!   (`callback-already-used`; without a shared store 400, `invalid-grant`), and the page offers another sign-in. A
//!   [process that ends gracefully](crate::docs::recipes::production) finishes its callbacks.
//! - **`$host`, not the default.** Without `proxy_set_header Host` the application sees the name `app` of the upstream.
//!   The layer selects the redirect URI by it; your application may read it too.
//! - **Event streams** need `proxy_buffering off`, or the header `X-Accel-Buffering: no` in the response, and a
//!   `proxy_read_timeout` longer than the pause between two events (60 s by default).
//!
//! # Header sizes
//!
//! nginx accepts response headers of 4 KB by default (8 KB where memory pages are larger), and sends 502 to the browser
//! if they are larger. The `Set-Cookie` lines of a response therefore take at most 3,072 bytes by default, which leaves
//! 800 bytes to the application's own headers, its `Location` included. A session that needs more is refused with
//! `session-too-large`.
//!
//! If you raise [`with_session_cookie_limit`](crate::ConfigBuilder::with_session_cookie_limit), set `proxy_buffer_size` to
//! at least the limit plus 1 KB, and raise `large_client_header_buffers`: a request carries the session and at most 3 KB of
//! flow cookies. With a [session store](crate::docs::machines) the session cookie has 43 characters. Each of two layers in
//! one application has a limit of its own.
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
//! let the proxy pass the path on, and `nest` the routes. The layer cannot know a stripped prefix when a sign-in starts. It
//! recognises the callback of the first one by its flow cookie, and logs an `ERROR` with both paths.
//!
//! # Caches
//!
//! Do not cache `/login`, `/logout` and the callback. Responses to signed-in users have `Vary: Cookie` and
//! `private`; a CDN rule that ignores both gives one user's page to another.
//!
//! # Calls to Didit
//!
//! The application calls `apx.didit.me` on port 443 (with Didit Authentication: its issuer). The default transport calls
//! it directly and reads no `HTTPS_PROXY`. Where calls have to go through an egress proxy, name it:
//!
//! ```
//! # fn main() -> Result<(), tower_didit::ConfigError> {
//! use tower_didit::Config;
//!
//! let config = Config::builder("client-id", "https://app.example/callback")
//!     .with_client_secret("client-secret")
//!     .with_proxy("http://user:password@proxy.example:3128")
//!     .build()?;
//! # let _ = config;
//! # Ok(())
//! # }
//! ```
//!
//! | setting | in the environment of [`Config::from_env`](crate::Config::from_env) | proxy |
//! |---|---|---|
//! | none | | none: every call is direct |
//! | [`with_proxy`](crate::ConfigBuilder::with_proxy) | `DIDIT_PROXY=http://proxy.example:3128` | this one |
//! | [`with_system_proxy`](crate::ConfigBuilder::with_system_proxy) | `DIDIT_PROXY=system` | that of `HTTPS_PROXY`, else `ALL_PROXY`; none for the hosts in `NO_PROXY` |
//!
//! Calls to loopback are always direct, so a fake Didit on this machine needs no `NO_PROXY`. The layer sends `CONNECT` to
//! the proxy, which sees the provider's host name and nothing else. SOCKS is not supported.
//!
//! A call that fails at the proxy has the code `provider-unreachable`. The log names the proxy and the remedy:
//!
//! | in the log | cause |
//! |---|---|
//! | `cannot be reached` | the address is wrong, or the proxy is down |
//! | `did not respond in time` | the connect timeout passed |
//! | `wants credentials (407)` | user and password are missing in its URL, or are wrong. Encode `@`, `/`, `:` and `%` in them: `%40`, `%2F`, `%3A`, `%25` |
//! | `did not connect to the provider` | the proxy's rules do not allow the host or port 443, the proxy cannot resolve the host, or it refuses the credentials with another status than 407 |
//! | `did not answer CONNECT` | the server is not an HTTP proxy |
//! | `invalid peer certificate` | the proxy intercepts TLS with certificates of its own CA: add that CA with [`add_root_certificates`](crate::ConfigBuilder::add_root_certificates) |
//!
//! In each case no request was sent, so a browser that reloads the callback continues its sign-in.
//!
//! These settings do not apply to a transport of your own ([`with_transport`](crate::ConfigBuilder::with_transport)): see
//! [`HttpTransport`](crate::transport::HttpTransport).
//!
//! # Connections to Didit
//!
//! A provider may close an idle connection at the moment when the next request is sent, and the request may have arrived
//! or not. A code or a single-use refresh token in that request must not be sent again, and would be lost. Therefore the
//! default transport opens a connection for each request. Introspections, and requests for user information after the
//! sign-in, are the exception: they may reuse a connection that was idle for at most 4 seconds. If that connection breaks, or brings no
//! response within 2 seconds (a quarter of an HTTP timeout below 8 seconds), the request is sent once more, over a new
//! one, and the first response counts. So a provider that takes longer may get those requests twice.
