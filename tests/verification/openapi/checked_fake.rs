//! The fake against Didit's OpenAPI document.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::Request;
use tower::service_fn;
use tower_didit::{
    Config,
    fake::{FakeDidit, FakeVerification},
    reason::VerificationError,
    transport::{HttpTransport, TransportError},
    verification::{
        DestinationSettings, NewVerification, Status, VerificationClient, VerificationFilter,
    },
};

use super::{
    calls::{CALLS, whole_settings},
    document::Document,
    operations,
};
use crate::{
    client::KEY,
    delivery::{SESSION, USER},
};

#[tokio::test]
async fn the_fake_answers_as_documented() {
    let document = Arc::new(Document::read());
    let exchanges = Exchanges::default();
    for features in FEATURES {
        let checked = CheckedFake::new(&document, features, &exchanges);
        checked.every_outcome().await;
        checked.every_call().await;
        checked.every_refusal().await;
    }
    let exchanges = exchanges.lock().unwrap();
    let faults: Vec<_> = exchanges
        .iter()
        .filter(|(_, faults)| !faults.is_empty())
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let unseen = operations().into_iter().flat_map(|operation| {
        let statuses = document.statuses(operation).into_iter();
        statuses.map(move |status| format!("{operation} {status}"))
    });
    let unseen: Vec<_> = unseen
        .filter(|exchange| !exchanges.contains_key(exchange))
        .collect();
    assert_eq!(unseen, UNSEEN);
}

/// What was ever wrong with a response, by operation and status.
type Exchanges = Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>;

/// The fake, whose responses are compared with the document.
struct CheckedFake {
    fake: FakeVerification,
    config: Config,
    client: VerificationClient,
}

impl CheckedFake {
    fn new(document: &Arc<Document>, features: &[&str], exchanges: &Exchanges) -> Self {
        let didit = FakeDidit::new("app", "secret");
        let fake = didit.verification().with_api_key(KEY);
        let fake = fake.with_features(features.iter().copied());
        let (document, log) = (Arc::clone(document), Arc::clone(exchanges));
        let transport = service_fn(move |request: Request<Bytes>| {
            let (document, log) = (Arc::clone(&document), Arc::clone(&log));
            let name = operation_of(&request);
            let response = HttpTransport::send(&didit, request);
            async move {
                let response = response.await?;
                let faults = document.faults_of_response(name, &response);
                let exchange = format!("{name} {}", response.status().as_u16());
                let mut log = log.lock().unwrap();
                log.entry(exchange).or_default().extend(faults);
                drop(log);
                Ok::<_, TransportError>(response)
            }
        });
        let config = Config::builder("app", "https://app.example/callback");
        let config = config
            .with_client_secret("secret")
            .with_transport(transport);
        let config = config.build().unwrap();
        let client = VerificationClient::new(KEY, &config).unwrap();
        Self {
            fake,
            config,
            client,
        }
    }

    fn new_verification(&self) -> NewVerification {
        NewVerification::new(self.fake.workflow_id(), USER)
    }

    /// Sessions with each outcome, in each status.
    async fn every_outcome(&self) {
        for scenario in SCENARIOS {
            let session = self.client.create(self.new_verification()).await.unwrap();
            self.client.decision(session.id()).await.unwrap();
            self.fake.complete(session.url(), scenario);
            self.client.decision(session.id()).await.unwrap();
        }
        let last = self.fake.last_session_id().unwrap();
        for status in STATUSES {
            self.fake.set_status(&last, status);
            let decision = self.client.decision(last.parse().unwrap()).await.unwrap();
            assert_eq!(decision.status().as_str(), *status);
        }
        for scenario in ["approve", "decline", "review"] {
            let page = self.fake.create_business(USER);
            let business = self.fake.last_session_id().unwrap().parse().unwrap();
            self.client.decision(business).await.unwrap();
            self.fake.complete(&page, scenario);
            self.client.decision(business).await.unwrap();
        }
        let page = self.client.list(&VerificationFilter::new()).await.unwrap();
        assert_eq!(page.total(), SCENARIOS.len() as u64);
    }

    /// Each call, on a session or a destination that the fake has.
    async fn every_call(&self) {
        self.fake.complete(&self.fake.create(USER), "approve");
        let session = self.fake.last_session_id().unwrap();
        let created = self.client.create_destination(whole_settings()).await;
        let destination = created.unwrap().id().to_owned();
        // The last call of each operation, and deletions at the end.
        let last: BTreeMap<_, _> = CALLS.iter().map(|call| (call.operation, call)).collect();
        let mut calls: Vec<_> = last.into_values().collect();
        calls.sort_by_key(|call| call.operation.starts_with("delete"));
        for call in calls {
            let is_creation = call.operation.starts_with("post");
            let is_about_destination = call.operation.contains("destination");
            let id = if is_about_destination {
                &destination
            } else {
                &session
            };
            let outcome = (call.make)(self.client.clone(), id.clone()).await;
            // The canned requests create what is there already, or of an unknown workflow.
            assert_eq!(
                outcome.is_ok(),
                !is_creation,
                "{}: {outcome:?}",
                call.operation
            );
        }
    }

    /// Each refusal that the fake has, by each call.
    async fn every_refusal(&self) {
        use VerificationError::{InvalidRequest, KeyRefused, RateLimited, UserBlocked};
        let unfinished = self.client.create(self.new_verification()).await.unwrap();
        let id = unfinished.id();
        let error = self.client.report(id).await.unwrap_err();
        assert_eq!(error.kind(), VerificationError::NoReport.into());
        let update = |status| self.client.update_status(id, status, "seen");
        let error = update(Status::Approved).await.unwrap_err();
        assert_eq!(error.kind(), InvalidRequest.into());
        self.fake.set_status(&id.to_string(), "Approved");
        let error = update(Status::Approved).await.unwrap_err();
        assert_eq!(error.kind(), InvalidRequest.into());
        for new in [
            self.new_verification().with_language("tlh"),
            self.new_verification().with_sandbox_scenario("approve"),
            NewVerification::new(SESSION, USER),
        ] {
            let error = self.client.create(new).await.unwrap_err();
            assert_eq!(error.kind(), InvalidRequest.into());
        }
        for label in ["a", "b"] {
            let url = format!("https://app.example/{label}");
            let settings = DestinationSettings::new(label, url);
            self.client.create_destination(settings).await.unwrap();
        }
        let listed = self.client.destinations().await.unwrap();
        let taken = DestinationSettings::changes().with_url(listed[0].url());
        let error = self.client.update_destination(&listed[1], taken).await;
        assert_eq!(error.unwrap_err().provider_code(), Some("url"));
        self.fake.block_user(USER);
        let error = self.client.create(self.new_verification()).await;
        assert_eq!(error.unwrap_err().kind(), UserBlocked.into());

        let stranger = VerificationClient::new("another-key", &self.config).unwrap();
        for call in CALLS {
            let outcome = (call.make)(stranger.clone(), id.to_string()).await;
            assert_eq!(
                outcome.unwrap_err().kind(),
                KeyRefused.into(),
                "{}",
                call.operation
            );
            if call.operation.contains("Id}") || call.operation.contains("_uuid}") {
                let outcome = (call.make)(self.client.clone(), UNKNOWN.to_owned()).await;
                assert!(outcome.unwrap_err().kind().code().starts_with("unknown-"));
            }
        }
        let _limited = self.fake.clone().with_rate_limit(0);
        // The document has no 429 for the list.
        for call in CALLS
            .iter()
            .filter(|call| call.operation != "get /v3/sessions/")
        {
            // A client that was refused sends nothing for a while.
            let client = VerificationClient::new(KEY, &self.config).unwrap();
            let error = (call.make)(client, id.to_string()).await.unwrap_err();
            assert_eq!(error.kind(), RateLimited.into(), "{}", call.operation);
            assert!(error.retry_after().is_some());
        }
    }
}

/// The operation of a request of the client.
fn operation_of(request: &Request<Bytes>) -> &'static str {
    let fits = |operation: &&str| {
        let (method, template) = operation.split_once(' ').unwrap();
        let path: Vec<_> = request.uri().path().split('/').collect();
        let template: Vec<_> = template.split('/').collect();
        let is_same =
            |(part, expected): (&&str, &&str)| expected.starts_with('{') || part == expected;
        request.method().as_str().eq_ignore_ascii_case(method)
            && path.len() == template.len()
            && path.iter().zip(&template).all(is_same)
    };
    let mut operations = CALLS.iter().map(|call| call.operation);
    operations.find(fits).expect("a call of the client")
}

const UNKNOWN: &str = "0a1b2c3d-0000-4000-8000-00000000000f";
const FEATURES: [&[&str]; 2] = [
    &["ID_VERIFICATION", "LIVENESS", "FACE_MATCH", "AML"],
    &[
        "ID_VERIFICATION",
        "NFC",
        "POA",
        "PHONE",
        "EMAIL_VERIFICATION",
        "IP_ANALYSIS",
        "DATABASE_VALIDATION",
    ],
];
const STATUSES: &[&str] = &[
    "Not Started",
    "In Progress",
    "Awaiting User",
    "In Review",
    "Approved",
    "Declined",
    "Resubmitted",
    "Expired",
    "Abandoned",
    "Kyc Expired",
];
const SCENARIOS: &[&str] = &[
    "approve",
    "decline",
    "review",
    "abandon",
    "expire",
    "decline_aml_hit",
    "decline_could_not_recognize_document",
    "decline_database_no_match",
    "decline_document_expired",
    "decline_face_match_low_similarity",
    "decline_ip_blocklist",
    "decline_liveness_attack",
    "decline_minimum_age",
    "decline_mrz_validation",
    "decline_nfc_chip_not_verified",
    "decline_poa_address_mismatch",
    "review_aml_possible_match",
    "review_face_match_borderline",
    "review_poa_partial_match",
];
/// Responses that the fake does not give to a request of the client: the client has no members that the first and
/// the fourth are about, does not need the redirect, and Didit's stores do not fail.
const UNSEEN: [&str; 4] = [
    "delete /v3/session/{sessionId}/delete/ 400",
    "delete /v3/session/{sessionId}/delete/ 503",
    "get /v3/sessions/ 301",
    "get /v3/sessions/ 400",
];
