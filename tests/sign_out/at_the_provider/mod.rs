//! Signing out at Didit Authentication, whose session decides who is signed in: here first, then there.

mod application;
mod meanwhile;
mod session;

pub(crate) use application::lives_there;
