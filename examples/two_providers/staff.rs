//! The provider of the staff: Didit Authentication.

use std::error::Error;

use tower_didit::{
    ConfigBuilder,
    fake::{FakeDidit, FakeDiditExt},
};

/// A fake Didit Authentication in this process. The real one is
/// `Config::builder("…", callback).with_provider(Provider::authentication("https://….auth.didit.me"))`.
pub(crate) async fn didit(site: &str) -> Result<ConfigBuilder, Box<dyn Error>> {
    let callback = format!("{site}/staff/callback");
    let didit = FakeDidit::authentication("staff")
        .with_redirect_uri(&callback)
        .with_system_clock();
    let address = didit.listen("127.0.0.1:0").await?;
    println!("staff sign in with a fake Didit Authentication on http://{address}");
    let didit = didit.with_issuer(format!("http://{address}"));
    Ok(beside_the_customers(didit.config(&callback)))
}

/// A cookie name and paths that differ from those of the customers.
pub(crate) fn beside_the_customers(config: ConfigBuilder) -> ConfigBuilder {
    config
        .with_cookie_name("staff")
        .with_login_path("/staff/login")
        .with_logout_path("/staff/logout")
        // Didit Authentication has no client secret to derive the keys from. Yours are random and secret.
        .with_cookie_keys([[7; 32]])
}
