//! How the fake is set up.

use std::time::Duration;

use super::FakeDidit;
use crate::{
    keys::Algorithm,
    person::Person,
    provider::{authorize::is_redirect_uri, endpoint::Endpoint, issuer::Issuer, product::Product},
};

/// The longest life of an access token of Didit Authentication.
pub(crate) const MAX_AUTHENTICATION_LIFETIME: Duration = Duration::from_secs(300);

const ENDS_AT_SESSION: &str = "a session of Didit Authentication ends at /session/";

impl FakeDidit {
    /// Registers a redirect URI, besides those registered before. They are compared byte for byte.
    ///
    /// # Panics
    ///
    /// When `uri` is not absolute or has a fragment (RFC 6749 §3.1.2).
    #[must_use]
    pub fn with_redirect_uri(self, uri: impl Into<String>) -> Self {
        let uri = uri.into();
        assert!(
            is_redirect_uri(&uri),
            "not an absolute redirect URI without a fragment: {uri:?}"
        );
        self.set(|state| state.redirect_uris.push(uri))
    }

    /// The people on the sign-in page, in place of those before. Default: [Alejandra](Person::alejandra) and
    /// [John](Person::john).
    ///
    /// Two people with the same subject are the same account: the later one replaces the earlier one in its
    /// place. The button of a person has the id `approve-` and the first name in lower case, such as
    /// `approve-alejandra`; a person without a first name has the family name there, and one without any
    /// name the subject. What is neither letter nor digit becomes a hyphen, and an id that an earlier
    /// button has gets `-2`, `-3` and so on.
    /// [`Browser::sign_in_as`](crate::Browser::sign_in_as) needs no id.
    ///
    /// Grants that exist stay valid, with the person as they were.
    #[must_use]
    pub fn with_people(self, people: impl IntoIterator<Item = Person>) -> Self {
        let people = people.into_iter().collect();
        self.set(|state| state.accounts = people)
    }

    /// One more person on the sign-in page, at its end; or in place of the one with the same subject. See
    /// [`with_people`](Self::with_people).
    #[must_use]
    pub fn add_person(self, person: Person) -> Self {
        self.set(|state| state.accounts.put(person))
    }

    /// Adds token revocation (RFC 7009) at `/auth/v2/revoke`, announced in the metadata document. Clients
    /// authenticate as at the token endpoint. Default: there is no such endpoint, as Didit has none.
    ///
    /// # Panics
    ///
    /// For Didit Authentication, whose sessions end at `/session/`.
    #[must_use]
    pub fn with_revocation_endpoint(self) -> Self {
        self.set(|state| {
            assert_eq!(state.product, Product::SignIn, "{ENDS_AT_SESSION}");
            state.switched_on.push(Endpoint::Revocation);
        })
    }

    /// Adds a page that ends the provider's session and redirects back (OpenID Connect RP-Initiated
    /// Logout) at `/auth/v2/logout`, announced in the metadata document. Default: there is no such page,
    /// as Didit has none.
    ///
    /// It redirects only to [registered](Self::with_post_logout_redirect_uri) URIs, without a confirmation.
    /// Tokens stay valid.
    ///
    /// # Panics
    ///
    /// For Didit Authentication, whose sessions end at `/session/`.
    #[must_use]
    pub fn with_end_session_endpoint(self) -> Self {
        self.set(|state| {
            assert_eq!(state.product, Product::SignIn, "{ENDS_AT_SESSION}");
            state.switched_on.push(Endpoint::EndSession);
        })
    }

    /// Registers where a browser may go from the page of
    /// [`with_end_session_endpoint`](Self::with_end_session_endpoint), besides what was registered before.
    /// The URIs are compared byte for byte.
    ///
    /// # Panics
    ///
    /// When `uri` is not absolute or has a fragment.
    #[must_use]
    pub fn with_post_logout_redirect_uri(self, uri: impl Into<String>) -> Self {
        let uri = uri.into();
        assert!(
            is_redirect_uri(&uri),
            "not an absolute redirect URI without a fragment: {uri:?}"
        );
        self.set(|state| state.post_logout_redirect_uris.push(uri))
    }

    /// The `iss` of everything that has one. Default: `https://apx.didit.me`, and
    /// `https://app.auth.didit.me` for Didit Authentication.
    ///
    /// It also decides the endpoints in the metadata document: the Sign in API's
    /// are at the issuer's origin, those of Didit Authentication below the issuer. The document itself
    /// is at `/.well-known/openid-configuration` below the issuer. So a fake on a socket is found by
    /// its issuer:
    ///
    /// ```
    /// # use fake_didit::FakeDidit;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let didit = FakeDidit::new("app", "secret");
    /// let address = didit.listen("127.0.0.1:0").await?;
    /// let didit = didit.with_issuer(format!("http://{address}"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When an issuer of Didit Authentication ends with a slash.
    #[must_use]
    pub fn with_issuer(self, issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        self.set(|state| {
            assert!(
                state.product == Product::SignIn || !issuer.ends_with('/'),
                "an issuer of Didit Authentication has no slash at its end: {issuer:?}"
            );
            state.issuer = Issuer::new(issuer);
        })
    }

    /// The scopes that it knows; any other is refused. Default: those that the product documents.
    ///
    /// `openid` opens an ID token. A refresh token is opened by `offline`, and by `offline_access` for
    /// Didit Authentication.
    #[must_use]
    pub fn with_scopes<I>(self, scopes: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let scopes = scopes.into_iter().map(Into::into).collect();
        self.set(|state| state.scopes = scopes)
    }

    /// Adds `iss` to the answer of an authorization request, also to an error, and says so in the
    /// metadata document (RFC 9207 §2, §3). Default: none, as Didit documents.
    #[must_use]
    pub fn with_iss_parameter(self) -> Self {
        self.set(|state| state.sends_iss = true)
    }

    /// Signs ID tokens with RS256. Default: ES256.
    ///
    /// # Panics
    ///
    /// For Didit Authentication, which has ES256 only.
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

    /// How long its keys may be kept, in whole seconds: `Cache-Control: public, max-age=…` of the JWK
    /// set. Default: 300 s.
    #[must_use]
    pub fn with_jwks_max_age(self, max_age: Duration) -> Self {
        self.set(|state| state.jwks_max_age = max_age.as_secs())
    }

    /// Publishes keys as the example in Didit's documentation does: `crv` is `secp256r1`, and there is
    /// no `kid`, `alg` or `use`. The ID token's header names a `kid` all the same.
    #[must_use]
    pub fn with_bare_jwks(self) -> Self {
        self.set(|state| state.keys.bare = true)
    }

    /// Expects the client's secret in the body instead of the `Authorization` header.
    #[must_use]
    pub fn with_client_secret_post(self) -> Self {
        self.set(|state| state.client.expect_secret_in_body())
    }

    /// The lifetime of a code, in whole seconds. Default: 60 s.
    #[must_use]
    pub fn with_code_lifetime(self, lifetime: Duration) -> Self {
        self.set(|state| state.code_lifetime = lifetime.as_secs())
    }

    /// The lifetime of an access token, in whole seconds; also its `expires_in`. Default: 3600 s, and
    /// 300 s for Didit Authentication, whose ID tokens end with it.
    ///
    /// # Panics
    ///
    /// When it is more than 300 s for Didit Authentication.
    #[must_use]
    pub fn with_access_token_lifetime(self, lifetime: Duration) -> Self {
        self.set(|state| {
            assert!(
                state.product == Product::SignIn || lifetime <= MAX_AUTHENTICATION_LIFETIME,
                "an access token of Didit Authentication lives for at most 300 s"
            );
            state.access_token_lifetime = lifetime.as_secs();
        })
    }

    /// The lifetime of a refresh token, in whole seconds. Default: 30 days.
    #[must_use]
    pub fn with_refresh_token_lifetime(self, lifetime: Duration) -> Self {
        self.set(|state| state.refresh_token_lifetime = lifetime.as_secs())
    }

    /// Gives a new refresh token with each refresh; the reuse of an old one revokes the grant
    /// (RFC 9700 §4.14.2). Default, but for a public client: a refresh token is reusable and the answer
    /// has none.
    #[must_use]
    pub fn with_rotating_refresh_tokens(self) -> Self {
        self.set(|state| state.rotates_refresh_tokens = true)
    }

    /// Follows the system's time, for a fake that a person clicks through. Its
    /// [`clock`](Self::clock) can still be advanced. Default: the clock stands still.
    #[must_use]
    pub fn with_system_clock(self) -> Self {
        self.set(|state| state.clock.follow_system())
    }
}
