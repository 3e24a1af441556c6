//! The durable store of jobs, and the claims to write them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use derive_more::{Display, Error};
use futures_util::{future::LocalBoxFuture, stream::LocalBoxStream};

use crate::model::{
    Cause, Checkpoint, End, EpisodeState, EpisodeStatus, Epoch, JobHead, JobId, JobRecord, NewJob, NodeId, Status,
};

/// The future of a store's answer.
pub type Answer<T> = LocalBoxFuture<'static, Result<T, StoreError>>;

/// Stores jobs durably: their briefs, progress and ends, and who may write each.
///
/// A write is durable (it survives `kill -9` and power loss) when its future resolves to `Ok`. Writes of one caller to
/// one job are applied in call order, awaited or not. Dropping a future does not undo its write. No call blocks the
/// calling thread. When the store cannot keep up, futures wait, and fail with [`StoreError`] rather than wait forever.
///
/// A job is written under a [`Claim`]. A claim ends when another owner claims the job or overrules its owner. Later
/// writes under it change nothing and return [`Written::Fenced`].
pub trait JobStore: Send + Sync + 'static {
    /// Records a new job in [`Epoch::FIRST`] in one atomic step, unless its idempotency key belongs to another job.
    /// `here` means that this node has a slot for the job, so the store may return a claim immediately.
    fn create(&self, job: NewJob, here: bool) -> Answer<Created>;

    /// Returns the newest job created under this key, if the store still holds it. Only for callers without room for a
    /// new job; [`JobStore::create`] checks the key itself.
    fn key_holder(&self, key: &str) -> Answer<Option<KeyHolder>>;

    /// Claims an unfinished job in the next epoch, and fences every earlier claim. Returns `None` and changes nothing
    /// if the job's epoch is no longer `seen`, or if the job has ended or is unknown.
    fn claim(&self, job: JobId, seen: Epoch) -> Answer<Option<(Claim, JobRecord)>>;

    /// Records the job's progress and appends the text since the last checkpoint.
    ///
    /// The text begins at byte `offset` of its part and replaces any stored text beyond it, so writing the same
    /// checkpoint twice changes nothing. It is an error, and changes nothing, if the offset lies beyond the stored text
    /// or inside a character, or if the part lies beyond the next one.
    fn checkpoint(&self, by: &Claim, checkpoint: Checkpoint) -> Answer<Written>;

    /// Records the end and its last checkpoint in one atomic step, by the rules of [`JobStore::checkpoint`]. The first
    /// end wins; repeating it under the same claim succeeds and changes nothing.
    fn finish(&self, by: &Claim, ending: Ending) -> Answer<Written>;

    /// Writes the last checkpoint and releases the claim: any node may claim the job.
    fn release(&self, by: Claim, last: Checkpoint) -> Answer<Written>;

    /// Ends a job whose owner does not answer, in the next epoch, with the stored text. Returns `Fenced` if the job's
    /// epoch is no longer `seen` or the job has ended.
    fn overrule(&self, job: JobId, seen: Epoch, end: End) -> Answer<Written>;

    /// Returns the whole record of a job, or `None`.
    fn load(&self, job: JobId) -> Answer<Option<JobRecord>>;

    /// Streams the head of every unfinished job, oldest first, then [`Change::CaughtUp`], then the changes made by
    /// other nodes. Ended jobs cost nothing. A store of a single process ends the stream once it has caught up.
    fn changes(&self) -> LocalBoxStream<'static, Result<Change, StoreError>>;

    /// Sets the episode state of a completed job. A change that [`EpisodeState::may_become`] does not allow is ignored.
    fn note_episode(&self, job: JobId, episode: EpisodeState) -> Answer<()>;

    /// Lists at most `limit` ended jobs, newest end first, starting after `after` (the `next` of another page). Jobs
    /// that end or are purged meanwhile may or may not be on later pages; every other job is on exactly one. Reads no
    /// text.
    fn ended(&self, after: Option<After>, limit: usize) -> Answer<EndedPage>;

    /// Deletes jobs and their texts in one atomic step; unknown ids are ignored. Other writes wait meanwhile, so
    /// callers must bound each batch and wait for its answer before sending the next.
    fn purge(&self, jobs: Vec<JobId>) -> Answer<()>;

    /// Resolves to `Ok` if the store can take writes now. Used by the readiness check.
    fn check(&self) -> Answer<()>;
}

/// The right to write a job in one epoch. Only stores create claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The job's id.
    pub job: JobId,
    /// The epoch of the claim.
    pub epoch: Epoch,
    fence: u64,
}

impl Claim {
    /// Creates a claim; for stores only. `fence` is the value that the store checks later writes against.
    pub fn new(job: JobId, epoch: Epoch, fence: u64) -> Self {
        Self { job, epoch, fence }
    }

    /// The store's fence value.
    pub fn fence(&self) -> u64 {
        self.fence
    }
}

/// The result of a write under a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The write is durable.
    Done,
    /// The claim has ended and nothing was written: drop the model immediately.
    Fenced,
}

/// The result of creating a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// The job is recorded, and the caller holds its claim.
    Mine(Claim),
    /// The job is recorded, and waits for a node to claim it.
    Queued,
    /// The key belongs to this job, created from the same body. Nothing was recorded.
    Existing(JobId),
    /// The key belongs to this job, created from another body. Nothing was recorded.
    KeyConflict(JobId),
}

/// A change to the jobs of all nodes.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The current head of a job.
    Head {
        /// The head.
        head: Box<JobHead>,
        /// The node that writes it; `None` if any node may claim it.
        owner: Option<NodeId>,
    },
    /// Everything that existed at the start has been sent.
    CaughtUp,
    /// This node is considered dead; its jobs may be claimed.
    OwnerGone(NodeId),
    /// The store has lost everything: no job that it told of exists any more.
    Reset,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// The last checkpoint, with the rest of the text.
    pub last: Checkpoint,
    /// The end itself.
    pub end: End,
}

/// The job created under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHolder {
    /// The job's id.
    pub job: JobId,
    /// The digest of the body that created it.
    pub body_digest: String,
}

/// What is known of an ended job without reading its brief or text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedJob {
    /// The job's id.
    pub id: JobId,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// Its terminal status.
    pub status: Status,
    /// The state of its episode; `None` unless it completed.
    pub episode: Option<EpisodeStatus>,
    /// Its approximate size in the store, in bytes.
    pub bytes: u64,
}

/// One page of ended jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedPage {
    /// The jobs, newest end first.
    pub jobs: Vec<EndedJob>,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<After>,
}

/// A position between two pages of [`JobStore::ended`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// The end of the last job on the page.
    pub at: DateTime<Utc>,
    /// Distinguishes jobs that ended at the same time; meaningful to the store only.
    pub tie: i64,
}

/// A failed request to the store. The cause is for the log, never for clients.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error)]
#[display("job store: {cause}")]
pub struct StoreError {
    /// Whether a retry may succeed.
    pub kind: StoreErrorKind,
    /// What went wrong.
    #[error(source)]
    pub cause: Cause,
}

/// The kind of a [`StoreError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// The store is down, full or slow; the same request may succeed later.
    Unavailable,
    /// The request contradicts the stored data; it can never succeed.
    Contradiction,
}

impl StoreError {
    /// Creates an error of kind [`StoreErrorKind::Unavailable`].
    pub fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind: StoreErrorKind::Unavailable, cause: Cause::new(cause) }
    }

    /// Creates an error of kind [`StoreErrorKind::Contradiction`].
    pub fn contradiction(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind: StoreErrorKind::Contradiction, cause: Cause::new(cause) }
    }

    /// Creates the error for a store that did not answer within `timeout`.
    pub fn timed_out(timeout: Duration) -> Self {
        Self::unavailable(format!("no answer within {timeout:?}"))
    }
}
