//! Where jobs survive the process: implementations of the job store port.

#[cfg(test)]
mod contract;
mod sqlite;
mod stored;

pub use sqlite::SqliteJobs;
