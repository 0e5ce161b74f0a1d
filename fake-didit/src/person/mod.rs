//! The people who have an account at the fake.

use serde_json::{Map, Value, json};

use crate::provider::scope::Scope;

/// Someone who can sign in at [`FakeDidit`](crate::FakeDidit).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Person {
    /// Alejandra Rosas: everything about her is verified.
    Alejandra,
    /// John Doe: nothing about him is verified, and he is nineteen.
    John,
}

impl Person {
    /// Everyone, in the order of the sign-in page's buttons.
    pub(crate) const ALL: [Self; 2] = [Self::Alejandra, Self::John];

    /// The `sub` of their tokens; it never changes.
    pub fn subject(self) -> &'static str {
        match self {
            Self::Alejandra => "8a1d4f0e-52c7-4c0b-9d3f-0b6a1e77c001",
            Self::John => "c35e7a92-1f64-4be1-8b02-5d9f43aa0002",
        }
    }

    /// First name and family name.
    pub fn full_name(self) -> &'static str {
        match self {
            Self::Alejandra => "Alejandra Rosas",
            Self::John => "John Doe",
        }
    }

    /// The e-mail address.
    pub fn email(self) -> &'static str {
        match self {
            Self::Alejandra => "alejandra.rosas@example.com",
            Self::John => "john.doe@example.com",
        }
    }

    /// The word for this person in element ids and forms.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Alejandra => "alejandra",
            Self::John => "john",
        }
    }

    /// The person behind a [`slug`](Self::slug).
    pub(crate) fn by_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|person| person.slug() == slug)
    }

    /// How they prove who they are to Didit Authentication (RFC 8176).
    pub(crate) fn authentication_method(self) -> &'static str {
        match self {
            Self::Alejandra => "passkey",
            Self::John => "email",
        }
    }

    /// The claim `verified` of Didit Authentication; what is inside is made up.
    pub(crate) fn verified(self) -> Value {
        match self {
            Self::Alejandra => json!({"email": true, "phone": true, "identity": true}),
            Self::John => json!({}),
        }
    }

    /// What the userinfo endpoint says: `sub`, and the members that follow the granted scopes.
    pub(crate) fn user_info(self, scope: &Scope) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("sub".to_owned(), self.subject().into());
        for name in scope.iter() {
            if let Some(value) = self.member(name) {
                members.insert(name.to_owned(), value);
            }
        }
        members
    }

    /// The member that a scope opens. `email`, `phone`, `picture` and `names` are as Didit documents
    /// them; of the others only the kind of JSON value is known, the rest is made up.
    fn member(self, scope: &str) -> Option<Value> {
        let verified = self == Self::Alejandra;
        let (first_name, family_name) = self.full_name().split_once(' ')?;
        let (phone, gender, birthdate) = match self {
            Self::Alejandra => ("+34123456789", "FEMALE", "1990-04-12"),
            Self::John => ("+15550100", "MALE", "2006-09-30"),
        };
        Some(match scope {
            "user_id" => self.subject().into(),
            "picture" => format!("https://example.com/{}.png", self.slug()).into(),
            "email" => json!({"email": self.email(), "is_verified": verified, "is_primary": true}),
            "phone" => json!({"phone_number": phone, "is_verified": verified, "is_primary": true}),
            "names" => json!({
                "first_name": first_name,
                "family_name": family_name,
                "full_name": self.full_name(),
                "is_verified": verified,
            }),
            "gender" => json!({"gender": gender, "is_verified": verified}),
            "birthdate" => json!({"birthdate": birthdate, "is_verified": verified}),
            "document_detail" => json!({"document_type": "PASSPORT", "is_verified": verified}),
            "address" => {
                json!({"formatted": "Carrer de Mallorca 1, Barcelona", "is_verified": verified})
            }
            "bank_account" => json!({"iban": "ES9121000418450200051332", "is_verified": verified}),
            "preferences" => json!({"language": "es"}),
            "instagram_account" | "x_account" | "tiktok_account" => {
                json!({"username": self.slug(), "is_verified": verified})
            }
            "is_verified" | "is_over_21" => verified.into(),
            "is_over_18" => true.into(),
            // `openid` and `offline` open no member.
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::product::Product;

    const SCOPES: &str = "openid email phone picture names";

    #[test]
    fn openid_alone_tells_only_the_subject() {
        let scope = Scope::parse("openid", &["openid"]).unwrap();
        let told = Value::Object(Person::John.user_info(&scope));
        assert_eq!(told, json!({"sub": Person::John.subject()}));
    }

    #[test]
    fn members_have_the_documented_shape() {
        let scope = Scope::parse(SCOPES, Product::SignIn.scopes()).unwrap();
        assert_eq!(
            Value::Object(Person::Alejandra.user_info(&scope)),
            json!({
                "sub": Person::Alejandra.subject(),
                "email": {"email": "alejandra.rosas@example.com", "is_verified": true, "is_primary": true},
                "phone": {"phone_number": "+34123456789", "is_verified": true, "is_primary": true},
                "picture": "https://example.com/alejandra.png",
                "names": {
                    "first_name": "Alejandra", "family_name": "Rosas", "full_name": "Alejandra Rosas",
                    "is_verified": true
                }
            })
        );
    }
}
