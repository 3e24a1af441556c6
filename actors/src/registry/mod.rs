//! The supervisor of all jobs: accepts, admits, finds, ends and forgets them.

mod actor;
mod arbiters;
mod create;
mod creations;
mod drain;
mod ending;
mod forgetting;
mod handle;
mod leaving;
mod loading;
mod lookup;
mod lost;
mod messages;
mod queue;
mod recall;
mod retention;
mod shelf;
mod speed;
mod sweep;
mod take_up;
mod waits;

pub use actor::{JobRegistry, RegistryParts, RegistrySettings};
pub use handle::{FindError, RegistryGone, RegistryHandle};
pub use messages::{CancelJob, CreateError, CreateJob, Created, Drain, FindJob, SaveAnswer, SaveNow};
pub use queue::{FairQueue, QueueFull};
pub use retention::{Bound, Ended, Retention};
pub use take_up::{Adopt, claim_unfinished};

#[cfg(test)]
mod tests;
