//! The predefined people.

use serde_json::json;

use super::Person;

impl Person {
    /// Alejandra Rosas: everything about her is verified, and she signs in with a passkey.
    ///
    /// ```
    /// use fake_didit::Person;
    ///
    /// assert_eq!(Person::alejandra().email(), Some("alejandra.rosas@example.com"));
    /// assert_eq!(Person::john().full_name(), Some("John Doe"));
    /// ```
    pub fn alejandra() -> Self {
        Self::new(ALEJANDRA)
            .with_names("Alejandra", "Rosas")
            .with_email("alejandra.rosas@example.com")
            .with_phone("+34123456789")
            .with_gender("FEMALE")
            .with_birth_date("1990-04-12")
            .with_verified(true)
            .with_over_21(true)
            .with_authentication_method("passkey")
            .with_other_members("alejandra")
    }

    /// John Doe: nothing about him is verified, and he is nineteen. See [`alejandra`](Self::alejandra).
    pub fn john() -> Self {
        Self::new(JOHN)
            .with_names("John", "Doe")
            .with_email("john.doe@example.com")
            .with_phone("+15550100")
            .with_gender("MALE")
            .with_birth_date("2006-09-30")
            .with_over_21(false)
            .with_other_members("john")
    }

    /// Members of which Didit documents only the JSON type; their content is invented.
    fn with_other_members(self, account: &str) -> Self {
        let is_verified = self.is_verified();
        let profile = json!({"username": account, "is_verified": is_verified});
        self.with_picture(format!("https://example.com/{account}.png"))
            .with_document("PASSPORT")
            .with_address("Carrer de Mallorca 1, Barcelona")
            .with_over_18(true)
            .with_member(
                "bank_account",
                json!({"iban": "ES9121000418450200051332", "is_verified": is_verified}),
            )
            .with_member("preferences", json!({"language": "es"}))
            .with_member("instagram_account", profile.clone())
            .with_member("x_account", profile.clone())
            .with_member("tiktok_account", profile)
    }
}

/// Alejandra's subject.
pub(crate) const ALEJANDRA: &str = "8a1d4f0e-52c7-4c0b-9d3f-0b6a1e77c001";
/// John's subject.
pub(crate) const JOHN: &str = "c35e7a92-1f64-4be1-8b02-5d9f43aa0002";
