//! What clients may know of a job: the status object.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use derive_more::Display;
use serde::Serialize;

use super::{Brief, FailureCode, JobId, JobState};
use crate::{
    ports::{EpisodeDraft, EpisodeRef, NewJob, Outcome, StoredJob},
    wording::{Step, Wording},
};

/// The five states of the original's diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Display, Serialize)]
#[serde(rename_all = "lowercase")]
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

/// Where a finished script stands with the episode store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EpisodeStatus {
    /// It is saved as soon as the store takes it.
    Owed,
    /// It is an episode.
    Saved,
    /// The store will not take it; nobody tries unless a client asks for it.
    Refused,
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
    /// The text will not grow any more and is a whole script.
    pub text_complete: bool,
    /// Set once failed or canceled.
    pub failure: Option<FailureCode>,
    pub episode: Option<EpisodeRef>,
    /// The episode store will never take the script; nobody tries any more.
    pub episode_refused: bool,
}

/// The status object as JSON (`GET /api/v1/generations/{jobId}`).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusBody<'a> {
    job_id: JobId,
    status: Status,
    progress: u8,
    current_step: &'a str,
    project_id: &'a str,
    episode_number: Option<u32>,
    title: &'a str,
    word_count: u64,
    tokens: u64,
    created_at: String,
    started_at: Option<String>,
    completed_at: Option<String>,
    estimated_remaining_time: Option<u64>,
    error_code: Option<FailureCode>,
    error_message: Option<&'a str>,
    episode_id: Option<&'a str>,
    saved_to_episode: bool,
    /// `None` while there is no finished script.
    episode_status: Option<EpisodeStatus>,
    model: &'a str,
    model_used: Option<&'a str>,
    queue_position: Option<u32>,
}

impl JobView {
    /// The same job once it has ended like this, for jobs that have no actor to say so.
    #[must_use]
    pub(crate) fn ended(self, outcome: &Outcome, at: DateTime<Utc>) -> Self {
        let (status, step, progress) = match outcome {
            Outcome::Completed { .. } => (Status::Completed, Step::Done, 100),
            Outcome::Failed(_) => (Status::Failed, Step::Failed, self.progress),
            Outcome::Canceled => (Status::Canceled, Step::Canceled, self.progress),
        };
        Self {
            status,
            step,
            progress,
            completed_at: Some(at),
            remaining_seconds: None,
            text_complete: status == Status::Completed,
            failure: outcome.failure(),
            episode: outcome.episode().cloned(),
            ..self
        }
    }

    /// What a stored job shows that has ended; `None` for any other.
    pub(crate) fn of_ended(stored: &StoredJob) -> Option<Self> {
        let (_, at, outcome) = stored.ended.as_ref()?;
        let NewJob { id, brief, created_at, .. } = &stored.accepted;
        // How fast it was expected to write means nothing any more.
        let state = JobState::new(*id, Arc::new(brief.clone()), *created_at, 1.0).resumed_from(&stored.last);
        Some(state.view().ended(outcome, *at))
    }

    /// Where its script stands with the episode store; `None` unless it completed.
    pub fn episode_status(&self) -> Option<EpisodeStatus> {
        match (self.status, &self.episode) {
            (Status::Completed, Some(_)) => Some(EpisodeStatus::Saved),
            (Status::Completed, None) if self.episode_refused => Some(EpisodeStatus::Refused),
            (Status::Completed, None) => Some(EpisodeStatus::Owed),
            _ => None,
        }
    }

    /// The model that wrote, or was asked to while it has not named itself.
    pub(crate) fn writer(&self) -> &str {
        self.model_used.as_deref().unwrap_or(&self.brief.model)
    }

    /// The job's script as an episode to be saved.
    pub(crate) fn episode_draft(&self, markdown: String, created_at: DateTime<Utc>) -> EpisodeDraft {
        EpisodeDraft {
            project_id: self.brief.project_id.clone(),
            job_id: Some(self.id),
            key: None,
            title: self.brief.title.clone(),
            markdown,
            tokens: Some(self.tokens),
            prompt_snapshot: Some(self.brief.description.clone()),
            model: Some(self.writer().to_owned()),
            created_at,
        }
    }

    /// What the log says of a job that has ended: a line that can be read alone.
    pub(crate) fn last_line(&self) -> String {
        let model = self.writer();
        let seconds = match (self.started_at, self.completed_at) {
            (Some(started), Some(ended)) => (ended - started).num_milliseconds() as f64 / 1000.0,
            _ => 0.0,
        };
        let mut line = format!("{}: {} after {seconds:.1} s, {} words by {model}", self.id, self.status, self.words);
        if let Some(code) = self.failure {
            line += &format!(", {code}");
        }
        match &self.episode {
            Some(episode) => line += &format!(", episode {} of {:?}", episode.number, self.brief.project_id),
            None if self.status == Status::Completed => line += ", not saved yet",
            None => {}
        }
        line
    }

    /// The status object in the job's language.
    pub fn status_body<'a>(&'a self, wording: &'a Wording, queue_position: Option<u32>) -> StatusBody<'a> {
        let locale = self.brief.locale;
        StatusBody {
            job_id: self.id,
            status: self.status,
            progress: self.progress,
            current_step: wording.step(self.step, locale),
            project_id: &self.brief.project_id,
            // The number asked for, until there is the one it got.
            episode_number: self.episode.as_ref().map(|e| e.number).or(self.brief.episode_number),
            title: &self.brief.title,
            word_count: self.words,
            tokens: self.tokens,
            created_at: timestamp(self.created_at),
            started_at: self.started_at.map(timestamp),
            completed_at: self.completed_at.map(timestamp),
            estimated_remaining_time: self.remaining_seconds,
            error_code: self.failure,
            error_message: self.failure.map(|code| wording.failure(code, locale)),
            episode_id: self.episode.as_ref().map(|e| e.id.as_str()),
            saved_to_episode: self.episode.is_some(),
            episode_status: self.episode_status(),
            model: &self.brief.model,
            model_used: self.model_used.as_deref(),
            queue_position,
        }
    }
}

/// RFC 3339 in UTC with `Z`, to the millisecond.
pub fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, view, wording};

    #[test]
    fn the_last_line_about_a_job_says_how_it_went() {
        let ended = JobView { started_at: Some(at(0)), completed_at: Some(at(12)), words: 90, ..view() };
        let id = ended.id;
        let failed = JobView { status: Status::Failed, failure: Some(FailureCode::TimeoutError), ..ended.clone() };
        assert_eq!(failed.last_line(), format!("{id}: failed after 12.0 s, 90 words by builtin, TIMEOUT_ERROR"));
        let episode = Some(EpisodeRef { id: "e".into(), number: 3 });
        let saved = JobView { status: Status::Completed, episode, ..ended };
        assert!(saved.last_line().ends_with(", episode 3 of \"project-1\""), "{}", saved.last_line());
        assert!(JobView { episode: None, ..saved }.last_line().ends_with(", not saved yet"));
    }

    #[test]
    fn the_status_object_says_where_a_finished_script_stands() {
        let said =
            |view: JobView| serde_json::to_value(view.status_body(&wording(), None)).unwrap()["episodeStatus"].clone();
        let completed = JobView { status: Status::Completed, ..view() };
        let episode = Some(EpisodeRef { id: "e".into(), number: 3 });
        assert_eq!(said(JobView { status: Status::Streaming, ..view() }), serde_json::Value::Null);
        assert_eq!(said(JobView { status: Status::Canceled, ..view() }), serde_json::Value::Null);
        assert_eq!(said(completed.clone()), "owed");
        assert_eq!(said(JobView { episode_refused: true, ..completed.clone() }), "refused");
        assert_eq!(said(JobView { episode, ..completed }), "saved");
    }
}
