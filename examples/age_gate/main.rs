//! A bar for verified adults: `cargo run --example age_gate`, then open the address that it prints. Without
//! `DIDIT_CLIENT_ID` it signs in with a fake Didit of its own, where four people show what the gate does.
//!
//! `LISTEN` is where it listens (default `127.0.0.1:3000`), `RUST_LOG` what it logs (default `info`).

mod bar;
#[path = "../support/page.rs"]
mod page;
mod pages;
#[path = "../support/site.rs"]
#[expect(dead_code, reason = "shared with examples without people of their own")]
mod site;

use std::error::Error;

use site::Site;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let site = Site::open().await?;
    let config = site.didit_or(bar::didit(), bar::SCOPES).await?;
    site.serve(bar::app(config)?).await
}
