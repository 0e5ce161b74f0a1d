//! What happens at a sign-in, on later requests, at a refresh and at a sign-out.
//!
//! # A sign-in
//!
//! 1. A person opens `/profile` without a session. The extractor refuses with 401. The request is a browser navigation,
//!    so the layer redirects it to Didit (303) instead. `GET /login?return_to=/profile` does the same, and so does a
//!    handler that returns [`SignIn`]. (If the page's address is longer than 512 bytes, the person
//!    returns to the [landing page](crate::ConfigBuilder::with_landing_page), `/`, instead.)
//! 2. The URL has `response_type=code`, the client id, the redirect URI, the scopes and a fresh `state`, `nonce` and
//!    S256 `code_challenge`. The layer seals (encrypts and authenticates) the data that the callback needs
//!    into a flow cookie of this browser. The server keeps nothing.
//! 3. Didit asks the person, then sends the browser to the callback with `code` and `state`.
//! 4. The layer opens the flow cookie of this `state`, checks it, and sends the code once:
//!    `POST https://apx.didit.me/auth/v2/token` with HTTP Basic authentication, the redirect URI and the code
//!    verifier. The exchange completes even if the browser disconnects.
//! 5. The layer verifies the ID token in the order of OpenID Connect Core §3.1.3.7: issuer, audience, signature,
//!    times, nonce, hashes. The provider's keys are cached; an unknown key is fetched at once. Then it fetches the user
//!    information, if [`with_user_info_at_sign_in`](crate::ConfigBuilder::with_user_info_at_sign_in) is set.
//! 6. The request goes to the application's own handler of the callback, with [`IdClaims`], [`DiditTokens`] and
//!    [`ReturnTo`]. If the handler answers with a status below 400, the session begins.
//!    ([`with_redirect_after_sign_in`](crate::ConfigBuilder::with_redirect_after_sign_in) needs no handler: the layer
//!    responds with 303 to the page that the person requested.)
//! 7. A callback that arrives again (a reload, a double click) within a minute joins the first one. The code is sent
//!    once and one session begins. If the connection of the first request drops, the next request runs the handler, so
//!    the handler must be idempotent: see [provisioning](crate::docs::recipes::provisioning).
//!
//! ```
//! use axum::{Router, routing::get};
//! use tower_didit::{
//!     DiditAuth, IdClaims, ReturnTo,
//!     fake::{Browser, FakeDidit, FakeDiditExt, Person},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! let didit = FakeDidit::new("client-id", "client-secret");
//! let config = didit.config("https://app.example/callback").build()?;
//! let app = Router::new()
//!     .route("/profile", get(|user: IdClaims| async move { user.subject().to_owned() }))
//!     .route("/callback", get(|_: IdClaims, back: ReturnTo| async move { back }))
//!     .layer(DiditAuth::new(config));
//!
//! let browser = Browser::new("https://app.example", app);
//! let to_didit = browser.get("/profile").await;
//! assert_eq!(to_didit.status(), 303);
//! let start = "https://auth.didit.me/?response_type=code&client_id=client-id";
//! assert!(to_didit.location().starts_with(start));
//!
//! let callback = didit.approve(to_didit.location(), &Person::alejandra());
//! let to_profile = browser.get(&callback).await;
//! assert_eq!((to_profile.status().as_u16(), to_profile.location()), (303, "/profile"));
//!
//! let profile = browser.get("/profile").await;
//! assert_eq!(profile.text(), Person::alejandra().subject());
//! # Ok(())
//! # }
//! ```
//!
//! # What is a navigation
//!
//! Only a browser navigation, where a person waits for a page, is redirected: `Sec-Fetch-Mode: navigate` with the
//! destination `document` (or `empty`, which a service worker sends), never a prefetch. Without these headers `Accept`
//! has to name `text/html`. Every other request (a script's `fetch`, an API client, an image) gets a status with
//! problem details (RFC 9457: a JSON error), and so does every request for a route behind
//! [`RequireSignIn::always_401`]. A `POST` without a session gets a page that asks the person to sign in and
//! send the form again, not a redirect that loses the form, unless its handler returns [`SignIn`].
//!
//! # What waits for what
//!
//! The layer forwards every ordinary request at once. A handler waits only for the part of the session that it asks
//! for:
//!
//! | the handler uses | waits for | at most |
//! |---|---|---|
//! | nothing | nothing: no cookie is opened, no store and no provider is called | |
//! | [`IdClaims`], [`RequireSignIn`] with any rules | the session store, if there is one | 1 s, then 503 |
//! | the same, if the session [ends with its access token](#when-a-session-ends) and the token has expired | the refresh | 5 s, then 503 |
//! | [`DiditTokens`], [`RequireSignIn::with_tokens`], while the access token is valid | the refresh that this request started, if this response must carry the new tokens in cookies, or if the refresh invalidates the old ones | 2 s |
//! | the same, once the access token has expired | the refresh | 5 s, then 503 |
//! | [`UserInfo`] | what [`DiditTokens`] wait for, and its call: once for each request | 15 s in all, then 504 |
//! | the same, if the session [keeps it](crate::ConfigBuilder::with_user_info_at_sign_in) | what [`IdClaims`] wait for | |
//! | [`DiditClient`] | its call | [`with_http_timeout`](crate::ConfigBuilder::with_http_timeout) for each call to the provider |
//!
//! The layer's own paths wait as well:
//!
//! | path | waits for | at most |
//! |---|---|---|
//! | `GET /login`, a redirect to the sign-in | the metadata of a discovered provider, unless it is cached | [`with_http_timeout`](crate::ConfigBuilder::with_http_timeout) (10 s), then 504 |
//! | the callback | the token request, and the provider's keys if they are not cached or the token names an unknown key | three HTTP timeouts, then 504 |
//! | | the user information, with [`with_user_info_at_sign_in`](crate::ConfigBuilder::with_user_info_at_sign_in) | another HTTP timeout, then 504 |
//! | | the session store, if there is one: before the token request, before the handler, and to create the session | each retried for 2 s; the last call may run to its own 5 s limit; then 503 |
//! | `POST /logout` | the session store, if there is one | 2 s, then 503 (`sign-out-incomplete`) |
//! | | the provider, if it has a session, revocation or end-session endpoint | 2 s; slower calls complete in the background |
//!
//! The layer abandons a store call without a response after 5 s, and `RedisStore` after its own timeout (1 s). Only a
//! callback keeps waiting, after 2 s, for a store call that is still running. Every other request gets its 503 within
//! the limit above, and the call goes on in the background. A callback that fails before the token request was sent can be repeated: its page offers
//! a retry.
//!
//! Once a refresh or store call gets no response, requests that need such a call fail at once, for 10 s (provider) or
//! 1 s (store). Then one request tries again (a probe), and the others keep failing at once until it succeeds. An
//! outage signs nobody out.
//!
//! Extract the session in the handler. A body stream or a spawned task that first asks for the session after the response headers were
//! sent gets [`AskedTooLate`](crate::reason::WiringError::AskedTooLate): the headers can no longer say that the
//! response depends on the session. A request that does not ask for the session does not extend its idle limit.
//!
//! # Who the user is
//!
//! [`subject`](crate::IdClaims::subject) identifies a user of the provider. An e-mail address does not: its owner
//! may change. [Providers](crate::docs::providers#the-key-of-a-user) says what belongs in a database key.
//! [`UserInfo`] has everything else that the user granted.
//!
//! The identity outlives the access token. Once the token has expired and cannot be refreshed, [`DiditTokens`] refuses
//! with `tokens-expired`, which sends a person to Didit for new tokens. (With Didit Authentication the session
//! [ends with its access token](#when-a-session-ends).)
//!
//! # When a session ends
//!
//! - At its limits: after a [day](crate::ConfigBuilder::with_session_idle_timeout) without use (the idle limit), and
//!   after a [week](crate::ConfigBuilder::with_session_lifetime) in all (the absolute limit). Both are stored in the
//!   session itself, encrypted and authenticated.
//! - At a sign-out.
//! - When the provider refuses the session's refresh token (`invalid_grant`).
//! - With Didit Authentication a session *ends with its access token*: once the token has expired, the user is signed
//!   in only if it can be refreshed. With other providers a session outlives its access token.
//!
//! Every sign-in begins a new session and ends the one that the browser had.
//!
//! # A refresh
//!
//! With the scope `offline` (Didit Authentication: `offline_access`) the access token is refreshed when a handler asks
//! for the tokens shortly before it expires: once, however many requests ask. "Shortly" is 16 to 30 seconds, different
//! for each token, so that tokens that were issued together are not refreshed together. For an access token that lives
//! less than a minute, the upper bound is half its lifetime instead of 30 seconds. No token is refreshed in its first
//! 10 seconds. The new tokens are saved to the store. Without a store they stay in memory until a response has written
//! them to the cookies, for at most 10 minutes.
//!
//! A single-use refresh token, which the provider accepts only once, is never sent twice: not after a timeout, not
//! after a crash, not by another process. If the outcome of a refresh is unknown, the session keeps its access token
//! and is not refreshed again. Reusable refresh tokens are sent again at the earliest 10 seconds after a failure.
//!
//! # A sign-out
//!
//! `POST /logout` from a page of this site ends the session in the application first, then at the provider if the
//! provider has an endpoint for it: Didit Authentication has a session endpoint; other providers have token revocation
//! (RFC 7009) or an end-session page. Didit's Sign in API has none of them. The person waits at most 2 s for the
//! provider; slower calls complete in the background.
//!
//! A sign-out ends the session of one browser. With sessions in a store,
//! [`DiditClient::sign_out_everywhere`](crate::DiditClient::sign_out_everywhere) ends all sessions of the user, and
//! [`DiditAuth::sign_out_user`](crate::DiditAuth::sign_out_user) those of any user
//! ([a user's sessions](crate::docs::recipes::user_sessions)). Sessions in cookies cannot be ended from elsewhere: to lock a
//! user out, check the account on every request ([roles](crate::docs::recipes::roles)).
//!
//! The response depends on the sender of the request:
//!
//! | the sender | the response |
//! |---|---|
//! | a form of a page (`Sec-Fetch-Mode: navigate`), and the next page is of this site | 303 |
//! | a form of a page, and the next page is of another site: the provider's end-session page | 200: a page that forwards to it at once, without a script |
//! | a script (any other `Sec-Fetch-Mode`, `X-Requested-With: XMLHttpRequest`, or without Fetch Metadata `Accept: application/json`) | 200: `{"location": "…"}`, the address to open: `location.assign(answer.location)` |
//! | anything else: a program, a browser from before 2023, a frame | 303 |
//!
//! The forwarding page is for sites with `Content-Security-Policy: form-action 'self'`, under which Chromium blocks the
//! redirect of a form to another site. The page has a policy of its own, is not stored, and sends no referrer. The JSON
//! never contains the ID token: the provider's page gets the token as `id_token_hint` only through a redirect or the
//! forwarding page. (Without the hint a provider may ask the person before it terminates its session.) A handler that
//! returns [`SignedOut`](crate::SignedOut) gets the same responses.
//!
//! A sign-in that starts with a form needs the provider's origin in `form-action`; a sign-in that starts with a link
//! does not.
//!
//! `POST /logout` also cancels the sign-ins that are under way in other tabs of this browser; [`DiditClient::sign_out`]
//! in a handler does not. The layer revokes a session's tokens (or terminates the provider's session) in the background
//! if the callback's handler refuses the session, if another sign-in replaces it, or if its callback never
//! completes. Before the process ends, [`DiditAuth::shutdown`] waits for those calls. (If the same user signs in
//! again, the old tokens are not revoked: some providers would then revoke the new ones too, RFC 7009 §2.1.)
//!
//! # An API with access tokens
//!
//! [`DiditAuth`](crate::DiditAuth) signs in browsers, and never reads `Authorization`. [`DiditBearer`](crate::DiditBearer)
//! is the layer for requests that carry an access token ([recipe](crate::docs::recipes::bearer_api)):
//!
//! 1. It reads the token. A token that was verified a moment ago passes at once.
//! 2. Otherwise it verifies a JWT with the provider's keys, or asks the provider's introspection endpoint, once for all
//!    concurrent requests with the same token. The request waits at most 5 s.
//! 3. It checks audience, expiry and scopes, and forwards the request, or answers with problem details.
//!
//! # Not supported yet
//!
//! - The layer does not call Didit's live session check by itself: a handler does, with
//!   [`DiditClient::session`](crate::DiditClient::session).
//! - Processes that keep sessions in cookies refresh independently of each other, which is harmless as long as refresh
//!   tokens are reusable. The crate assumes reusable ones for Didit's Sign in API: a response to a refresh may
//!   contain no new refresh token. Didit does not say whether the old one stays valid if there is a new one.
//!
//! [`DiditAuth::shutdown`]: crate::DiditAuth::shutdown
//! [`DiditClient`]: crate::DiditClient
//! [`DiditClient::sign_out`]: crate::DiditClient::sign_out
//! [`DiditTokens`]: crate::DiditTokens
//! [`IdClaims`]: crate::IdClaims
//! [`RequireSignIn`]: crate::RequireSignIn
//! [`RequireSignIn::always_401`]: crate::RequireSignIn::always_401
//! [`RequireSignIn::with_tokens`]: crate::RequireSignIn::with_tokens
//! [`ReturnTo`]: crate::ReturnTo
//! [`SignIn`]: crate::SignIn
//! [`UserInfo`]: crate::UserInfo
