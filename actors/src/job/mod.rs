//! One generation job: what it was asked, what it is doing, how it ended.

mod brief;
mod failure;
mod id;

pub use brief::Brief;
pub use failure::{Failure, FailureCode};
pub use id::{Epoch, InvalidJobId, JobId};
