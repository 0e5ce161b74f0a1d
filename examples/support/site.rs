//! What every example needs: a place to listen, and a Didit to sign in with.

use std::{env, error::Error, io::ErrorKind};

use axum::Router;
use tokio::net::TcpListener;
use tower_didit::{
    Config, ConfigBuilder, Provider,
    fake::{FakeDidit, FakeDiditExt},
};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// The site of an example: `LISTEN` is where it listens (default `127.0.0.1:3000`), `RUST_LOG` what it logs
/// (default `info`).
pub(crate) struct Site {
    listener: TcpListener,
    /// For the addresses that a provider has to know.
    pub(crate) origin: String,
}

impl Site {
    pub(crate) async fn open() -> Result<Self, Box<dyn Error>> {
        tracing_subscriber::fmt()
            .with_env_filter(
                EnvFilter::builder()
                    .with_default_directive(LevelFilter::INFO.into())
                    .from_env_lossy(),
            )
            .with_writer(std::io::stderr)
            .init();
        let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
        let listener = TcpListener::bind(&address).await;
        let listener = listener.map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => format!(
                "{address} is in use: stop the program that listens there, or choose another address, such as \
                 LISTEN=127.0.0.1:3001"
            ),
            _ => format!("cannot listen on {address}: {error}"),
        })?;
        let origin = format!("http://localhost:{}", listener.local_addr()?.port());
        Ok(Self { listener, origin })
    }

    /// The real Didit if the environment has credentials, otherwise a fake one in this process.
    ///
    /// With real credentials, `DIDIT_REDIRECT_URI` is `http://localhost:3000/callback`, or what is registered at Didit.
    pub(crate) async fn didit<const N: usize>(
        &self,
        scopes: [&str; N],
    ) -> Result<ConfigBuilder, Box<dyn Error>> {
        let fake = FakeDidit::new("example", "example-secret");
        self.didit_or(fake, scopes).await
    }

    /// Likewise, with a fake of the example's own.
    pub(crate) async fn didit_or<const N: usize>(
        &self,
        fake: FakeDidit,
        scopes: [&str; N],
    ) -> Result<ConfigBuilder, Box<dyn Error>> {
        if env::var_os("DIDIT_CLIENT_ID").is_some() {
            println!("DIDIT_CLIENT_ID is set: signing in as the environment says");
            return Ok(Config::from_env());
        }

        let callback = format!("{}/callback", self.origin);
        let didit = fake.with_redirect_uri(&callback).with_system_clock();
        let address = didit.listen("127.0.0.1:0").await?;
        println!("no DIDIT_CLIENT_ID is set: signing in with a fake Didit on http://{address}");

        let provider = Provider::didit().with_authorization_endpoint(format!("http://{address}/"));
        Ok(didit
            .config(&callback)
            .with_provider(provider)
            .with_scopes(scopes))
    }

    /// Serves the application until the program is stopped.
    pub(crate) async fn serve(self, app: Router) -> Result<(), Box<dyn Error>> {
        println!("listening on {}", self.origin);
        axum::serve(self.listener, app).await?;
        Ok(())
    }
}
