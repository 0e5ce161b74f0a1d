//! What the layer checks, what it promises, and what is left to the application.
//!
//! # What it checks
//!
//! - **The browser.** `state` is bound to the browser that started the sign-in, compared in constant time, and
//!   single-use. PKCE (S256) is always on. The callback's `iss`, if present, must be the provider's (RFC 9207, issuer
//!   identification).
//! - **The ID token** is accepted only if its signature is valid, its algorithm is allowed, its issuer is accepted, its
//!   audience is this client, it is valid now, and it belongs to this sign-in (OpenID Connect Core §3.1.3.7). Nothing
//!   in its header is used as a key or an address.
//! - **The access token** of a request to an [API](crate::docs::recipes::bearer_api) is accepted only if it is a JWT of
//!   type `at+jwt` with a valid signature, an accepted issuer and all required claims (RFC 9068 §4), or if the provider's
//!   introspection calls it active by the JSON value `true` (RFC 7662); and only if it is for this API and has not expired.
//! - **The page after a sign-in** (`return_to`) is a path of this site, or it is the
//!   [landing page](crate::ConfigBuilder::with_landing_page), `/` by default.
//! - **The address of the application** comes from the configured redirect URI, never from `Host` or `X-Forwarded-*`.
//! - **The provider's redirects** are not followed. Every call has a timeout and a limit for its response:
//!   1 MiB, and 16 MiB for the report of an identity verification.
//! - **Webhooks** (feature `verification`) reach the handler only if Didit signed them within the last 300 s, and
//!   [normally once](crate::docs::verification); a person is verified only by a decision that has everything that you require.
//!   `RequireVerified` lets users pass only by what Didit's API says of the session that was created for them.
//! - **Load.** At most 256 code exchanges of one layer wait for the provider at a time, as many refreshes, and as many
//!   introspections.
//!
//! Two setters loosen these checks, and have `insecure_` in their names:
//! [`insecure_accept_missing_nonce`](crate::Provider::insecure_accept_missing_nonce) and
//! [`insecure_trust_tls_for_id_token`](crate::Provider::insecure_trust_tls_for_id_token).
//!
//! # What it promises
//!
//! `SECURITY.md` in the repository lists the promises. A way to break one of them is a vulnerability; the file says how
//! to report it. `BEHAVIOURS.md` lists the clauses of the specifications with the tests that prove each.
//!
//! # What is left to the application
//!
//! - **A rate limit for each client IP.** Anybody can start a sign-in and request the callback with a made-up code, which
//!   costs a token request to the provider. While 256 of these wait, others who sign in get 503. A place among the 256 is free again when its
//!   call ends, at the latest after the [HTTP timeout](crate::ConfigBuilder::with_http_timeout). The layer does not know
//!   who sends what: let the proxy limit requests of the callback for each client IP, as the
//!   [nginx configuration](crate::docs::proxy#nginx) in this guide does.
//! - **Cookie keys.** Without [`with_cookie_keys`](crate::ConfigBuilder::with_cookie_keys) the keys are derived from the
//!   client secret: anyone who has the secret can forge sessions, and changing it signs everybody out. Set keys in
//!   production.
//! - **Revocation.** With sessions in cookies, other processes still accept a copied cookie after a sign-out, until the
//!   session's limits. The process that handled the sign-out refuses the cookie until that process restarts. With a
//!   [store](crate::docs::machines) a sign-out is final everywhere, if the store answers. A sign-out
//!   [while the store does not answer](crate::docs::machines#when-a-store-does-not-answer) gets 503
//!   (`sign-out-incomplete`), and ends the session for other processes only if the store answers within a minute.
//! - **The Back button.** After a sign-out, the Back button shows earlier pages from the browser's memory (back/forward
//!   cache) or its HTTP cache, without a request. To hide a page, send it with `Cache-Control: no-store`, or let the
//!   page reload itself, which still shows it for a moment:
//!
//!   ```js
//!   addEventListener('pageshow', event => {
//!       const [navigation] = performance.getEntriesByType('navigation');
//!       if (event.persisted || navigation.type === 'back_forward') location.reload();
//!   });
//!   ```
//! - **Forms.** `SameSite=Lax` stops other sites, not other subdomains and ports: see
//!   [CSRF](crate::docs::recipes::csrf).
//! - **Permissions.** The layer says who the user is. The application decides what they may do: see
//!   [roles](crate::docs::recipes::roles).
//! - **Tokens.** An access token is the user's secret. Do not log it, and do not send it to the browser:
//!   `Debug` of [`DiditTokens`](crate::DiditTokens) is redacted, [`secret`](crate::tokens::AccessToken::secret) is not.
//! - **Untrusted text.** Names, e-mail addresses and [`provider_description`](crate::Error::provider_description) are
//!   written by others: escape them in HTML.
//! - **Hosts.** Applications on one host share its cookies, whatever their ports. Each can remove and replace the
//!   cookies of the others, but cannot read them.
