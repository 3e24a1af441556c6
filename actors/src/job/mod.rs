//! One generation job: its state, its due times and the actor that runs it.

mod actor;
mod durable;
mod lost;
mod mailbox;
mod messages;
mod pace;
mod progress;
mod pump;
mod rhythm;
mod state;

pub use actor::{JobActor, JobPorts, JobSettings, Supervisor};
pub use lost::record_as_shown;
pub use messages::{ActorGone, Cancel, Fenced, JobEnded, JobFenced, Lost, Place, Start, Suspend};
pub use pace::UNMEASURED;
pub use progress::remaining_seconds;
pub use state::{Effect, Ignored, Input, JobState, Phase};
