//! The checks of a workflow, and their results.

use serde_json::{Map, Value, json};

use crate::{
    person::Person,
    verification::{scenario::Scenario, status::Status, time},
};

/// A check of a workflow.
#[derive(Debug)]
pub(crate) struct Feature {
    pub(crate) name: &'static str,
    /// The member of a decision with its results.
    pub(crate) member: &'static str,
    node: &'static str,
}

pub(crate) const FACE_MATCH: &str = "FACE_MATCH";
pub(crate) const KYB_REGISTRY: &str = "KYB_REGISTRY";

/// All of them, in the order of a decision.
pub(crate) const ALL: &[Feature] = &[
    feature("ID_VERIFICATION", "id_verifications", "feature_ocr"),
    feature("NFC", "nfc_verifications", "feature_nfc"),
    feature("LIVENESS", "liveness_checks", "feature_liveness"),
    feature(FACE_MATCH, "face_matches", "feature_face_match"),
    feature("POA", "poa_verifications", "feature_poa"),
    feature("PHONE", "phone_verifications", "feature_phone"),
    feature("EMAIL_VERIFICATION", "email_verifications", "feature_email"),
    feature("AML", "aml_screenings", "feature_aml"),
    feature("IP_ANALYSIS", "ip_analyses", "feature_ip"),
    feature(
        "DATABASE_VALIDATION",
        "database_validations",
        "feature_database",
    ),
    feature(
        "QUESTIONNAIRE",
        "questionnaire_responses",
        "feature_questionnaire",
    ),
];

/// Those of the workflow that verifies businesses, in the order of a decision.
pub(crate) const BUSINESS: &[Feature] = &[
    feature(KYB_REGISTRY, "registry_checks", "feature_kyb_registry"),
    feature(
        "KYB_DOCUMENTS",
        "document_verifications",
        "feature_kyb_documents",
    ),
    feature(
        "KYB_KEY_PEOPLE",
        "key_people_checks",
        "feature_kyb_key_people",
    ),
];

/// The features of the default workflow.
pub(crate) const DEFAULT: [&str; 4] = ["ID_VERIFICATION", "LIVENESS", FACE_MATCH, "AML"];

const fn feature(name: &'static str, member: &'static str, node: &'static str) -> Feature {
    Feature { name, member, node }
}

pub(crate) fn by_name(name: &str) -> Option<&'static Feature> {
    ALL.iter().find(|feature| feature.name == name)
}

/// The result of a check, after the session has ended in this way.
pub(crate) fn result(
    feature: &Feature,
    person: Option<&Person>,
    scenario: Option<Scenario>,
    now: u64,
) -> Value {
    let failure = scenario.and_then(|scenario| Some((scenario.status, scenario.failure?)));
    let failure = failure.filter(|(_, (name, _))| *name == feature.name);
    let status = failure.map_or(Status::Approved, |(status, _)| status);
    let warnings = failure.map_or_else(Vec::new, |(status, (_, risk))| {
        vec![json!({
            "feature": name_in_warnings(feature.name),
            "risk": risk,
            "additional_data": null,
            "log_type": if status == Status::Declined { "error" } else { "warning" },
            "short_description": risk.replace('_', " ").to_lowercase(),
            "long_description": "An invented warning of the fake.",
            "node_id": feature.node,
        })]
    });
    let mut result = members(feature, person, failure.is_some(), now);
    result.insert("node_id".to_owned(), feature.node.into());
    result.insert("status".to_owned(), status.as_str().into());
    result.insert("warnings".to_owned(), warnings.into());
    Value::Object(result)
}

/// Warnings call some checks by other names.
fn name_in_warnings(feature: &'static str) -> &'static str {
    match feature {
        FACE_MATCH => "FACEMATCH",
        "POA" => "PROOF_OF_ADDRESS",
        "EMAIL_VERIFICATION" => "EMAIL",
        "IP_ANALYSIS" => "LOCATION",
        other => other,
    }
}

/// The members of a result beside its status.
fn members(
    feature: &Feature,
    person: Option<&Person>,
    failed: bool,
    now: u64,
) -> Map<String, Value> {
    let value = match feature.member {
        "id_verifications" => document(person, now),
        "nfc_verifications" => json!({
            "is_nfc_skipped": false, "skip_reason": null, "chip_data": {},
            "authenticity": {"sod_integrity": !failed, "dg_integrity": !failed},
            "certificate_summary": {"serial_number": "118120836164494130086420187336801405660"},
        }),
        "liveness_checks" => json!({
            "method": "PASSIVE", "score": if failed { 12.5 } else { 97.5 }, "age_estimation": 33.4,
            "reference_image": "https://media.example/reference.jpg",
            "video_url": "https://media.example/video.mp4", "matches": [],
            "face_quality": 88.5, "face_luminance": 49.5,
        }),
        "face_matches" => json!({
            "score": if failed { 31.5 } else { 92.5 }, "source_image": "https://media.example/source.jpg",
            "target_image": "https://media.example/target.jpg",
            "source_image_session_id": null,
        }),
        "aml_screenings" => json!({
            "total_hits": u8::from(failed), "entity_type": "person", "score": if failed { 91 } else { 0 },
            "hits": if failed { json!([{"caption": "An invented hit"}]) } else { json!([]) },
            "screened_data": {}, "is_ongoing_monitoring_enabled": false,
            "next_ongoing_monitoring_bill_date": null,
        }),
        "ip_analyses" => json!({
            "ip_address": "203.0.113.7", "ip_country_code": "ES", "is_vpn_or_tor": false,
            "is_data_center": false, "time_zone": "Europe/Madrid", "time_zone_offset": "+0100", "matches": [],
        }),
        "registry_checks" => json!({
            "data_resolved": true, "company": company(), "ownership_structure": {},
        }),
        "document_verifications" => json!({"items": [], "groups": {}, "required_groups": []}),
        "key_people_checks" => json!({
            "registry": {"officers": [], "beneficial_owners": []}, "submitted": {"parties": []},
            "ubo_kyc_summary": null,
        }),
        "phone_verifications" => json!({
            "full_number": person.and_then(Person::phone).unwrap_or(INVENTED_PHONE), "is_disposable": false, "is_virtual": false,
            "verification_attempts": 1, "verified_at": time::iso(now), "lifecycle": [], "matches": [],
        }),
        "email_verifications" => json!({
            "email": person.and_then(Person::email).unwrap_or(INVENTED_EMAIL), "is_disposable": false, "is_breached": false, "breaches": [],
            "is_undeliverable": false, "verification_attempts": 1, "verified_at": time::iso(now), "lifecycle": [],
            "matches": [],
        }),
        "database_validations" => {
            json!({"match_type": if failed { "no_match" } else { "full_match" }})
        }
        _ => json!({}),
    };
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The document of a person; that of an invented one if the application's user is nobody of the sign-in page.
fn document(person: Option<&Person>, now: u64) -> Value {
    let birth_date = person.map_or(Some(INVENTED_BIRTH_DATE), Person::birth_date);
    let last_name = person.and_then(|person| {
        let full = person.full_name()?;
        let first = person.first_name().unwrap_or_default();
        Some(full.strip_prefix(first).unwrap_or(full).trim())
    });
    let (first, last, full) = match person {
        Some(person) => (person.first_name(), last_name, person.full_name()),
        None => (Some("Maria"), Some("Musterfrau"), Some("Maria Musterfrau")),
    };
    let gender = person
        .and_then(Person::gender)
        .and_then(|gender| gender.get(..1));
    let gender = gender.unwrap_or("F");
    let address = person
        .and_then(Person::address)
        .unwrap_or("Calle Mayor 1, Valencia");
    json!({
        "verification_method": "document",
        "assurance": "documentary",
        "document_type": "Passport",
        "document_subtype": null,
        "document_number": "XX1234567",
        "personal_number": "99999999R",
        "date_of_birth": birth_date,
        "age": birth_date.and_then(|date| time::age(date, now)),
        "expiration_date": "2035-01-01",
        "date_of_issue": "2025-01-01",
        "issuing_state": "ESP",
        "issuing_state_name": "Spain",
        "first_name": first,
        "last_name": last,
        "full_name": full,
        "gender": gender,
        "address": address,
        "formatted_address": address,
        "place_of_birth": "Valencia",
        "marital_status": "SINGLE",
        "nationality": "ESP",
        "parsed_address": {},
        "extra_fields": {},
        "mrz": null,
        "portrait_image": "https://media.example/portrait.jpg",
        "front_image": "https://media.example/front.jpg",
        "back_image": "https://media.example/back.jpg",
        "front_image_quality_score": null,
        "back_image_quality_score": null,
        "matches": [],
    })
}

/// The company as the register has it.
fn company() -> Value {
    json!({
        "uuid": "00000000-0000-4000-a000-000000000003",
        "registry_status": "active",
        "data_resolved": true,
        "company_name": "MUSTERFRAU SL",
        "registration_number": "B12345678",
        "country_code": "ES",
        "company_type": "Private Limited Company",
        "incorporation_date": "2015-03-12",
        "registered_address": "Calle Mayor 1, Valencia",
        "is_from_registry": true,
        "officers": [],
        "beneficial_owners": [],
    })
}

const INVENTED_BIRTH_DATE: &str = "1988-02-29";
const INVENTED_PHONE: &str = "+34600000000";
const INVENTED_EMAIL: &str = "maria@example.com";
