//! The command line.

use std::{ffi::OsString, fmt, fs, path::PathBuf, time::Duration};

use clap::{Parser, error::ErrorKind};

use super::{MAX_PEOPLE, lifetime, values};
use crate::{
    FakeDidit, Person, didit::settings::MAX_AUTHENTICATION_LIFETIME, provider::product::Product,
};

/// An OpenID provider that behaves like Didit, for development and tests: strict by default, with faults on
/// request.
#[derive(Debug, Parser)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
#[command(name = "fake-didit", version, after_help = EXAMPLE)]
pub(super) struct Arguments {
    /// The client id of the application
    #[arg(long, value_name = "ID", value_parser = values::not_empty)]
    client_id: String,

    /// The client secret of the application
    #[arg(long, value_name = "SECRET", value_parser = values::not_empty)]
    #[arg(required_unless_present_any = ["public", "authentication"])]
    #[arg(conflicts_with_all = ["public", "authentication"])]
    client_secret: Option<String>,

    /// A registered redirect URI, compared byte for byte; may be repeated
    #[arg(long, value_name = "URI", required = true, value_parser = values::redirect_uri)]
    redirect_uri: Vec<String>,

    /// The address to listen on; port 0 selects a free port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4000")]
    pub(super) listen: String,

    /// Serve Didit Authentication instead of the Sign in API: a public client, JSON at the token endpoint
    #[arg(long, conflicts_with_all = ["public", "client_secret_post", "rs256"])]
    authentication: bool,

    /// The client is public: no secret, mandatory PKCE, rotating refresh tokens
    #[arg(long, conflicts_with = "client_secret_post")]
    public: bool,

    /// Expect the client secret in the body instead of the Authorization header
    #[arg(long)]
    client_secret_post: bool,

    /// The people who can sign in, as a JSON array [default: Alejandra and John]
    #[arg(long, value_name = "FILE.json")]
    people: Option<PathBuf>,

    /// The accepted scopes [default: those that Didit documents]
    #[arg(long, value_name = "'openid email'")]
    scopes: Option<String>,

    /// The issuer: the `iss` of tokens, and the base of the endpoints' URLs [default: http://ADDRESS:PORT]
    #[arg(long, value_name = "URL", value_parser = values::issuer)]
    issuer: Option<String>,

    /// The lifetime of a code, such as 90, 90s, 5m, 2h or 30d [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = lifetime::parse)]
    code_lifetime: Option<Duration>,

    /// The lifetime of an access token [default: 1h; 5m for Didit Authentication]
    #[arg(long, value_name = "TIME", value_parser = lifetime::parse)]
    access_token_lifetime: Option<Duration>,

    /// The lifetime of a refresh token [default: 30d]
    #[arg(long, value_name = "TIME", value_parser = lifetime::parse)]
    refresh_token_lifetime: Option<Duration>,

    /// Issue a new refresh token with each refresh; reuse of an old one revokes the grant
    #[arg(long)]
    rotate_refresh_tokens: bool,

    /// Sign ID tokens with RS256 instead of ES256
    #[arg(long)]
    rs256: bool,

    /// Add `iss` to authorization responses (RFC 9207), as other OpenID providers do
    #[arg(long)]
    with_iss: bool,

    /// Add a token revocation endpoint (RFC 7009), which other OpenID providers have
    #[arg(long, conflicts_with = "authentication")]
    with_revocation: bool,

    /// Add an end-session endpoint (RP-Initiated Logout), which other OpenID providers have
    #[arg(long, conflicts_with = "authentication")]
    with_end_session: bool,

    /// A registered post-logout redirect URI; may be repeated
    #[arg(long, value_name = "URI", requires = "with_end_session", value_parser = values::redirect_uri)]
    post_logout_redirect_uri: Vec<String>,

    /// The key of the API of identity verification [default: fake-api-key]
    #[arg(long, value_name = "KEY", value_parser = values::not_empty)]
    api_key: Option<String>,

    /// The application that is verified is one of Didit's sandbox
    #[arg(long)]
    sandbox: bool,

    /// Where webhooks are sent: an http URL; may be repeated
    #[arg(long, value_name = "URL", value_parser = values::webhook)]
    webhook: Vec<String>,

    /// The secret that signs webhooks [default: printed at the start]
    #[arg(long, value_name = "SECRET", value_parser = values::not_empty)]
    webhook_secret: Option<String>,

    /// How many times faster webhooks are sent again: at 60, after 1 s and 4 s instead of minutes
    #[arg(long, value_name = "NUMBER", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    webhook_speed: u32,

    /// Print a line for each request on the standard error, without secrets
    #[arg(long)]
    pub(super) log_requests: bool,
}

/// The setting of a flag.
type Setter = fn(FakeDidit) -> FakeDidit;

/// Why the program does not start.
#[derive(Debug)]
pub(super) enum Exit {
    /// `--help` or `--version`: the text for the standard output.
    Info(String),
    /// An error, in one line.
    Error(String),
}

impl Arguments {
    /// Parses a command line that begins with the program's name.
    pub(super) fn parse_from_os(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, Exit> {
        Self::try_parse_from(arguments).map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Exit::Info(error.render().to_string())
            }
            _ => Exit::Error(one_line(&error.render().to_string())),
        })
    }

    /// The fake with these settings, on the system's clock. The caller sets the [`issuer`](Self::issuer),
    /// whose default depends on the port.
    ///
    /// # Errors
    ///
    /// One line that names the invalid argument.
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
        let flags: [(bool, Setter); 6] = [
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
        let set = flags.into_iter().filter(|(is_set, _)| *is_set);
        Ok(set.fold(didit, |didit, (_, setter)| setter(didit)))
    }

    /// Sets up identity verification. Needs a tokio runtime.
    pub(super) fn start_verification(&self, didit: &FakeDidit) {
        let mut verification = didit.verification();
        if let Some(key) = &self.api_key {
            verification = verification.with_api_key(key);
        }
        if self.sandbox {
            verification = verification.with_sandbox();
        }
        if let Some(secret) = &self.webhook_secret {
            verification = verification.with_webhook_secret(secret);
        }
        for url in &self.webhook {
            verification.send_webhooks_to(url);
        }
        // Also without a destination: applications add some with the API.
        verification.deliver_in_background(self.webhook_speed);
    }

    /// The issuer; the default is `origin`.
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
                "--issuer {issuer} must not end with a slash with --authentication"
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
            return Err(
                "--scopes must include openid, which every sign-in requests: \
                        --scopes 'openid email'"
                    .to_owned(),
            );
        }
        Ok(Some(scopes))
    }

    fn read_people(&self) -> Result<Option<Vec<Person>>, String> {
        let Some(path) = &self.people else {
            return Ok(None);
        };
        let invalid = |why: &dyn fmt::Display| format!("--people {}: {why}", path.display());
        let text = fs::read_to_string(path).map_err(|error| invalid(&error))?;
        let people = Person::from_json(&text).map_err(|error| invalid(&error))?;
        if people.len() > MAX_PEOPLE {
            let why = format!("{} people; the limit is {MAX_PEOPLE}", people.len());
            return Err(invalid(&why));
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

/// The paragraphs of a clap error in one line, without the usage.
fn one_line(error: &str) -> String {
    let paragraphs = error.split("\n\n").filter(|paragraph| {
        !paragraph.starts_with("Usage:") && !paragraph.starts_with("For more information")
    });
    let words: Vec<_> = paragraphs.flat_map(str::split_whitespace).collect();
    let line = words.join(" ").replace(" tip: ", "; ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    format!("{line}; --help lists all arguments")
}

const EXAMPLE: &str = "\
Example:
  fake-didit --client-id app --client-secret secret --redirect-uri http://localhost:3000/callback

The program prints the issuer for your client, the environment for tower-didit, and the URL of its start page,
which shows each request and controls faults. The JSON API below /fake/api/ does the same.";
