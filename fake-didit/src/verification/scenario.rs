//! How a session can end.

use crate::verification::{features, status::Status};

/// How a session ends: its status, and the check that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scenario {
    pub(crate) slug: &'static str,
    pub(crate) status: Status,
    /// The feature that is not approved, with the code of its warning.
    pub(crate) failure: Option<(&'static str, &'static str)>,
}

impl Scenario {
    /// A scenario of Didit's sandbox.
    pub(crate) fn of_sandbox(slug: &str) -> Option<Self> {
        SANDBOX
            .iter()
            .find(|scenario| scenario.slug == slug)
            .copied()
    }

    /// The same for a business: what fails is the check of the register.
    pub(crate) fn of_business(self) -> Self {
        let failure = self.failure;
        Self {
            failure: failure.map(|_| (features::KYB_REGISTRY, "REGISTRY_MISMATCH")),
            ..self
        }
    }

    /// A button of the hosted page, or a scenario of the sandbox.
    pub(crate) fn parse(slug: &str) -> Option<Self> {
        let buttons = || BUTTONS.iter().find(|scenario| scenario.slug == slug);
        Self::of_sandbox(slug).or_else(|| buttons().copied())
    }
}

const fn ends(slug: &'static str, status: Status) -> Scenario {
    Scenario {
        slug,
        status,
        failure: None,
    }
}

const fn fails(
    slug: &'static str,
    status: Status,
    feature: &'static str,
    risk: &'static str,
) -> Scenario {
    Scenario {
        slug,
        status,
        failure: Some((feature, risk)),
    }
}

const BUTTONS: &[Scenario] = &[
    fails(
        "decline",
        DECLINED,
        features::FACE_MATCH,
        "LOW_FACE_MATCH_SIMILARITY",
    ),
    fails(
        "review",
        IN_REVIEW,
        features::FACE_MATCH,
        "LOW_FACE_MATCH_SIMILARITY",
    ),
    ends("abandon", Status::Abandoned),
    ends("expire", Status::Expired),
];

const DECLINED: Status = Status::Declined;
const IN_REVIEW: Status = Status::InReview;

/// The codes of the warnings are those of Didit's documentation where it names one.
const SANDBOX: &[Scenario] = &[
    ends("approve", Status::Approved),
    fails("decline_aml_hit", DECLINED, "AML", "POSSIBLE_MATCH_FOUND"),
    fails(
        "decline_could_not_recognize_document",
        DECLINED,
        "ID_VERIFICATION",
        "COULD_NOT_RECOGNIZE_DOCUMENT",
    ),
    fails(
        "decline_database_no_match",
        DECLINED,
        "DATABASE_VALIDATION",
        "DATABASE_VALIDATION_NO_MATCH",
    ),
    fails(
        "decline_document_expired",
        DECLINED,
        "ID_VERIFICATION",
        "DOCUMENT_EXPIRED",
    ),
    fails(
        "decline_face_match_low_similarity",
        DECLINED,
        features::FACE_MATCH,
        "LOW_FACE_MATCH_SIMILARITY",
    ),
    fails(
        "decline_ip_blocklist",
        DECLINED,
        "IP_ANALYSIS",
        "IP_ADDRESS_IN_BLOCKLIST",
    ),
    fails(
        "decline_kyb_registry_mismatch",
        DECLINED,
        features::KYB_REGISTRY,
        "REGISTRY_MISMATCH",
    ),
    fails(
        "decline_liveness_attack",
        DECLINED,
        "LIVENESS",
        "LIVENESS_FACE_ATTACK",
    ),
    fails(
        "decline_minimum_age",
        DECLINED,
        "ID_VERIFICATION",
        "MINIMUM_AGE_NOT_MET",
    ),
    fails(
        "decline_mrz_validation",
        DECLINED,
        "ID_VERIFICATION",
        "MRZ_VALIDATION_FAILED",
    ),
    fails(
        "decline_nfc_chip_not_verified",
        DECLINED,
        "NFC",
        "NFC_CHIP_NOT_VERIFIED",
    ),
    fails(
        "decline_poa_address_mismatch",
        DECLINED,
        "POA",
        "ADDRESS_MISMATCH_WITH_PROVIDED",
    ),
    fails(
        "review_aml_possible_match",
        IN_REVIEW,
        "AML",
        "POSSIBLE_MATCH_FOUND",
    ),
    fails(
        "review_face_match_borderline",
        IN_REVIEW,
        features::FACE_MATCH,
        "LOW_FACE_MATCH_SIMILARITY",
    ),
    fails(
        "review_poa_partial_match",
        IN_REVIEW,
        "POA",
        "ADDRESS_MISMATCH_WITH_PROVIDED",
    ),
];
