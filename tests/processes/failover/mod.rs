//! Failovers of Redis.

mod silent;
