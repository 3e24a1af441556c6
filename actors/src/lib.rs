//! The domain of the generation service and the actors that run it.
//!
//! This crate knows no HTTP, sockets, database, wire format or human-readable sentences. What it needs from outside is
//! declared in [`ports`] and supplied by the root package. Start with [`model`] (the values everything else uses) and
//! [`job`] (one job), then read [`feed`] (what a job shows its readers) and [`registry`] (the supervisor). A module
//! imports only from modules before it in this list: `model`, `ports`, `feed`, `directory`, `job`, `mirror`,
//! `outbox`, `registry`.

pub mod backoff;
pub mod directory;
pub mod feed;
pub mod job;
mod mirror;
pub mod model;
pub mod outbox;
pub mod ports;
pub mod registry;
mod store_timeout;
#[cfg(test)]
mod testing;
