//! Identity verification: a guard for verified users, Didit's API, and webhooks. Feature `verification`.
//!
//! Didit verifies a person in a *session*, by the checks of a *workflow*, and reports each change of the session's
//! status to your application by a *webhook*.
//!
//! # Guard pages for verified users
//!
//! [`Verification`](crate::verification::Verification) does all steps, and its page has the whole application: the guard
//! [`RequireVerified`](crate::verification::RequireVerified) sends a signed-in person to Didit,
//! [`return_page`](crate::verification::Verification::return_page) leads the person back to the page, and
//! [`receive`](crate::verification::Verification::receive) handles the webhooks. You provide a table, or Redis, for the
//! [records](crate::verification::VerificationRecords). While Didit does not respond, verified users pass, and others see a
//! page that reloads itself. The rest of this guide is for applications that do one of the steps themselves, and for
//! production.
//!
//! In the repository, `cargo run --example verified_site` is such an application, with pages of its own, records in
//! `SQLite`, and a fake Didit whose outcome you choose. With the API key of a sandbox it calls Didit.
//!
//! For your own application the program [`fake-didit`](crate::docs::recipes::testing#the-fake) stands for Didit, sign-in
//! included. In the repository:
//!
//! ```sh
//! cargo run -p fake-didit -- --client-id app --client-secret secret \
//!     --redirect-uri http://localhost:3000/callback --webhook http://localhost:3000/didit
//! ```
//!
//! It prints `export` lines for the application's shell. [`Config::from_env`](crate::Config::from_env) reads those of the
//! sign-in. The application reads the others itself: `DIDIT_VERIFICATION_URL` for
//! [`with_base_url`](crate::verification::VerificationClient::with_base_url), `DIDIT_API_KEY`, `DIDIT_WORKFLOW` and
//! `DIDIT_WEBHOOK_SECRET`. For Didit itself it leaves the first one out.
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
//! When the browser returns, load the id that you stored for the signed-in user, read the
//! [`decision`](crate::verification::VerificationClient::decision), and [judge](#judge-a-decision) it. At first it may be
//! pending: ask again a few times, after 10 seconds at the earliest, and then wait for the webhook.
//!
//! Calls fail with a [`VerificationError`](crate::reason::VerificationError). Didit allows each API key 600 creations, 600
//! reads, 300 changes and 50 reports a minute. The client
//! [keeps these limits](crate::verification::VerificationClient#rate-limits): a call above one is not sent, and fails with
//! the time to wait. Clone one client; do not create one for each request.
//!
//! For employees, [`list`](crate::verification::VerificationClient::list) pages through the sessions by status, user and
//! workflow, and [`report`](crate::verification::VerificationClient::report) reads the PDF of one. In case webhooks were
//! lost, a job can compare the list with your records, and read the decision of each session that differs.
//!
//! # Receive webhooks
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! tokio = { version = "1", features = ["full"] }
//! tower-didit = { git = "https://github.com/tower-didit/tower-didit", features = ["verification"] }
//! tracing-subscriber = "0.3" # prints what is wrong
//! ```
//!
//! ```no_run
//! use axum::{Router, http::StatusCode, routing::post};
//! use tower_didit::verification::{DiditWebhooks, WebhookEvent};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     tracing_subscriber::fmt::init();
//!     let secret = std::env::var("DIDIT_WEBHOOK_SECRET").map_err(|_| "set DIDIT_WEBHOOK_SECRET")?;
//!     let webhooks = DiditWebhooks::new([secret])?;
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
//! A program that only receives webhooks needs no HTTP client: `default-features = false` for tower-didit leaves it out.
//!
//! The handler runs for authentic events only, and normally once for each. After a failure or a restart the same event may
//! arrive again, so the handler must be idempotent. Answer 2xx once the event is stored. After any other response Didit
//! sends the event again, a minute and then four minutes later.
//! [`DiditWebhooks`](crate::verification::DiditWebhooks) lists the checks and the responses. It does not need
//! [`DiditAuth`](crate::DiditAuth), and may be inside or outside of it.
//!
//! # Test the handler
//!
//! The [fake Didit](crate::docs::recipes::testing) of the feature `test-util` signs webhooks as Didit does:
//! [`request`](crate::fake::FakeVerification::request) makes one about a session of the fake, or any other event.
//!
//! ```toml
//! [dev-dependencies]
//! serde_json = "1"
//! tower = { version = "0.5", features = ["util"] }
//! tower-didit = { git = "https://github.com/tower-didit/tower-didit", features = ["test-util"] }
//! ```
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
//! `DIDIT_WEBHOOK_SECRET=secret RUST_LOG=tower_didit=debug`:
//!
//! ```sh
//! now=$(date +%s)
//! body='{"webhook_type":"status.updated","timestamp":'$now',"environment":"live","session_id":"1","status":"Approved"}'
//! signature=$(printf %s "$body" | openssl dgst -sha256 -hmac secret -r | cut -d ' ' -f 1)
//! curl -i http://127.0.0.1:3000/didit -H "X-Timestamp: $now" -H "X-Signature: $signature" -d "$body"
//! ```
//!
//! The response is 204. If you send the same request again, it is 200, and the handler does not run. If any character of the
//! body differs, it is 401, and the [log](crate::docs::logs#webhooks) says why: at `DEBUG`, since
//! anybody can send a request.
//!
//! With Didit, a tunnel gives your machine a public address. The console's *Try webhook* sends an event with invented
//! data. The layer verifies its signature and answers 200; only with
//! [`accept_sandbox`](crate::verification::DiditWebhooks::accept_sandbox) it passes the event on.
//!
//! # Judge a decision
//!
//! An approved session does not yet verify the user: it may belong to somebody else, to a sandbox or to a workflow that
//! checks less, and a workflow may approve a session although a check was declined.
//! [`Decision::judge`](crate::verification::Decision::judge) compares the decision with your requirements. It refuses
//! whatever is missing:
//!
//! ```
//! use axum::{extract::State, http::StatusCode};
//! use tower_didit::verification::{Requirements, Verdict, WebhookEvent};
//!
//! /// Stored when the application created the session.
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
//! A verdict may change: the session may become `Kyc Expired` or `Declined`, and the user may be
//! [blocked](#block-a-user). Webhooks can get lost, so read the decision again from time to time, such as once a day.
//! [`Verification`](crate::verification::Verification#lost-webhooks) does so.
//!
//! # From the console to production
//!
//! 1. Create a workflow in Didit's console, and publish it. Its id goes into
//!    [`with_workflow`](crate::verification::Requirements::with_workflow).
//! 2. Add a webhook destination of version **v3** with an `https` URL and the events `status.updated`, `data.updated` and
//!    `user.status.updated`, in the console or with
//!    [`create_destination`](crate::verification::VerificationClient::create_destination). Payloads of v1 and v2 name the
//!    checks differently, and verify nobody.
//! 3. Give the secret *of this destination* to [`DiditWebhooks::new`](crate::verification::DiditWebhooks::new) unchanged:
//!    it is text, not base64. An empty secret is an error at start-up.
//! 4. Develop with an application in sandbox mode, which has an API key, workflows and secrets of its own. It needs two
//!    settings: [`DiditWebhooks::accept_sandbox`](crate::verification::DiditWebhooks::accept_sandbox) passes its events
//!    on, and with [`Requirements::accept_sandbox`](crate::verification::Requirements::accept_sandbox) its decisions
//!    count. Set neither in production.
//! 5. Let the proxy pass the body on unchanged, and let the firewall admit 18.203.201.92, from which Didit sends. If a
//!    gateway re-encodes the JSON, set
//!    [`accept_canonical_signature`](crate::verification::DiditWebhooks::accept_canonical_signature).
//! 6. If several processes receive webhooks, share the record of handled events:
//!    [`with_store`](crate::verification::DiditWebhooks::with_store).
//! 7. Synchronise the clock: a webhook is refused if its timestamp is more than 300 s away.
//! 8. [Rotate the secret](#rotate-the-secret-of-the-webhooks) without losing events.
//! 9. Alert on the `WARN` `webhook handler failed`: after three attempts in about five minutes Didit drops the event. See
//!    [logs](crate::docs::logs#webhooks).
//!
//! # Rotate the secret of the webhooks
//!
//! Didit makes each secret. If the console replaces the secret of a destination, the application learns the new one
//! later than Didit uses it, and answers 401 until it is deployed. Didit does not send these events again. So rotate by a
//! second destination:
//!
//! 1. [Create](crate::verification::VerificationClient::create_destination) it,
//!    [not enabled](crate::verification::DestinationSettings::with_enabled), with another URL of the same route, such as
//!    `https://app.example/didit?2`.
//! 2. Deploy both secrets: `DiditWebhooks::new([new, old])`.
//! 3. [Enable](crate::verification::VerificationClient::update_destination) it, and
//!    [delete](crate::verification::VerificationClient::delete_destination) the old destination. An event that both have
//!    sent may be handled twice.
//! 4. After ten minutes, in which Didit may send old events again, deploy the new secret alone.
//!
//! If the secret has leaked, replace it in the console and deploy the new one at once. Events are lost meanwhile: the
//! [recheck](crate::verification::Verification#lost-webhooks) finds what they said within a day.
//!
//! # Block a user
//!
//! An employee blocks a user in Didit's console: [`VerificationClient`](crate::verification::VerificationClient) has no
//! call for it. Didit then creates no session for the user, and sends the event `user.status.updated` with the
//! [`entity_status`](crate::verification::WebhookEvent::entity_status) `BLOCKED`. After
//! [`receive`](crate::verification::Verification::receive) the user no longer passes, and the record
//! [says so](crate::verification::VerificationRecord::is_blocked).
//!
//! The console names a user by `vendor_data`. It is the id under which the
//! [record](crate::verification::VerificationRecords) is stored: the subject of a user who signs in at Didit, and
//! [a hash](crate::verification::NewVerification::of_user) with other providers, such as the program `fake-didit`.
//!
//! In a test, [`block_user`](crate::fake::FakeVerification::block_user) of the fake is the employee. The program has
//! `POST /fake/api/users`.
//!
//! # What to store
//!
//! [`Verification`](crate::verification::Verification) reads and writes one record for each user. You choose where:
//!
//! - A table of your database, with three columns: the user's id, the record as JSON, and its version. The
//!   [trait](crate::verification::VerificationRecords) has both statements. Test it with
//!   `verification::conformance::check` (feature `test-util`).
//! - `RedisStore` (feature `redis`), if Redis keeps what it has acknowledged and evicts nothing: see
//!   [machines](crate::docs::machines#redis).
//!
//! A record has the session's id, workflow and status, the verdict, times, and the page to return to, but no data of the
//! person. Keep it as long as the user's account, delete it with the account, and include it in backups: a user whose record
//! is lost has to verify again, at Didit's price. If a backup or a failover restores an old verdict, Didit is asked about
//! it after [a day](crate::verification::Verification::with_recheck_after).
//!
//! If sessions are deleted at Didit, by hand or after a retention period, their users are no longer verified.
//!
//! Without `Verification`:
//!
//! | store | because |
//! |---|---|
//! | the session's id and workflow, by user, when you create the session | the verdict compares them |
//! | the verdict, the status, and the `timestamp` of the event | events may arrive in any order: an older one must not overwrite a newer one |
//! | no image and no URL of an image | the URLs work for an hour at most, and Didit keeps the images |
//! | of the document only the data that you need | `decision.extra()` reads any member |
//!
//! # What never to trust
//!
//! | never trust | because |
//! |---|---|
//! | `status` and `verificationSessionId` in the query of the callback | they are not signed: the person can type `status=Approved` |
//! | a session's id from the browser | it may be another person's: use the id that you stored for the user |
//! | `status` alone, even of a verified webhook | see [above](#judge-a-decision) |
//! | `vendor_data` alone | anybody who starts a session through a public link of the workflow may choose it |
//! | `X-Didit-Test-Webhook` as a reason to skip the signature | anybody can send it |
//! | `X-Signature-Simple` | it does not cover the decision |
//! | a signature over JSON that was parsed and re-encoded | numbers and escapes may have changed |
//! | `X-Timestamp` alone | it is not signed: it must equal the `timestamp` of the body |
