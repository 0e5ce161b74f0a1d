//! Programs that the stories run as real processes, and what stands between them.

pub(crate) mod answer;
pub(crate) mod authority;
pub(crate) mod browser;
pub(crate) mod change;
pub(crate) mod chromium;
pub(crate) mod cluster;
pub(crate) mod course;
pub(crate) mod gate;
pub(crate) mod hosts;
pub(crate) mod library;
pub(crate) mod member;
pub(crate) mod moment;
pub(crate) mod nginx;
pub(crate) mod peer;
pub(crate) mod process;
pub(crate) mod provider;
pub(crate) mod random;
pub(crate) mod redis;
pub(crate) mod relying_party;
pub(crate) mod replicas;
pub(crate) mod resp;
pub(crate) mod shards;
pub(crate) mod sign_in;
pub(crate) mod tinyproxy;
pub(crate) mod visitor;
pub(crate) mod wire;
