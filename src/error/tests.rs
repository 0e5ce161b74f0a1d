use super::*;

#[test]
fn displays_one_level_in_lower_case() {
    assert_eq!(
        Error::new(ErrorKind::NotSignedIn).to_string(),
        "nobody is signed in"
    );
    assert_eq!(
        Error::with_context(ErrorKind::InvalidResponse, "no access_token").to_string(),
        "the provider's response cannot be used: no access_token"
    );
    assert_eq!(
        Error::from_provider(
            TokenError::InvalidGrant.into(),
            "invalid_grant",
            Some("expired")
        )
        .to_string(),
        "the provider refuses the code or refresh token (error code invalid_grant)"
    );
    assert_eq!(
        Error::from_provider(ErrorKind::InvalidScope, "invalid_scope", None)
            .with_scopes("openid pets")
            .to_string(),
        "the provider refuses a scope: \"openid pets\" was requested; correct `with_scopes`, or allow the scopes \
         at the provider (error code invalid_scope)"
    );
}

#[test]
fn a_providers_text_is_cut_and_stripped_of_control_characters() {
    let error = Error::from_provider(
        ErrorKind::ProviderRefused,
        &"x".repeat(1000),
        Some(&format!("line\r\nbreak é\u{202e} {}", "y".repeat(1000))),
    );
    assert_eq!(error.provider_code().map(str::len), Some(64));
    let description = error.provider_description().unwrap_or_default();
    assert!(description.starts_with("linebreak  y"), "{description}");
    assert_eq!(description.len(), 256);
}

#[test]
fn text_that_a_provider_may_repeat_is_in_no_log() {
    let error = Error::from_provider(
        TokenError::InvalidGrant.into(),
        "invalid_grant",
        Some("code SplxlOBeZQQYbYS6WxSbIA is spent"),
    );
    assert!(!format!("{error} {error:?}").contains("SplxlOBeZQQYbYS6WxSbIA"));

    let error = Error::from_provider(ErrorKind::ProviderRefused, "hunter2", None);
    assert_eq!(
        error.to_string(),
        "the provider refused (error code unknown)"
    );
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[test]
fn the_first_host_is_kept() {
    let called = |error: Error| error.0.host.as_deref().map(str::to_owned);
    let error = Error::new(ErrorKind::ProviderTimeout).at("keys.example");
    assert_eq!(called(error.clone()).as_deref(), Some("keys.example"));
    let again = error.at("token.example");
    assert_eq!(called(again.clone()).as_deref(), Some("keys.example"));
    let outer = again.into_cause_of(ErrorKind::TokensUnavailable);
    assert_eq!(called(outer.clone()).as_deref(), Some("keys.example"));
    let causes = outer.causes();
    assert_eq!(
        causes.as_deref(),
        Some("the provider did not answer in time")
    );
}

#[test]
fn errors_cross_threads() {
    fn assert_auto<T: Send + Sync + Unpin + 'static>() {}
    assert_auto::<Error>();
}
