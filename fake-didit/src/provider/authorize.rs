//! The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1).

use std::fmt;

use url::{Url, form_urlencoded};

use crate::provider::{
    client::Client,
    form::{Form, FormError},
    product::Product,
    scope::Scope,
};

/// What a request is checked against.
pub(crate) struct Registration<'a> {
    pub(crate) product: Product,
    pub(crate) client: &'a Client,
    pub(crate) scopes: &'a [String],
    pub(crate) redirect_uris: &'a [String],
    /// The `iss` of answers (RFC 9207 §2), if they have one.
    pub(crate) iss: Option<&'a str>,
}

/// A request that was found good.
#[derive(Clone)]
pub(crate) struct AuthorizeRequest {
    pub(crate) redirect_uri: String,
    pub(crate) scope: Scope,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<String>,
    state: Option<String>,
    iss: Option<String>,
}

/// A request that was not.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The client or its redirect URI cannot be trusted: a page, never a redirect (RFC 6749 §4.1.2.1).
    Page(String),
    /// Sent to the client: the URL to redirect to, and the reason.
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
        // The client and its redirect URI are checked before any redirect.
        if let Some(name) = ["client_id", "redirect_uri", "state"]
            .into_iter()
            .find(|name| form.times(name) > 1)
        {
            return Err(Refusal::Page(
                FormError::Duplicate(name.to_owned()).description(),
            ));
        }
        // An issuer of Didit Authentication has one client only.
        let may_be_missing = product == Product::Authentication;
        if form
            .get("client_id")
            .map_or(!may_be_missing, |id| id != client.id)
        {
            return Err(Refusal::Page("client_id is missing or unknown".to_owned()));
        }
        let redirect_uri = form.get("redirect_uri").unwrap_or_default();
        if !registration
            .redirect_uris
            .iter()
            .any(|known| known == redirect_uri)
        {
            return Err(Refusal::Page(
                "redirect_uri is missing or not registered".to_owned(),
            ));
        }

        let mut request = Self {
            redirect_uri: redirect_uri.to_owned(),
            scope: Scope::none(),
            // Didit Authentication documents none: taken, and never seen again.
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

    /// A request for a scope that no browser brought.
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

    /// Where the browser goes with a code.
    pub(crate) fn approved(&self, code: &str) -> String {
        self.back(&[("code", code)])
    }

    /// Where the browser goes with an error.
    pub(crate) fn refused(&self, code: &str, description: &str) -> String {
        self.back(&[("error", code), ("error_description", description)])
    }

    /// The redirect URI with more query; its own is kept (RFC 6749 §3.1.2).
    fn back(&self, more: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(more);
        query.extend_pairs(self.state.iter().map(|state| ("state", state)));
        query.extend_pairs(self.iss.iter().map(|iss| ("iss", iss)));
        let joint = if self.redirect_uri.contains('?') {
            '&'
        } else {
            '?'
        };
        format!("{}{joint}{}", self.redirect_uri, query.finish())
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

/// Whether a URI may be registered: absolute, without a fragment (RFC 6749 §3.1.2), and fit for a
/// `Location` header.
pub(crate) fn is_redirect_uri(uri: &str) -> bool {
    uri.bytes().all(|byte| byte.is_ascii_graphic())
        && Url::parse(uri).is_ok_and(|url| url.has_host() && url.fragment().is_none())
}

type Told = (&'static str, String);

fn check_response_type(form: &Form, product: Product) -> Result<(), Told> {
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

fn scope(form: &Form, registration: &Registration<'_>) -> Result<Scope, Told> {
    let scope = Scope::parse(form.get("scope").unwrap_or_default(), registration.scopes)
        .map_err(|unknown| ("invalid_scope", format!("scope {unknown} is unknown")))?;
    if scope.contains("openid") || registration.product == Product::Authentication {
        Ok(scope)
    } else {
        Err(("invalid_scope", "scope openid is missing".to_owned()))
    }
}

/// RFC 7636 §4.3; only S256, and a must for a public client (RFC 9700 §2.1.1).
fn challenge(form: &Form, client: &Client) -> Result<Option<String>, Told> {
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

/// Core §3.1.2.6: the fake has no sessions, so each sign-in needs a click.
fn check_prompt(form: &Form) -> Result<(), Told> {
    match form.get("prompt") {
        Some("none") => Err(("login_required", "nobody is signed in here".to_owned())),
        _ => Ok(()),
    }
}

/// What Didit Authentication does not document is refused, and a `state` is a must.
fn check_documented(form: &Form) -> Result<(), Told> {
    if form.get("state").is_none() {
        return Err(("invalid_request", "state is missing".to_owned()));
    }
    match form.names().find(|name| !AUTHENTICATION.contains(name)) {
        Some(name) => Err(("invalid_request", format!("{name} is not documented"))),
        None => Ok(()),
    }
}

/// The base64url of a SHA-256 hash.
fn is_s256(challenge: &str) -> bool {
    challenge.len() == 43
        && challenge
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// The parameters of Didit Authentication's sign-in page, those of OAuth and OpenID Connect included
/// that any client may send.
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
