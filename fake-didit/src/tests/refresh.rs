use std::time::Duration;

use http::StatusCode;

use super::{didit, refresh_form, rejection, signed_in, token::text, tokens, user_info};
use crate::Endpoint;

#[tokio::test]
async fn a_refresh_token_is_reusable_and_gives_only_an_access_token() {
    let didit = didit();
    let first = signed_in(&didit).await;
    let form = refresh_form(text(&first["refresh_token"]));
    let second = tokens(&didit, form.clone()).await;
    assert!(second.get("refresh_token").is_none() && second.get("id_token").is_none());
    assert_ne!(second["access_token"], first["access_token"]);
    assert_eq!(second["scope"], "openid offline email");
    tokens(&didit, form).await;
    assert_eq!(didit.count(Endpoint::Token), 3);
}

#[tokio::test]
async fn a_refresh_can_narrow_the_scope_but_not_widen_it() {
    let didit = didit();
    let form = refresh_form(text(&signed_in(&didit).await["refresh_token"]));
    assert_eq!(
        tokens(&didit, format!("{form}&scope=openid")).await["scope"],
        "openid"
    );
    assert_eq!(
        rejection(&didit, format!("{form}&scope=openid+phone")).await,
        "invalid_scope"
    );
}

#[tokio::test]
async fn an_unknown_expired_or_revoked_refresh_token_is_rejected() {
    let didit = didit().with_refresh_token_lifetime(Duration::from_secs(100));
    assert_eq!(
        rejection(&didit, refresh_form("rt_unknown")).await,
        "invalid_grant"
    );

    let form = refresh_form(text(&signed_in(&didit).await["refresh_token"]));
    didit.clock().advance(Duration::from_secs(99));
    tokens(&didit, form.clone()).await;
    didit.clock().advance(Duration::from_secs(1));
    assert_eq!(rejection(&didit, form).await, "invalid_grant");

    let form = refresh_form(text(&signed_in(&didit).await["refresh_token"]));
    didit.revoke_all();
    assert_eq!(rejection(&didit, form).await, "invalid_grant");
}

#[tokio::test]
async fn reuse_of_a_rotated_refresh_token_revokes_the_grant() {
    let didit = didit().with_rotating_refresh_tokens();
    let first = signed_in(&didit).await;
    let second = tokens(&didit, refresh_form(text(&first["refresh_token"]))).await;
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(
        rejection(&didit, refresh_form(text(&first["refresh_token"]))).await,
        "invalid_grant"
    );
    assert_eq!(
        rejection(&didit, refresh_form(text(&second["refresh_token"]))).await,
        "invalid_grant"
    );
    assert_eq!(
        user_info(&didit, &second["access_token"]).await.0,
        StatusCode::UNAUTHORIZED
    );
}
