//! Where jobs survive the process: implementations of the job store port.

mod sqlite;

pub use sqlite::SqliteJobs;
