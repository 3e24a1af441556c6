//! The domain of the generation service and the actors that run it.
//!
//! This crate knows no HTTP, no sockets and no database: what it needs from outside stands in
//! [`ports`], and the root package supplies it. Start reading at [`job`] (one job), go on with
//! [`feed`] (what a job shows its readers) and [`registry`] (the supervisor).

pub mod backoff;
pub mod feed;
pub mod job;
pub mod outbox;
mod patience;
pub mod ports;
pub mod registry;
#[cfg(test)]
mod testing;
pub mod wording;
