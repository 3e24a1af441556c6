//! All that is durable of a job, the same value for every store.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Brief, End, Epoch, JobId, ScriptText, Usage};

/// All that is durable of a job. `JobState::restore` is the only way back from it into a life.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRecord {
    /// What is known without reading any text.
    pub head: JobHead,
    /// 0–100.
    pub progress: u8,
    /// The model that really writes, once known.
    pub model_used: Option<String>,
    /// Tokens, once known.
    pub usage: Option<Usage>,
    /// The script: its parts in the order in which they are read. A plain job has one.
    pub parts: Vec<Part>,
    /// The model has said that it is done: only the saving of the episode is left.
    pub text_complete: bool,
}

/// What is known of a job without reading its text.
#[derive(Debug, Clone, PartialEq)]
pub struct JobHead {
    /// Its name.
    pub id: JobId,
    /// What it was asked.
    pub brief: Arc<Brief>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// The epoch that holds: who writes for an earlier one is refused.
    pub epoch: Epoch,
    /// When it first left the queue.
    pub started_at: Option<DateTime<Utc>>,
    /// Its end, if it has one.
    pub end: Option<End>,
}

/// A job as it is accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Its name.
    pub id: JobId,
    /// What it was asked.
    pub brief: Arc<Brief>,
    /// The key it was created under, if any.
    pub idempotency: Option<IdempotencyKey>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
}

/// A client's `Idempotency-Key` with a digest of the body it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// 1–255 visible ASCII characters.
    pub key: String,
    /// Tells the same body from another one, across restarts and versions.
    pub body_digest: String,
}

/// One part of a script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// What has been written of it.
    pub text: String,
}

/// Which part of a script, in the order in which they are read; 0 and up without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartNumber(pub u32);

impl PartNumber {
    /// The only part of a plain job.
    pub const FIRST: Self = Self(0);
}

/// How far a job has come since the last checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// When it first left the queue.
    pub started_at: Option<DateTime<Utc>>,
    /// 0–100.
    pub progress: u8,
    /// The model that really writes, once known.
    pub model_used: Option<String>,
    /// Tokens, once known.
    pub usage: Option<Usage>,
    /// The part that `text` belongs to.
    pub part: PartNumber,
    /// Where `text` begins, in bytes of that part.
    pub offset: usize,
    /// The part from there on; often empty.
    pub text: String,
    /// The model has said that it is done: only the saving of the episode is left.
    pub text_complete: bool,
}

impl NewJob {
    /// The record of a job that has just been accepted, in the epoch of its claim.
    pub fn record(&self, epoch: Epoch) -> JobRecord {
        let head = JobHead {
            id: self.id,
            brief: Arc::clone(&self.brief),
            created_at: self.created_at,
            epoch,
            started_at: None,
            end: None,
        };
        JobRecord { head, progress: 0, model_used: None, usage: None, parts: Vec::new(), text_complete: false }
    }
}

impl JobRecord {
    /// The text that readers see: all parts, one behind the other.
    pub fn text(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect()
    }

    /// What the provider counted, or an estimate.
    pub fn tokens(&self) -> u64 {
        let estimated = || self.parts.iter().map(|part| ScriptText::from(part.text.as_str()).estimated_tokens()).sum();
        self.usage.map_or_else(estimated, |usage| usage.completion_tokens)
    }

    /// The model that wrote, or was asked to while it has not named itself.
    pub fn writer(&self) -> &str {
        self.model_used.as_deref().unwrap_or(&self.head.brief.model)
    }

    /// About how many bytes it takes, in memory as in a store.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.head.brief.size() + self.parts.iter().map(|part| part.text.len()).sum::<usize>()
    }
}
