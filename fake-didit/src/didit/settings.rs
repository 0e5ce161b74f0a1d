//! The settings of the fake.

use std::time::Duration;

use super::FakeDidit;
use crate::{
    keys::Algorithm,
    person::Person,
    provider::{
        authorize::is_redirect_uri, endpoint::Endpoint, issuer::Issuer, product::Product,
        state::State,
    },
};

/// The longest lifetime of an access token of Didit Authentication.
pub(crate) const MAX_AUTHENTICATION_LIFETIME: Duration = Duration::from_secs(300);

/// # Settings
///
/// A setting applies to all clones, from the next request on.
impl FakeDidit {
    /// Registers an additional redirect URI. Redirect URIs are compared byte for byte.
    /// [Example](Self#settings).
    ///
    /// # Panics
    ///
    /// If `uri` is not absolute or has a fragment (RFC 6749 §3.1.2).
    #[must_use]
    pub fn with_redirect_uri(self, uri: impl Into<String>) -> Self {
        let uri = checked_redirect_uri(uri.into());
        self.set(|state| state.redirect_uris.push(uri))
    }

    /// Replaces the people on the sign-in page. Default: [Alejandra](Person::alejandra) and
    /// [John](Person::john).
    ///
    /// The subject identifies a person: of two with the same subject, the later one replaces the earlier
    /// one. Grants keep the person as they were at the sign-in.
    ///
    /// The id of a person's button is `approve-` and the first name in lower case, such as
    /// `approve-alejandra`; without a first name, the family name, and without a name, the subject.
    /// Characters other than letters and digits become hyphens. A repeated id gets the suffix `-2`, `-3` and
    /// so on. [`Browser::sign_in_as`](crate::Browser::sign_in_as) finds the button by the subject.
    ///
    /// ```
    /// use fake_didit::{FakeDidit, Person};
    ///
    /// let kim = Person::new("u-17").with_names("Kim", "Young");
    /// let didit = FakeDidit::new("app", "secret").with_people([kim.clone()]);
    /// assert_eq!(didit.people(), [kim]);
    /// ```
    #[must_use]
    pub fn with_people(self, people: impl IntoIterator<Item = Person>) -> Self {
        let people = people.into_iter().collect();
        self.set(|state| state.accounts = people)
    }

    /// Adds a person to the end of the sign-in page, or replaces the one with the same subject. See
    /// [`with_people`](Self::with_people); [`Person`] has an example.
    #[must_use]
    pub fn add_person(self, person: Person) -> Self {
        self.set(|state| state.accounts.put(person))
    }

    /// Adds a token revocation endpoint (RFC 7009) at `/auth/v2/revoke`. Clients authenticate as at the
    /// token endpoint. Default: none, as with Didit. [Example](Self#settings).
    ///
    /// # Panics
    ///
    /// With Didit Authentication, where `/session/` ends a session.
    #[must_use]
    pub fn with_revocation_endpoint(self) -> Self {
        self.set(|state| switch_on(state, Endpoint::Revocation))
    }

    /// Adds an end-session endpoint (RP-Initiated Logout) at `/auth/v2/logout`. Default: none, as with
    /// Didit. [Example](Self#settings).
    ///
    /// It redirects only to [registered](Self::with_post_logout_redirect_uri) URIs, without asking for
    /// confirmation. Tokens stay valid.
    ///
    /// # Panics
    ///
    /// With Didit Authentication, where `/session/` ends a session.
    #[must_use]
    pub fn with_end_session_endpoint(self) -> Self {
        self.set(|state| switch_on(state, Endpoint::EndSession))
    }

    /// Registers an additional post-logout redirect URI for
    /// [`with_end_session_endpoint`](Self::with_end_session_endpoint). They are compared byte for byte.
    /// [Example](Self#settings).
    ///
    /// # Panics
    ///
    /// If `uri` is not absolute or has a fragment.
    #[must_use]
    pub fn with_post_logout_redirect_uri(self, uri: impl Into<String>) -> Self {
        let uri = checked_redirect_uri(uri.into());
        self.set(|state| state.post_logout_redirect_uris.push(uri))
    }

    /// The issuer. Default: `https://apx.didit.me`, or `https://app.auth.didit.me` with Didit
    /// Authentication.
    ///
    /// The metadata document is at `/.well-known/openid-configuration` below the issuer. In it, the Sign in
    /// API's endpoints are at the issuer's origin, and Didit Authentication's are below the issuer. With its
    /// address as the issuer, clients can discover a fake on a socket:
    ///
    /// ```
    /// # use fake_didit::FakeDidit;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let didit = FakeDidit::new("app", "secret");
    /// let address = didit.listen("127.0.0.1:0").await?;
    /// let didit = didit.with_issuer(format!("http://{address}"));
    /// assert_eq!(didit.issuer(), format!("http://{address}"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If an issuer of Didit Authentication ends with a slash.
    #[must_use]
    pub fn with_issuer(self, issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        self.set(|state| {
            assert!(
                state.product == Product::SignIn || !issuer.ends_with('/'),
                "an issuer of Didit Authentication must not end with a slash: {issuer:?}"
            );
            state.issuer = Issuer::new(issuer);
        })
    }

    /// Replaces the accepted scopes; requests for others are rejected. Default: the scopes that the product
    /// documents. [Example](Self#settings).
    ///
    /// `offline` requests a refresh token; with Didit Authentication, `offline_access` does.
    #[must_use]
    pub fn with_scopes<I>(self, scopes: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let scopes = scopes.into_iter().map(Into::into).collect();
        self.set(|state| state.scopes = scopes)
    }

    /// Sends `iss` in authorization responses, also in errors, and announces it in the metadata document
    /// (RFC 9207 §2, §3). Default: not sent, as with Didit. [Example](Self#settings).
    #[must_use]
    pub fn with_iss_parameter(self) -> Self {
        self.set(|state| state.sends_iss = true)
    }

    /// Signs ID tokens with RS256. Default: ES256. [Example](Self#settings).
    ///
    /// # Panics
    ///
    /// With Didit Authentication, which supports only ES256.
    #[must_use]
    pub fn with_rs256(self) -> Self {
        self.set(|state| {
            assert_eq!(
                state.product,
                Product::SignIn,
                "Didit Authentication signs with ES256"
            );
            state.keys.algorithm = Algorithm::Rs256;
        })
    }

    /// The `max-age` of the JWK set, in whole seconds. Default: 300 s. [Example](Self#settings).
    #[must_use]
    pub fn with_jwks_max_age(self, max_age: Duration) -> Self {
        self.set(|state| state.jwks_max_age = max_age.as_secs())
    }

    /// Publishes keys in the form of the example in Didit's documentation: `crv` is `secp256r1`, and `kid`,
    /// `alg` and `use` are missing. The header of ID tokens still has a `kid`. Default: standard JWKs (RFC
    /// 7517). [Example](Self#settings).
    #[must_use]
    pub fn with_bare_jwks(self) -> Self {
        self.set(|state| state.keys.bare = true)
    }

    /// Expects the client secret in the body (`client_secret_post`). Default: in the `Authorization` header
    /// (`client_secret_basic`). [Example](Self#settings).
    #[must_use]
    pub fn with_client_secret_post(self) -> Self {
        self.set(|state| state.client.expect_secret_in_body())
    }

    /// The lifetime of a code, in whole seconds. Default: 60 s. [Example](Self#settings).
    #[must_use]
    pub fn with_code_lifetime(self, lifetime: Duration) -> Self {
        self.set(|state| state.code_lifetime = lifetime.as_secs())
    }

    /// The lifetime of an access token, in whole seconds. Default: 3600 s, or 300 s with Didit
    /// Authentication, where it is the lifetime of the ID token, too. [Example](Self#settings).
    ///
    /// # Panics
    ///
    /// If it is more than 300 s with Didit Authentication.
    #[must_use]
    pub fn with_access_token_lifetime(self, lifetime: Duration) -> Self {
        self.set(|state| {
            assert!(
                state.product == Product::SignIn || lifetime <= MAX_AUTHENTICATION_LIFETIME,
                "the lifetime of an access token of Didit Authentication is at most 300 s"
            );
            state.access_token_lifetime = lifetime.as_secs();
        })
    }

    /// The lifetime of a refresh token, in whole seconds. Default: 30 days. [Example](Self#settings).
    #[must_use]
    pub fn with_refresh_token_lifetime(self, lifetime: Duration) -> Self {
        self.set(|state| state.refresh_token_lifetime = lifetime.as_secs())
    }

    /// Issues a new refresh token with each refresh; reuse of an old one revokes the grant (RFC 9700
    /// §4.14.2). Default: on for public clients; for others a refresh token is reusable.
    /// [Example](Self#settings).
    #[must_use]
    pub fn with_rotating_refresh_tokens(self) -> Self {
        self.set(|state| state.rotates_refresh_tokens = true)
    }

    /// Follows the system's time, for interactive use; [`clock`](Self::clock) can still be advanced.
    /// Default: the clock stands still. [Example](Self#settings).
    #[must_use]
    pub fn with_system_clock(self) -> Self {
        self.set(|state| state.clock.follow_system())
    }
}

fn checked_redirect_uri(uri: String) -> String {
    assert!(
        is_redirect_uri(&uri),
        "not an absolute redirect URI without a fragment: {uri:?}"
    );
    uri
}

fn switch_on(state: &mut State, endpoint: Endpoint) {
    assert_eq!(
        state.product,
        Product::SignIn,
        "with Didit Authentication, /session/ ends a session"
    );
    state.switched_on.push(endpoint);
}
