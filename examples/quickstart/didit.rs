//! Which Didit the quickstart signs in with.

use std::{env, error::Error};

use tower_didit::{
    Config, Provider,
    fake::{FakeDidit, FakeDiditExt},
    scope,
};

/// The real one where the environment has credentials, else a fake one in this process.
///
/// With real credentials, `DIDIT_REDIRECT_URI` is `http://localhost:3000/callback`, or what is
/// registered at Didit.
pub(crate) async fn configure(site: &str) -> Result<Config, Box<dyn Error>> {
    if env::var_os("DIDIT_CLIENT_ID").is_some() {
        println!("DIDIT_CLIENT_ID is set: signing in as the environment says");
        return Ok(Config::from_env().build()?);
    }

    let callback = format!("{site}/callback");
    let didit = FakeDidit::new("quickstart", "quickstart-secret")
        .with_redirect_uri(&callback)
        .with_system_clock();
    let address = didit.listen("127.0.0.1:0").await?;
    println!("no DIDIT_CLIENT_ID is set: signing in with a fake Didit on http://{address}");

    let provider = Provider::didit().with_authorization_endpoint(format!("http://{address}/"));
    let config = didit
        .config(&callback)
        .with_provider(provider)
        .with_scopes([scope::OPENID, scope::EMAIL, scope::NAMES, scope::OFFLINE])
        .build()?;
    Ok(config)
}
