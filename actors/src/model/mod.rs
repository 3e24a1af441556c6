//! The ground floor: plain values that everything else talks about. No actor, no trait of ours, no format of any wire, no
//! sentence that a reader is shown.
//!
//! [`JobRecord`] is all that is durable of a job, [`JobView`] is what is shown of it, and [`JobUpdate`] is the one thing that
//! a job says while it lives.

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
