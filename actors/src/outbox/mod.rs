//! Scripts that are complete but not saved as episodes yet, and the trying again.

mod actor;
mod backoff;

pub use actor::{Outbox, Owe};
