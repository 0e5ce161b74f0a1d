//! What can be wrong with a webhook.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use serde_json::{Map, Value, json};

use crate::verification::{
    features,
    webhook::{body::LONG_NUMBER, event, request::Signed},
};

/// One thing that is wrong with a webhook, for
/// [`FakeVerification::on_next_webhook`](crate::FakeVerification::on_next_webhook).
///
/// Some arrive late, twice or never; some are [forged](Self::is_forgery); the others are signed correctly, but must not
/// verify the user. Later releases may add more.
///
/// ```
/// use fake_didit::{FakeDidit, WebhookFault};
///
/// let verification = FakeDidit::new("app", "secret").verification();
/// for fault in WebhookFault::all().filter(WebhookFault::is_forgery) {
///     verification.on_next_webhook(fault);
///     // Verify here, deliver, and fail with `fault.name()` if the application accepts the webhook.
/// }
/// assert_eq!(WebhookFault::TAMPERED.name(), "TAMPERED");
/// ```
///
/// `Display` describes what the fault does, such as `sends the webhook twice`.
#[derive(Clone, Copy)]
pub struct WebhookFault {
    name: &'static str,
    text: &'static str,
    pub(crate) kind: Kind,
}

/// What a fault changes.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// When the event is sent.
    Time(Time),
    /// The event, before it is signed.
    Event(fn(&mut Map<String, Value>)),
    /// The time in the body, in seconds before now.
    Old(fn(&mut Signed), u64),
    /// The signed request, of which a receiver must refuse the result.
    Forgery(fn(&mut Signed)),
    /// The signed request, which stays authentic.
    Request(fn(&mut Signed)),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    Twice,
    AfterTheNext,
    Late,
    Never,
}

/// Constants, and the list of them, so that the list misses none.
macro_rules! faults {
    ($($(#[$doc:meta])+ const $name:ident = $text:literal, $kind:expr;)+) => {
        /// # Faults
        impl WebhookFault {
            $(
                $(#[$doc])+
                pub const $name: Self = Self { name: stringify!($name), text: $text, kind: $kind };
            )+
        }

        const ALL: &[WebhookFault] = &[$(WebhookFault::$name),+];
    };
}

faults! {
    /// Sent twice, with the same `event_id`.
    const DUPLICATE = "sends the webhook twice", Kind::Time(Time::Twice);
    /// Sent after the next event.
    const REORDERED = "sends the webhook after the next one", Kind::Time(Time::AfterTheNext);
    /// Sent an hour later.
    const LATE = "sends the webhook an hour later", Kind::Time(Time::Late);
    /// Never sent.
    const NEVER = "does not send the webhook", Kind::Time(Time::Never);
    /// Signed an hour ago: a replay. Forged.
    const STALE = "sends the webhook as signed an hour ago", Kind::Old(|_| {}, HOUR);
    /// Signed an hour ago, with an `X-Timestamp` of now: a replay. Forged.
    const RESTAMPED = "sends a webhook of an hour ago with a new X-Timestamp",
        Kind::Old(|signed| signed.timestamp = (signed.now).to_string(), HOUR);
    /// Signed with another secret. Forged.
    const WRONG_SECRET = "signs the webhook with another secret", Kind::Forgery(|signed| signed.sign("another secret"));
    /// Without a signature. Forged.
    const UNSIGNED = "sends no signature", Kind::Forgery(Signed::remove_signatures);
    /// With no other signature than `X-Signature-Simple`, which does not cover the decision. Forged.
    const SIMPLE_SIGNATURE_ONLY = "sends X-Signature-Simple only", Kind::Forgery(|signed| {
        signed.raw = None;
        signed.canonical = None;
    });
    /// Without a signature, with the header of the console's test. Forged.
    const UNSIGNED_TEST = "sends X-Didit-Test-Webhook without a signature", Kind::Forgery(|signed| {
        signed.remove_signatures();
        signed.is_test = true;
    });
    /// Changed after it was signed: approved, and about another user. Forged.
    const TAMPERED = "changes the webhook after it was signed", Kind::Forgery(|signed| {
        let mut event = signed.event.clone();
        set(&mut event, "status", &json!("Approved"));
        set(&mut event, "vendor_data", &json!("tampered-user"));
        signed.write(&event);
    });
    /// Signed, with a member of the JSON object twice. Forged.
    const REPEATED_MEMBER = "repeats a member of the body", Kind::Forgery(|signed| {
        let mut event = signed.event.clone();
        event.entry("status").or_insert_with(|| json!("Approved"));
        signed.write(&event);
        signed.body = signed.body.replacen('{', "{\"status\":\"Declined\",", 1);
        signed.sign_again();
    });
    /// The console's "Try Webhook": signed, with invented data, often approved.
    const TEST = "sends the console's test webhook", Kind::Request(|signed| {
        let mut event = signed.event.clone();
        event.remove("event_id");
        event.remove("application_id");
        set(&mut event, "status", &json!("Approved"));
        set(&mut event, "vendor_data", &json!("test-vendor-data-123"));
        set(&mut event, "metadata", &json!({"test_webhook": true}));
        signed.write(&event);
        signed.sign_again();
        signed.is_test = true;
    });
    /// Written anew by a gateway: only `X-Signature-V2` is valid.
    const REENCODED = "re-encodes the body after it was signed", Kind::Request(|signed| {
        let event = Value::Object(signed.event.clone());
        signed.body = format!("{event:#}");
    });
    /// The decision in the form of webhook version 2: objects instead of arrays.
    const V2_PAYLOAD = "sends the decision in the form of version 2", Kind::Event(event::into_v2);
    /// With a status that Didit does not document.
    const UNKNOWN_STATUS = "sends an unknown status", Kind::Event(|event| set(event, "status", &json!("Verified")));
    /// Without the arrays of the checks.
    const MISSING_CHECKS = "sends a decision without checks", Kind::Event(|event| {
        if let Some(Value::Object(decision)) = event.get_mut("decision") {
            for feature in features::ALL {
                decision.remove(feature.member);
            }
        }
    });
    /// Approved, although the face match was declined.
    const DECLINED_FACE_MATCH = "declines the face match, whatever the status", Kind::Event(|event| {
        if let Some(decision) = event.get_mut("decision") {
            decision["face_matches"] = json!([
                {"node_id": "feature_face_match", "status": "Declined", "score": 31.5, "warnings": []}
            ]);
        }
    });
    /// With a serial number of 39 digits, as a JSON number.
    const LONG_NUMBER = "sends a number of 39 digits", Kind::Event(|event| {
        set(event, "serial_number", &json!(LONG_NUMBER));
    });
    /// From the sandbox, or live if the application is one of the sandbox.
    const OTHER_ENVIRONMENT = "names the other environment", Kind::Event(|event| {
        let is_live = event.get("environment").is_some_and(|environment| environment == "live");
        set(event, "environment", &json!(if is_live { "sandbox" } else { "live" }));
    });
    /// About another session.
    const OTHER_SESSION = "names another session", Kind::Event(|event| {
        set(event, "session_id", &json!("00000000-0000-4000-a000-000000000001"));
    });
    /// About another user.
    const OTHER_USER = "names another user", Kind::Event(|event| {
        set(event, "vendor_data", &json!("another-user"));
    });
    /// About another workflow.
    const OTHER_WORKFLOW = "names another workflow", Kind::Event(|event| {
        set(event, "workflow_id", &json!("00000000-0000-4000-a000-000000000002"));
    });
}

impl WebhookFault {
    /// All faults. [Example](Self).
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().copied()
    }

    /// The name of the constant. [Example](Self).
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether a receiver must refuse the webhook: Didit has not sent it in this form, or not now. [Example](Self).
    pub fn is_forgery(&self) -> bool {
        matches!(self.kind, Kind::Forgery(_) | Kind::Old(..))
    }
}

impl fmt::Debug for WebhookFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookFault::{}", self.name)
    }
}

impl fmt::Display for WebhookFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl PartialEq for WebhookFault {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for WebhookFault {}

impl Hash for WebhookFault {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// Sets a member of the event and the same member of its decision.
fn set(event: &mut Map<String, Value>, name: &str, value: &Value) {
    event.insert(name.to_owned(), value.clone());
    if let Some(Value::Object(decision)) = event.get_mut("decision") {
        decision.insert(name.to_owned(), value.clone());
    }
}

/// In seconds.
pub(crate) const HOUR: u64 = 3600;
