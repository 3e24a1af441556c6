//! The domain of the generation service and the actors that run it.
//!
//! This crate knows no HTTP, no sockets, no database, no wire format and no sentences: what it needs from outside stands in
//! [`ports`], and the root package supplies it. Start reading at [`model`] (what everything is about) and [`job`] (one job), go
//! on with [`feed`] (what a job shows its readers) and [`registry`] (the supervisor). Nobody here imports what stands below
//! itself in this list: `model`, `ports`, `feed`, `directory`, `job`, `outbox`, `registry`.

pub mod backoff;
mod deadlines;
pub mod directory;
pub mod feed;
pub mod job;
pub mod model;
pub mod outbox;
pub mod ports;
pub mod registry;
#[cfg(test)]
mod testing;
