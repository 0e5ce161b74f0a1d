//! A person's claims in the tokens of Didit Authentication.

use serde_json::{Map, Value};

use super::Person;

impl Person {
    /// The claims about the person, except `sub` and `amr`.
    pub(crate) fn claims(&self) -> Map<String, Value> {
        let mut claims: Map<_, _> = [
            ("vendor_data", Value::Null),
            ("org", Value::Null),
            ("verified", self.verified()),
            ("act", Value::Null),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect();
        claims.extend(self.0.claims.clone());
        claims
    }

    /// The claim `verified`. Its content is invented.
    fn verified(&self) -> Value {
        let mut verified = Map::new();
        if self.is_verified() {
            if self.email().is_some() {
                verified.insert("email".to_owned(), true.into());
            }
            if self.phone().is_some() {
                verified.insert("phone".to_owned(), true.into());
            }
            verified.insert("identity".to_owned(), true.into());
        }
        Value::Object(verified)
    }
}

/// Whether [`with_claim`](Person::with_claim) can set this claim.
pub(super) fn is_settable(name: &str) -> bool {
    !FIXED.contains(&name)
}

/// The claims that the provider sets, and `amr`, which has its own setter.
const FIXED: [&str; 9] = [
    "iss",
    "aud",
    "sub",
    "sid",
    "jti",
    "iat",
    "exp",
    "client_id",
    "amr",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(person: &Person) -> Value {
        Value::Object(person.claims())
    }

    #[test]
    fn only_present_data_is_verified() {
        let person = Person::new("u-1").with_phone("+15550100");
        assert_eq!(claims(&person)["verified"], json!({}));
        let person = person.with_verified(true);
        assert_eq!(
            claims(&person)["verified"],
            json!({"phone": true, "identity": true})
        );
    }

    #[test]
    fn a_claim_is_replaced_or_added() {
        let person = Person::new("u-1")
            .with_claim("vendor_data", json!("customer-7"))
            .with_claim("tier", json!("gold"));
        assert_eq!(
            claims(&person),
            json!({"vendor_data": "customer-7", "org": null, "verified": {}, "act": null, "tier": "gold"})
        );
    }
}
