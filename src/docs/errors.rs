//! Each error code: its status, the page that the person saw, its meaning and what to do.
//!
//! [`ConfigError`](crate::ConfigError) comes from [`build`](crate::ConfigBuilder::build), before the first request, and
//! says what to change. [`Error`](crate::Error) is a failure at run time: in the layer, in an extractor, in
//! [`RequireSignIn`](crate::RequireSignIn), in a call of [`DiditClient`](crate::DiditClient).
//!
//! # Who gets what
//!
//! | the request | the response |
//! |---|---|
//! | is a browser navigation, and a sign-in helps | 303 to Didit |
//! | is a browser navigation | a page with the title below, a link and the code |
//! | is anything else: a script's `fetch`, an API client | problem details (RFC 9457: a JSON error) with the status and the code |
//!
//! A sign-in helps with `not-signed-in`, `session-ended`, `tokens-expired`, `access-token-refused` and
//! `user-info-outdated`, if the page was requested with `GET` and the last sign-in was a minute ago or more; and with
//! `step-up-required`, also in that minute.
//! [Flow](crate::docs::flow#what-is-a-navigation) defines a browser navigation. With
//! [`RequireSignIn::always_401`](crate::RequireSignIn::always_401) every request gets problem details.
//!
//! An error that a handler returns with `?` gets the same response. The error is in the extensions of the response, so
//! a middleware can read it. If a middleware changes the status, the layer leaves the response alone.
//!
//! ```
//! use axum::{Router, routing::get};
//! use http::Method;
//! use tower_didit::{DiditAuth, IdClaims, fake::{Browser, FakeDidit, FakeDiditExt}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! let didit = FakeDidit::new("client-id", "client-secret");
//! let config = didit
//!     .config("https://app.example/callback")
//!     // Every page that tells a person of an error. `next` leads to a sign-in or back to the site.
//!     .with_error_page(|error, _request, next| {
//!         let (code, next) = (error.kind().code(), next.replace('&', "&amp;"));
//!         http::Response::builder()
//!             .status(error.kind().status())
//!             .header("content-type", "text/html; charset=utf-8")
//!             .body(format!(r#"Sorry: {code}. <a href="{next}">Continue</a>"#).into())
//!             .unwrap()
//!     })
//!     .build()?;
//! let app = Router::new()
//!     .route("/profile", get(|_: IdClaims| async { "your profile" }))
//!     .layer(DiditAuth::new(config));
//! let browser = Browser::new("https://app.example", app);
//!
//! let page = browser.get("/callback?code=forged&state=forged").await;
//! assert_eq!(page.text(), r#"Sorry: unknown-sign-in. <a href="/login">Continue</a>"#);
//!
//! let refused = browser.fetch(Method::GET, "/profile").await;
//! assert_eq!(refused.header("content-type"), Some("application/problem+json"));
//! assert_eq!(
//!     refused.text(),
//!     r#"{"status":401,"code":"not-signed-in","title":"nobody is signed in"}"#
//! );
//! # Ok(())
//! # }
//! ```
//!
//! # The codes
//!
//! The codes are stable ([`ErrorKind::code`](crate::ErrorKind::code)), and grouped by who has to act. "Page" is the
//! title of the built-in page. The log has the details of each error: what exactly was wrong, the cause, the host.
//!
//! ## The person
//!
//! | code, status | page | meaning → what to do |
//! |---|---|---|
//! | access-denied, 403 | The sign-in was declined | The person declined, or Didit did not let them pass. → Nothing: the page offers another sign-in. |
//! | insufficient-authentication, 403 | Please sign in again | `max_age` or a required `acr` is not met, or five sign-ins in a row have not given the application what it asks for. → The person signs in again. If the next sign-in fails too, the provider ignores `max_age` or `acr_values`. |
//! | malformed-callback, 400 | This sign-in link does not work | The query of the callback is not an authorization response. → Nothing: the page offers another sign-in. |
//! | unknown-sign-in, 400 | This sign-in link does not work | This browser has no such sign-in under way. → Nothing. If it happens to everybody: does the browser come back to the host on which it started? |
//! | flow-cookie-undecryptable, 400 | This sign-in link does not work | The flow cookie was encrypted with another key, or for another host or client id. → Nothing. If it happens to everybody: give all processes of the host the same cookie keys. |
//! | sign-in-expired, 400 | The sign-in took too long | The sign-in took longer than 20 minutes. → Nothing: the page offers another sign-in. |
//! | callback-already-used, 409 | This sign-in link was used before | The callback was used before, perhaps by a process that was killed while it exchanged the code. → Nothing: the page offers another sign-in. |
//! | callback-code-mismatch, 409 | This sign-in was completed before | A second code arrived for a sign-in that is completed. → Nothing: the page offers another sign-in. |
//! | session-not-kept, 400 | Your browser did not keep the sign-in | The browser returned without a session after completing sign-ins, twice within 30 seconds. → Nothing. If it happens to everybody: give all processes the same cookie keys and store, and one host name. |
//! | cross-site-sign-out, 403 | You are still signed in | Another origin requested the sign-out. → Sign out from a page of this site. If the message says that the browser does not name the page, send that page with `Referrer-Policy: same-origin` instead of `no-referrer`. |
//! | cross-site-request, 403 | This did not come from this site | [`RequireSignIn::same_origin`](crate::RequireSignIn::same_origin) refuses a request of another origin. → Use a page of this site. If the message says that the browser does not name the page, send that page with `Referrer-Policy: same-origin` instead of `no-referrer`. |
//! | method-not-allowed, 405 | This page cannot be opened like that | The path does not have this method. → Use the method of the `Allow` header. |
//! | not-a-navigation, 401 | This page cannot be opened like that | A script, a prefetch or an image requested a sign-in. → Open the sign-in as a page: `location.assign("/login")`. |
//! | not-signed-in, 401 | Please sign in first | Nobody is signed in. → Sign in. |
//! | session-ended, 401 | Please sign in first | The session ended while one of its [`DiditClient`](crate::DiditClient)s was in use. → Sign in. |
//! | step-up-required, 401 | Please confirm that it is you | A user is signed in, but has not authenticated as recently or as strongly as the page requires. → Nothing: a person who opens a page is sent to the provider. A program finds the requirement in `WWW-Authenticate` (RFC 9470). See [step-up](crate::docs::recipes::step_up). |
//! | tokens-expired, 401 | Please sign in again | The access token has expired, or a handler requests a new one, and no refresh token works. → Sign in again. Request the scope `offline`. |
//! | access-token-refused, 401 | Please sign in again | The provider refuses the session's access token, or [`DiditBearer`](crate::DiditBearer) refuses that of an API request: expired, revoked, unknown, for another audience; the log says which. → Sign in again. An API's client gets a new token. |
//! | not-allowed, 403 | This page is not open to you | The user does not meet a [rule](crate::RequireSignIn#rules) of the route; the page and the problem details say which. → Nothing. If it happens to everybody: is a scope missing in [`with_scopes`](crate::ConfigBuilder::with_scopes)? A `WARN` names it. |
//! | user-info-outdated, 401 | Please sign in again | A [rule](crate::RequireSignIn#rules) reads user information that the session does not keep, because it began before [`with_user_info_at_sign_in`](crate::ConfigBuilder::with_user_info_at_sign_in) was set, or that is older than [`no_older_than`](crate::RequireSignIn::no_older_than) allows. → Sign in. |
//! | invalid-grant, 400 | The sign-in could not be completed | The provider refuses the code or refresh token: used, expired, revoked. → Sign in again. |
//! | too-many-token-requests, 503 | Many people are using this site right now | 256 sign-ins, or 256 refreshes, wait for the provider. → Try again after a moment. The sign-in is not used up. |
//! | access-token-missing, 401 | This page cannot be opened like that | A request to an [API](crate::docs::recipes::bearer_api) has no access token. → Send `Authorization: Bearer`. |
//! | malformed-authorization, 400 | This page cannot be opened like that | A request to an API has several `Authorization` headers, or a malformed one. → Send one header with one token. |
//! | verification-user-blocked, 403 | This page is closed to you | The user is blocked in Didit's console. → Nothing. An employee can unblock the user there. |
//! | verification-required, 403 | Please verify your identity first | `RequireVerified` refuses the request of a script or an API client: the user is not verified. → Open the page that the `detail` names in the browser. |
//! | verification-declined, 403 | You were not verified | The user did not pass the verification. → Nothing. An employee can let the user repeat steps, in Didit's console. If Didit has approved the session, the [log](crate::docs::logs#verification) has the requirement that is not met. |
//! | unknown-verification, 404 | This page cannot be opened like that | Didit has no such verification session: it was deleted, or the id is not one of Didit's. → Nothing. If it happens to everybody: is the API key that of the application that created the sessions? |
//! | verification-report-missing, 409 | This page cannot be opened like that | Didit has a report only of sessions that are `Approved`, `Declined`, `In Review` or `Kyc Expired`. → Read the [report](crate::verification::VerificationClient::report) after the decision. |
//! | unknown-webhook-destination, 404 | This page cannot be opened like that | Didit has no such webhook destination: it was deleted. → Read the [destinations](crate::verification::VerificationClient::destinations) again. |
//!
//! ## The operator
//!
//! | code, status | page | meaning → what to do |
//! |---|---|---|
//! | callback-issuer-mismatch, 400 | This sign-in link does not work | The callback's `iss` is not the provider's issuer. → Compare with the accepted issuers in the log. If they are right, the callback is an attack. |
//! | insufficient-scope, 403 | Sign-in is not set up correctly | The scopes of the access token do not suffice. → Request more scopes: [`with_scopes`](crate::ConfigBuilder::with_scopes). In an API, the client requests those of the `WWW-Authenticate` header. |
//! | invalid-scope, 500 | Sign-in is not set up correctly | A scope is unknown, or not allowed for the client. → Correct [`with_scopes`](crate::ConfigBuilder::with_scopes), or allow the scope at the provider. |
//! | invalid-request, 500 | Sign-in is not set up correctly | The provider calls the token request malformed. → Compare the [`Provider`](crate::Provider)'s settings with its documentation. |
//! | invalid-client, 500 | Sign-in is not set up correctly | The client id or secret is wrong. → Correct the configuration. |
//! | unauthorized-client, 500 | Sign-in is not set up correctly | The client may not use this grant type. → Allow the grant type at the provider. |
//! | unsupported-grant-type, 500 | Sign-in is not set up correctly | The provider does not support this grant type. → Do not request a refresh token, or use another provider. |
//! | session-too-large, 500 | Sign-in is not set up correctly | The session does not fit the cookies, or exceeds the store's 64 KB. → Request fewer scopes, use a [store](crate::docs::machines), or raise [`with_session_cookie_limit`](crate::ConfigBuilder::with_session_cookie_limit). |
//! | sealed-tokens-undecryptable, 500 | Sign-in is not set up correctly | Another key, client id or provider sealed the tokens, or the text is damaged. → Give all processes the same cookie keys, and keep an old key until the tokens that it sealed are sealed again: see [jobs](crate::docs::recipes::jobs#jobs-without-a-request). |
//! | verification-key-refused, 500 | Verification is not set up correctly | Didit refuses the API key, or does not allow it this call. → Compare the key with that of the application in Didit's console. |
//! | verification-credits-exhausted, 500 | Verification is not set up correctly | The account at Didit has no credits for a verification. → Top up in Didit's console. |
//!
//! ## The provider
//!
//! | code, status | page | meaning → what to do |
//! |---|---|---|
//! | provider-refused, 502 | The sign-in could not be completed | The provider refused with another code. → See [`provider_code`](crate::Error::provider_code). |
//! | invalid-response, 502 | The sign-in could not be completed | The provider's response cannot be used. → See the log. |
//! | invalid-metadata, 502 | The sign-in could not be completed | The provider's metadata cannot be used. → See the log. Often the configured issuer is not exactly the provider's. |
//! | user-info-mismatch, 502 | The sign-in could not be completed | The user information is about another user. → Report it to the provider. |
//! | malformed-id-token, 502 | The sign-in could not be completed | The ID token is not a signed JWT with the required claims. → Report it to the provider. |
//! | wrong-token-type, 502 | The sign-in could not be completed | The ID token is another kind of token. → Report it to the provider. |
//! | forbidden-algorithm, 502 | The sign-in could not be completed | The ID token's algorithm is not allowed. → Compare with the allowed ones in the log. |
//! | invalid-issuer, 502 | The sign-in could not be completed | The ID token is of another issuer. → Compare with the accepted issuers in the log. |
//! | invalid-audience, 502 | The sign-in could not be completed | The ID token is not for this client alone. → Compare the client id; see [`add_trusted_audience`](crate::ConfigBuilder::add_trusted_audience). |
//! | unknown-key, 502 | The sign-in could not be completed | None of the provider's keys fits the ID token. → Compare the JWKS URI. |
//! | invalid-signature, 502 | The sign-in could not be completed | The ID token's signature is wrong. → Report it to the provider. |
//! | id-token-expired, 502 | The sign-in could not be completed | The ID token has expired. → Compare the two times in the log, and set the clock. |
//! | id-token-not-yet-valid, 502 | The sign-in could not be completed | The ID token is from the future. → Compare the two times in the log, and set the clock. |
//! | invalid-nonce, 502 | The sign-in could not be completed | The ID token belongs to another sign-in. → Report it to the provider. |
//! | invalid-token-hash, 502 | The sign-in could not be completed | The ID token belongs to another access token or code. → Report it to the provider. |
//! | refreshed-id-token-mismatch, 502 | The sign-in could not be completed | The ID token of a refresh is of another sign-in. → Report it to the provider. |
//! | provider-unreachable, 502 | Sign-in is not available right now | No connection to the provider, or the connection broke. → Look at the network, the [egress proxy](crate::docs::proxy), the certificates. |
//! | provider-timeout, 504 | Sign-in is not available right now | The provider did not answer in time. → Wait; see [`with_http_timeout`](crate::ConfigBuilder::with_http_timeout). |
//! | tokens-unavailable, 503 | This page is not available right now | The access token has expired, and the refresh failed temporarily; the log says why. → Wait. The request can be repeated. |
//! | access-token-unverified, 503 | This page is not available right now | The access token of an API's request cannot be verified: the provider has failed, or 256 introspections wait; the log says which. → Wait. The request can be repeated. |
//! | verification-unavailable, 503 | Verification is not available right now | `verification::RequireVerified` or the return page cannot verify a user: Didit does not respond, or responds with an error; the log says which. → Wait. The page reloads itself. |
//!
//! ## The store
//!
//! | code, status | page | meaning → what to do |
//! |---|---|---|
//! | session-unavailable, 503 | This page is not available right now | The session store failed, or the refresh of a session that [ends with its access token](crate::docs::flow#when-a-session-ends) failed; the log says which. → Look at the store or the provider. The request can be repeated. |
//! | sign-out-incomplete, 503 | You are signed out in this browser | The session store did not answer a sign-out. This process no longer accepts the session; other processes accept a copy of its cookie until the store has deleted the session. This process tries to delete it for a minute, and whenever the copy reaches it. → Look at the store. |
//!
//! A sign-out that gets `sign-out-incomplete` cannot be repeated: the browser's cookies are gone, so a second request
//! names no session. What such a sign-out has ended: [machines](crate::docs::machines#when-a-store-does-not-answer).
//!
//! ## The developer
//!
//! | code, status | page | meaning → what to do |
//! |---|---|---|
//! | unexpected-claims, 500 | Sign-in is not set up correctly | A claim is missing, or has another type than the application reads. → Read it as an `Option`, or as its actual type. |
//! | unexpected-session-data, 500 | Sign-in is not set up correctly | A value for [`DiditClient::set`](crate::DiditClient::set) cannot be written as JSON, or [`get`](crate::DiditClient::get) reads another type than was set. → Read the type that was set; change the key if the type changes. |
//! | session-data-too-large, 500 | Sign-in is not set up correctly | A key of [`DiditClient::set`](crate::DiditClient::set) exceeds 64 bytes, or all data of the session 1 KiB as JSON. → Keep an id in the session, and the rest in a database. |
//! | store-required, 500 | Sign-in is not set up correctly | Sessions are in cookies: the server cannot list a user's sessions, or end those of other browsers. → Use a [store](crate::docs::machines). |
//! | not-offered, 500 | Sign-in is not set up correctly | The provider has no such endpoint. → Do not call the endpoint, or set it in the [`Provider`](crate::Provider). |
//! | single-use-refresh-token, 500 | Sign-in is not set up correctly | The refresh token is single-use, so the session and a sealed copy cannot both use it. → Refresh inside a request of the session. |
//! | too-many-session-checks, 503 | Many people are using this site right now | [`DiditClient::session`](crate::DiditClient::session) was called more than 30 times in a minute, or 300 times in an hour. → Check rarely, before what must not happen in an ended session. |
//! | verification-request-invalid, 500 | Verification is not set up correctly | A request to Didit's [verification](crate::docs::verification) API is invalid. → [`provider_code`](crate::Error::provider_code) names the wrong member, and [`provider_description`](crate::Error::provider_description) is Didit's text; if the request was not sent, the error's text says why. |
//! | verification-rate-limited, 503 | Many people are using this site right now | Calls to Didit's verification API exceed its [rate limits](crate::verification::VerificationClient#rate-limits), such as 600 decisions a minute. → Wait for [`retry_after`](crate::Error::retry_after). The page of a guard reloads itself. |
//! | layer-missing, 500 | Sign-in is not set up correctly | The request did not pass [`DiditAuth`](crate::DiditAuth). → Add the layer after the routes: see [placement](crate::docs::placement). |
//! | bearer-layer-missing, 500 | Sign-in is not set up correctly | The request did not pass [`DiditBearer`](crate::DiditBearer). → Add the layer to the routes of the API. |
//! | not-a-callback, 500 | Sign-in is not set up correctly | [`ReturnTo`](crate::ReturnTo) was extracted on another route than the callback's. → Extract `Option<ReturnTo>`. |
//! | invalid-sign-in, 500 | Sign-in is not set up correctly | A parameter of a handler's [`SignIn`](crate::SignIn) cannot be sent, or the provider is not declared to return the claim that verifies it. → The log names the parameter. |
//! | asked-too-late, 500 | Sign-in is not set up correctly | The application first asked for the session after the response headers were sent. → Ask in the handler. |
//! | user-info-not-kept, 500 | Sign-in is not set up correctly | A [rule](crate::RequireSignIn#rules) reads the user information, which sessions do not keep. → Add [`with_user_info_at_sign_in`](crate::ConfigBuilder::with_user_info_at_sign_in). Call [`RequireSignIn::check`](crate::RequireSignIn::check) at start-up. |
//! | webhooks-missing, 500 | Sign-in is not set up correctly | A webhook's request did not pass `verification::DiditWebhooks`. → Add the layer to the route: see [verification](crate::docs::verification). |
//! | return-page-guarded, 500 | Sign-in is not set up correctly | `verification::RequireVerified` guards the page of `Verification::return_page`, which would redirect to itself for ever. → Mount the page outside of the guard: with axum, `.route` it after `.route_layer`, as in [verification](crate::verification::Verification). |

#[cfg(all(test, feature = "test-util"))]
mod tests {
    use crate::error::EVERY;

    #[test]
    fn the_tables_have_the_code_status_and_title_of_every_kind() {
        let rows = include_str!("errors.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//! | "))
            .map(|row| row.split(" | ").take(2).collect::<Vec<_>>());
        let documented: Vec<String> = rows
            .filter(|cells| {
                let status = cells.first().and_then(|cell| cell.rsplit(", ").next());
                status.is_some_and(|status| status.parse::<u16>().is_ok())
            })
            .map(|cells| cells.join(" | "))
            .collect();
        let mut answered: Vec<String> = EVERY
            .iter()
            .map(|kind| {
                let (code, status) = (kind.code(), kind.status().as_u16());
                format!("{code}, {status} | {}", kind.row().advice.title)
            })
            .collect();
        answered.dedup();
        assert_eq!(documented, answered);
    }
}
