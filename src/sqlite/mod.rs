//! The database file in the data folder, shared by jobs and embedded episodes.
//!
//! One thread owns the writing connection and commits waiting writes in groups, so that many callers share one sync of
//! the disk. Other threads own reading connections, which never wait for that sync.

mod connection;
mod database;
mod error;
mod folder;
mod lane;
mod migrations;
mod threads;
mod waiting;

#[cfg(test)]
mod tests;

pub use database::Database;
pub use error::{DatabaseError, OpenError};
