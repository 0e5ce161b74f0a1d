//! The user information response.

use http::{Response, StatusCode};

use crate::{
    error::{Error, ErrorKind},
    json::{self, Object},
    provider::Provider,
    tokens::IdClaims,
    transport::unexpected_status,
};

/// The members of the response to a user information request about `user` (OpenID Connect Core §5.3.2, RFC 6750 §3.1).
pub(crate) fn user_info(
    response: &Response<impl AsRef<[u8]>>,
    provider: &Provider,
    user: &IdClaims,
) -> Result<Object, Error> {
    match response.status() {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => return Err(Error::new(ErrorKind::AccessTokenRefused)),
        StatusCode::FORBIDDEN => return Err(Error::new(ErrorKind::InsufficientScope)),
        status => return Err(unexpected_status("user information", status)),
    }
    let members = json::object(response.body().as_ref()).ok_or_else(|| {
        let context = "user information: not a JSON object, or a member is repeated";
        Error::with_context(ErrorKind::InvalidResponse, context)
    })?;
    // §5.3.2: the subject is required and equals that of the ID token, under every name that the provider has for it.
    let names = provider.subject_members.iter();
    let mut subjects = names.filter_map(|name| members.get(*name)).peekable();
    if subjects.peek().is_none() || subjects.any(|one| one.as_str() != Some(user.subject())) {
        return Err(Error::new(ErrorKind::UserInfoMismatch));
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(status: u16, body: &str) -> Result<Object, ErrorKind> {
        read_from(&Provider::didit(), status, body)
    }

    fn read_from(provider: &Provider, status: u16, body: &str) -> Result<Object, ErrorKind> {
        let response = Response::builder().status(status).body(body).unwrap();
        let user = IdClaims::of_subject("john");
        user_info(&response, provider, &user).map_err(|error| error.kind())
    }

    // OpenID Connect Core §5.3.2; behaviour 73.
    #[test]
    fn user_id_is_a_subject_only_at_didit() {
        let other = Provider::discovered("https://op.example");
        assert!(read_from(&other, 200, r#"{"sub":"john","user_id":42}"#).is_ok());
        assert_eq!(
            read_from(&other, 200, r#"{"user_id":"john"}"#).err(),
            Some(ErrorKind::UserInfoMismatch)
        );
    }

    // OpenID Connect Core §5.3.2; behaviour 73.
    #[test]
    fn the_subject_is_that_of_the_id_token() {
        for good in [
            json!({"sub": "john"}),
            json!({"user_id": "john"}),
            json!({"sub": "john", "user_id": "john", "extra": [1]}),
        ] {
            assert!(read(200, &good.to_string()).is_ok(), "{good}");
        }
        for foreign in [
            json!({}),
            json!({"sub": "alejandra"}),
            json!({"sub": "John"}),
            json!({"sub": ["john"]}),
            json!({"sub": null}),
            json!({"sub": "john", "user_id": "alejandra"}),
            json!({"sub": "alejandra", "user_id": "john"}),
        ] {
            let refusal = read(200, &foreign.to_string()).err();
            assert_eq!(refusal, Some(ErrorKind::UserInfoMismatch), "{foreign}");
        }
        let twice = r#"{"sub":"alejandra","sub":"john"}"#;
        assert_eq!(read(200, twice).err(), Some(ErrorKind::InvalidResponse));
    }

    // OpenID Connect Core §5.3.3; behaviour 74.
    #[test]
    fn anything_but_an_object_is_refused() {
        for (status, body, kind) in [
            (401, "", ErrorKind::AccessTokenRefused),
            (403, "", ErrorKind::InsufficientScope),
            (500, r#"{"sub":"john"}"#, ErrorKind::InvalidResponse),
            (302, "", ErrorKind::InvalidResponse),
            (200, "eyJhbGciOiJub25lIn0.e30.", ErrorKind::InvalidResponse),
            (200, r#"["john"]"#, ErrorKind::InvalidResponse),
            (200, "", ErrorKind::InvalidResponse),
        ] {
            assert_eq!(read(status, body).err(), Some(kind), "{status} {body}");
        }
    }
}
