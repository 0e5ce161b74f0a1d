//! Sign-outs with Didit Authentication: the local session ends first, then Didit's.

mod application;
mod meanwhile;
mod session;

pub(crate) use application::lives_there;
