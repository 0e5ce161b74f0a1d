//! What is known of a provider once it was found.

use std::sync::Arc;

use serde_json::{Map, Value};
use url::Url;

use super::{Endpoint, Endpoints, InvalidUrl, Provider, SigningAlgorithm};
use crate::json;

/// How a client with a secret proves itself at the token endpoint (OpenID Connect Core §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `client_secret_basic`: in the `Authorization` header.
    Basic,
    /// `client_secret_post`: in the body.
    Post,
    /// `none`: clients of this provider have no secret, they only say who they are.
    None,
}

/// A provider's endpoints and abilities (RFC 8414 §2), each known to be usable.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub(crate) authorization_endpoint: Endpoint,
    pub(crate) token_endpoint: Endpoint,
    pub(crate) signatures: Signatures,
    pub(crate) user_info_endpoint: Option<Endpoint>,
    /// RFC 7009.
    pub(crate) revocation_endpoint: Option<Endpoint>,
    /// OpenID Connect RP-Initiated Logout.
    pub(crate) end_session_endpoint: Option<Endpoint>,
    /// Where Didit Authentication ends the session of an access token.
    pub(crate) session_endpoint: Option<Endpoint>,
    pub(crate) signing_algorithms: Vec<SigningAlgorithm>,
    pub(crate) client_authentication: ClientAuthentication,
    /// Whether every authorization response names its issuer (RFC 9207 §3).
    pub(crate) names_issuer: bool,
}

/// What vouches for an ID token.
#[derive(Clone, Debug)]
pub(crate) enum Signatures {
    /// Its signature, by the keys at this address.
    KeysAt(Endpoint),
    /// The connection on which it came: the application asked for it.
    TrustTls,
}

/// Where the metadata of a provider comes from.
#[derive(Clone, Debug)]
pub(crate) enum MetadataSource {
    Known(Arc<Metadata>),
    /// The URL of the document.
    Discovered(Endpoint),
}

impl Provider {
    /// Checks every URL that is known so far.
    pub(crate) fn metadata_source(&self) -> Result<MetadataSource, InvalidUrl> {
        let issuer = self.issuers.first().map_or("", String::as_str);
        if self.endpoints != Endpoints::Given {
            let url = Endpoint::parse("issuer", issuer)?;
            if url.url().query().is_some() {
                return Err(InvalidUrl::new("issuer", issuer, "must not have a query"));
            }
        }
        match self.endpoints {
            Endpoints::BelowIssuer if issuer.ends_with('/') => {
                let why = "must not end with a slash";
                Err(InvalidUrl::new("issuer", issuer, why))
            }
            Endpoints::BelowIssuer | Endpoints::Given => {
                let nothing = Map::new();
                let metadata = Reader::new(self, &nothing).metadata()?;
                Ok(MetadataSource::Known(Arc::new(metadata)))
            }
            Endpoints::Discovered => {
                for (name, url) in self.replaced() {
                    url.map(|url| Endpoint::parse(name, url)).transpose()?;
                }
                // OpenID Connect Discovery §4.1.
                let base = issuer.strip_suffix('/').unwrap_or(issuer);
                let url = format!("{base}/.well-known/openid-configuration");
                Ok(MetadataSource::Discovered(Endpoint::parse("issuer", &url)?))
            }
        }
    }

    /// Reads a metadata document; the error says what is wrong with it.
    pub(crate) fn read_metadata(&self, document: &[u8]) -> Result<Metadata, String> {
        let document = json::object(document).ok_or("not a JSON object")?;
        // OpenID Connect Discovery §4.3: identical, or the document is somebody else's.
        let issuer = document.get("issuer").and_then(Value::as_str);
        if issuer.is_none() || issuer != self.issuers.first().map(String::as_str) {
            return Err("it names another issuer than the one that it was found by".to_owned());
        }
        let metadata = Reader::new(self, &document)
            .metadata()
            .map_err(|invalid| invalid.to_string())?;
        if metadata.signing_algorithms.is_empty() {
            return Err("no algorithm that signs its ID tokens is known here".to_owned());
        }
        Ok(metadata)
    }

    fn replaced(&self) -> [(&'static str, Option<&str>); 7] {
        [
            (
                AUTHORIZATION_ENDPOINT,
                self.authorization_endpoint.as_deref(),
            ),
            (TOKEN_ENDPOINT, self.token_endpoint.as_deref()),
            (JWKS_URI, self.jwks_uri.as_deref()),
            (USER_INFO_ENDPOINT, self.user_info_endpoint.as_deref()),
            (REVOCATION_ENDPOINT, self.revocation_endpoint.as_deref()),
            (END_SESSION_ENDPOINT, self.end_session_endpoint.as_deref()),
            (SESSION_ENDPOINT, self.session_endpoint.as_deref()),
        ]
    }
}

/// A document, and what is known without it.
struct Reader<'a> {
    provider: &'a Provider,
    document: &'a Map<String, Value>,
    /// What a provider on https says of itself must not lead to plain http, loopback or not.
    https_only: bool,
}

impl<'a> Reader<'a> {
    fn new(provider: &'a Provider, document: &'a Map<String, Value>) -> Self {
        let issuer = provider
            .issuers
            .first()
            .and_then(|issuer| Url::parse(issuer).ok());
        Self {
            provider,
            document,
            https_only: issuer.is_some_and(|issuer| issuer.scheme() == "https"),
        }
    }

    fn metadata(&self) -> Result<Metadata, InvalidUrl> {
        let Provider {
            authorization_endpoint,
            token_endpoint,
            jwks_uri,
            user_info_endpoint,
            revocation_endpoint,
            end_session_endpoint,
            session_endpoint,
            trusts_tls,
            ..
        } = self.provider;
        let needed = |name, replacement: &Option<String>, member| {
            self.endpoint(name, replacement.as_ref(), member)?
                .ok_or_else(|| InvalidUrl::new(name, "", "is missing"))
        };
        Ok(Metadata {
            authorization_endpoint: needed(
                AUTHORIZATION_ENDPOINT,
                authorization_endpoint,
                "authorization_endpoint",
            )?,
            token_endpoint: needed(TOKEN_ENDPOINT, token_endpoint, "token_endpoint")?,
            signatures: if *trusts_tls {
                Signatures::TrustTls
            } else {
                Signatures::KeysAt(needed(JWKS_URI, jwks_uri, "jwks_uri")?)
            },
            user_info_endpoint: self.optional(
                USER_INFO_ENDPOINT,
                user_info_endpoint.as_ref(),
                "userinfo_endpoint",
            )?,
            revocation_endpoint: self.optional(
                REVOCATION_ENDPOINT,
                revocation_endpoint.as_ref(),
                "revocation_endpoint",
            )?,
            end_session_endpoint: self.optional(
                END_SESSION_ENDPOINT,
                end_session_endpoint.as_ref(),
                "end_session_endpoint",
            )?,
            // No metadata tells of it.
            session_endpoint: session_endpoint
                .as_ref()
                .map(|url| Endpoint::parse(SESSION_ENDPOINT, url))
                .transpose()?,
            signing_algorithms: self.signing_algorithms(),
            client_authentication: self.client_authentication()?,
            names_issuer: self.member("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
        })
    }

    fn endpoint(
        &self,
        name: &'static str,
        replacement: Option<&String>,
        member: &str,
    ) -> Result<Option<Endpoint>, InvalidUrl> {
        if let Some(url) = replacement {
            return Endpoint::parse(name, url).map(Some);
        }
        let Some(value) = self.member(member) else {
            return Ok(None);
        };
        let url = value.as_str().unwrap_or_default();
        let endpoint = Endpoint::parse(name, url)?;
        if self.https_only && endpoint.url().scheme() != "https" {
            return Err(InvalidUrl::new(
                name,
                url,
                "must be https, as the issuer is",
            ));
        }
        Ok(Some(endpoint))
    }

    /// Sign-ins do without it: where the document has no usable one, there is none.
    fn optional(
        &self,
        name: &'static str,
        replacement: Option<&String>,
        member: &str,
    ) -> Result<Option<Endpoint>, InvalidUrl> {
        match self.endpoint(name, replacement, member) {
            Err(invalid) if replacement.is_none() => {
                tracing::warn!(%invalid, "the provider's metadata");
                Ok(None)
            }
            outcome => outcome,
        }
    }

    fn signing_algorithms(&self) -> Vec<SigningAlgorithm> {
        if let Some(algorithms) = &self.provider.signing_algorithms {
            return algorithms.clone();
        }
        match self.strings("id_token_signing_alg_values_supported") {
            Some(names) => names.filter_map(SigningAlgorithm::by_name).collect(),
            // OpenID Connect Discovery §3: every provider has it.
            None => vec![SigningAlgorithm::Rs256],
        }
    }

    fn client_authentication(&self) -> Result<ClientAuthentication, InvalidUrl> {
        if let Some(method) = self.provider.client_authentication {
            return Ok(method);
        }
        let methods = self.strings("token_endpoint_auth_methods_supported");
        let methods: Vec<_> = methods.into_iter().flatten().collect();
        // RFC 8414 §2: the default.
        if methods.is_empty() || methods.contains(&"client_secret_basic") {
            Ok(ClientAuthentication::Basic)
        } else if methods.contains(&"client_secret_post") {
            Ok(ClientAuthentication::Post)
        } else if methods.contains(&"none") {
            Ok(ClientAuthentication::None)
        } else {
            let why = "knows no client authentication that is known here";
            Err(InvalidUrl::new(TOKEN_ENDPOINT, "", why))
        }
    }

    fn strings(&self, member: &str) -> Option<impl Iterator<Item = &'a str>> {
        let items = self.member(member)?.as_array()?;
        Some(items.iter().filter_map(Value::as_str))
    }

    /// A member of the document. One that is null says nothing.
    fn member(&self, name: &str) -> Option<&'a Value> {
        self.document.get(name).filter(|value| !value.is_null())
    }
}

const AUTHORIZATION_ENDPOINT: &str = "authorization endpoint";
const TOKEN_ENDPOINT: &str = "token endpoint";
const JWKS_URI: &str = "JWKS URI";
const USER_INFO_ENDPOINT: &str = "user information endpoint";
const REVOCATION_ENDPOINT: &str = "revocation endpoint";
const END_SESSION_ENDPOINT: &str = "end-session endpoint";
const SESSION_ENDPOINT: &str = "session endpoint";

#[cfg(test)]
mod tests;
