//! A person's user information.

use serde_json::{Map, Value, json};

use super::Person;
use crate::provider::{product::Product, scope::Scope};

impl Person {
    /// `sub`, the members of the granted scopes, and the members that need no scope.
    pub(crate) fn user_info(&self, scope: &Scope) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("sub".to_owned(), self.subject().into());
        for name in scope.iter() {
            if let Some(value) = self.member(name) {
                members.insert(name.to_owned(), value);
            }
        }
        let scopes = Product::SignIn.scopes();
        let extra = self.0.members.iter();
        for (name, value) in extra.filter(|(name, _)| !scopes.contains(&name.as_str())) {
            members.insert(name.clone(), value.clone());
        }
        members
    }

    /// The member of a scope. `email`, `phone`, `picture` and `names` are as Didit documents them. Of the
    /// others it documents only the JSON type; their content is invented.
    fn member(&self, scope: &str) -> Option<Value> {
        let profile = &self.0;
        if let Some(value) = profile.members.get(scope) {
            return Some(value.clone());
        }
        let is_verified = profile.verified;
        Some(match scope {
            "user_id" => self.subject().into(),
            "picture" => profile.picture.clone()?.into(),
            "email" => {
                json!({"email": self.email()?, "is_verified": is_verified, "is_primary": true})
            }
            "phone" => {
                json!({"phone_number": self.phone()?, "is_verified": is_verified, "is_primary": true})
            }
            "names" => json!({
                "first_name": profile.first_name.as_ref()?,
                "family_name": profile.family_name,
                "full_name": profile.full_name,
                "is_verified": is_verified,
            }),
            "gender" => json!({"gender": profile.gender.as_ref()?, "is_verified": is_verified}),
            "birthdate" => {
                json!({"birthdate": profile.birth_date.as_ref()?, "is_verified": is_verified})
            }
            "document_detail" => {
                json!({"document_type": profile.document.as_ref()?, "is_verified": is_verified})
            }
            "address" => {
                json!({"formatted": profile.address.as_ref()?, "is_verified": is_verified})
            }
            "is_verified" => is_verified.into(),
            "is_over_18" => profile.over_18?.into(),
            "is_over_21" => profile.over_21?.into(),
            // `openid` and `offline` have no member.
            _ => return None,
        })
    }
}

/// Whether [`with_member`](Person::with_member) can set this member.
pub(super) fn is_settable(name: &str) -> bool {
    name != "sub"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user_info(person: &Person, scopes: &str) -> Value {
        let scope = Scope::parse(scopes, Product::SignIn.scopes()).unwrap();
        Value::Object(person.user_info(&scope))
    }

    #[test]
    fn openid_alone_gives_only_the_subject() {
        let john = Person::john();
        assert_eq!(user_info(&john, "openid"), json!({"sub": john.subject()}));
    }

    #[test]
    fn all_scopes_give_every_member_of_the_predefined_people() {
        let every_scope = Product::SignIn.scopes().join(" ");
        assert_eq!(
            user_info(&Person::alejandra(), &every_scope),
            json!({
                "sub": "8a1d4f0e-52c7-4c0b-9d3f-0b6a1e77c001",
                "user_id": "8a1d4f0e-52c7-4c0b-9d3f-0b6a1e77c001",
                "email": {"email": "alejandra.rosas@example.com", "is_verified": true, "is_primary": true},
                "phone": {"phone_number": "+34123456789", "is_verified": true, "is_primary": true},
                "picture": "https://example.com/alejandra.png",
                "names": {
                    "first_name": "Alejandra", "family_name": "Rosas", "full_name": "Alejandra Rosas",
                    "is_verified": true
                },
                "gender": {"gender": "FEMALE", "is_verified": true},
                "birthdate": {"birthdate": "1990-04-12", "is_verified": true},
                "document_detail": {"document_type": "PASSPORT", "is_verified": true},
                "address": {"formatted": "Carrer de Mallorca 1, Barcelona", "is_verified": true},
                "bank_account": {"iban": "ES9121000418450200051332", "is_verified": true},
                "preferences": {"language": "es"},
                "instagram_account": {"username": "alejandra", "is_verified": true},
                "x_account": {"username": "alejandra", "is_verified": true},
                "tiktok_account": {"username": "alejandra", "is_verified": true},
                "is_verified": true,
                "is_over_18": true,
                "is_over_21": true
            })
        );
        assert_eq!(
            user_info(&Person::john(), &every_scope),
            json!({
                "sub": "c35e7a92-1f64-4be1-8b02-5d9f43aa0002",
                "user_id": "c35e7a92-1f64-4be1-8b02-5d9f43aa0002",
                "email": {"email": "john.doe@example.com", "is_verified": false, "is_primary": true},
                "phone": {"phone_number": "+15550100", "is_verified": false, "is_primary": true},
                "picture": "https://example.com/john.png",
                "names": {
                    "first_name": "John", "family_name": "Doe", "full_name": "John Doe", "is_verified": false
                },
                "gender": {"gender": "MALE", "is_verified": false},
                "birthdate": {"birthdate": "2006-09-30", "is_verified": false},
                "document_detail": {"document_type": "PASSPORT", "is_verified": false},
                "address": {"formatted": "Carrer de Mallorca 1, Barcelona", "is_verified": false},
                "bank_account": {"iban": "ES9121000418450200051332", "is_verified": false},
                "preferences": {"language": "es"},
                "instagram_account": {"username": "john", "is_verified": false},
                "x_account": {"username": "john", "is_verified": false},
                "tiktok_account": {"username": "john", "is_verified": false},
                "is_verified": false,
                "is_over_18": true,
                "is_over_21": false
            })
        );
    }

    #[test]
    fn members_without_data_are_omitted() {
        let every_scope = Product::SignIn.scopes().join(" ");
        assert_eq!(
            user_info(&Person::new("u-1"), &every_scope),
            json!({"sub": "u-1", "user_id": "u-1", "is_verified": false})
        );
    }

    #[test]
    fn a_member_replaces_the_one_of_its_scope() {
        let person = Person::john().with_member("email", json!({"email": null}));
        assert_eq!(
            user_info(&person, "openid email"),
            json!({"sub": person.subject(), "email": {"email": null}})
        );
        assert_eq!(
            user_info(&person, "openid"),
            json!({"sub": person.subject()}),
            "without its scope"
        );
    }

    #[test]
    fn a_member_without_a_scope_is_always_returned() {
        let person = Person::new("u-1").with_member("beta_tester", json!(true));
        assert_eq!(
            user_info(&person, "openid"),
            json!({"sub": "u-1", "beta_tester": true})
        );
    }
}
