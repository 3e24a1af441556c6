//! What may be shown of a job.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use derive_more::Display;

use super::{Brief, EpisodeState, EpisodeStatus, FailureCode, JobId, Step};

/// The five states of the original's diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Display)]
pub enum Status {
    /// Accepted, waiting for its turn.
    #[display("queued")]
    Queued,
    /// With a model, or its finished text on the way to the episode store.
    #[display("streaming")]
    Streaming,
    /// The script is complete.
    #[display("completed")]
    Completed,
    /// It ended without a complete script.
    #[display("failed")]
    Failed,
    /// It was stopped.
    #[display("canceled")]
    Canceled,
}

impl Status {
    /// Whether nothing can happen to the job any more.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Canceled)
    }
}

/// One moment of a job.
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
    /// Whole seconds; `None` once ended.
    pub remaining_seconds: Option<u64>,
    /// How many queued jobs go first, plus one; `None` unless queued.
    pub queue_position: Option<u32>,
    /// The text will not grow any more and is a whole script.
    pub text_complete: bool,
    /// Set once failed or canceled.
    pub failure: Option<FailureCode>,
    /// Set once completed.
    pub episode: Option<EpisodeState>,
}

impl JobView {
    /// Where its script stands with the episode store; `None` unless it completed.
    pub fn episode_status(&self) -> Option<EpisodeStatus> {
        self.episode.as_ref().map(EpisodeState::status)
    }

    /// The model that wrote, or was asked to while it has not named itself.
    pub fn writer(&self) -> &str {
        self.model_used.as_deref().unwrap_or(&self.brief.model)
    }
}
