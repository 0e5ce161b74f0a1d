//! Identity verification: Didit's API and webhooks, and the verdict on a decision. Feature `verification`.
//!
//! Didit verifies a person in a *session*, by the checks of a *workflow*, and reports each change of the session's
//! status to your application by a *webhook*.
//!
//! # Guard pages for verified users
//!
//! [`Verification`](crate::verification::Verification) has the whole in one place: the guard
//! [`RequireVerified`](crate::verification::RequireVerified) sends a signed-in person to Didit,
//! [`return_page`](crate::verification::Verification::return_page) takes the person back to the page, and
//! [`receive`](crate::verification::Verification::receive) handles the webhooks. Your part is a table, or Redis, for the
//! [records](crate::verification::VerificationRecords). Its page has the application in full. While Didit does not
//! respond, people see a page that loads itself again, and verified users pass. The rest of this page is
//! for applications that do one of these steps in their own way.
//!
//! `cargo run --example verified_site`, in the repository, is such an application: with pages of its own,
//! records in `SQLite`, and a fake Didit that decides as you choose. With the key of a sandbox it asks Didit.
//!
//! # Create a session
//!
//! ```
//! use axum::{extract::State, response::Redirect};
//! use tower_didit::{
//!     Error, IdClaims,
//!     verification::{NewVerification, VerificationClient, VerificationId},
//! };
//!
//! const WORKFLOW: &str = "99999999-8888-4777-8666-555555555555";
//! # #[derive(Clone)]
//! # struct Database;
//! # impl Database {
//! #     async fn save_session(&self, _: &str, _: VerificationId) {}
//! # }
//!
//! async fn verify(
//!     State((client, database)): State<(VerificationClient, Database)>,
//!     user: IdClaims,
//! ) -> Result<Redirect, Error> {
//!     let verification = NewVerification::of_user(WORKFLOW, &user)
//!         .with_callback("https://app.example/verified");
//!     let session = client.create(verification).await?;
//!     database.save_session(user.subject(), session.id()).await;
//!     Ok(Redirect::to(session.url()))
//! }
//! # let _router: axum::Router<(VerificationClient, Database)> = axum::Router::new()
//! #     .route("/verify", axum::routing::post(verify));
//! ```
//!
//! [`VerificationClient::new`](crate::verification::VerificationClient::new) takes the API key of the application in
//! Didit's console, and the [`Config`](crate::Config) whose transport it uses. Didit resumes the unfinished session of a
//! user instead of creating a second one: [`is_resumed`](crate::verification::VerificationSession::is_resumed).
//!
//! When the browser returns, look the stored id up for the signed-in user, ask for the
//! [`decision`](crate::verification::VerificationClient::decision), and [judge](#judge-a-decision) it. It is
//! pending for a while: ask again after 10 seconds at the earliest, a few times, and leave the rest to the webhook.
//!
//! Calls fail with [reasons](crate::reason::VerificationError) of their own. Didit allows each API key 600 creations, 600
//! reads, 300 changes and 50 reports a minute. The client
//! [keeps these limits](crate::verification::VerificationClient#rate-limits): a call above one fails at once, with the
//! time to wait, and is not sent. Use one client and its clones, not one for each request.
//!
//! For employees, [`list`](crate::verification::VerificationClient::list) pages through the sessions by status, user and
//! workflow, and [`report`](crate::verification::VerificationClient::report) is the PDF of one. A job compares the list
//! with your records, in case webhooks were lost; what it finds is settled by the decision of each session, as above.
//!
//! # Receive webhooks
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! tokio = { version = "1", features = ["full"] }
//! tower-didit = { git = "https://github.com/tower-didit/tower-didit", features = ["verification"] }
//! ```
//!
//! ```no_run
//! use axum::{Router, http::StatusCode, routing::post};
//! use tower_didit::verification::{DiditWebhooks, WebhookEvent};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let webhooks = DiditWebhooks::new([std::env::var("DIDIT_WEBHOOK_SECRET")?])?;
//!     let app = Router::new().route("/didit", post(webhook).layer(webhooks));
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     Ok(axum::serve(listener, app).await?)
//! }
//!
//! async fn webhook(event: WebhookEvent) -> StatusCode {
//!     println!("session {:?} is {:?}", event.session_id(), event.status());
//!     StatusCode::NO_CONTENT
//! }
//! ```
//!
//! The handler runs for authentic events only, and normally once for each. After a failure or a restart the same event may
//! come again: make the handler idempotent. It answers 2xx once the event is stored. After
//! any other answer Didit sends the event again, a minute and then four minutes later.
//! [`DiditWebhooks`](crate::verification::DiditWebhooks) lists what is checked and what is answered. It is independent
//! of [`DiditAuth`](crate::DiditAuth), and may be inside of it or beside it.
//!
//! # Test the handler
//!
//! The [fake Didit](crate::docs::recipes::testing) of the feature `test-util` signs webhooks as Didit does:
//! [`request`](crate::fake::FakeVerification::request) makes one about a session of the fake, or any other event.
//!
//! ```
//! use axum::{Router, http::StatusCode, routing::post};
//! use serde_json::json;
//! use tower::ServiceExt;
//! use tower_didit::{
//!     fake::FakeDidit,
//!     verification::{DiditWebhooks, WebhookEvent},
//! };
//!
//! // The application.
//!
//! fn app(webhooks: DiditWebhooks) -> Router {
//!     Router::new().route("/didit", post(webhook).layer(webhooks))
//! }
//!
//! async fn webhook(event: WebhookEvent) -> StatusCode {
//!     assert_eq!(event.vendor_data(), Some("user-42"));
//!     StatusCode::NO_CONTENT
//! }
//!
//! // Its test: in your code a `#[tokio::test]`.
//!
//! async fn an_approved_person_is_stored() {
//!     let verification = FakeDidit::new("app", "secret").with_system_clock().verification();
//!     let app = app(DiditWebhooks::new([verification.webhook_secret()]).unwrap());
//!     verification.complete(&verification.create("user-42"), "approve"); // or "decline", "review", ...
//!     let event = json!({"session_id": verification.last_session_id()});
//!     let response = app.oneshot(verification.request("/didit", event)).await.unwrap();
//!     assert_eq!(response.status(), StatusCode::NO_CONTENT);
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! #     an_approved_person_is_stored().await;
//! # }
//! ```
//!
//! [`WebhookFault`](crate::fake::WebhookFault) lists what can be wrong with a webhook, and
//! [`send_webhooks_to_service`](crate::fake::FakeVerification::send_webhooks_to_service) delivers all events of the fake,
//! with Didit's retries.
//!
//! # Try it
//!
//! Without Didit, a webhook is a signed request. In a shell, while the application runs with
//! `DIDIT_WEBHOOK_SECRET=secret`:
//!
//! ```sh
//! now=$(date +%s)
//! body='{"webhook_type":"status.updated","timestamp":'$now',"environment":"live","session_id":"1","status":"Approved"}'
//! signature=$(printf %s "$body" | openssl dgst -sha256 -hmac secret -r | cut -d ' ' -f 1)
//! curl -i http://127.0.0.1:3000/didit -H "X-Timestamp: $now" -H "X-Signature: $signature" -d "$body"
//! ```
//!
//! The answer is 204. Sent again, it is 200, and the handler does not run. With any character changed it is 401, and the
//! [log](crate::docs::logs#webhooks) says why.
//!
//! With Didit, a tunnel gives your machine a public address. The console's *Try webhook* sends an event with made-up
//! data: the layer checks its signature and answers 200, but does not pass it on, unless
//! [`accept_sandbox`](crate::verification::DiditWebhooks::accept_sandbox) is set.
//!
//! # Judge a decision
//!
//! An approved session is not a verified person: it may be the session of somebody else, of a sandbox or of a workflow
//! that checks less, and Didit's workflow may approve a session although a check was declined.
//! [`Decision::judge`](crate::verification::Decision::judge) compares all of it with what you require, and refuses what
//! is missing:
//!
//! ```
//! use axum::{extract::State, http::StatusCode};
//! use tower_didit::verification::{Requirements, Verdict, WebhookEvent};
//!
//! /// What the application has stored when it created the session.
//! struct Record {
//!     user: String,
//!     is_verified: bool,
//! }
//! # #[derive(Clone)]
//! # struct Database;
//! # impl Database {
//! #     async fn record_of_session(&self, _: &str) -> Option<Record> {
//! #         Some(Record { user: "user-42".to_owned(), is_verified: false })
//! #     }
//! #     async fn save(&self, _: &Record) {}
//! # }
//!
//! async fn webhook(State(database): State<Database>, event: WebhookEvent) -> StatusCode {
//!     let Some(session) = event.session_id() else {
//!         return StatusCode::NO_CONTENT;
//!     };
//!     let Some(mut record) = database.record_of_session(session).await else {
//!         return StatusCode::NO_CONTENT; // not of this application
//!     };
//!     let requirements = Requirements::identity()
//!         .with_liveness()
//!         .with_face_match()
//!         .with_minimum_age(18)
//!         .with_workflow("99999999-8888-4777-8666-555555555555")
//!         .with_session(session)
//!         .with_vendor_data(&record.user);
//!     let verdict = event.decision().map(|decision| decision.judge(&requirements));
//!     record.is_verified = verdict.as_ref().is_some_and(Verdict::is_verified);
//!     database.save(&record).await;
//!     StatusCode::NO_CONTENT
//! }
//! # let _router: axum::Router = axum::Router::new()
//! #     .route("/", axum::routing::post(webhook))
//! #     .with_state(Database);
//! ```
//!
//! A verdict is for now. `Kyc Expired`, `Declined` and a blocked user
//! ([`entity_status`](crate::verification::WebhookEvent::entity_status)) take it away. Ask for the decision again from
//! time to time, such as once a day: webhooks get lost.
//! [`Verification`](crate::verification::Verification#lost-webhooks) does so.
//!
//! # From the console to production
//!
//! 1. Create a workflow in Didit's console, and publish it. Its id goes into
//!    [`with_workflow`](crate::verification::Requirements::with_workflow).
//! 2. Add a webhook destination of version **v3**, with the events `status.updated`, `data.updated` and
//!    `user.status.updated`. Its address is `https`. The checks in payloads of v1 and v2 have other names: they verify
//!    nobody.
//!    [`create_destination`](crate::verification::VerificationClient::create_destination) does all of this.
//! 3. Copy the secret *of this destination*, and give it to
//!    [`DiditWebhooks::new`](crate::verification::DiditWebhooks::new) as it is: it is text, not base64. An empty one is
//!    an error at start-up.
//! 4. Develop with an application in sandbox mode, which has a secret of its own, and with
//!    [`accept_sandbox`](crate::verification::DiditWebhooks::accept_sandbox). Leave it out in production.
//! 5. Let the proxy pass the body on unchanged, and let no firewall block 18.203.201.92, from which Didit sends. If a
//!    gateway encodes the JSON anew, set
//!    [`accept_canonical_signature`](crate::verification::DiditWebhooks::accept_canonical_signature).
//! 6. With several processes, share the record of what was handled:
//!    [`with_store`](crate::verification::DiditWebhooks::with_store).
//! 7. Synchronise the clock: a webhook counts for 300 s.
//! 8. To rotate the secret, deploy `[new, old]` first, then rotate it in the console, and remove the old one after ten
//!    minutes.
//! 9. Alert on the `WARN` `webhook handler failed`: after three tries in about five minutes Didit drops the event. See
//!    [logs](crate::docs::logs#webhooks).
//!
//! # What to store
//!
//! With [`Verification`](crate::verification::Verification) one record for each user, which it reads and writes itself.
//! You choose where:
//!
//! - A table of your database, with three columns: the user's id, the record as JSON, and its version. The
//!   [trait](crate::verification::VerificationRecords) has both statements. Test it with
//!   `verification::conformance::check` (feature `test-util`).
//! - `RedisStore` (feature `redis`), if Redis keeps what it has acknowledged and evicts nothing: see
//!   [machines](crate::docs::machines#redis).
//!
//! A record has the session's id and workflow, its status, the verdict, times, and the page to return to: no data of
//! the person. Keep it as long as the user's account, delete it with the account, and include it in backups: a user
//! whose record is lost begins anew, and Didit is paid again. If a backup or a failover brings an old verdict back,
//! Didit is asked about it after [a day](crate::verification::Verification::with_recheck_after).
//!
//! If sessions are deleted at Didit, by hand or after a retention period, their users are no longer verified.
//!
//! Without `Verification`:
//!
//! | store | because |
//! |---|---|
//! | the session's id and workflow, by user, when you create the session | the verdict compares them |
//! | the verdict, the status, and the `timestamp` of the event | an event with an older timestamp must not overwrite a newer one: the order is not promised |
//! | no image and no URL of one | the URLs work for an hour at most, and the images are personal data that Didit keeps for you |
//! | of the document only what you need | `decision.extra()` reads any member |
//!
//! # What never to trust
//!
//! | never trust | because |
//! |---|---|
//! | `status` and `verificationSessionId` in the address that the browser comes back to | nobody signs them: the person can type `status=Approved` |
//! | a session's id from the browser | it may be another person's: use the one that you have stored for the user |
//! | `status` alone, even of a verified webhook | see [above](#judge-a-decision) |
//! | `vendor_data` alone | whoever starts a session through a public link of the workflow may choose it |
//! | `X-Didit-Test-Webhook` as a sign that no signature is needed | anybody can send it |
//! | `X-Signature-Simple` | it does not cover the decision |
//! | a signature over JSON that was parsed and written again | numbers and escapes change on the way |
//! | `X-Timestamp` alone | it is not signed: it must equal the `timestamp` in the body |
