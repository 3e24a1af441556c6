//! Messages between the registry and a job.

use actix::Message;
use chrono::{DateTime, Utc};

use crate::{
    model::{EpisodeStatus, JobId, Status},
    ports::{Claim, Ending},
};

/// To a job: the registry has admitted it; start.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Start {
    /// The measured speed of earlier jobs with the same model.
    pub words_per_second: f64,
}

/// To a job: its place in the queue. Sent when that changes.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Place {
    /// The number of queued jobs ahead, plus one.
    pub position: u32,
    /// Estimated seconds until the job finishes.
    pub remaining_seconds: u64,
}

/// To a job: stop for good. Answered once the generator is dropped and the outcome is recorded; immediately if the text
/// is already complete or the job has ended.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Cancel;

/// To a job: its previous actor is lost; end the job.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Lost;

/// To a job: another owner has claimed it. Drop the generator at once.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Fenced;

/// To a job: the process is shutting down. Drop the generator, write a checkpoint and do not start again. Answered once
/// the checkpoint is durable. A job that is about to end answers when it has ended.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Suspend;

/// To the registry: the job has ended and its readers know.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct JobEnded {
    /// The job's id.
    pub id: JobId,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// Its terminal status.
    pub status: Status,
    /// The state of its episode; `None` unless it completed.
    pub episode: Option<EpisodeStatus>,
    /// The approximate memory of its feed, in bytes.
    pub bytes: u64,
    /// The measured writing speed, if there was enough text.
    pub words_per_second: Option<f64>,
    /// The ending, if the store did not take it: the outbox must keep trying.
    pub unrecorded: Option<(Claim, Ending)>,
}

/// To the registry: the actor is gone, whether or not it sent [`JobEnded`] before.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct ActorGone(pub JobId);

/// To the registry: another owner writes the job now. The generator is dropped; nothing was recorded.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct JobFenced(pub JobId);
