//! The site that every story's application is.

use tower_didit::{ConfigBuilder, DiditAuth, fake::FakeDidit, store::MemoryStore};

pub(crate) const HOME: &str = "https://app.example";
pub(crate) const CALLBACK: &str = "https://app.example/callback";
/// What a page says that knows no user.
pub(crate) const NOBODY: &str = "nobody";

/// A Didit for stories that do not care about the client's name.
pub(crate) fn didit() -> FakeDidit {
    FakeDidit::new("client", "secret")
}

/// The layer of a configuration that is good.
#[track_caller]
pub(crate) fn auth(config: ConfigBuilder) -> DiditAuth {
    DiditAuth::new(config.build().expect("a good configuration"))
}

/// A store in memory, on the clock of its Didit.
pub(crate) fn memory(didit: &FakeDidit) -> MemoryStore {
    MemoryStore::new().with_clock(didit.clock())
}
