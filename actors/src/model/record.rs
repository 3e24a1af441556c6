//! The durable state of a job, the same value for every store.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Brief, End, Epoch, JobId, ScriptText, Usage};

/// The durable state of a job. Only `JobState::restore` turns it back into a running job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRecord {
    /// What is known without reading the text.
    pub head: JobHead,
    /// 0–100.
    pub progress: u8,
    /// The model that actually writes, once known.
    pub model_used: Option<String>,
    /// The token usage, once known.
    pub usage: Option<Usage>,
    /// The script's parts in reading order. A plain job has one.
    pub parts: Vec<Part>,
    /// The model has finished; only the episode remains to be saved.
    pub text_complete: bool,
}

/// What is known of a job without reading its text.
#[derive(Debug, Clone, PartialEq)]
pub struct JobHead {
    /// The job's id.
    pub id: JobId,
    /// The brief.
    pub brief: Arc<Brief>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// The current epoch; writes under an earlier one are fenced.
    pub epoch: Epoch,
    /// When it first left the queue.
    pub started_at: Option<DateTime<Utc>>,
    /// How many owners in a row the job has lost without any text being stored; 0 in a store of one process, which does not
    /// count them.
    pub attempts: u32,
    /// The end, once the job has ended.
    pub end: Option<End>,
}

/// A newly accepted job.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// The job's id.
    pub id: JobId,
    /// The brief.
    pub brief: Arc<Brief>,
    /// The client's idempotency key, if any.
    pub idempotency: Option<IdempotencyKey>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
}

/// A client's `Idempotency-Key` with a digest of the body it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// 1–255 visible ASCII characters.
    pub key: String,
    /// A digest that identifies the body across restarts and versions.
    pub body_digest: String,
}

/// One part of a script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// The text written so far.
    pub text: String,
}

/// The index of a part of a script in reading order; 0 and up without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartNumber(pub u32);

impl PartNumber {
    /// The only part of a plain job.
    pub const FIRST: Self = Self(0);
}

/// A job's progress since the last checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// When it first left the queue.
    pub started_at: Option<DateTime<Utc>>,
    /// 0–100.
    pub progress: u8,
    /// The model that actually writes, once known.
    pub model_used: Option<String>,
    /// The token usage, once known.
    pub usage: Option<Usage>,
    /// The part that `text` belongs to.
    pub part: PartNumber,
    /// The position of `text` in that part, in bytes.
    pub offset: usize,
    /// The part's text from `offset` on; often empty.
    pub text: String,
    /// The model has finished; only the episode remains to be saved.
    pub text_complete: bool,
}

impl NewJob {
    /// Returns the record of the new job in the epoch of its claim.
    pub fn record(&self, epoch: Epoch) -> JobRecord {
        let head = JobHead {
            id: self.id,
            brief: Arc::clone(&self.brief),
            created_at: self.created_at,
            epoch,
            started_at: None,
            attempts: 0,
            end: None,
        };
        JobRecord::without_text(head)
    }
}

impl JobRecord {
    /// What a head alone says of a job.
    pub fn without_text(head: JobHead) -> Self {
        Self { head, progress: 0, model_used: None, usage: None, parts: Vec::new(), text_complete: false }
    }

    /// The text that readers see: all parts, concatenated.
    pub fn text(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect()
    }

    /// The provider's token count, or an estimate.
    pub fn tokens(&self) -> u64 {
        let estimated = || self.parts.iter().map(|part| ScriptText::from(part.text.as_str()).estimated_tokens()).sum();
        self.usage.map_or_else(estimated, |usage| usage.completion_tokens)
    }

    /// The model that wrote; the requested one if the writer is not known yet.
    pub fn writer(&self) -> &str {
        self.model_used.as_deref().unwrap_or(&self.head.brief.model)
    }

    /// The approximate size in bytes, in memory and in a store.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.head.brief.size() + self.parts.iter().map(|part| part.text.len()).sum::<usize>()
    }
}
