//! Bodies about jobs.

use generation_actors::model::{
    EpisodeRef, EpisodeState, EpisodeStatus as Episode, JobId, JobView, Status as JobStatus,
};
use serde::Serialize;

use super::{ErrorCode, Timestamp, as_text};
use crate::locales::Locales;

/// The states of a job.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Queued,
    Streaming,
    Completed,
    Failed,
    Canceled,
}

impl From<JobStatus> for Status {
    fn from(status: JobStatus) -> Self {
        match status {
            JobStatus::Queued => Self::Queued,
            JobStatus::Streaming => Self::Streaming,
            JobStatus::Completed => Self::Completed,
            JobStatus::Failed => Self::Failed,
            JobStatus::Canceled => Self::Canceled,
        }
    }
}

/// What has become of a completed job's script in the episode store.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum EpisodeStatus {
    Owed,
    Saved,
    Refused,
}

impl From<Episode> for EpisodeStatus {
    fn from(status: Episode) -> Self {
        match status {
            Episode::Owed => Self::Owed,
            Episode::Saved => Self::Saved,
            Episode::Refused => Self::Refused,
        }
    }
}

/// The status object (`GET /api/v1/generations/{jobId}`), in the job's language.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct StatusBody<'a> {
    #[serde(serialize_with = "as_text")]
    job_id: JobId,
    status: Status,
    progress: u8,
    current_step: &'a str,
    project_id: &'a str,
    episode_number: Option<u32>,
    title: &'a str,
    word_count: u64,
    tokens: u64,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    estimated_remaining_time: Option<u64>,
    error_code: Option<ErrorCode>,
    error_message: Option<&'a str>,
    episode_id: Option<&'a str>,
    saved_to_episode: bool,
    /// `None` until there is a finished script.
    episode_status: Option<EpisodeStatus>,
    model: &'a str,
    model_used: Option<&'a str>,
    queue_position: Option<u32>,
}

impl<'a> StatusBody<'a> {
    pub(in crate::http) fn new(view: &'a JobView, locales: &'a Locales) -> Self {
        let texts = locales.texts(view.brief.locale);
        let episode = saved_episode(view);
        Self {
            job_id: view.id,
            status: view.status.into(),
            progress: view.progress,
            current_step: texts.step(view.step),
            project_id: &view.brief.project_id,
            // The number that was asked for, until the episode has its own.
            episode_number: episode.map(|episode| episode.number).or(view.brief.episode_number),
            title: &view.brief.title,
            word_count: view.words,
            tokens: view.tokens,
            created_at: Timestamp(view.created_at),
            started_at: view.started_at.map(Timestamp),
            completed_at: view.completed_at.map(Timestamp),
            estimated_remaining_time: view.remaining_seconds,
            error_code: view.failure.map(ErrorCode::from),
            error_message: view.failure.map(|code| texts.failure(code)),
            episode_id: episode.map(|episode| episode.id.as_str()),
            saved_to_episode: episode.is_some(),
            episode_status: view.episode_status().map(EpisodeStatus::from),
            model: &view.brief.model,
            model_used: view.model_used.as_deref(),
            queue_position: view.queue_position,
        }
    }
}

/// The episode of the job's script, if it has been saved.
pub(super) fn saved_episode(view: &JobView) -> Option<&EpisodeRef> {
    view.episode.as_ref().and_then(EpisodeState::saved)
}

/// The answer to `POST /api/v1/generations`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct CreatedBody<'a> {
    #[serde(serialize_with = "as_text")]
    job_id: JobId,
    status: Status,
    sse_url: &'a str,
    cancel_url: &'a str,
    project_id: &'a str,
    episode_number: Option<u32>,
    title: &'a str,
    estimated_duration: u64,
}

impl<'a> CreatedBody<'a> {
    /// `status` is the job's state at creation, or its current one if the job existed before. `estimated_duration` is
    /// in seconds.
    pub(in crate::http) fn new(
        view: &'a JobView,
        status: JobStatus,
        sse_url: &'a str,
        cancel_url: &'a str,
        estimated_duration: u64,
    ) -> Self {
        Self {
            job_id: view.id,
            status: status.into(),
            sse_url,
            cancel_url,
            project_id: &view.brief.project_id,
            episode_number: view.brief.episode_number,
            title: &view.brief.title,
            estimated_duration,
        }
    }
}

/// The answer to `GET /api/v1/generations/active`.
#[derive(Debug, Serialize)]
pub(in crate::http) struct ActiveBody<'a> {
    pub jobs: Vec<StatusBody<'a>>,
    /// On all pages together.
    pub total: usize,
    /// For the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
