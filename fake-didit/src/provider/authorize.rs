//! The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1).

use std::fmt;

use url::{Url, form_urlencoded};

use crate::provider::{
    client::Client,
    form::{Form, FormError},
    product::Product,
    scope::Scope,
};

/// The registered client, and what an authorization request may ask for.
pub(crate) struct Registration<'a> {
    pub(crate) product: Product,
    pub(crate) client: &'a Client,
    pub(crate) scopes: &'a [String],
    pub(crate) redirect_uris: &'a [String],
    /// The `iss` of responses (RFC 9207 §2), if it is sent.
    pub(crate) iss: Option<&'a str>,
}

/// A valid authorization request.
#[derive(Clone)]
pub(crate) struct AuthorizeRequest {
    pub(crate) redirect_uri: String,
    pub(crate) scope: Scope,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<String>,
    state: Option<String>,
    iss: Option<String>,
}

/// Why an authorization request is rejected.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The client or its redirect URI is not trusted: an error page, never a redirect (RFC 6749 §4.1.2.1).
    Page(String),
    /// The redirect that returns the error to the client, and the reason.
    Redirect { to: String, why: String },
}

impl AuthorizeRequest {
    /// Checks the query of an authorization request.
    pub(crate) fn parse(query: &str, registration: &Registration<'_>) -> Result<Self, Refusal> {
        let Registration {
            product, client, ..
        } = *registration;
        let form =
            Form::with_repetitions(query).map_err(|error| Refusal::Page(error.description()))?;
        // An error in these must not redirect.
        if let Some(name) = ["client_id", "redirect_uri", "state"]
            .into_iter()
            .find(|name| form.count(name) > 1)
        {
            return Err(Refusal::Page(
                FormError::Duplicate(name.to_owned()).description(),
            ));
        }
        // An issuer of Didit Authentication has one client only.
        let is_optional = product == Product::Authentication;
        if form
            .get("client_id")
            .map_or(!is_optional, |id| id != client.id)
        {
            return Err(Refusal::Page("client_id is missing or unknown".to_owned()));
        }
        let redirect_uri = form.get("redirect_uri").unwrap_or_default();
        if !registration
            .redirect_uris
            .iter()
            .any(|registered| registered == redirect_uri)
        {
            return Err(Refusal::Page(
                "redirect_uri is missing or not registered".to_owned(),
            ));
        }

        let mut request = Self {
            redirect_uri: redirect_uri.to_owned(),
            scope: Scope::none(),
            // Didit Authentication documents no nonce, so it is accepted and ignored.
            nonce: form
                .get("nonce")
                .filter(|_| product == Product::SignIn)
                .map(str::to_owned),
            challenge: None,
            state: form.get("state").map(str::to_owned),
            iss: registration.iss.map(str::to_owned),
        };
        let refused = |request: &Self, (code, why): (&str, String)| {
            let to = request.refused(code, &why);
            Refusal::Redirect { to, why }
        };
        if let Some(name) = form.repeated() {
            let why = FormError::Duplicate(name.to_owned()).description();
            return Err(refused(&request, ("invalid_request", why)));
        }
        check_response_type(&form, product).map_err(|error| refused(&request, error))?;
        request.scope = scope(&form, registration).map_err(|error| refused(&request, error))?;
        request.challenge = challenge(&form, client).map_err(|error| refused(&request, error))?;
        match product {
            Product::SignIn => check_prompt(&form),
            Product::Authentication => check_documented(&form),
        }
        .map_err(|error| refused(&request, error))?;
        Ok(request)
    }

    /// The request behind tokens that are issued without a sign-in.
    pub(crate) fn for_scope(scope: Scope) -> Self {
        Self {
            redirect_uri: String::new(),
            scope,
            nonce: None,
            challenge: None,
            state: None,
            iss: None,
        }
    }

    /// The URL that returns a code to the client.
    pub(crate) fn approved(&self, code: &str) -> String {
        self.redirect_url(&[("code", code)])
    }

    /// The URL that returns an error to the client.
    pub(crate) fn refused(&self, code: &str, description: &str) -> String {
        self.redirect_url(&[("error", code), ("error_description", description)])
    }

    /// The redirect URI with parameters added to its own query (RFC 6749 §3.1.2).
    fn redirect_url(&self, parameters: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        query.extend_pairs(self.state.iter().map(|state| ("state", state)));
        query.extend_pairs(self.iss.iter().map(|iss| ("iss", iss)));
        let separator = if self.redirect_uri.contains('?') {
            '&'
        } else {
            '?'
        };
        format!("{}{separator}{}", self.redirect_uri, query.finish())
    }
}

impl fmt::Debug for AuthorizeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizeRequest")
            .field("redirect_uri", &self.redirect_uri)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// Whether a URI can be registered: absolute, without a fragment (RFC 6749 §3.1.2), and valid in a
/// `Location` header.
pub(crate) fn is_redirect_uri(uri: &str) -> bool {
    uri.bytes().all(|byte| byte.is_ascii_graphic())
        && Url::parse(uri).is_ok_and(|url| url.has_host() && url.fragment().is_none())
}

/// The error code for the client, and its description.
type ErrorForClient = (&'static str, String);

fn check_response_type(form: &Form, product: Product) -> Result<(), ErrorForClient> {
    match form.get("response_type") {
        Some("code") => Ok(()),
        None if product == Product::Authentication => Ok(()),
        Some(_) => Err((
            "unsupported_response_type",
            "response_type must be code".to_owned(),
        )),
        None => Err(("invalid_request", "response_type is missing".to_owned())),
    }
}

fn scope(form: &Form, registration: &Registration<'_>) -> Result<Scope, ErrorForClient> {
    let scope = Scope::parse(form.get("scope").unwrap_or_default(), registration.scopes)
        .map_err(|unknown| ("invalid_scope", format!("scope {unknown} is unknown")))?;
    if scope.contains("openid") || registration.product == Product::Authentication {
        Ok(scope)
    } else {
        Err(("invalid_scope", "scope openid is missing".to_owned()))
    }
}

/// RFC 7636 §4.3. Only S256; a public client must send one (RFC 9700 §2.1.1).
fn challenge(form: &Form, client: &Client) -> Result<Option<String>, ErrorForClient> {
    let refused = |why: &str| Err(("invalid_request", why.to_owned()));
    match (
        form.get("code_challenge"),
        form.get("code_challenge_method"),
    ) {
        (None, None) if client.is_public() => refused("code_challenge is missing"),
        (None, None) => Ok(None),
        (None, Some(_)) => refused("code_challenge_method without a code_challenge"),
        (Some(challenge), Some("S256")) if is_s256(challenge) => Ok(Some(challenge.to_owned())),
        (Some(_), Some("S256")) => refused("code_challenge is malformed"),
        (Some(_), _) => refused("code_challenge_method must be S256"),
    }
}

/// Core §3.1.2.6: the fake keeps no session of a browser, so every sign-in needs interaction.
fn check_prompt(form: &Form) -> Result<(), ErrorForClient> {
    match form.get("prompt") {
        Some("none") => Err((
            "login_required",
            "the provider has no session of this browser".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Didit Authentication requires a `state` and rejects parameters that it does not document.
fn check_documented(form: &Form) -> Result<(), ErrorForClient> {
    if form.get("state").is_none() {
        return Err(("invalid_request", "state is missing".to_owned()));
    }
    match form.names().find(|name| !AUTHENTICATION.contains(name)) {
        Some(name) => Err(("invalid_request", format!("{name} is not documented"))),
        None => Ok(()),
    }
}

/// Whether the text has the form of a SHA-256 hash in base64url.
fn is_s256(challenge: &str) -> bool {
    challenge.len() == 43
        && challenge
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// The parameters that Didit Authentication documents, and those that any OpenID Connect client may send.
const AUTHENTICATION: [&str; 8] = [
    "redirect_uri",
    "state",
    "code_challenge",
    "code_challenge_method",
    "response_type",
    "client_id",
    "scope",
    "nonce",
];
