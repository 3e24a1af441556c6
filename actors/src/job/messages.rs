//! What a running job is told, and what it tells the registry.

use actix::Message;
use chrono::{DateTime, Utc};

use crate::{
    model::{EpisodeStatus, JobId, Status},
    ports::{Claim, Ending},
};

/// The registry has admitted the job: begin.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Start {
    /// What earlier jobs with its model have achieved by now.
    pub words_per_second: f64,
}

/// Where the job waits; sent when that changes.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Place {
    /// How many queued jobs go first, plus one.
    pub position: u32,
    /// Seconds until it may be finished.
    pub remaining_seconds: u64,
}

/// Stop for good. Answered once the generator is dropped and the outcome is recorded; at once when the text is
/// already complete or the job has ended.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Cancel;

/// The actor that ran the job before is gone: end it.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Lost;

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
    /// When it ended.
    pub at: DateTime<Utc>,
    /// As what.
    pub status: Status,
    /// What became of its script; `None` unless it completed.
    pub episode: Option<EpisodeStatus>,
    /// About how many bytes are kept of it.
    pub bytes: u64,
    /// How fast it was written, where that could be told.
    pub words_per_second: Option<f64>,
    /// The ending, if the store did not take it: somebody must go on trying.
    pub unrecorded: Option<(Claim, Ending)>,
}

/// To the registry: the actor is gone, whether it said [`JobEnded`] before or not.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct ActorGone(pub JobId);

/// To the registry: somebody else writes the job now. The generator is dropped; nothing was recorded.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct JobFenced(pub JobId);
