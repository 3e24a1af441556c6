//! The view of a job that clients may see.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use derive_more::Display;

use super::{Brief, EpisodeState, EpisodeStatus, FailureCode, JobId, Step};

/// A job's status; the five states of the original's diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Display)]
pub enum Status {
    /// Accepted and waiting in the queue.
    #[display("queued")]
    Queued,
    /// A model is writing, or the finished text is being saved.
    #[display("streaming")]
    Streaming,
    /// The script is complete.
    #[display("completed")]
    Completed,
    /// The job ended without a complete script.
    #[display("failed")]
    Failed,
    /// The job was canceled.
    #[display("canceled")]
    Canceled,
}

impl Status {
    /// Whether the job has ended.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Canceled)
    }
}

/// A snapshot of a job.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the contract's status object")]
pub struct JobView {
    pub id: JobId,
    pub brief: Arc<Brief>,
    pub status: Status,
    pub step: Step,
    pub progress: u8,
    pub words: u64,
    pub tokens: u64,
    pub model_used: Option<String>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    /// Estimated whole seconds until the end; `None` once ended.
    pub remaining_seconds: Option<u64>,
    /// The number of queued jobs ahead, plus one; `None` unless queued.
    pub queue_position: Option<u32>,
    /// The text is a complete script and will not grow.
    pub text_complete: bool,
    /// Set once failed or canceled.
    pub failure: Option<FailureCode>,
    /// Set once completed.
    pub episode: Option<EpisodeState>,
}

impl JobView {
    /// The state of the episode without its id and number; `None` unless the job completed.
    pub fn episode_status(&self) -> Option<EpisodeStatus> {
        self.episode.as_ref().map(EpisodeState::status)
    }

    /// The model that wrote; the requested one if the writer is not known yet.
    pub fn writer(&self) -> &str {
        self.model_used.as_deref().unwrap_or(&self.brief.model)
    }
}
