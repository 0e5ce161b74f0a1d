//! The response of a user information endpoint.

use std::{fmt, sync::Arc};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::claim::{self, Claim};
use crate::error::Error;

/// The response of a user information endpoint (OpenID Connect Core §5.3) about the signed-in user.
///
/// Didit answers with objects where OpenID Connect has strings (`email`, `phone`, `names`); the getters read both.
/// The response has the members of the granted scopes:
/// [`with_scopes`](crate::ConfigBuilder::with_scopes) lists them.
///
/// [`IdClaims`](crate::IdClaims) identify the user. Cloning copies a pointer.
///
/// ```
/// use tower_didit::{DiditClient, DiditTokens, Error};
///
/// async fn email(tokens: DiditTokens, client: DiditClient) -> Result<String, Error> {
///     let user = client.user_info(&tokens).await?;
///     let email = user.email().filter(|_| user.email_is_verified());
///     Ok(email.unwrap_or("no verified address").to_owned())
/// }
/// # let _router: axum::Router = axum::Router::new().route("/email", axum::routing::get(email));
/// ```
#[derive(Clone)]
pub struct UserInfo(Arc<Map<String, Value>>);

impl UserInfo {
    /// A checked response: its `sub` is that of the ID token.
    pub(crate) fn new(members: Map<String, Value>) -> Self {
        Self(Arc::new(members))
    }

    /// The e-mail address. It may belong to another person unless [`email_is_verified`](Self::email_is_verified).
    ///
    /// ```
    /// use tower_didit::{DiditAuth, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let didit = FakeDidit::new("app", "secret");
    /// let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
    /// let tokens = didit.tokens(&Person::john(), ["openid", "email"]);
    /// let user = auth.client().user_info(&tokens).await?;
    /// assert_eq!(user.email(), Some("john.doe@example.com"));
    /// assert!(!user.email_is_verified());
    /// # Ok(())
    /// # }
    /// ```
    pub fn email(&self) -> Option<&str> {
        self.contact("email", "email").0
    }

    /// Whether the provider has verified the e-mail address. Only a JSON `true` counts.
    /// [Example](Self::email).
    pub fn email_is_verified(&self) -> bool {
        self.contact("email", "email").1
    }

    /// The phone number.
    ///
    /// ```
    /// use tower_didit::{DiditAuth, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let didit = FakeDidit::new("app", "secret");
    /// let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
    /// let tokens = didit.tokens(&Person::alejandra(), ["openid", "phone"]);
    /// let user = auth.client().user_info(&tokens).await?;
    /// assert_eq!(user.phone_number(), Some("+34123456789"));
    /// assert!(user.phone_number_is_verified());
    /// # Ok(())
    /// # }
    /// ```
    pub fn phone_number(&self) -> Option<&str> {
        self.contact("phone", "phone_number").0
    }

    /// Whether the provider has verified the phone number. Only a JSON `true` counts.
    /// [Example](Self::phone_number).
    pub fn phone_number_is_verified(&self) -> bool {
        self.contact("phone", "phone_number").1
    }

    /// The full name.
    ///
    /// ```
    /// use tower_didit::{DiditAuth, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let didit = FakeDidit::new("app", "secret");
    /// let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
    /// let tokens = didit.tokens(&Person::alejandra(), ["openid", "names"]);
    /// let user = auth.client().user_info(&tokens).await?;
    /// assert_eq!(user.full_name(), Some("Alejandra Rosas"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn full_name(&self) -> Option<&str> {
        let didit = self.claim("names").and_then(|names| names.get("full_name"));
        didit.or_else(|| self.claim("name"))?.as_str()
    }

    /// The URL of a picture. The URL is untrusted: a server must not fetch it.
    ///
    /// ```
    /// use tower_didit::{DiditAuth, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let didit = FakeDidit::new("app", "secret");
    /// let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
    /// let tokens = didit.tokens(&Person::alejandra(), ["openid", "picture"]);
    /// let user = auth.client().user_info(&tokens).await?;
    /// assert_eq!(user.picture(), Some("https://example.com/alejandra.png"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn picture(&self) -> Option<&str> {
        self.claim("picture")?.as_str()
    }

    /// A member by its name; `None` also if the member is null.
    ///
    /// ```
    /// use tower_didit::{DiditAuth, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let didit = FakeDidit::new("app", "secret");
    /// let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
    /// let tokens = didit.tokens(&Person::alejandra(), ["openid", "birthdate"]);
    /// let user = auth.client().user_info(&tokens).await?;
    /// let birthdate = user.claim("birthdate").and_then(|claim| claim.get("birthdate"));
    /// assert_eq!(birthdate.and_then(|date| date.as_str()), Some("1990-04-12"));
    /// assert!(user.claim("address").is_none()); // a scope of its own
    /// # Ok(())
    /// # }
    /// ```
    pub fn claim(&self, name: &str) -> Option<Claim<'_>> {
        Claim::of(&self.0, name)
    }

    /// All members, deserialized.
    ///
    /// ```
    /// use tower_didit::{DiditAuth, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// #[derive(serde::Deserialize)]
    /// struct Profile {
    ///     names: Names,
    /// }
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Names {
    ///     first_name: String,
    ///     family_name: String,
    /// }
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
    /// let tokens = didit.tokens(&Person::alejandra(), ["openid", "names"]);
    /// let user = auth.client().user_info(&tokens).await?;
    /// let names = user.extra::<Profile>()?.names;
    /// assert_eq!((names.first_name.as_str(), names.family_name.as_str()), ("Alejandra", "Rosas"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedClaims`](crate::ErrorKind::UnexpectedClaims): a member is missing, or has another type.
    pub fn extra<T: DeserializeOwned>(&self) -> Result<T, Error> {
        claim::read(Value::Object((*self.0).clone()))
    }

    /// A value with its verification, both of Didit's object or both of OpenID Connect's strings.
    fn contact(&self, object: &str, name: &str) -> (Option<&str>, bool) {
        let didit = self.claim(object);
        let didit = didit.filter(|object| object.get(name).is_some());
        let (value, verified) = match didit {
            Some(object) => (object.get(name), object.get("is_verified")),
            None => (self.claim(name), self.claim(&format!("{name}_verified"))),
        };
        let is_verified = verified.and_then(Claim::as_bool) == Some(true);
        (value.and_then(Claim::as_str), is_verified)
    }
}

impl fmt::Debug for UserInfo {
    /// The names of the members, without their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UserInfo")
            .field(&self.0.keys().collect::<Vec<_>>())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn user_info(members: Value) -> UserInfo {
        match members {
            Value::Object(members) => UserInfo::new(members),
            _ => panic!("an object"),
        }
    }

    #[test]
    fn didits_objects_and_plain_strings_are_read() {
        let didit = user_info(json!({
            "email": {"email": "a@example.com", "is_verified": true},
            "phone": {"phone_number": "+34123456789", "is_verified": false},
            "names": {"full_name": "Alejandra Rosas"},
        }));
        let plain = user_info(json!({
            "email": "a@example.com",
            "email_verified": true,
            "phone_number": "+34123456789",
            "name": "Alejandra Rosas",
        }));
        for told in [didit, plain] {
            assert_eq!(told.email(), Some("a@example.com"));
            assert!(told.email_is_verified());
            assert_eq!(told.phone_number(), Some("+34123456789"));
            assert!(!told.phone_number_is_verified());
            assert_eq!(told.full_name(), Some("Alejandra Rosas"));
            assert_eq!(told.picture(), None);
        }
    }

    // OpenID Connect Core §5.1; behaviour 60.
    #[test]
    fn only_json_true_counts_as_verified() {
        for verified in [json!("true"), json!(1), json!(null), json!(["true"])] {
            let didit = user_info(json!({"email": {"email": "a@b", "is_verified": verified}}));
            let plain = user_info(json!({"email": "a@b", "email_verified": verified}));
            assert!(!didit.email_is_verified(), "{verified}");
            assert!(!plain.email_is_verified(), "{verified}");
        }
        // The verification of one form does not count for the other.
        let both = user_info(json!({
            "email": {"email": "a@b"},
            "email_verified": true,
            "phone": {"is_verified": true},
            "phone_number": "+34123456789",
        }));
        assert_eq!(both.email(), Some("a@b"));
        assert!(!both.email_is_verified());
        assert_eq!(both.phone_number(), Some("+34123456789"));
        assert!(!both.phone_number_is_verified());
    }

    #[test]
    fn debug_names_members_and_shows_none() {
        let told = user_info(json!({"email": "a@example.com"}));
        assert_eq!(format!("{told:?}"), r#"UserInfo(["email"])"#);
    }
}
