//! Step-up behind each provider.

use super::*;

const AUTH_TIME: &str = "the max_age cannot be verified: the provider is not declared to return `auth_time`; declare \
                         it with `Provider::with_auth_time` if its ID tokens have that claim";
const ACR: &str = "the acr_values cannot be verified: the provider is not declared to return `acr`; declare it with \
                   `Provider::with_acr` if its ID tokens have that claim";

/// Checks a guard with a configuration.
fn check(guard: &RequireSignIn, config: ConfigBuilder) -> Result<(), String> {
    let config = config.build().expect("a good configuration");
    guard.check(&config).map_err(|error| error.to_string())
}

// Behaviour 120.
#[test]
fn a_provider_has_to_be_declared_to_return_the_claim() {
    let authentication = FakeDidit::authentication("client");
    let product = authentication.config(CALLBACK).provider().clone();
    let in_house = |provider: &Provider| {
        let config = authentication.config(CALLBACK);
        let config = config.with_cookie_keys([[7; 32]]);
        config.with_provider(provider.clone())
    };
    let sign_in = |provider| didit().config(CALLBACK).with_provider(provider);
    for (guard, why, undeclared, declared) in [
        (
            recent(),
            AUTH_TIME,
            sign_in(Provider::didit().with_acr()),
            sign_in(Provider::didit().with_auth_time()),
        ),
        (
            strong(),
            ACR,
            sign_in(Provider::didit().with_auth_time()),
            sign_in(Provider::didit().with_acr()),
        ),
        (
            recent(),
            AUTH_TIME,
            in_house(&product),
            in_house(&product.clone().with_auth_time()),
        ),
        (
            strong(),
            ACR,
            in_house(&product),
            in_house(&product.clone().with_acr()),
        ),
    ] {
        assert_eq!(check(&guard, undeclared), Err(why.to_owned()));
        assert_eq!(check(&guard, declared), Ok(()));
        let discovered = sign_in(Provider::discovered("https://apx.didit.me"));
        assert_eq!(check(&guard, discovered), Ok(()));
    }
    // A guard without a requirement needs nothing.
    let guard = RequireSignIn::new();
    assert_eq!(check(&guard, sign_in(Provider::didit())), Ok(()));
}

// Behaviour 120.
#[tokio::test]
async fn an_unverifiable_requirement_is_refused_on_every_request() {
    let didit = didit();
    let browser = Browser::new(HOME, app(didit.config(CALLBACK)));
    for is_signed_in in [false, true] {
        if is_signed_in {
            sign_in(&browser, &didit).await;
        }
        for page in ["/recent", "/strong", "/both"] {
            let response = browser.fetch(Method::GET, page).await;
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(response.json()["code"], "invalid-sign-in", "{page}");
            let page = browser.get(page).await;
            assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
        }
    }
}

// Behaviour 120.
#[test]
fn classes_have_to_be_words_that_the_configuration_accepts() {
    let config = || config(&didit());
    let none = "the list of required acr_values is empty";
    for (guard, config, outcome) in [
        (strong(), config().require_acr_values(["silver"]), Ok(())),
        (
            strong(),
            config().require_acr_values(["bronze"]),
            Err(
                "the list of acr_values \"gold silver\" has none of the values that `require_acr_values` accepts",
            ),
        ),
        (strong().acr_values(["silver", "bronze"]), config(), Ok(())),
        (strong().acr_values(["bronze"]), config(), Err(none)),
        (
            RequireSignIn::new().acr_values(None::<String>),
            config(),
            Err(none),
        ),
        (
            RequireSignIn::new().acr_values(["gold silver"]),
            config(),
            Err("the acr_values \"gold silver\" is empty, or has white space"),
        ),
    ] {
        assert_eq!(check(&guard, config), outcome.map_err(str::to_owned));
    }
}

// Behaviour 120.
#[test]
fn a_requirement_of_every_sign_in_that_the_provider_cannot_meet_is_refused_by_build() {
    let authentication = FakeDidit::authentication("client");
    let build = |configure: fn(ConfigBuilder) -> ConfigBuilder| {
        let config = authentication.config(CALLBACK);
        let config = config.with_cookie_keys([[7; 32]]);
        let built = configure(config).build();
        built.map(drop).map_err(|error| error.to_string())
    };
    let max_age = build(|config| config.with_max_age(MINUTE));
    assert_eq!(max_age, Err(AUTH_TIME.to_owned()));
    let acr_values = build(|config| config.require_acr_values(["gold"]));
    assert_eq!(acr_values, Err(ACR.to_owned()));
    // It has to fit into the flow cookie.
    let long = didit()
        .config(CALLBACK)
        .require_acr_values(["x".repeat(250)]);
    let text = "the parameters of the sign-in take more than 256 bytes in the flow cookie";
    assert_eq!(
        long.build().err().map(|error| error.to_string()).as_deref(),
        Some(text)
    );
    // Requested, not required.
    assert_eq!(build(|config| config.with_acr_values(["gold"])), Ok(()));
    // Didit documents neither claim for its Sign in API.
    let undocumented = didit().config(CALLBACK).with_max_age(MINUTE);
    assert!(undocumented.require_acr_values(["gold"]).build().is_ok());
}

// Behaviour 120.
#[tokio::test]
async fn a_discovered_provider_is_asked_and_the_user_comes_back() {
    let didit = didit();
    let provider = Provider::discovered("https://apx.didit.me");
    let config = didit.config(CALLBACK).with_provider(provider);
    let browser = Browser::new(HOME, app(config));
    sign_in(&browser, &didit).await;
    didit.clock().advance(10 * MINUTE);
    let started = browser.get("/both").await;
    let said = parameters(started.location());
    assert_eq!((&*said["max_age"], &*said["acr_values"]), ("300", "gold"));
    let gold = with_claim("acr", "gold");
    let callback = approve(&started, &browser, &didit, gold).await;
    assert_eq!(callback.location(), "/both");
    assert_eq!(browser.get("/both").await.text(), subject());
}

// Behaviour 120. The product refuses parameters that it does not document.
#[tokio::test]
async fn a_provider_that_is_wrongly_declared_ends_in_an_error() {
    let didit = FakeDidit::authentication("client");
    let config = didit.config(CALLBACK).with_cookie_keys([[7; 32]]);
    let provider = config.provider().clone().with_auth_time().with_acr();
    let browser = Browser::new(HOME, app(config.with_provider(provider)));
    sign_in(&browser, &didit).await;
    let started = browser.get("/strong").await;
    assert_eq!(parameter(started.location(), "acr_values"), "gold silver");
    let browser = browser.add_didit(&didit);
    let refused = browser.visit("/strong").await;
    assert_eq!(refused.status(), StatusCode::BAD_GATEWAY);
    assert!(refused.text().contains("<code>provider-refused</code>"));
    assert_eq!(browser.get("/").await.text(), subject());
}
