//! The bar, and the people who want to get in.

use axum::{Router, response::Html, routing::get};
use tower_didit::{
    ConfigBuilder, ConfigError, DiditAuth, IdClaims, RequireSignIn,
    fake::{FakeDidit, Person},
    scope,
};

use super::{page, pages};

/// What the bar wants to know.
pub(crate) const SCOPES: [&str; 3] = [scope::OPENID, scope::IS_VERIFIED, scope::IS_OVER_18];

/// The application, apart from its client and its provider.
pub(crate) fn app(config: ConfigBuilder) -> Result<Router, ConfigError> {
    let config = config
        // Asks Didit once for each sign-in. The session keeps the response, which the guard reads.
        .with_user_info_at_sign_in()
        .with_redirect_after_sign_in()
        .with_error_page(|error, _request, next| pages::error(error.kind(), next))
        .build()?;

    let adults = RequireSignIn::new().verified().over_18();
    // A setting that is missing stops the program here, and not its visitors.
    adults.check(&config)?;

    Ok(Router::new()
        .route("/bar", get(pages::bar))
        .route_layer(adults)
        .route("/", get(home))
        .route("/favicon.ico", get(page::icon))
        .layer(DiditAuth::new(config)))
}

/// Open to everyone.
async fn home(user: Option<IdClaims>) -> Html<String> {
    pages::home(user.is_some())
}

/// A Didit with people who may pass, and people who may not.
pub(crate) fn didit() -> FakeDidit {
    FakeDidit::new("the-bar", "the-bar-secret").with_people([
        Person::alejandra(),
        minor(),
        unverified(),
        undisclosed(),
    ])
}

/// Verified, and too young.
pub(crate) fn minor() -> Person {
    Person::new("7d1f0a52-minor")
        .with_names("Mia", "Minor")
        .with_email("mia@example.com")
        .with_verified(true)
        .with_over_18(false)
}

/// Says that he is an adult. Didit has not verified him.
pub(crate) fn unverified() -> Person {
    Person::new("7d1f0a52-unverified")
        .with_names("Uwe", "Unverified")
        .with_email("uwe@example.com")
        .with_over_18(true)
}

/// Verified, of an age that Didit does not know.
pub(crate) fn undisclosed() -> Person {
    Person::new("7d1f0a52-undisclosed")
        .with_names("Ada", "Ageless")
        .with_email("ada@example.com")
        .with_verified(true)
}
