//! Implementations of the job store port: where jobs outlive the process.

#[cfg(test)]
mod contract;
mod nats;
mod sqlite;
mod stored;

pub use nats::{CannotStart, NatsJobs, NatsPeers};
pub use sqlite::SqliteJobs;
