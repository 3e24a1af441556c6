//! The supervisor of all jobs: accepts, admits, finds, ends and forgets them.

mod actor;
mod adopt;
mod arbiters;
mod cluster;
mod create;
mod creations;
mod drain;
mod ending;
mod feed_cache;
mod forgetting;
mod handle;
mod loading;
mod lookup;
mod lost;
mod messages;
mod other;
mod others;
mod pending_purges;
mod queue;
mod reload;
mod retention;
mod speed;
mod sweep;
mod waits;

pub use actor::{JobRegistry, RegistryParts, RegistrySettings};
pub use adopt::{Adopt, claim_unfinished};
pub use handle::{FindError, RegistryGone, RegistryHandle};
pub use messages::{CancelJob, CreateError, CreateJob, Created, Drain, FindJob, SaveAnswer, SaveNow};
pub use queue::{FairQueue, QueueFull};
pub use retention::{Bound, Ended, Retention};

#[cfg(test)]
mod tests;
