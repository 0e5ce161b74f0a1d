//! Sessions on several machines: three processes of `examples/relying_party`, a real Redis, and a provider
//! whose refresh tokens work once. Each fault has its stated outcome.

#![expect(
    clippy::indexing_slicing,
    reason = "a member that a JSON value lacks reads as null"
)]

mod support {
    pub(crate) mod change;
    pub(crate) mod cluster;
    pub(crate) mod course;
    pub(crate) mod member;
    pub(crate) mod moment;
    pub(crate) mod port;
    pub(crate) mod process;
    pub(crate) mod provider;
    pub(crate) mod random;
    pub(crate) mod redis;
    pub(crate) mod relying_party;
    pub(crate) mod resp;
    pub(crate) mod visitor;
    pub(crate) mod wire;
}

mod cluster_stories {
    mod crashes;
    mod provider_faults;
    mod redis_faults;
    mod redis_store;
    mod refresh;
    mod rounds;
    mod tally;
}
