//! The store of numbered episodes.

use chrono::{DateTime, Utc};
use derive_more::{Display, Error};
use futures_util::future::LocalBoxFuture;

use crate::model::{Cause, EpisodeRef, JobId, JobRecord};

/// Numbered episodes per project. The store assigns the numbers. They start at 1, are unique under concurrent saving
/// and are never reused.
pub trait EpisodeStore: Send + Sync + 'static {
    /// Saves a script as the project's next episode. Idempotent: a second draft with the same
    /// [`EpisodeDraft::identity`] returns the first one's episode, even after a crash in between.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it unknown whether the episode was saved. Call again to find out.
    fn save(&self, draft: EpisodeDraft) -> LocalBoxFuture<'static, Result<EpisodeSummary, EpisodeError>>;

    /// Lists one page of a project's episodes, by number, and their total. An unknown project has none.
    fn list(
        &self,
        project_id: &str,
        page: EpisodePage,
    ) -> LocalBoxFuture<'static, Result<(Vec<EpisodeSummary>, u64), EpisodeError>>;

    /// Lists one page of a project's episodes that match `query` (not blank), and their total. The best match comes
    /// first where the store can rank.
    fn search(
        &self,
        project_id: &str,
        query: &str,
        page: EpisodePage,
    ) -> LocalBoxFuture<'static, Result<(Vec<EpisodeSummary>, u64), EpisodeError>>;

    /// Returns one episode with its script, or `None`.
    fn get(&self, project_id: &str, id: &str) -> LocalBoxFuture<'static, Result<Option<Episode>, EpisodeError>>;

    /// Deletes an episode. Returns false if there was none. Its number is not reused.
    fn delete(&self, project_id: &str, id: &str) -> LocalBoxFuture<'static, Result<bool, EpisodeError>>;

    /// Resolves to `Ok` if the store can take an episode now. Used by the readiness check.
    fn check(&self) -> LocalBoxFuture<'static, Result<(), EpisodeError>>;
}

/// Why an episode was not saved or read. Causes are for the log, never for clients.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error)]
pub enum EpisodeError {
    /// The store is down, slow or busy; it may work later.
    #[display("episode store unavailable: {_0}")]
    Unavailable(#[error(source)] Cause),
    /// Nothing works until an operator fixes the settings or the other server: wrong token, wrong address, another
    /// embedder's collection. The script is not at fault, so it is retried with long pauses.
    #[display("episode store misconfigured: {_0}")]
    Misconfigured(#[error(source)] Cause),
    /// The store will never take this script: it is too large, or refused for its content.
    #[display("episode refused: {_0}")]
    Refused(#[error(source)] Cause),
}

/// A script to save.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeDraft {
    /// The project of the episode.
    pub project_id: String,
    /// The job that wrote it; `None` if a client posts the episode itself.
    pub job_id: Option<JobId>,
    /// The client's `Idempotency-Key`, if any.
    pub key: Option<String>,
    /// 1–300 characters.
    pub title: String,
    /// The script.
    pub markdown: String,
    /// The token count, if known.
    pub tokens: Option<u64>,
    /// The prompt it was made from, if known.
    pub prompt_snapshot: Option<String>,
    /// The model that wrote it, if known.
    pub model: Option<String>,
    /// When it was finished.
    pub created_at: DateTime<Utc>,
}

/// Identifies drafts of the same episode within a project. A job and a key never match, whatever their spelling.
#[derive(Debug, Clone, PartialEq, Eq, Display)]
pub enum Identity {
    /// The job that wrote it.
    Job(JobId),
    /// The client's key.
    Key(String),
}

impl Identity {
    /// `job` or `key`: distinguishes identities with the same spelling. Stores persist it, so it must never change.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Job(_) => "job",
            Self::Key(_) => "key",
        }
    }
}

impl EpisodeDraft {
    /// Creates the draft of a job's script, finished at `created_at`.
    pub fn of(job: &JobRecord, created_at: DateTime<Utc>) -> Self {
        let brief = &job.head.brief;
        Self {
            project_id: brief.project_id.clone(),
            job_id: Some(job.head.id),
            key: None,
            title: brief.title.clone(),
            markdown: job.text(),
            tokens: Some(job.tokens()),
            prompt_snapshot: Some(brief.description.clone()),
            model: Some(job.writer().to_owned()),
            created_at,
        }
    }

    /// The job, or else the client's key. A draft with neither is always new.
    pub fn identity(&self) -> Option<Identity> {
        self.job_id.map(Identity::Job).or_else(|| self.key.clone().map(Identity::Key))
    }
}

/// An episode as shown in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeSummary {
    /// The episode's id, assigned by the store.
    pub id: String,
    /// The project of the episode.
    pub project_id: String,
    /// The number within the project, 1 and up.
    pub number: u32,
    /// As saved.
    pub title: String,
    /// When it was saved.
    pub created_at: DateTime<Utc>,
}

impl EpisodeSummary {
    /// The episode's id and number.
    pub fn reference(&self) -> EpisodeRef {
        EpisodeRef { id: self.id.clone(), number: self.number }
    }
}

/// An episode with its script.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// The id, number and title.
    pub summary: EpisodeSummary,
    /// The script.
    pub markdown: String,
    /// The token count, if known.
    pub tokens: Option<u64>,
    /// The prompt it was made from, if known.
    pub prompt_snapshot: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpisodePage {
    /// The most episodes on the page, 1–1000.
    pub limit: u32,
    /// The number of episodes to skip.
    pub offset: u32,
}
