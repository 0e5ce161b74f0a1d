//! The token response.

use std::{fmt, time::Duration};

use oauth2::basic::BasicTokenType;
use serde::{Deserialize, Serialize, Serializer, ser};
use serde_json::Value;

use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
    tokens::{AccessToken, DiditTokens, IdToken, RefreshToken, Scopes, TokenSet},
};

/// A token response (RFC 6749 §5.1), read leniently only where Didit's documentation requires it. Unknown members are
/// ignored, and a known one must not be repeated.
#[derive(Deserialize)]
pub(super) struct TokenResponse {
    #[serde(default = "no_access_token")]
    access_token: oauth2::AccessToken,
    token_type: Option<String>,
    expires_in: Option<Value>,
    scope: Option<Value>,
    /// The scopes, in Didit's introspection and in some of its token responses.
    claims: Option<Value>,
    refresh_token: Option<oauth2::RefreshToken>,
    id_token: Option<String>,
}

impl TokenResponse {
    /// Checks the response. `requested` are the scopes if the response has none.
    pub(super) fn accept(self, requested: &Scopes, now: Timestamp) -> Result<TokenSet, Error> {
        let access_token = self.access_token.into_secret();
        if access_token.is_empty() {
            return Err(invalid("no access_token"));
        }
        // RFC 6749 §7.1. Didit's responses may lack it.
        let token_type = self.token_type.as_deref().unwrap_or("bearer");
        if !token_type.eq_ignore_ascii_case("bearer") {
            return Err(invalid("a token_type that is not Bearer"));
        }
        // RFC 6749 §5.1: absent scopes are those of the request.
        let granted = match &self.scope {
            Some(scope) => Some(scopes(scope).ok_or_else(|| invalid("an unreadable scope"))?),
            None => self.claims.as_ref().and_then(scopes),
        };
        let refresh_token = self.refresh_token.map(oauth2::RefreshToken::into_secret);
        let lifetime = self.expires_in.as_ref().and_then(seconds);
        let is_there = |token: &String| !token.is_empty();
        Ok(TokenSet {
            access_token: AccessToken::new(access_token),
            refresh_token: refresh_token.filter(is_there).map(RefreshToken::new),
            id_token: self.id_token.filter(is_there).map(IdToken::new),
            scopes: granted.unwrap_or_else(|| requested.clone()),
            expires_at: lifetime.map(|lifetime| now.plus(lifetime)),
            received_at: now,
        })
    }
}

impl TokenSet {
    /// The tokens after a refresh of `before`.
    ///
    /// An absent refresh token and an absent lifetime are those of `before`. The scopes are never more than those
    /// of `before` (RFC 6749 §6). The session keeps the ID token of the sign-in; a new one was only verified.
    pub(crate) fn after_refresh_of(self, before: &DiditTokens) -> DiditTokens {
        let old_refresh_token = || Some(RefreshToken::new(before.refresh_token()?.secret()));
        let same_lifetime = || {
            let lifetime = before.expiry()?.since(before.received_at());
            Some(self.received_at.plus(lifetime))
        };
        let set = Self {
            id_token: before.id_token().map(|token| IdToken::new(token.secret())),
            scopes: self.scopes.within(before.scopes()),
            expires_at: self.expires_at.or_else(same_lifetime),
            refresh_token: self.refresh_token.or_else(old_refresh_token),
            ..self
        };
        DiditTokens::new(set, before.claims().clone())
    }
}

/// A list separated by spaces, or an array. `None` for anything else.
pub(super) fn scopes(value: &Value) -> Option<Scopes> {
    match value {
        Value::String(spaced) => Some(Scopes::new(spaced.as_str())),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(Value::as_str).collect::<Option<_>>()?;
            Some(Scopes::new(items.join(" ")))
        }
        _ => None,
    }
}

/// A number or a numeric string. A negative one is zero. `None` for anything else.
fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite())?,
        _ => return None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates at both ends"
    )]
    let seconds = seconds as u64;
    Some(Duration::from_secs(seconds))
}

fn no_access_token() -> oauth2::AccessToken {
    oauth2::AccessToken::new(String::new())
}

pub(super) fn invalid(context: &'static str) -> Error {
    Error::with_context(ErrorKind::InvalidResponse, context)
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenResponse([redacted])")
    }
}

/// `oauth2` requires this. It always fails, so tokens are never written.
impl Serialize for TokenResponse {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(ser::Error::custom("tokens are not serialized"))
    }
}

impl oauth2::TokenResponse for TokenResponse {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &oauth2::AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &BasicTokenType::Bearer
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.as_ref().and_then(seconds)
    }

    fn refresh_token(&self) -> Option<&oauth2::RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<oauth2::Scope>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1000);

    fn accept(json: &str) -> Result<TokenSet, String> {
        let response: TokenResponse =
            serde_json::from_str(json).map_err(|error| error.to_string())?;
        response
            .accept(&Scopes::new("openid email"), NOW)
            .map_err(|error| error.to_string())
    }

    fn with(member: &str) -> Result<TokenSet, String> {
        accept(&format!(
            r#"{{"access_token":"at","id_token":"id",{member}}}"#
        ))
    }

    fn seconds_of(expires_in: &str) -> Option<u64> {
        let tokens = with(&format!(r#""expires_in":{expires_in}"#)).unwrap();
        tokens.expires_at.map(|end| end.since(NOW).as_secs())
    }

    // RFC 6749 §5.1; behaviour 39.
    #[test]
    fn a_lifetime_is_a_number_or_a_numeric_string() {
        for (written, seconds) in [
            ("3600", Some(3600)),
            ("\"3600\"", Some(3600)),
            ("3600.9", Some(3600)),
            ("0", Some(0)),
            ("-1", Some(0)),
            ("9223372036854775808", Some(1 << 63)),
            ("1e300", Some(u64::MAX - 1000)),
            ("\"inf\"", None),
            ("\"NaN\"", None),
            ("\"soon\"", None),
            ("null", None),
            ("[3600]", None),
        ] {
            assert_eq!(seconds_of(written), seconds, "{written}");
        }
        assert!(
            accept(r#"{"access_token":"at","id_token":"id"}"#)
                .unwrap()
                .expires_at
                .is_none()
        );
    }

    // RFC 6749 §5.1; behaviour 40.
    #[test]
    fn absent_scopes_are_the_requested_ones() {
        for (member, scopes) in [
            (r#""x":1"#, "openid email"),
            (r#""scope":null"#, "openid email"),
            (r#""scope":"openid""#, "openid"),
            (r#""scope":["openid","names"]"#, "openid names"),
            (r#""scope":"""#, ""),
            (r#""scope":[]"#, ""),
            (r#""claims":"openid""#, "openid"),
            (r#""claims":{"a":1}"#, "openid email"),
            (r#""scope":"openid","claims":"openid email""#, "openid"),
        ] {
            assert_eq!(with(member).unwrap().scopes.as_str(), scopes, "{member}");
        }
        for member in [r#""scope":5"#, r#""scope":[1]"#, r#""scope":{}"#] {
            assert_eq!(
                with(member).err().unwrap(),
                "the provider's response cannot be used: an unreadable scope"
            );
        }
    }

    // RFC 6749 §7.1, OpenID Connect Core §3.1.3.3; behaviours 37 and 38.
    #[test]
    fn errors_name_the_missing_or_unsupported_member() {
        let text = "the provider's response cannot be used: ";
        for (json, why) in [
            (r#"{"id_token":"id"}"#, "no access_token"),
            (r#"{"access_token":"","id_token":"id"}"#, "no access_token"),
            (
                r#"{"access_token":"at","id_token":"id","token_type":"mac"}"#,
                "a token_type that is not Bearer",
            ),
        ] {
            assert_eq!(accept(json).err().unwrap(), format!("{text}{why}"));
        }
        assert!(with(r#""token_type":"bEARER""#).is_ok());
        assert!(
            with(r#""refresh_token":"""#)
                .unwrap()
                .refresh_token
                .is_none()
        );
        assert!(with(r#""access_token":"another""#).is_err());
    }

    #[test]
    fn tokens_are_neither_shown_nor_written() {
        let response: TokenResponse = serde_json::from_str(r#"{"access_token":"secret"}"#).unwrap();
        assert_eq!(format!("{response:?}"), "TokenResponse([redacted])");
        assert!(serde_json::to_string(&response).is_err());
    }
}
