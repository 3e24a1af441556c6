//! What the registry can be asked.

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
    /// Who writes it.
    pub generator: Arc<dyn ScriptGenerator>,
    /// The client's key, if it sent one.
    pub idempotency: Option<IdempotencyKey>,
}

/// An accepted job.
#[derive(Debug, Clone)]
pub struct Created {
    /// What it shows.
    pub feed: Feed,
    /// It had been accepted before, under the same idempotency key.
    pub existing: bool,
    /// Whole seconds until it may be finished.
    pub estimated_seconds: u64,
}

/// Why a job was not accepted; nothing was started.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error)]
pub enum CreateError {
    /// As many jobs wait as may wait.
    #[display("the queue is full")]
    QueueFull,
    /// The process is going down.
    #[display("shutting down")]
    ShuttingDown,
    /// The key was used for another body.
    #[display("the idempotency key belongs to another request")]
    IdempotencyConflict,
    /// The job could not be made durable.
    #[display("{_0}")]
    Store(StoreError),
}

/// Look a job up. Counts as activity: a finished job is kept longer, and read in the store if nobody holds it.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<Feed>, StoreError>")]
pub struct FindJob(pub JobId);

/// Stop a job. Answered once its generator is dropped and the outcome recorded; at once for unknown and finished ones.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct CancelJob(pub JobId);

/// Try now to save a completed job's script that is not an episode yet, even if the store had refused it.
#[derive(Debug, Message)]
#[rtype(result = "Option<SaveAnswer>")]
pub struct SaveNow(pub JobId);

/// What becomes of [`SaveNow`]; no answer at all means that the job is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveAnswer {
    /// It is being tried.
    Tried,
    /// It is an episode already.
    Saved,
    /// The job has no finished script.
    NoScript,
}

/// Go down: accept nothing more, checkpoint what runs, cut the readers. Answered when all that is done.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Drain;

/// Accept nothing more; what runs goes on until [`Drain`].
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Close;
