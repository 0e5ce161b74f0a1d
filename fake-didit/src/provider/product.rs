//! Didit's two sign-in products.

use crate::{
    provider::{endpoint::Endpoint, issuer::Issuer},
    verification::PAGES,
};

/// One of Didit's two sign-in products. They differ in endpoints, scopes and tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    /// The Sign in API.
    SignIn,
    /// Didit Authentication: each application has an issuer of its own.
    Authentication,
}

impl Product {
    /// The default issuer.
    pub(crate) fn issuer(self) -> Issuer {
        Issuer::new(match self {
            Self::SignIn => "https://apx.didit.me",
            Self::Authentication => "https://app.auth.didit.me",
        })
    }

    /// The endpoint at `path`. Trailing slashes matter: `/auth/v2/token/` and `/token` are not token
    /// endpoints.
    pub(crate) fn endpoint(self, issuer: &Issuer, path: &str) -> Option<Endpoint> {
        let below_issuer = path.strip_prefix(issuer.path());
        if below_issuer == Some(DISCOVERY) {
            return Some(Endpoint::Discovery);
        }
        match self {
            Self::SignIn => match path {
                "/" | "/auth/v2/authorize" => Some(Endpoint::Authorize),
                "/approve" | "/decline" => Some(Endpoint::Decision),
                "/auth/v2/token" => Some(Endpoint::Token),
                "/auth/v2/users/retrieve" => Some(Endpoint::UserInfo),
                "/auth/v2/introspect" => Some(Endpoint::Introspect),
                REVOCATION => Some(Endpoint::Revocation),
                END_SESSION => Some(Endpoint::EndSession),
                "/auth/config/jwks" | "/auth/jwks" => Some(Endpoint::Jwks),
                _ => None,
            },
            Self::Authentication => match below_issuer? {
                "/sign-in" => Some(Endpoint::Authorize),
                "/approve" | "/decline" => Some(Endpoint::Decision),
                "/token/" => Some(Endpoint::Token),
                "/session/" => Some(Endpoint::Session),
                "/.well-known/jwks.json" => Some(Endpoint::Jwks),
                _ => None,
            },
        }
    }

    /// Whether the product can have an endpoint.
    #[cfg(feature = "cli")]
    pub(crate) fn supports(self, endpoint: Endpoint) -> bool {
        use Endpoint::{EndSession, Introspect, Revocation, Session, UserInfo};
        match self {
            Self::SignIn => endpoint != Session,
            Self::Authentication => {
                ![UserInfo, Introspect, Revocation, EndSession].contains(&endpoint)
            }
        }
    }

    /// The path prefix of `/approve` and `/decline`.
    pub(crate) fn decision_path(self, issuer: &Issuer) -> &str {
        match self {
            Self::SignIn => "",
            Self::Authentication => issuer.path(),
        }
    }

    /// The origins at which a browser reaches the fake.
    pub(crate) fn origins(self, issuer: &Issuer) -> Vec<String> {
        let mut origins = vec![issuer.origin().to_owned(), PAGES.to_owned()];
        if self == Self::SignIn {
            origins.extend(["https://auth.didit.me", "https://apx.didit.me"].map(str::to_owned));
        }
        origins
    }

    /// The scopes that Didit documents.
    pub(crate) fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::SignIn => &SIGN_IN_SCOPES,
            Self::Authentication => &["openid", "email", "phone", "profile", "offline_access"],
        }
    }

    /// The scope that requests a refresh token.
    pub(crate) fn offline_scope(self) -> &'static str {
        match self {
            Self::SignIn => "offline",
            Self::Authentication => "offline_access",
        }
    }
}

/// The origin of the Sign in API's optional endpoints, independent of the issuer.
pub(crate) const DIDIT: &str = "https://apx.didit.me";

/// The path of the Sign in API's revocation endpoint.
pub(crate) const REVOCATION: &str = "/auth/v2/revoke";
/// The path of the Sign in API's end-session endpoint.
pub(crate) const END_SESSION: &str = "/auth/v2/logout";

/// The path of the metadata document, below the issuer.
pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";

const SIGN_IN_SCOPES: [&str; 19] = [
    "openid",
    "offline",
    "user_id",
    "picture",
    "names",
    "email",
    "phone",
    "gender",
    "document_detail",
    "birthdate",
    "address",
    "bank_account",
    "preferences",
    "is_verified",
    "is_over_18",
    "is_over_21",
    "instagram_account",
    "x_account",
    "tiktok_account",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_slash_makes_another_path() {
        for (product, right, wrong) in [
            (Product::SignIn, "/auth/v2/token", "/auth/v2/token/"),
            (Product::Authentication, "/token/", "/token"),
        ] {
            let endpoint = |path| product.endpoint(&product.issuer(), path);
            assert_eq!(endpoint(right), Some(Endpoint::Token));
            assert_eq!(endpoint(wrong), None);
        }
    }

    #[test]
    fn endpoints_are_below_the_path_of_the_issuer() {
        let issuer = Issuer::new("https://x.example/tenant");
        let endpoint = |path| Product::Authentication.endpoint(&issuer, path);
        assert_eq!(endpoint("/tenant/session/"), Some(Endpoint::Session));
        assert_eq!(endpoint("/session/"), None);
        assert_eq!(endpoint("/tenant/session"), None);
        assert_eq!(
            Product::SignIn.endpoint(&issuer, "/tenant/.well-known/openid-configuration"),
            Some(Endpoint::Discovery)
        );
    }
}
