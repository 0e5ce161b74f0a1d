//! The verdict on a decision fails closed.

use serde_json::{Value, json};
use tower_didit::{
    ErrorKind,
    verification::{Check, Decision, Reason, Requirements, Status, Verdict},
};

use crate::delivery::{SESSION, USER, WORKFLOW, decision, with};

/// Everything that can be required, of the session of the tests.
pub(crate) fn everything() -> Requirements {
    Requirements::identity()
        .with_liveness()
        .with_face_match()
        .with_aml()
        .with_minimum_age(18)
        .with_workflow(WORKFLOW)
        .with_session(SESSION)
        .with_vendor_data(USER)
}

fn verdict(decision: &Value, requirements: &Requirements) -> Verdict {
    let decision = Decision::from_json(decision.to_string().as_bytes()).unwrap();
    decision.judge(requirements)
}

fn refused<const N: usize>(reasons: [Reason; N]) -> Verdict {
    Verdict::Refused(reasons.into())
}

// Behaviour 128.
#[test]
fn an_approved_session_with_all_checks_approved_is_verified() {
    assert_eq!(verdict(&decision(), &everything()), Verdict::Verified);
    let twice = json!([{"status": "Approved"}, {"status": "Approved"}]);
    let twice = with(decision(), "/face_matches", twice);
    assert_eq!(verdict(&twice, &everything()), Verdict::Verified);
}

// Behaviour 128.
#[test]
fn only_the_exact_status_approved_verifies() {
    for (text, expected) in [
        ("Not Started", Verdict::Pending),
        ("In Progress", Verdict::Pending),
        ("Awaiting User", Verdict::Pending),
        ("In Review", Verdict::Pending),
        ("Resubmitted", Verdict::Pending),
        ("Approved", Verdict::Verified),
        ("Declined", refused([Reason::Status(Status::Declined)])),
        ("Expired", refused([Reason::Status(Status::Expired)])),
        ("Abandoned", refused([Reason::Status(Status::Abandoned)])),
        ("Kyc Expired", refused([Reason::Status(Status::KycExpired)])),
        ("approved", refused([Reason::Status(Status::Other)])),
        ("APPROVED", refused([Reason::Status(Status::Other)])),
        ("Approved ", refused([Reason::Status(Status::Other)])),
        ("Verified", refused([Reason::Status(Status::Other)])),
        ("", refused([Reason::Status(Status::Other)])),
    ] {
        let decision = with(decision(), "/status", text.into());
        assert_eq!(verdict(&decision, &everything()), expected, "{text}");
    }
    for other in [json!(true), json!(["Approved"]), Value::Null] {
        let decision = with(decision(), "/status", other);
        let expected = refused([Reason::Status(Status::Other)]);
        assert_eq!(verdict(&decision, &everything()), expected);
    }
}

// Behaviours 128 and 129.
#[test]
fn each_fact_must_be_the_required_one() {
    for (member, reason) in [
        ("session_id", Reason::Session),
        ("vendor_data", Reason::VendorData),
        ("workflow_id", Reason::Workflow),
        ("session_kind", Reason::Kind),
        ("environment", Reason::Environment),
    ] {
        for other in [
            json!("another"),
            json!(""),
            json!(true),
            json!([USER]),
            Value::Null,
        ] {
            let decision = with(decision(), &format!("/{member}"), other.clone());
            let is = verdict(&decision, &everything());
            assert_eq!(is, refused([reason]), "{member} {other}");
            // It is no pending one of this user's either.
            let pending = with(decision, "/status", "In Review".into());
            let status = Reason::Status(Status::InReview);
            assert_eq!(verdict(&pending, &everything()), refused([reason, status]));
        }
    }
}

// Behaviour 129.
#[test]
fn what_is_not_required_is_not_known_to_be_right() {
    let none = Requirements::identity();
    let facts = [Reason::Session, Reason::VendorData, Reason::Workflow];
    assert_eq!(verdict(&decision(), &none), refused(facts));
    let without = ["session_id", "vendor_data", "workflow_id"];
    let anonymous = without.iter().fold(decision(), |decision, name| {
        with(decision, &format!("/{name}"), Value::Null)
    });
    assert_eq!(verdict(&anonymous, &none), refused(facts));
    let empty = none.with_session("").with_vendor_data("").with_workflow("");
    assert_eq!(verdict(&anonymous, &empty), refused(facts));
    let blank = without.iter().fold(decision(), |decision, name| {
        with(decision, &format!("/{name}"), "".into())
    });
    assert_eq!(verdict(&blank, &empty), refused(facts));
}

// Behaviour 128.
#[test]
fn each_required_check_must_have_run_and_be_approved() {
    for (member, check) in [
        ("id_verifications", Check::Document),
        ("liveness_checks", Check::Liveness),
        ("face_matches", Check::FaceMatch),
        ("aml_screenings", Check::Aml),
    ] {
        let path = format!("/{member}");
        let approved = json!({"status": "Approved", "age": 34});
        for (results, reason) in [
            (Value::Null, Reason::Missing(check)),
            (json!([]), Reason::Missing(check)),
            (json!("Approved"), Reason::Missing(check)),
            (approved.clone(), Reason::Missing(check)),
            (
                json!([{"status": "Declined", "age": 34}]),
                Reason::NotApproved(check),
            ),
            (
                json!([{"status": "In Review", "age": 34}]),
                Reason::NotApproved(check),
            ),
            (
                json!([{"status": "Not Finished", "age": 34}]),
                Reason::NotApproved(check),
            ),
            (
                json!([{"status": "approved", "age": 34}]),
                Reason::NotApproved(check),
            ),
            (
                json!([{"status": null, "age": 34}]),
                Reason::NotApproved(check),
            ),
            (json!([{"age": 34}]), Reason::NotApproved(check)),
            (
                json!([approved, {"status": "Declined", "age": 34}]),
                Reason::NotApproved(check),
            ),
        ] {
            let decision = with(decision(), &path, results.clone());
            let required = everything();
            let is = verdict(&decision, &required);
            let Verdict::Refused(reasons) = is else {
                panic!("{member}: {results}: {is:?}");
            };
            assert_eq!(reasons[0], reason, "{member}: {results}");
        }
    }
    let bare = Requirements::identity()
        .with_workflow(WORKFLOW)
        .with_session(SESSION)
        .with_vendor_data(USER);
    let declined = json!([{"status": "Declined"}]);
    let decision = ["liveness_checks", "face_matches", "aml_screenings"]
        .iter()
        .fold(decision(), |decision, name| {
            with(decision, &format!("/{name}"), declined.clone())
        });
    assert_eq!(verdict(&decision, &bare), Verdict::Verified);
}

#[test]
fn every_document_must_have_the_age() {
    let aged = |ages: &[Value]| {
        let documents = ages
            .iter()
            .map(|age| json!({"status": "Approved", "age": age}));
        with(decision(), "/id_verifications", documents.collect())
    };
    for (ages, expected) in [
        (vec![json!(18)], Verdict::Verified),
        (vec![json!(18), json!(90)], Verdict::Verified),
        (vec![json!(17)], refused([Reason::TooYoung])),
        (vec![json!(0)], refused([Reason::TooYoung])),
        (vec![json!(34), json!(17)], refused([Reason::TooYoung])),
        (vec![json!(34), json!(null)], refused([Reason::AgeUnknown])),
        (vec![json!(null)], refused([Reason::AgeUnknown])),
        (vec![json!("34")], refused([Reason::AgeUnknown])),
        (vec![json!(34.5)], refused([Reason::AgeUnknown])),
        (vec![json!(-34)], refused([Reason::AgeUnknown])),
    ] {
        assert_eq!(verdict(&aged(&ages), &everything()), expected, "{ages:?}");
    }
}

#[test]
fn a_decision_is_a_json_object_with_different_members() {
    for text in [
        "",
        "[]",
        "null",
        "{",
        "{\"status\":\"Declined\",\"status\":\"Approved\"}",
    ] {
        let error = Decision::from_json(text.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{text}");
    }
}

#[test]
fn debug_shows_nothing_personal() {
    let decision = Decision::from_json(decision().to_string().as_bytes()).unwrap();
    assert_eq!(format!("{decision:?}"), "Decision { status: Approved, .. }");
    assert!(!format!("{:?}", everything()).contains(USER));
}
