//! The obligations left after a job's end: save its script, record its end, purge it from the job store.
//!
//! There is one retry policy: the longest overdue first, pauses that double, and longer pauses while an operator has to
//! fix something. Each kind of obligation is one file that implements [`Obligation`]; a new kind needs a file and the
//! code that adds one. The outbox itself is not durable: unsaved scripts are marked in the job store and added again
//! after a restart.

mod actor;
mod ending;
mod episode;
mod obligation;
mod purge;
mod schedule;

pub use actor::{Add, LastAttempts, Outbox};
pub use ending::{ENDINGS, EndingObligation, EndingRecorded};
pub use episode::{EpisodeObligation, EpisodeResolved, Resolution};
pub use obligation::{Attempt, Kind, Obligation, Retry};
pub use purge::{PurgeObligation, Purged};
