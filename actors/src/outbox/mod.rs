//! Scripts that are complete but not saved as episodes yet, and the trying again.

mod actor;

pub use actor::{Outbox, Owe};
