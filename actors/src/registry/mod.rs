//! The supervisor: which jobs there are, who may stream, and what happens to those that die.

mod actor;
mod arbiters;
mod create;
mod drain;
mod forgetting;
mod handle;
mod lookup;
mod messages;
mod queue;
mod recovery;
mod rescue;
mod retention;
mod speed;
mod table;

pub use actor::{JobRegistry, RegistryParts, RegistrySettings};
pub use handle::{RegistryGone, RegistryHandle};
pub use messages::{
    CancelJob, CountJobs, CreateError, CreateJob, Created, Drain, FindJob, JobCounts, ListActive, SaveAnswer, SaveNow,
};
pub use queue::{FairQueue, QueueFull};
pub use recovery::Adopt;
pub use retention::Retention;
pub use table::{KeyUse, Page, Table};

#[cfg(test)]
mod tests;
