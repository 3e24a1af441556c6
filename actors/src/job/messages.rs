//! What a running job is told, and what it tells the registry.

use actix::Message;

use super::JobId;
use crate::ports::Ending;

/// The registry has admitted the job: begin.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Start {
    /// What earlier jobs with its model have achieved by now.
    pub words_per_second: f64,
}

/// Stop for good. Answered once the generator is dropped and the outcome is recorded; at once when the text is
/// already complete or the job has ended.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Cancel;

/// The process is going down: drop the generator, checkpoint, and do not start again. Answered once the checkpoint is
/// durable; a job that is about to end answers when it has.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Suspend;

/// To the registry: the job has ended and its readers know.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct JobEnded {
    /// Which job.
    pub id: JobId,
    /// How fast it was written, where that could be told.
    pub words_per_second: Option<f64>,
    /// The outcome, if the store did not take it: somebody must go on trying.
    pub unrecorded: Option<Ending>,
}

/// To the registry: the job's actor is gone, for whatever reason.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct ActorGone(pub JobId);
