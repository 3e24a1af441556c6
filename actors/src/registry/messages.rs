//! The messages of the registry.

use std::sync::Arc;

use actix::Message;
use derive_more::{Display, Error};

use crate::{
    feed::Feed,
    model::{Brief, IdempotencyKey, JobId},
    ports::{ScriptGenerator, StoreError},
};

/// Accept a job. Answered once it is durable.
#[derive(Message)]
#[rtype(result = "Result<Created, CreateError>")]
pub struct CreateJob {
    /// What to write.
    pub brief: Brief,
    /// The generator.
    pub generator: Arc<dyn ScriptGenerator>,
    /// The client's idempotency key, if any.
    pub idempotency: Option<IdempotencyKey>,
}

/// An accepted job.
#[derive(Debug, Clone)]
pub struct Created {
    /// The job's feed.
    pub feed: Feed,
    /// Whether the job was accepted before, under the same idempotency key.
    pub existing: bool,
    /// Estimated whole seconds until the job finishes.
    pub estimated_seconds: u64,
}

/// Why a job was not accepted; nothing was started.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error)]
pub enum CreateError {
    /// The queue is full.
    #[display("the queue is full")]
    QueueFull,
    /// The process is shutting down.
    #[display("shutting down")]
    ShuttingDown,
    /// The idempotency key was used with another body.
    #[display("the idempotency key belongs to another request")]
    IdempotencyConflict,
    /// The job could not be made durable.
    #[display("{_0}")]
    Store(StoreError),
}

/// Look up a job. Counts as activity, so an ended job is kept longer. An ended job that is not in memory is read from
/// the store.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<Feed>, StoreError>")]
pub struct FindJob(pub JobId);

/// Cancel a job. Answered once its generator is dropped and the outcome is recorded; immediately for unknown and ended
/// jobs.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct CancelJob(pub JobId);

/// Save a completed job's script now if it is not an episode yet, even if the episode store refused it.
#[derive(Debug, Message)]
#[rtype(result = "Option<SaveAnswer>")]
pub struct SaveNow(pub JobId);

/// The answer to [`SaveNow`]; no answer means that the job is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveAnswer {
    /// The script is being saved.
    Tried,
    /// The script is already an episode.
    Saved,
    /// The job has no complete script.
    NoScript,
}

/// Shut down: accept no more jobs, checkpoint the running ones and cut their readers. Answered when all of that is
/// done.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Drain;

/// Accept no more jobs; the running ones continue until [`Drain`].
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Close;
