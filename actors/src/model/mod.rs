//! Plain values used by all other modules. No actors, no traits of ours, no wire format, no sentences shown to readers.
//!
//! [`JobRecord`] is the durable state of a job, [`JobView`] is what it shows, and [`JobUpdate`] is what it publishes.

mod brief;
mod cause;
mod episode;
mod event;
mod failure;
mod id;
mod locale;
mod outcome;
mod record;
mod script;
mod step;
mod usage;
mod view;

pub use brief::Brief;
pub use cause::Cause;
pub use episode::{EpisodeRef, EpisodeState, EpisodeStatus};
pub use event::JobUpdate;
pub use failure::{Failure, FailureCode, UnknownFailureCode};
pub use id::{Epoch, InvalidJobId, JobId, NodeId};
pub use locale::Locale;
pub use outcome::{End, EndMark, Outcome};
pub use record::{Checkpoint, IdempotencyKey, JobHead, JobRecord, NewJob, Part, PartNumber};
pub use script::ScriptText;
pub use step::Step;
pub use usage::Usage;
pub use view::{JobView, Status};
