//! The command line.

use std::{ffi::OsString, fmt, fs, path::PathBuf, time::Duration};

use clap::{Parser, error::ErrorKind};
use url::Url;

use super::{MAX_PEOPLE, lifetime};
use crate::{
    FakeDidit, Person,
    didit::settings::MAX_AUTHENTICATION_LIFETIME,
    provider::{authorize::is_redirect_uri, product::Product},
};

/// A Didit for laptops and test suites: an OpenID provider on a port, strict by default, with faults on
/// request.
#[derive(Debug, Parser)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a switch of the command line each"
)]
#[command(name = "fake-didit", version, after_help = EXAMPLE)]
pub(super) struct Arguments {
    /// The client id of the application
    #[arg(long, value_name = "ID", value_parser = not_empty)]
    client_id: String,

    /// The client secret of the application
    #[arg(long, value_name = "SECRET", value_parser = not_empty)]
    #[arg(required_unless_present_any = ["public", "authentication"])]
    #[arg(conflicts_with_all = ["public", "authentication"])]
    client_secret: Option<String>,

    /// Where sign-ins go back to, byte for byte; may be repeated
    #[arg(long, value_name = "URI", required = true, value_parser = redirect_uri)]
    redirect_uri: Vec<String>,

    /// The address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4000")]
    pub(super) listen: String,

    /// Be Didit Authentication instead of the Sign in API: a public client, JSON at the token endpoint
    #[arg(long, conflicts_with_all = ["public", "client_secret_post", "rs256"])]
    authentication: bool,

    /// The client has no secret; it must use PKCE, and its refresh tokens rotate
    #[arg(long, conflicts_with = "client_secret_post")]
    public: bool,

    /// The client sends its secret in the body instead of the Authorization header
    #[arg(long)]
    client_secret_post: bool,

    /// The people who can sign in, as a JSON array, in place of the two ready-made ones
    #[arg(long, value_name = "FILE.json")]
    people: Option<PathBuf>,

    /// The scopes that the provider knows, in place of those that Didit documents
    #[arg(long, value_name = "'openid email'")]
    scopes: Option<String>,

    /// The `iss` of tokens, and where clients find the endpoints [default: http://ADDRESS:PORT]
    #[arg(long, value_name = "URL", value_parser = issuer)]
    issuer: Option<String>,

    /// How long a code can be used: 90, 90s, 5m, 2h or 30d [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = lifetime::parse)]
    code_lifetime: Option<Duration>,

    /// How long an access token counts [default: 1h; 5m for Didit Authentication]
    #[arg(long, value_name = "TIME", value_parser = lifetime::parse)]
    access_token_lifetime: Option<Duration>,

    /// How long a refresh token counts [default: 30d]
    #[arg(long, value_name = "TIME", value_parser = lifetime::parse)]
    refresh_token_lifetime: Option<Duration>,

    /// Give a new refresh token with each refresh; an old one that comes back ends the grant
    #[arg(long)]
    rotate_refresh_tokens: bool,

    /// Sign ID tokens with RS256 instead of ES256
    #[arg(long)]
    rs256: bool,

    /// Add `iss` to authorization responses (RFC 9207), as other OpenID providers do
    #[arg(long)]
    with_iss: bool,

    /// Have a token revocation endpoint (RFC 7009), as other OpenID providers do
    #[arg(long, conflicts_with = "authentication")]
    with_revocation: bool,

    /// Have a page that ends the session (RP-Initiated Logout), as other OpenID providers do
    #[arg(long, conflicts_with = "authentication")]
    with_end_session: bool,

    /// Where a browser may go from that page; may be repeated
    #[arg(long, value_name = "URI", requires = "with_end_session", value_parser = redirect_uri)]
    post_logout_redirect_uri: Vec<String>,
}

/// What a switch of the command line stands for.
type Setter = fn(FakeDidit) -> FakeDidit;

/// What is wrong with a command line, or what was asked for in place of a start.
#[derive(Debug)]
pub(super) enum Refusal {
    /// `--help` or `--version`: the text for the standard output.
    Asked(String),
    /// One line that says what to do.
    Wrong(String),
}

impl Arguments {
    /// Reads a command line, the program's name included.
    pub(super) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Refusal> {
        Self::try_parse_from(arguments).map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Refusal::Asked(error.render().to_string())
            }
            _ => Refusal::Wrong(one_line(&error.render().to_string())),
        })
    }

    /// The fake that is asked for, on the system's clock. Its issuer is that of [`issuer`](Self::issuer), once
    /// the origin is known.
    ///
    /// # Errors
    ///
    /// One line that says which argument is no good, and what to do.
    pub(super) fn didit(&self) -> Result<FakeDidit, String> {
        let mut didit = match &self.client_secret {
            _ if self.authentication => FakeDidit::authentication(&self.client_id),
            Some(secret) => FakeDidit::new(&self.client_id, secret),
            None => FakeDidit::new_public(&self.client_id),
        };
        didit = didit.with_system_clock();
        self.check_issuer()?;
        for uri in &self.redirect_uri {
            didit = didit.with_redirect_uri(uri);
        }
        for uri in &self.post_logout_redirect_uri {
            didit = didit.with_post_logout_redirect_uri(uri);
        }
        if let Some(scopes) = self.checked_scopes()? {
            didit = didit.with_scopes(scopes);
        }
        if let Some(people) = self.read_people()? {
            didit = didit.with_people(people);
        }
        if let Some(lifetime) = self.checked_access_token_lifetime()? {
            didit = didit.with_access_token_lifetime(lifetime);
        }
        if let Some(lifetime) = self.code_lifetime {
            didit = didit.with_code_lifetime(lifetime);
        }
        if let Some(lifetime) = self.refresh_token_lifetime {
            didit = didit.with_refresh_token_lifetime(lifetime);
        }
        let switches: [(bool, Setter); 6] = [
            (self.client_secret_post, FakeDidit::with_client_secret_post),
            (
                self.rotate_refresh_tokens,
                FakeDidit::with_rotating_refresh_tokens,
            ),
            (self.rs256, FakeDidit::with_rs256),
            (self.with_iss, FakeDidit::with_iss_parameter),
            (self.with_revocation, FakeDidit::with_revocation_endpoint),
            (self.with_end_session, FakeDidit::with_end_session_endpoint),
        ];
        let switched_on = switches.into_iter().filter(|(is_on, _)| *is_on);
        Ok(switched_on.fold(didit, |didit, (_, switch)| switch(didit)))
    }

    /// The issuer: `origin` unless another is given.
    pub(super) fn issuer<'a>(&'a self, origin: &'a str) -> &'a str {
        self.issuer.as_deref().unwrap_or(origin)
    }

    fn product(&self) -> Product {
        if self.authentication {
            Product::Authentication
        } else {
            Product::SignIn
        }
    }

    fn check_issuer(&self) -> Result<(), String> {
        match &self.issuer {
            Some(issuer) if self.authentication && issuer.ends_with('/') => Err(format!(
                "--issuer {issuer} must have no slash at its end with --authentication"
            )),
            _ => Ok(()),
        }
    }

    fn checked_scopes(&self) -> Result<Option<Vec<&str>>, String> {
        let Some(scopes) = &self.scopes else {
            return Ok(None);
        };
        let scopes: Vec<_> = scopes.split_ascii_whitespace().collect();
        if self.product() == Product::SignIn && !scopes.contains(&"openid") {
            return Err("--scopes must have openid, which every sign-in asks for: \
                        --scopes 'openid email'"
                .to_owned());
        }
        Ok(Some(scopes))
    }

    fn read_people(&self) -> Result<Option<Vec<Person>>, String> {
        let Some(path) = &self.people else {
            return Ok(None);
        };
        let wrong = |why: &dyn fmt::Display| format!("--people {}: {why}", path.display());
        let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let people = Person::from_json(&text).map_err(|error| wrong(&error))?;
        if people.len() > MAX_PEOPLE {
            let why = format!("{} people; leave at most {MAX_PEOPLE}", people.len());
            return Err(wrong(&why));
        }
        Ok(Some(people))
    }

    fn checked_access_token_lifetime(&self) -> Result<Option<Duration>, String> {
        match self.access_token_lifetime {
            Some(lifetime) if self.authentication && lifetime > MAX_AUTHENTICATION_LIFETIME => {
                Err("--access-token-lifetime must be at most 5m with --authentication".to_owned())
            }
            lifetime => Ok(lifetime),
        }
    }
}

/// What clap says in several paragraphs, without the usage.
fn one_line(error: &str) -> String {
    let said = error.split("\n\n").filter(|paragraph| {
        !paragraph.starts_with("Usage:") && !paragraph.starts_with("For more information")
    });
    let said: Vec<_> = said.flat_map(str::split_whitespace).collect();
    let said = said.join(" ").replace(" tip: ", "; ");
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    format!("{said}; --help shows all arguments")
}

fn not_empty(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    Ok(text.to_owned())
}

fn redirect_uri(uri: &str) -> Result<String, String> {
    if is_redirect_uri(uri) {
        return Ok(uri.to_owned());
    }
    Err(
        "must be an absolute URI without a fragment, for example http://localhost:3000/callback"
            .to_owned(),
    )
}

fn issuer(issuer: &str) -> Result<String, String> {
    // A URL parser also reads what clients do not: `http:host`, `http:///host`, `http:\\host`.
    let (_, rest) = issuer.split_once("://").unwrap_or_default();
    let has_host = rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[');
    let url = Url::parse(issuer)
        .ok()
        .filter(|url| ["http", "https"].contains(&url.scheme()) && has_host)
        .filter(|_| {
            issuer
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        });
    let url = url.ok_or("must be a URL, for example http://localhost:4000")?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must have neither a query nor a fragment".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must have neither a user name nor a password".to_owned());
    }
    if url.path() == "/fake" || url.path().starts_with("/fake/") {
        return Err("must not be below /fake, where the start page is".to_owned());
    }
    Ok(issuer.to_owned())
}

const EXAMPLE: &str = "\
Example:
  fake-didit --client-id app --client-secret secret --redirect-uri http://localhost:3000/callback

The program prints the issuer for your client, the environment for tower-didit, and the address of its
start page, which shows each request and has switches for faults. The same is a JSON API below /fake/api/.";
