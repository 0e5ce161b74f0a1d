//! A provider's endpoints and abilities, as configured or as its metadata says.

use std::sync::Arc;

use serde_json::Value;
use url::Url;

use super::{Endpoint, EndpointName, Endpoints, InvalidUrl, Provider, SigningAlgorithm};
use crate::json::{self, Object};

/// How a client authenticates at the token endpoint (OpenID Connect Core §9).
///
/// See [`Provider::with_client_authentication`].
/// [Example](crate::Provider::with_client_authentication).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `client_secret_basic`: in the `Authorization` header.
    Basic,
    /// `client_secret_post`: in the body.
    Post,
    /// `none`: clients of this provider are public and send only their client id.
    None,
}

/// A provider's endpoints and abilities (RFC 8414 §2), with checked URLs.
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
    /// Terminates the session of an access token (Didit Authentication).
    pub(crate) session_endpoint: Option<Endpoint>,
    /// RFC 7662.
    pub(crate) introspection_endpoint: Option<Endpoint>,
    pub(crate) signing_algorithms: Vec<SigningAlgorithm>,
    pub(crate) client_authentication: ClientAuthentication,
    /// Whether every authorization response names its issuer (RFC 9207 §3).
    pub(crate) has_iss_parameter: bool,
}

/// The proof that an ID token is the provider's.
#[derive(Clone, Debug)]
pub(crate) enum Signatures {
    /// Its signature, verified with the keys at this URL.
    KeysAt(Endpoint),
    /// The TLS connection to the token endpoint, if the application is configured to trust it.
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
    /// Checks every URL that is known before a request is made.
    pub(crate) fn metadata_source(&self) -> Result<MetadataSource, InvalidUrl> {
        let issuer = self.issuers.first().map_or("", String::as_str);
        if self.endpoints != Endpoints::Given {
            let url = Endpoint::parse("issuer", issuer)?;
            if url.url().query().is_some() {
                return Err(InvalidUrl::new("issuer", issuer, "must not have a query"));
            }
        }
        match self.endpoints {
            Endpoints::DerivedFromIssuer if issuer.ends_with('/') => {
                let why = "must not end with a slash";
                Err(InvalidUrl::new("issuer", issuer, why))
            }
            Endpoints::DerivedFromIssuer | Endpoints::Given => {
                let metadata = self.metadata(&Object::new())?;
                Ok(MetadataSource::Known(Arc::new(metadata)))
            }
            Endpoints::Discovered => {
                for (name, url) in &self.urls {
                    Endpoint::parse(name.names().0, url)?;
                }
                // OpenID Connect Discovery §4.1.
                let base = issuer.strip_suffix('/').unwrap_or(issuer);
                let url = format!("{base}/.well-known/openid-configuration");
                Ok(MetadataSource::Discovered(Endpoint::parse("issuer", &url)?))
            }
        }
    }

    /// Reads a metadata document. The error says why the document cannot be used.
    pub(crate) fn read_metadata(&self, document: &[u8]) -> Result<Metadata, String> {
        let document = json::object(document).ok_or("not a JSON object")?;
        // OpenID Connect Discovery §4.3: the issuer is identical to the requested one.
        let issuer = document.get("issuer").and_then(Value::as_str);
        if issuer.is_none() || issuer != self.issuers.first().map(String::as_str) {
            return Err("its issuer is not the configured one".to_owned());
        }
        let metadata = self.metadata(&document);
        let metadata = metadata.map_err(|invalid| invalid.to_string())?;
        if metadata.signing_algorithms.is_empty() {
            return Err("none of its ID token algorithms is supported".to_owned());
        }
        Ok(metadata)
    }

    /// A value that was set replaces the document's.
    fn metadata(&self, document: &Object) -> Result<Metadata, InvalidUrl> {
        let required = |name: EndpointName| {
            self.endpoint(name, document)?
                .ok_or_else(|| InvalidUrl::new(name.names().0, "", "is missing"))
        };
        // A sign-in works without these endpoints, so an invalid URL counts as absent.
        let optional = |name| match self.endpoint(name, document) {
            Err(invalid) if !self.urls.contains_key(&name) => {
                tracing::warn!(%invalid, "endpoint in provider metadata ignored");
                Ok(None)
            }
            outcome => outcome,
        };
        Ok(Metadata {
            authorization_endpoint: required(EndpointName::Authorization)?,
            token_endpoint: required(EndpointName::Token)?,
            signatures: if self.trusts_tls {
                Signatures::TrustTls
            } else {
                Signatures::KeysAt(required(EndpointName::Jwks)?)
            },
            user_info_endpoint: optional(EndpointName::UserInfo)?,
            revocation_endpoint: optional(EndpointName::Revocation)?,
            end_session_endpoint: optional(EndpointName::EndSession)?,
            session_endpoint: optional(EndpointName::Session)?,
            introspection_endpoint: optional(EndpointName::Introspection)?,
            signing_algorithms: self
                .signing_algorithms
                .clone()
                .unwrap_or_else(|| signing_algorithms(document)),
            client_authentication: self
                .client_authentication
                .map_or_else(|| client_authentication(document), Ok)?,
            has_iss_parameter: document.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
        })
    }

    fn endpoint(
        &self,
        name: EndpointName,
        document: &Object,
    ) -> Result<Option<Endpoint>, InvalidUrl> {
        let set = self.urls.get(&name);
        let (name, member) = name.names();
        if let Some(url) = set {
            return Endpoint::parse(name, url).map(Some);
        }
        let Some(value) = member.and_then(|member| json::member(document, member)) else {
            return Ok(None);
        };
        let url = value.as_str().unwrap_or_default();
        let endpoint = Endpoint::parse(name, url)?;
        // Not even to loopback.
        let is_https =
            |issuer: &String| Url::parse(issuer).is_ok_and(|url| url.scheme() == "https");
        if endpoint.url().scheme() != "https" && self.issuers.first().is_some_and(is_https) {
            let why = "must be https, as the issuer is";
            return Err(InvalidUrl::new(name, url, why));
        }
        Ok(Some(endpoint))
    }
}

fn signing_algorithms(document: &Object) -> Vec<SigningAlgorithm> {
    match strings(document, "id_token_signing_alg_values_supported") {
        Some(names) => names.filter_map(SigningAlgorithm::by_name).collect(),
        // OpenID Connect Discovery §3: every provider supports it.
        None => vec![SigningAlgorithm::Rs256],
    }
}

fn client_authentication(document: &Object) -> Result<ClientAuthentication, InvalidUrl> {
    let methods = strings(document, "token_endpoint_auth_methods_supported");
    let methods: Vec<_> = methods.into_iter().flatten().collect();
    // RFC 8414 §2: the default.
    if methods.is_empty() || methods.contains(&"client_secret_basic") {
        return Ok(ClientAuthentication::Basic);
    }
    let others = [
        ("client_secret_post", ClientAuthentication::Post),
        ("none", ClientAuthentication::None),
    ];
    let supported = others.iter().find(|(name, _)| methods.contains(name));
    supported.map(|(_, method)| *method).ok_or_else(|| {
        let why = "has no supported client authentication method";
        InvalidUrl::new("token endpoint", "", why)
    })
}

fn strings<'a>(
    document: &'a Object,
    member: &str,
) -> Option<impl Iterator<Item = &'a str> + use<'a>> {
    let items = json::member(document, member)?.as_array()?;
    Some(items.iter().filter_map(Value::as_str))
}

#[cfg(test)]
mod tests;
