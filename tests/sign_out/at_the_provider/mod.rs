//! Sign-outs with Didit Authentication, whose session decides: the local session ends first, then Didit's.

mod application;
mod meanwhile;
mod session;

pub(crate) use application::lives_there;
