//! The valid token that a forgery changes.

use serde_json::{Map, Value};

use crate::{
    keys::{
        Algorithm, Keys,
        base64url::{decode, encode},
        jws,
    },
    person::{ALEJANDRA, JOHN},
};

/// A valid token, decoded.
pub(crate) struct ValidToken<'a> {
    pub(crate) token: &'a str,
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) keys: &'a Keys,
}

impl<'a> ValidToken<'a> {
    /// Decodes a token of [`Keys::sign`]; `None` for any other text.
    pub(crate) fn parse(token: &'a str, keys: &'a Keys) -> Option<Self> {
        let (header, claims) = jws::decode(token)?;
        Some(Self {
            token,
            header,
            claims,
            keys,
        })
    }

    /// The algorithm of the signature.
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.keys.algorithm
    }

    pub(crate) fn issuer(&self) -> &str {
        self.text("iss")
    }

    pub(crate) fn client_id(&self) -> &str {
        self.text("aud")
    }

    /// The value of a string claim.
    pub(crate) fn text(&self, claim: &str) -> &str {
        let value = self.claims.get(claim).and_then(Value::as_str);
        value.unwrap_or_default()
    }

    /// The value of a time claim.
    pub(crate) fn time(&self, claim: &str) -> u64 {
        let value = self.claims.get(claim).and_then(Value::as_u64);
        value.unwrap_or_default()
    }

    /// The `sub` of another person.
    pub(crate) fn other_subject(&self) -> &'static str {
        if self.text("sub") == ALEJANDRA {
            JOHN
        } else {
            ALEJANDRA
        }
    }

    /// The token with edited claims.
    pub(crate) fn with_claims(&self, edit: impl FnOnce(&mut Map<String, Value>)) -> String {
        let mut claims = self.claims.clone();
        edit(&mut claims);
        self.keys.sign(&self.header, &claims)
    }

    /// The token with one claim set.
    pub(crate) fn with_claim(&self, name: &str, value: impl Into<Value>) -> String {
        self.with_claims(|claims| {
            claims.insert(name.to_owned(), value.into());
        })
    }

    /// The token without a claim.
    pub(crate) fn without_claim(&self, name: &str) -> String {
        self.with_claims(|claims| {
            claims.remove(name);
        })
    }

    /// The header with some members set.
    pub(crate) fn header_with<const N: usize>(
        &self,
        members: [(&str, Value); N],
    ) -> Map<String, Value> {
        let mut header = self.header.clone();
        header.extend(members.map(|(name, value)| (name.to_owned(), value)));
        header
    }

    /// The token with some header members set.
    pub(crate) fn with_header<const N: usize>(&self, members: [(&str, Value); N]) -> String {
        self.keys.sign(&self.header_with(members), &self.claims)
    }

    /// The token with any bytes as its payload.
    pub(crate) fn with_payload(&self, payload: &[u8]) -> String {
        jws::compact(
            &jws::to_json(&self.header),
            payload,
            &self.keys.signing_key(),
        )
    }

    /// The token with any bytes as its header.
    pub(crate) fn with_raw_header(&self, header: &[u8]) -> String {
        jws::compact(
            header,
            &jws::to_json(&self.claims),
            &self.keys.signing_key(),
        )
    }

    /// The claims as JSON, with a raw member appended.
    pub(crate) fn claims_and_member(&self, member: &[u8]) -> Vec<u8> {
        with_member(&self.claims, member)
    }

    /// The header as JSON, with a raw member appended.
    pub(crate) fn header_and_member(&self, member: &[u8]) -> Vec<u8> {
        with_member(&self.header, member)
    }

    /// The token with a payload that is already encoded.
    pub(crate) fn with_encoded_payload(&self, payload: &str) -> String {
        let input = format!("{}.{payload}", encode(jws::to_json(&self.header)));
        let signature = self.keys.signing_key().sign(input.as_bytes());
        format!("{input}.{}", encode(signature))
    }

    /// The signing input, and the encoded signature.
    pub(crate) fn split_signature(&self) -> (&str, &str) {
        self.token.rsplit_once('.').unwrap_or((self.token, ""))
    }

    /// The bytes of the signature.
    pub(crate) fn signature(&self) -> Vec<u8> {
        decode(self.split_signature().1).unwrap_or_default()
    }

    /// The token with another signature.
    pub(crate) fn with_signature(&self, signature: &[u8]) -> String {
        format!("{}.{}", self.split_signature().0, encode(signature))
    }
}

fn with_member(members: &Map<String, Value>, member: &[u8]) -> Vec<u8> {
    let mut json = jws::to_json(members);
    json.pop();
    json.push(b',');
    json.extend_from_slice(member);
    json.push(b'}');
    json
}
