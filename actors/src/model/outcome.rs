//! How a job ends.

use chrono::{DateTime, Utc};

use super::{EpisodeState, EpisodeStatus, FailureCode, Status};

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The script is complete.
    Completed {
        /// The state of its episode.
        episode: EpisodeState,
    },
    /// The job failed with this code (never [`FailureCode::JobCanceled`]).
    Failed(FailureCode),
    /// The job was canceled.
    Canceled,
}

impl Outcome {
    /// The terminal status of this outcome.
    pub fn status(&self) -> Status {
        match self {
            Self::Completed { .. } => Status::Completed,
            Self::Failed(_) => Status::Failed,
            Self::Canceled => Status::Canceled,
        }
    }

    /// The failure code; `None` if the job completed.
    pub fn failure(&self) -> Option<FailureCode> {
        match self {
            Self::Completed { .. } => None,
            Self::Failed(code) => Some(*code),
            Self::Canceled => Some(FailureCode::JobCanceled),
        }
    }

    /// The state of the episode; `None` unless the job completed.
    pub fn episode(&self) -> Option<&EpisodeState> {
        match self {
            Self::Completed { episode } => Some(episode),
            Self::Failed(_) | Self::Canceled => None,
        }
    }

    /// The state of the episode without its id and number; `None` unless the job completed.
    pub fn episode_status(&self) -> Option<EpisodeStatus> {
        self.episode().map(EpisodeState::status)
    }
}

/// The numbers that event ids of an ended job are compared with, so that after a restart no reader receives what it
/// already has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndMark {
    /// The number of the terminal event within its epoch.
    pub event_seq: u64,
    /// The feed version of the newest text; 0 if there was none.
    pub text_version: u64,
}

/// The end of a job, as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The numbers of the job's last events.
    pub mark: EndMark,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// The outcome.
    pub outcome: Outcome,
}
