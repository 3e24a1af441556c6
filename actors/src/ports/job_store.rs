//! Where jobs survive the process.

use std::time::Duration;

use chrono::{DateTime, Utc};
use derive_more::{Display, Error};
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};

use super::{EpisodeRef, Usage};
use crate::job::{Brief, Epoch, FailureCode, JobId, Status};

/// Durable jobs: what was accepted, how far it came, how it ended.
///
/// Every write is durable (it survives `kill -9` and power loss) when its future resolves to `Ok`. Writes of one caller are
/// applied in the order of the calls, awaited or not; futures may be dropped without undoing the write. Nothing here blocks
/// the calling thread. When the store cannot keep up, futures wait; they fail with [`StoreError`] rather than wait for ever.
pub trait JobStore: Send + Sync + 'static {
    /// Records a new job as queued, in [`Epoch::FIRST`].
    fn create(&self, job: NewJob) -> LocalBoxFuture<'static, Result<(), StoreError>>;

    /// Records how far a job is and appends the text since the last checkpoint.
    ///
    /// `text` begins at byte `text_offset` of the script; what the store holds beyond that offset is replaced, so that
    /// the same checkpoint written twice changes nothing. Ignored when the job is unknown, has ended or belongs to a later
    /// epoch. An offset beyond the end of what is held, or inside a character, is an error and changes nothing.
    fn checkpoint(&self, checkpoint: Checkpoint) -> LocalBoxFuture<'static, Result<(), StoreError>>;

    /// Records the end, with its last checkpoint, as one step. The first ending wins: on a job that has one already this
    /// changes nothing and succeeds. Otherwise the rules of [`JobStore::checkpoint`] hold.
    fn finish(&self, ending: Ending) -> LocalBoxFuture<'static, Result<(), StoreError>>;

    /// Notes the episode of a job that completed before its script could be saved; also before the end is recorded.
    fn episode_saved(&self, job: JobId, episode: EpisodeRef) -> LocalBoxFuture<'static, Result<(), StoreError>>;

    /// All unfinished jobs, oldest first. Each one's epoch has been raised by one, durably, before this resolves. Costs
    /// nothing for jobs that have ended.
    fn recover(&self) -> LocalBoxFuture<'static, Result<Vec<StoredJob>, StoreError>>;

    /// At most `limit` of the jobs that have ended, the newest ending first, from behind another page's `next` on. Jobs that
    /// end or are purged meanwhile may or may not be in later pages; all others are in exactly one. Reads no text.
    fn ended(&self, after: Option<After>, limit: usize) -> LocalBoxFuture<'static, Result<EndedPage, StoreError>>;

    /// Everything that is held of one job, or `None`.
    fn load(&self, job: JobId) -> LocalBoxFuture<'static, Result<Option<StoredJob>, StoreError>>;

    /// The newest job that was created under this key, if it is still held.
    fn key_holder(&self, key: &str) -> LocalBoxFuture<'static, Result<Option<KeyHolder>, StoreError>>;

    /// Forgets jobs and their texts, as one step; unknown ids are ignored. Other writes wait meanwhile: callers bound how
    /// much they hand in at once, and wait for the answer before they hand in more.
    fn purge(&self, jobs: Vec<JobId>) -> LocalBoxFuture<'static, Result<(), StoreError>>;

    /// Resolves to `Ok` when the store can take writes now: what readiness asks.
    fn check(&self) -> LocalBoxFuture<'static, Result<(), StoreError>>;
}

/// The store did not do what was asked; the cause is for the log, never for clients.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error)]
#[display("job store: {cause}")]
pub struct StoreError {
    /// What went wrong.
    #[error(not(source))]
    pub cause: String,
}

impl StoreError {
    /// Wraps a cause.
    pub fn new(cause: impl ToString) -> Self {
        Self { cause: cause.to_string() }
    }

    /// The store did not answer within `timeout`.
    pub fn timed_out(timeout: Duration) -> Self {
        Self { cause: format!("no answer within {timeout:?}") }
    }
}

/// A client's `Idempotency-Key` with a digest of the body it came with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyKey {
    /// 1–255 visible ASCII characters.
    pub key: String,
    /// Tells the same body from another one, across restarts and versions.
    pub body_digest: String,
}

/// The job that was created under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHolder {
    /// Which job.
    pub job: JobId,
    /// The digest of the body it was created by.
    pub body_digest: String,
}

/// A job as it is accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Its name.
    pub id: JobId,
    /// What it was asked.
    pub brief: Brief,
    /// The key it was created under, if any.
    pub idempotency: Option<IdempotencyKey>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
}

/// How far a job has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Which job.
    pub id: JobId,
    /// The writer's epoch; a checkpoint of an earlier epoch than the store's is ignored.
    pub epoch: Epoch,
    /// When it first left the queue.
    pub started_at: Option<DateTime<Utc>>,
    /// 0–100.
    pub progress: u8,
    /// The model that really writes, once known.
    pub model_used: Option<String>,
    /// Tokens, once known.
    pub usage: Option<Usage>,
    /// Where `text` begins, in bytes of the script.
    pub text_offset: usize,
    /// The script from there on; often empty.
    pub text: String,
    /// The model has said that it is done: only the saving of the episode is left.
    pub text_complete: bool,
}

/// What the ids of an ended job's events are compared with, so that after a restart nobody is sent what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndMark {
    /// The number of the terminal event within its epoch.
    pub event_seq: u64,
    /// The version of the feed in which the text last changed; 0 if it never did.
    pub text_version: u64,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// The last checkpoint, with the rest of the text.
    pub last: Checkpoint,
    /// What its readers have.
    pub mark: EndMark,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// As what.
    pub outcome: Outcome,
}

/// The three ends of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The script is complete; `episode` is absent while its saving is still owed.
    Completed {
        /// Where the script was saved.
        episode: Option<EpisodeRef>,
    },
    /// It failed with this code (never [`FailureCode::JobCanceled`]).
    Failed(FailureCode),
    /// It was stopped.
    Canceled,
}

impl Outcome {
    /// The code that clients read, unless the job completed.
    pub fn failure(&self) -> Option<FailureCode> {
        match self {
            Self::Completed { .. } => None,
            Self::Failed(code) => Some(*code),
            Self::Canceled => Some(FailureCode::JobCanceled),
        }
    }

    /// The episode, if the job completed and it is saved.
    pub fn episode(&self) -> Option<&EpisodeRef> {
        match self {
            Self::Completed { episode } => episode.as_ref(),
            Self::Failed(_) | Self::Canceled => None,
        }
    }
}

/// A job as the store remembers it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredJob {
    /// As it was accepted.
    pub accepted: NewJob,
    /// Its last checkpoint with the *whole* text (`text_offset` 0); `epoch` is the one that holds from now on.
    pub last: Checkpoint,
    /// Its end, if it has one: what its readers have, when, and as what.
    pub ended: Option<(EndMark, DateTime<Utc>, Outcome)>,
}

/// What is told of a job that has ended without reading its brief or its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedJob {
    /// Which job.
    pub id: JobId,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// As what: one of the terminal states.
    pub status: Status,
    /// Its script is an episode.
    pub saved: bool,
    /// About how much it takes in the store.
    pub bytes: u64,
}

/// Some of the jobs that have ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedPage {
    /// The newest ending first.
    pub jobs: Vec<EndedJob>,
    /// Where the next page begins, if there is one.
    pub next: Option<After>,
}

/// A place between two pages of [`JobStore::ended`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// When the last job of the page before ended.
    pub at: DateTime<Utc>,
    /// Tells jobs apart that ended at the same time; means something to the store only.
    pub tie: i64,
}
