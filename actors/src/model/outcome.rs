//! How a job ends.

use chrono::{DateTime, Utc};

use super::{EpisodeState, EpisodeStatus, FailureCode, Status};

/// The three ends of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The script is complete.
    Completed {
        /// What became of the script.
        episode: EpisodeState,
    },
    /// It failed with this code (never [`FailureCode::JobCanceled`]).
    Failed(FailureCode),
    /// It was stopped.
    Canceled,
}

impl Outcome {
    /// The terminal status of a job that ends like this.
    pub fn status(&self) -> Status {
        match self {
            Self::Completed { .. } => Status::Completed,
            Self::Failed(_) => Status::Failed,
            Self::Canceled => Status::Canceled,
        }
    }

    /// The code that clients read, unless the job completed.
    pub fn failure(&self) -> Option<FailureCode> {
        match self {
            Self::Completed { .. } => None,
            Self::Failed(code) => Some(*code),
            Self::Canceled => Some(FailureCode::JobCanceled),
        }
    }

    /// What became of the script; `None` unless the job completed.
    pub fn episode(&self) -> Option<&EpisodeState> {
        match self {
            Self::Completed { episode } => Some(episode),
            Self::Failed(_) | Self::Canceled => None,
        }
    }

    /// The same without the episode's name.
    pub fn episode_status(&self) -> Option<EpisodeStatus> {
        self.episode().map(EpisodeState::status)
    }
}

/// What the ids of an ended job's events are compared with, so that after a restart nobody is sent what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndMark {
    /// The number of the terminal event within its epoch.
    pub event_seq: u64,
    /// The version of the feed in which the text last changed; 0 if it never did.
    pub text_version: u64,
}

/// The end of a job, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// What its readers have.
    pub mark: EndMark,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// As what.
    pub outcome: Outcome,
}
