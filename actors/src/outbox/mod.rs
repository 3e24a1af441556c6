//! Scripts that are complete but not saved as episodes yet, and the trying again.

mod actor;
mod owed;

pub use actor::{Became, Outbox, Owe, Settled};
