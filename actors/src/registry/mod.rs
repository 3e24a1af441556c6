//! The supervisor: which jobs there are, who may stream, and what happens to those that die.

mod actor;
mod arbiters;
mod create;
mod directory;
mod drain;
mod ending;
mod forgetting;
mod handle;
mod lookup;
mod messages;
mod queue;
mod recall;
mod recovery;
mod rescue;
mod retention;
mod shelf;
mod speed;
mod sweep;
mod table;
mod waits;

pub use actor::{JobRegistry, RegistryParts, RegistrySettings};
pub use directory::{Directory, ListActive, Listing, Page};
pub use handle::{FindError, RegistryGone, RegistryHandle};
pub use messages::{CancelJob, CreateError, CreateJob, Created, Drain, FindJob, JobCounts, SaveAnswer, SaveNow};
pub use queue::{FairQueue, QueueFull};
pub use recovery::Adopt;
pub use retention::{Bound, Ended, Fate, Retention};
pub use table::{KeyUse, Table};

#[cfg(test)]
mod tests;
