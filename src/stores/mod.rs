//! Implementations of the job store port: where jobs outlive the process.

#[cfg(test)]
mod contract;
mod sqlite;
mod stored;

pub use sqlite::SqliteJobs;
