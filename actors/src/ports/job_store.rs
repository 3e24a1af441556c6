//! Where jobs survive the process, and who may write them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use derive_more::{Display, Error};
use futures_util::{future::LocalBoxFuture, stream::LocalBoxStream};

use crate::model::{
    Cause, Checkpoint, End, EpisodeState, EpisodeStatus, Epoch, JobHead, JobId, JobRecord, NewJob, NodeId, Status,
};

/// What a store answers.
pub type Answer<T> = LocalBoxFuture<'static, Result<T, StoreError>>;

/// Durable jobs: what was accepted, how far it came, how it ended; and who may write each.
///
/// Every write is durable (it survives `kill -9` and power loss) when its future resolves to `Ok`. Writes of one caller about
/// one job are applied in the order of the calls, awaited or not; futures may be dropped without undoing the write. Nothing here
/// blocks the calling thread. When the store cannot keep up, futures wait; they fail with [`StoreError`] rather than wait for
/// ever.
///
/// A job is written under a [`Claim`]. A claim ends when somebody else claims the job or overrules its owner: what is written
/// under it after that changes nothing and is answered with [`Written::Fenced`].
pub trait JobStore: Send + Sync + 'static {
    /// Records a new job in [`Epoch::FIRST`], unless its idempotency key names another one; as one step. `here`: this node has
    /// a slot for it, so it may be claimed at once.
    fn create(&self, job: NewJob, here: bool) -> Answer<Created>;

    /// The job that was created last under this key, if it is still held. Only for callers that have no room for a new job:
    /// [`JobStore::create`] asks by itself.
    fn key_holder(&self, key: &str) -> Answer<Option<KeyHolder>>;

    /// Takes an unfinished job over in the next epoch; everything under its earlier claims is refused from here on. `None` when
    /// its epoch is not `seen` any more, it has ended or is unknown: nothing has changed then.
    fn claim(&self, job: JobId, seen: Epoch) -> Answer<Option<(Claim, JobRecord)>>;

    /// Records how far a job is and appends the text since the last checkpoint.
    ///
    /// The text begins at byte `offset` of its part; what the store holds of the part beyond that is replaced, so that the same
    /// checkpoint written twice changes nothing. An offset beyond the end of what is held or inside a character, and a part
    /// beyond the next one, are errors and change nothing.
    fn checkpoint(&self, by: &Claim, checkpoint: Checkpoint) -> Answer<Written>;

    /// Records the end with its last checkpoint as one step, by the rules of [`JobStore::checkpoint`]. The first end wins:
    /// repeating it under the same claim changes nothing and succeeds.
    fn finish(&self, by: &Claim, ending: Ending) -> Answer<Written>;

    /// Writes the last checkpoint and gives the job up: any node may claim it.
    fn release(&self, by: Claim, last: Checkpoint) -> Answer<Written>;

    /// Ends a job whose owner does not answer, in the next epoch, with the text that is stored. `Fenced` when its epoch is not
    /// `seen` any more or it has ended.
    fn overrule(&self, job: JobId, seen: Epoch, end: End) -> Answer<Written>;

    /// Everything that is held of one job, or `None`.
    fn load(&self, job: JobId) -> Answer<Option<JobRecord>>;

    /// First the head of every unfinished job, the oldest first, then [`Change::CaughtUp`], then whatever other nodes change.
    /// Costs nothing for jobs that have ended. A store of one process ends the stream when it has caught up.
    fn changes(&self) -> LocalBoxStream<'static, Result<Change, StoreError>>;

    /// Notes what became of the script of a completed job. What [`EpisodeState::may_become`] does not allow changes nothing.
    fn note_episode(&self, job: JobId, episode: EpisodeState) -> Answer<()>;

    /// At most `limit` of the jobs that have ended, the newest ending first, from behind another page's `next` on. Jobs that
    /// end or are purged meanwhile may or may not be in later pages; all others are in exactly one. Reads no text.
    fn ended(&self, after: Option<After>, limit: usize) -> Answer<EndedPage>;

    /// Forgets jobs and their texts, as one step; unknown ids are ignored. Other writes wait meanwhile: callers bound how
    /// much they hand in at once, and wait for the answer before they hand in more.
    fn purge(&self, jobs: Vec<JobId>) -> Answer<()>;

    /// Resolves to `Ok` when the store can take writes now: what readiness asks.
    fn check(&self) -> Answer<()>;
}

/// The right to write a job in one epoch. Only stores make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Which job.
    pub job: JobId,
    /// In which epoch.
    pub epoch: Epoch,
    fence: u64,
}

impl Claim {
    /// For stores: `fence` is whatever the store compares a later write with.
    pub fn new(job: JobId, epoch: Epoch, fence: u64) -> Self {
        Self { job, epoch, fence }
    }

    /// For the store that made it.
    pub fn fence(&self) -> u64 {
        self.fence
    }
}

/// What became of a write under a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is durable.
    Done,
    /// The claim is over, and nothing was written: drop the model at once.
    Fenced,
}

/// What became of a creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It is recorded, and the caller's to write.
    Mine(Claim),
    /// It is recorded, and waits for a node to claim it.
    Queued,
    /// Its key names this job, created from the same body. Nothing was recorded.
    Existing(JobId),
    /// Its key names this job, created from another body. Nothing was recorded.
    KeyConflict(JobId),
}

/// What a node learns of the jobs of all nodes.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A job is like this now.
    Head {
        /// What is known of it.
        head: Box<JobHead>,
        /// Who writes it; `None`: whoever claims it.
        owner: Option<NodeId>,
    },
    /// All that was there at the beginning has been told.
    CaughtUp,
    /// This node is taken for dead: its jobs may be claimed.
    OwnerGone(NodeId),
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// The last checkpoint, with the rest of the text.
    pub last: Checkpoint,
    /// The end itself.
    pub end: End,
}

/// The job that was created under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHolder {
    /// Which job.
    pub job: JobId,
    /// The digest of the body it was created by.
    pub body_digest: String,
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
    /// What became of its script; `None` unless it completed.
    pub episode: Option<EpisodeStatus>,
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

/// The store did not do what was asked. The cause is for the log, never for clients.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error)]
#[display("job store: {cause}")]
pub struct StoreError {
    /// Whether it may work later.
    pub kind: StoreErrorKind,
    /// What went wrong.
    #[error(source)]
    pub cause: Cause,
}

/// What to make of a [`StoreError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// Down, full, slow: the same may work later.
    Unavailable,
    /// What was asked contradicts what is held; it never works.
    Contradiction,
}

impl StoreError {
    /// It may work later.
    pub fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind: StoreErrorKind::Unavailable, cause: Cause::new(cause) }
    }

    /// What was asked contradicts what is held.
    pub fn contradiction(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind: StoreErrorKind::Contradiction, cause: Cause::new(cause) }
    }

    /// The store did not answer within `timeout`.
    pub fn timed_out(timeout: Duration) -> Self {
        Self::unavailable(format!("no answer within {timeout:?}"))
    }
}
