//! The settings of a new verification session.

use std::fmt;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

use super::{id::is_uuid, request_body::RequestBody};
use crate::{error::Error, seal::sha256, tokens::IdClaims};

/// The settings of a new verification session: the workflow, the user, and optional ones.
///
/// ```
/// use tower_didit::verification::{CallbackMethod, NewVerification};
///
/// let verification = NewVerification::new("99999999-8888-4777-8666-555555555555", "user-42")
///     .with_callback("https://app.example/verified")
///     .with_callback_method(CallbackMethod::Both)
///     .with_language("es")
///     .with_email("ana@example.com")
///     .with_notification_emails("es")
///     .with_phone("+34600000000")
///     .with_metadata(serde_json::json!({"plan": "premium"}))
///     .with_expected_details(serde_json::json!({"last_name": "García", "date_of_birth": "1990-05-15"}));
/// assert_eq!(verification.vendor_data(), "user-42");
/// ```
///
/// [`create`](super::VerificationClient::create) checks the settings.
#[derive(Clone)]
#[must_use]
pub struct NewVerification {
    body: RequestBody,
    contact: Map<String, Value>,
    vendor_data: String,
}

impl NewVerification {
    /// A session of this workflow for this user. `vendor_data` is the application's stable id of the user, not an e-mail
    /// address: Didit resumes the user's unfinished session by it, and the verdict compares it.
    /// [Example](Self).
    pub fn new(workflow_id: impl Into<String>, vendor_data: impl Into<String>) -> Self {
        let (workflow_id, vendor_data) = (workflow_id.into(), vendor_data.into());
        let mut body = RequestBody::default();
        body.check(is_uuid(&workflow_id), "`workflow_id` is not a UUID");
        body.check(!vendor_data.is_empty(), "`vendor_data` is empty");
        body.set("workflow_id", workflow_id);
        body.set("vendor_data", vendor_data.as_str());
        Self {
            body,
            contact: Map::new(),
            vendor_data,
        }
    }

    /// A session of this workflow for a signed-in user. The `vendor_data` is the user's subject at Didit. For users of
    /// other providers, whose subjects could be equal to those of Didit's users, it is a hash of issuer and subject.
    ///
    /// ```
    /// use tower_didit::{IdClaims, verification::NewVerification};
    ///
    /// fn verification(user: &IdClaims) -> NewVerification {
    ///     NewVerification::of_user("99999999-8888-4777-8666-555555555555", user)
    /// }
    /// # use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
    /// # let person = Person::john();
    /// # let didit = FakeDidit::new("app", "secret");
    /// # let claims = didit.id_claims(&person);
    /// # assert_eq!(verification(&claims).vendor_data(), claims.subject());
    /// ```
    pub fn of_user(workflow_id: impl Into<String>, user: &IdClaims) -> Self {
        Self::new(workflow_id, vendor_data(user))
    }

    /// The user's id at Didit, for [`Requirements::with_vendor_data`](super::Requirements::with_vendor_data).
    /// [Example](Self).
    pub fn vendor_data(&self) -> &str {
        &self.vendor_data
    }

    /// The absolute URL that the browser returns to; a mobile app's may be `myapp://verified`. Didit adds the parameters
    /// `verificationSessionId` and `status`, unsigned: read the decision instead. [Example](Self).
    ///
    /// Default: the callback of the workflow.
    pub fn with_callback(mut self, url: impl AsRef<str>) -> Self {
        let url = url.as_ref();
        let is_address = Url::parse(url).is_ok_and(|url| !SCRIPTS.contains(&url.scheme()));
        self.body
            .check(is_address, "`callback` is not an absolute URL");
        self.set("callback", url)
    }

    /// The device that returns to the callback, if the person begins on one device and finishes on another.
    /// [Example](Self).
    ///
    /// Default: [`CallbackMethod::Initiator`].
    pub fn with_callback_method(self, method: CallbackMethod) -> Self {
        self.set("callback_method", method.as_str())
    }

    /// The language of Didit's pages, such as `en` or `pt-BR`. [Example](Self).
    ///
    /// Default: the browser's.
    pub fn with_language(self, language: impl Into<String>) -> Self {
        self.set("language", language.into())
    }

    /// The person's e-mail address, which Didit fills in. [Example](Self).
    ///
    /// Default: the person types it, if the workflow asks for it.
    pub fn with_email(mut self, address: impl Into<String>) -> Self {
        self.contact
            .insert("email".to_owned(), address.into().into());
        self
    }

    /// Lets Didit send e-mails in this language to the address of [`with_email`](Self::with_email): the link, and the
    /// outcome of a review. [Example](Self).
    ///
    /// Default: Didit sends no e-mail.
    pub fn with_notification_emails(mut self, language: impl Into<String>) -> Self {
        let contact = &mut self.contact;
        contact.insert(NOTIFICATIONS.to_owned(), true.into());
        contact.insert("email_lang".to_owned(), language.into().into());
        self
    }

    /// The person's phone number, which Didit fills in: `+`, then up to 15 digits (E.164). Didit ignores others.
    /// [Example](Self).
    ///
    /// Default: the person types it, if the workflow asks for it.
    pub fn with_phone(mut self, number: impl Into<String>) -> Self {
        self.contact
            .insert("phone".to_owned(), number.into().into());
        self
    }

    /// JSON that Didit returns in responses and webhooks. The person does not see it. [Example](Self).
    ///
    /// Default: none.
    pub fn with_metadata(self, metadata: impl Serialize) -> Self {
        self.set_json("metadata", metadata, "`metadata` is not JSON")
    }

    /// Details that the application knows: Didit warns if a document differs. A JSON object with any of `first_name`,
    /// `last_name`, `date_of_birth` (`YYYY-MM-DD`), `gender` (`M`, `F`), `nationality`, `country`, `id_country`,
    /// `poa_country` (ISO 3166-1 alpha-3), `address` (needs `country` or `poa_country`), `identification_number`,
    /// `ip_address`, `expected_document_types` (a list of `P`, `ID`, `DL`, `RP`, `HIC`, `TC`, `SSC`); of a business
    /// `company_name`, `registry_country`, `registration_number`. [Example](Self).
    ///
    /// Default: nothing is expected.
    pub fn with_expected_details(mut self, details: impl Serialize) -> Self {
        const NAME: &str = "expected_details";
        self = self.set_json(NAME, details, "`expected_details` is not JSON");
        let details = self.body.get(NAME).unwrap_or(&Value::Null);
        let has = |name: &str| details.get(name).is_some_and(|value| !value.is_null());
        let is_object = details.is_object();
        let has_country = !has("address") || has("country") || has("poa_country");
        self.body
            .check(is_object, "`expected_details` is not an object");
        self.body
            .check(has_country, "an expected `address` needs a country");
        self
    }

    /// A picture of the person's face (JPEG, PNG, WebP or TIFF, at most 2 MiB), for a workflow that compares with it.
    ///
    /// Default: none.
    ///
    /// ```
    /// use tower_didit::verification::NewVerification;
    ///
    /// fn again(portrait: &[u8]) -> NewVerification {
    ///     NewVerification::new("99999999-8888-4777-8666-555555555555", "user-42").with_portrait(portrait)
    /// }
    /// # let _ = again(&[]);
    /// ```
    pub fn with_portrait(mut self, image: &[u8]) -> Self {
        let fits = (1..=MAX_PORTRAIT).contains(&image.len());
        self.body
            .check(fits, "`portrait_image` is empty or larger than 2 MiB");
        self.set("portrait_image", BASE64_STANDARD.encode(image))
    }

    /// The outcome of a session in Didit's sandbox, such as `approve` or `decline_aml_hit`. Didit refuses it with the API key
    /// of a live application.
    ///
    /// Default: none.
    ///
    /// ```
    /// use tower_didit::verification::NewVerification;
    ///
    /// let verification = NewVerification::new("99999999-8888-4777-8666-555555555555", "user-42")
    ///     .with_sandbox_scenario("decline_aml_hit");
    /// # let _ = verification;
    /// ```
    pub fn with_sandbox_scenario(self, scenario: impl Into<String>) -> Self {
        self.set("sandbox_scenario", scenario.into())
    }

    /// The body of the request.
    pub(super) fn into_json(self) -> Result<Vec<u8>, Error> {
        let wants_email = self.contact.contains_key(NOTIFICATIONS);
        let has_email = !wants_email || self.contact.contains_key("email");
        let mut body = self.body;
        body.check(has_email, "notification e-mails need an e-mail address");
        if !self.contact.is_empty() {
            body.set("contact_details", self.contact);
        }
        body.into_json()
    }

    fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.body.set(name, value);
        self
    }

    fn set_json(mut self, name: &str, value: impl Serialize, wrong: &'static str) -> Self {
        let value = serde_json::to_value(value);
        self.body.check(value.is_ok(), wrong);
        self.set(name, value.unwrap_or_default())
    }
}

impl fmt::Debug for NewVerification {
    /// Without the user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewVerification")
            .field("workflow_id", &self.body.get("workflow_id"))
            .finish_non_exhaustive()
    }
}

/// The device that returns to the callback, if a person begins on one device and finishes on another.
/// [Example](NewVerification).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallbackMethod {
    /// The device on which the person began.
    #[default]
    Initiator,
    /// The device on which the person finished. The application's cookies may be missing there.
    Completer,
    /// Both.
    Both,
}

impl CallbackMethod {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Initiator => "initiator",
            Self::Completer => "completer",
            Self::Both => "both",
        }
    }
}

/// The user's id at Didit.
pub(super) fn vendor_data(user: &IdClaims) -> String {
    if is_didit(user.issuer()) {
        return user.subject().to_owned();
    }
    let length = user.issuer().len().to_be_bytes();
    let (issuer, subject) = (user.issuer().as_bytes(), user.subject().as_bytes());
    let hash = sha256(&[&length, issuer, subject]);
    BASE64_URL_SAFE_NO_PAD.encode(hash)
}

/// Whether an issuer is Didit: the Sign in API, or an application of Didit Authentication.
fn is_didit(issuer: &str) -> bool {
    let url = Url::parse(issuer).ok();
    let url = url.filter(|url| url.scheme() == "https");
    let host = url.as_ref().and_then(Url::host_str);
    host.is_some_and(|host| host == DIDIT || host.ends_with(".didit.me"))
}

const DIDIT: &str = "didit.me";
const NOTIFICATIONS: &str = "send_notification_emails";
/// Schemes whose URLs run code in the page that links to them.
const SCRIPTS: [&str; 3] = ["javascript", "data", "vbscript"];
/// In bytes.
const MAX_PORTRAIT: usize = 2 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_of_different_issuers_have_different_vendor_data() {
        for (issuer, expected) in [
            ("https://didit.me", true),
            ("https://auth.didit.me/", true),
            ("https://acme.auth.didit.me", true),
            ("http://auth.didit.me", false),
            ("https://didit.me.example", false),
            ("https://notdidit.me", false),
            ("https://op.example/didit.me", false),
            ("https://didit.me@op.example", false),
        ] {
            assert_eq!(is_didit(issuer), expected, "{issuer}");
        }
    }
}
