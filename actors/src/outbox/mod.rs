//! What is owed after a job's end: the script to the episode store, the end to the job store, a purge to the job store.
//!
//! One outbox, one policy: the longest overdue first, pauses that double, longer ones while an operator has to mend something.
//! Each kind of obligation is one file here that implements [`Obligation`]: a further kind is a file and the line that adds
//! one. What a promise hangs on is durable elsewhere: an owed script is in the job store, and is handed in again after a
//! restart.

mod actor;
mod ending;
mod episode;
mod obligation;
mod purge;
mod schedule;

pub use actor::{Add, LastAttempts, Outbox};
pub use ending::{ENDINGS, EndingOwed, EndingRecorded};
pub use episode::{EpisodeOwed, EpisodeSettled, Settled};
pub use obligation::{Attempt, Kind, Later, Obligation};
pub use purge::{PurgeOwed, Purged};
