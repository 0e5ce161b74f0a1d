//! The steps that a person has to repeat.

use std::fmt;

use serde_json::{Value, json};

use crate::json::{self, Object};

/// A step of the workflow that the person has to repeat. `Debug` does not show the reason.
/// [Example](super::WebhookEvent::resubmit).
#[derive(Clone, PartialEq, Eq)]
pub struct ResubmitStep {
    node_id: Option<String>,
    feature: Option<String>,
    reason: Option<String>,
}

impl ResubmitStep {
    /// A step for [`VerificationClient::resubmit`](crate::verification::VerificationClient::resubmit): its id in the
    /// workflow, and the name of its feature at Didit.
    ///
    /// ```
    /// use tower_didit::verification::ResubmitStep;
    ///
    /// let step = ResubmitStep::new("feature_ocr", "OCR");
    /// assert_eq!(step.node_id(), Some("feature_ocr"));
    /// assert_eq!(step.feature(), Some("OCR"));
    /// ```
    pub fn new(node_id: impl Into<String>, feature: impl Into<String>) -> Self {
        Self {
            node_id: Some(node_id.into()),
            feature: Some(feature.into()),
            reason: None,
        }
    }

    /// The step in a request.
    pub(in crate::verification) fn to_json(&self) -> Value {
        json!({"node_id": self.node_id, "feature": self.feature})
    }

    /// The steps of a webhook's `resubmit_info`.
    pub(super) fn all(info: &Object) -> Option<Vec<Self>> {
        let nodes = json::member(info, "nodes_to_resubmit")?.as_array()?;
        let reasons = info.get("reasons");
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let steps = nodes.iter().map(|node| {
            let node_id = text(&node["node_id"]);
            let reason = node_id.as_ref().and_then(|id| text(reasons?.get(id)?));
            Self {
                feature: text(&node["feature"]),
                node_id,
                reason,
            }
        });
        Some(steps.collect())
    }

    /// The id of the step in the workflow, such as `feature_ocr`. [Example](super::WebhookEvent::resubmit).
    pub fn node_id(&self) -> Option<&str> {
        self.node_id.as_deref()
    }

    /// The feature of the step, such as `OCR`. [Example](super::WebhookEvent::resubmit).
    pub fn feature(&self) -> Option<&str> {
        self.feature.as_deref()
    }

    /// Why the person has to repeat the step, in the words of an employee.
    /// [Example](super::WebhookEvent::resubmit).
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

impl fmt::Debug for ResubmitStep {
    /// Without the reason, which is about the person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResubmitStep")
            .field("node_id", &self.node_id)
            .field("feature", &self.feature)
            .finish_non_exhaustive()
    }
}
