//! The honest token that a forgery starts from.

use serde_json::{Map, Value};

use crate::{
    keys::{
        Algorithm, Keys,
        base64url::{decoded, encoded},
        jws,
    },
    person::{ALEJANDRA, JOHN},
};

/// An honest token, taken apart.
pub(crate) struct Good<'a> {
    pub(crate) token: &'a str,
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) keys: &'a Keys,
}

impl<'a> Good<'a> {
    /// Takes a token apart; `None` when it is not one of [`Keys::sign`].
    pub(crate) fn read(token: &'a str, keys: &'a Keys) -> Option<Self> {
        let (header, claims) = jws::open(token)?;
        Some(Self {
            token,
            header,
            claims,
            keys,
        })
    }

    /// The algorithm of the honest signature.
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.keys.algorithm
    }

    /// A claim that is a string.
    pub(crate) fn text(&self, claim: &str) -> &str {
        let value = self.claims.get(claim).and_then(Value::as_str);
        value.unwrap_or_default()
    }

    /// A claim that is a time.
    pub(crate) fn time(&self, claim: &str) -> u64 {
        let value = self.claims.get(claim).and_then(Value::as_u64);
        value.unwrap_or_default()
    }

    /// The `sub` of somebody else.
    pub(crate) fn other_subject(&self) -> &'static str {
        if self.text("sub") == ALEJANDRA {
            JOHN
        } else {
            ALEJANDRA
        }
    }

    /// The token with other claims.
    pub(crate) fn with_claims(&self, edit: impl FnOnce(&mut Map<String, Value>)) -> String {
        let mut claims = self.claims.clone();
        edit(&mut claims);
        self.keys.sign(&self.header, &claims)
    }

    /// The token with one claim more, or another.
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

    /// The header with some members more, or others.
    pub(crate) fn header_with<const N: usize>(
        &self,
        members: [(&str, Value); N],
    ) -> Map<String, Value> {
        let mut header = self.header.clone();
        header.extend(members.map(|(name, value)| (name.to_owned(), value)));
        header
    }

    /// The token with another header.
    pub(crate) fn with_header<const N: usize>(&self, members: [(&str, Value); N]) -> String {
        self.keys.sign(&self.header_with(members), &self.claims)
    }

    /// The token with other claims, whatever they are.
    pub(crate) fn with_payload(&self, payload: &[u8]) -> String {
        jws::compact(&jws::written(&self.header), payload, &self.keys.signing())
    }

    /// The token with another header, whatever it is.
    pub(crate) fn with_raw_header(&self, header: &[u8]) -> String {
        jws::compact(header, &jws::written(&self.claims), &self.keys.signing())
    }

    /// The claims as JSON, with one member more at the end.
    pub(crate) fn payload_and(&self, member: &[u8]) -> Vec<u8> {
        object_and(&self.claims, member)
    }

    /// The header as JSON, with one member more at the end.
    pub(crate) fn header_and(&self, member: &[u8]) -> Vec<u8> {
        object_and(&self.header, member)
    }

    /// The token with the claims encoded in a way of their own, and signed like that.
    pub(crate) fn with_encoded_payload(&self, payload: &str) -> String {
        let input = format!("{}.{payload}", encoded(jws::written(&self.header)));
        let signature = self.keys.signing().sign(input.as_bytes());
        format!("{input}.{}", encoded(signature))
    }

    /// What is signed, and the signature.
    pub(crate) fn halves(&self) -> (&str, &str) {
        self.token.rsplit_once('.').unwrap_or((self.token, ""))
    }

    /// The bytes of the signature.
    pub(crate) fn signature(&self) -> Vec<u8> {
        decoded(self.halves().1).unwrap_or_default()
    }

    /// The token with another signature.
    pub(crate) fn with_signature(&self, signature: &[u8]) -> String {
        format!("{}.{}", self.halves().0, encoded(signature))
    }
}

fn object_and(members: &Map<String, Value>, member: &[u8]) -> Vec<u8> {
    let mut json = jws::written(members);
    json.pop();
    json.push(b',');
    json.extend_from_slice(member);
    json.push(b'}');
    json
}
