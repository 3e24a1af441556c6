//! One generation job: what it was asked, what it is doing, how it ended.

mod actor;
mod brief;
mod failure;
mod id;
mod messages;
mod progress;
mod pump;
mod recording;
mod rhythm;
mod state;
mod text;
mod view;

pub use actor::{JobActor, JobPorts, JobSettings, Supervisor};
pub use brief::Brief;
pub use failure::{Failure, FailureCode};
pub use id::{Epoch, InvalidJobId, JobId};
pub use messages::{ActorGone, Cancel, JobEnded, Start, Suspend};
pub use progress::remaining_seconds;
pub(crate) use recording::finish;
pub use state::{Effect, Ignored, Input, JobState, Phase};
pub use text::ScriptText;
pub use view::{EpisodeStatus, JobView, Status, StatusBody, timestamp};
