//! The cookies and headers that the layer sets.
//!
//! *Sealed* means encrypted and authenticated: without the cookie keys nobody can read, change or forge the value
//! ([below](#what-is-sealed)).
//!
//! | name | content | lifetime |
//! |---|---|---|
//! | `__Host-didit` | the session, sealed; a large one continues in `__Host-didit.1`, `.2`, … With a store: the cookie id, 256 random bits. | the session's: a [day](crate::ConfigBuilder::with_session_idle_timeout) unused, a [week](crate::ConfigBuilder::with_session_lifetime) in all |
//! | `__Host-didit-flow-…` | a sign-in under way, sealed; one cookie for each sign-in, at most five and 3 KB in all; the oldest is removed first | 20 minutes |
//! | `__Host-didit.completed` | how many sign-ins this browser has completed in quick succession, not sealed; see `session-not-kept` and `insufficient-authentication` in [errors](crate::docs::errors) | 30 seconds |
//!
//! All have `Secure`, `HttpOnly`, `SameSite=Lax` and `Path=/`, and no `Domain`. `Lax`, not `Strict`: the return from
//! Didit is a navigation from another site, and browsers omit `Strict` cookies from those.
//!
//! The browser expires cookies by its own clock, the layer by [`with_clock`](crate::ConfigBuilder::with_clock). A test
//! that moves the layer's clock must give the same clock to the fake's `Browser`, and must remove the cookies of a real
//! browser (otherwise `__Host-didit.completed` outlives its 30 seconds): see [testing](crate::docs::recipes::testing).
//!
//! With a redirect URI on an `http` loopback address (`http://localhost:3000/callback`) the names lack `__Host-` and
//! the cookies lack `Secure`.
//!
//! ```
//! # use axum::{Router, routing::get};
//! # use tower_didit::{DiditAuth, IdClaims, fake::{Browser, FakeDidit, FakeDiditExt, SameSite}};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let config = didit.config("https://app.example/callback").build()?;
//! # let app = Router::new()
//! #     .route("/", get(|_: IdClaims| async {}))
//! #     .route("/callback", get(|_: IdClaims| async {}))
//! #     .layer(DiditAuth::new(config));
//! let browser = Browser::new("https://app.example", app).add_didit(&didit);
//! let sign_in = browser.visit("/").await;
//! browser.click(&sign_in, "approve-alejandra").await;
//!
//! let session = browser.cookie("__Host-didit").expect("signed in");
//! assert!(session.is_secure() && session.is_http_only() && session.is_host_only());
//! assert_eq!((session.path(), session.same_site()), ("/", Some(SameSite::Lax)));
//! # assert_eq!(browser.cookies().len(), 2);
//! # assert_eq!(browser.cookie("__Host-didit.completed").and_then(|cookie| cookie.max_age()).map(|age| age.as_secs()), Some(30));
//! # Ok(())
//! # }
//! ```
//!
//! # What is sealed
//!
//! The cipher is AES-256-GCM-SIV. The time limits of a session are inside the sealed value, so the layer
//! refuses an expired copy whatever its `Max-Age` was. Each purpose has a key of its own, derived from the cookie keys,
//! the client id, the cookie name and the origin: a flow cookie is not accepted as a session, and a cookie of another
//! application, layer or [origin](crate::ConfigBuilder::add_redirect_uri) does not open. (Origins that differ only in
//! their ports have the keys of the first of them.) A value that does not open counts as no cookie.
//!
//! A session contains the claims of the ID token, the access token, its scopes and times, and the refresh token, unless
//! refresh tokens are single-use (accepted only once). With a provider that has an end-session endpoint, the session
//! contains the ID token too, and with
//! [`with_user_info_at_sign_in`](crate::ConfigBuilder::with_user_info_at_sign_in) the user information.
//!
//! # Sizes
//!
//! The `Set-Cookie` lines of a response take at most 3,072 bytes in all, so that
//! [proxies](crate::docs::proxy#header-sizes) pass them on. That leaves about 2 KB for the session before it is sealed.
//! A larger session is refused with `session-too-large` when the sign-in completes. In that case use a
//! [store](crate::docs::machines), ask for fewer scopes, or raise
//! [`with_session_cookie_limit`](crate::ConfigBuilder::with_session_cookie_limit): browsers send the cookies with every
//! request.
//!
//! # Several applications on one host
//!
//! Browsers send a host's cookies to all of its ports. Applications on `localhost:3000` and `localhost:4000`, and
//! several layers in one application, need different cookie names:
//! [`with_cookie_name`](crate::ConfigBuilder::with_cookie_name).
//!
//! # Headers
//!
//! | response | headers |
//! |---|---|
//! | of a handler that asked for the session | `Vary: Cookie`, and `Cache-Control: private` unless the handler chose one |
//! | that sets one of the layer's cookies | `Cache-Control: private, no-store` |
//! | of the layer itself (redirects, error pages), and every response of the callback | `Cache-Control: private, no-store`, `Referrer-Policy: no-referrer` |
//! | a 401 [error](crate::docs::errors) of this crate, even when turned into a redirect to the sign-in (303) | `WWW-Authenticate: Didit realm="sign-in"`; for `step-up-required` also the [required authentication](crate::docs::recipes::step_up) |
//! | a 503 error of this crate | `Retry-After: 1` |
//!
//! `Set-Cookie` is appended, never replaced. The response of a handler that does not ask for the session stays
//! unchanged.
//!
//! If a handler reads the session and sets `Cache-Control: public, s-maxage=…`, the handler's header stays, unless the
//! layer sets a cookie. A shared cache may then give the stored response to other users: many CDNs ignore
//! `Vary: Cookie`. Use such a header only if the response is the same for all users.
//!
//! If the layer sets a cookie, `private, no-store` replaces the handler's header, and the layer removes headers that
//! overrule it in shared caches: `CDN-Cache-Control` and vendors' variants of it (RFC 9213), `Surrogate-Control`,
//! `X-Accel-Expires`. The layer sets cookies at sign-in and sign-out, with new tokens, and when a request uses a
//! session whose last write was at least a tenth of the idle limit ago; caches do not store those responses.
