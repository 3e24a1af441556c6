//! The database file in the data folder, which jobs and embedded episodes share.
//!
//! One thread owns the writing connection and commits whole groups of waiting writes at once, so that many callers pay
//! for one sync of the disk; another thread owns a reading connection, which never waits for that sync.

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
