//! Which of Didit's products the fake is.

use crate::provider::{endpoint::Endpoint, issuer::Issuer};

/// One of Didit's two sign-in products, each with endpoints, scopes and tokens of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Product {
    /// The Sign in API.
    SignIn,
    /// Didit Authentication: each application is an OpenID provider of its own.
    Authentication,
}

impl Product {
    /// The issuer, unless another one is chosen.
    pub(crate) fn issuer(self) -> Issuer {
        Issuer::new(match self {
            Self::SignIn => "https://apx.didit.me",
            Self::Authentication => "https://app.auth.didit.me",
        })
    }

    /// The endpoint at `path`, byte for byte: `/auth/v2/token/` is not the token endpoint of one
    /// product, and `/token` not that of the other.
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

    /// Whether it can have an endpoint.
    #[cfg(feature = "cli")]
    pub(crate) fn knows(self, endpoint: Endpoint) -> bool {
        use Endpoint::{EndSession, Introspect, Revocation, Session, UserInfo};
        match self {
            Self::SignIn => endpoint != Session,
            Self::Authentication => {
                ![UserInfo, Introspect, Revocation, EndSession].contains(&endpoint)
            }
        }
    }

    /// The path that the buttons of the sign-in page lead below.
    pub(crate) fn decision_path(self, issuer: &Issuer) -> &str {
        match self {
            Self::SignIn => "",
            Self::Authentication => issuer.path(),
        }
    }

    /// The origins that a browser finds it at.
    pub(crate) fn origins(self, issuer: &Issuer) -> Vec<String> {
        let mut origins = vec![issuer.origin().to_owned()];
        if self == Self::SignIn {
            origins.extend(["https://auth.didit.me", "https://apx.didit.me"].map(str::to_owned));
        }
        origins
    }

    /// The scopes that it knows.
    pub(crate) fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::SignIn => &SIGN_IN_SCOPES,
            Self::Authentication => &["openid", "email", "phone", "profile", "offline_access"],
        }
    }

    /// The scope that opens a refresh token.
    pub(crate) fn offline_scope(self) -> &'static str {
        match self {
            Self::SignIn => "offline",
            Self::Authentication => "offline_access",
        }
    }
}

/// Where the Sign in API has its endpoints, whatever its issuer is.
pub(crate) const DIDIT: &str = "https://apx.didit.me";

/// Of the Sign in API, where it is switched on.
pub(crate) const REVOCATION: &str = "/auth/v2/revoke";
/// Likewise.
pub(crate) const END_SESSION: &str = "/auth/v2/logout";

/// Below the issuer.
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
    fn a_slash_more_or_less_is_another_path() {
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
    fn the_path_of_the_issuer_comes_first() {
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
