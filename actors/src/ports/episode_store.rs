//! Where finished scripts become numbered episodes.

use chrono::{DateTime, Utc};
use derive_more::{Display, Error};
use futures_util::future::LocalBoxFuture;

use crate::model::{Cause, EpisodeRef, JobId, JobRecord};

/// Numbered episodes per project. Numbers start at 1, are assigned here, unique under concurrent saving, never reused.
pub trait EpisodeStore: Send + Sync + 'static {
    /// Saves a script as the project's next episode. Saving a draft of the same [`EpisodeDraft::identity`] twice is saving
    /// it once: the second call answers what the first one did, even after a crash in between.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the episode was saved; calling again settles it.
    fn save(&self, draft: EpisodeDraft) -> LocalBoxFuture<'static, Result<EpisodeSummary, EpisodeError>>;

    /// One page of a project's episodes, by number; an unknown project has none.
    fn list(
        &self,
        project_id: &str,
        page: EpisodePage,
    ) -> LocalBoxFuture<'static, Result<(Vec<EpisodeSummary>, u64), EpisodeError>>;

    /// One page of a project's episodes that `query` (not blank) is about, and how many there are; the best first where the
    /// store can tell.
    fn search(
        &self,
        project_id: &str,
        query: &str,
        page: EpisodePage,
    ) -> LocalBoxFuture<'static, Result<(Vec<EpisodeSummary>, u64), EpisodeError>>;

    /// One episode with its script, or `None`.
    fn get(&self, project_id: &str, id: &str) -> LocalBoxFuture<'static, Result<Option<Episode>, EpisodeError>>;

    /// Deletes an episode; false when there was none. Its number stays taken.
    fn delete(&self, project_id: &str, id: &str) -> LocalBoxFuture<'static, Result<bool, EpisodeError>>;

    /// Resolves to `Ok` when the store can take an episode now: what readiness asks.
    fn check(&self) -> LocalBoxFuture<'static, Result<(), EpisodeError>>;
}

/// Why an episode was not saved or read; causes are for the log, never for clients.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error)]
pub enum EpisodeError {
    /// It may work later: down, slow, busy.
    #[display("episode store unavailable: {_0}")]
    Unavailable(#[error(source)] Cause),
    /// Nothing works until an operator mends the settings or the other server: wrong token, wrong address, another
    /// embedder's collection. No fault of the script, so it is tried again, with long pauses.
    #[display("episode store misconfigured: {_0}")]
    Misconfigured(#[error(source)] Cause),
    /// This script will not be taken however often it is tried: too large, or refused for what it says.
    #[display("episode refused: {_0}")]
    Refused(#[error(source)] Cause),
}

/// A script to be saved.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeDraft {
    /// Whose episode.
    pub project_id: String,
    /// The job that wrote it; `None` when a client posts an episode itself.
    pub job_id: Option<JobId>,
    /// The `Idempotency-Key` a client posted it with, if any.
    pub key: Option<String>,
    /// 1–300 characters.
    pub title: String,
    /// The script.
    pub markdown: String,
    /// Its tokens, if known.
    pub tokens: Option<u64>,
    /// The prompt it was made from, if known.
    pub prompt_snapshot: Option<String>,
    /// The model that wrote it, if known.
    pub model: Option<String>,
    /// When it was finished.
    pub created_at: DateTime<Utc>,
}

/// What makes two drafts the same episode of their project. A job and a key are never the same, however they are spelled.
#[derive(Debug, Clone, PartialEq, Eq, Display)]
pub enum Identity {
    /// The job that wrote it.
    Job(JobId),
    /// The key that a client posted it with.
    Key(String),
}

impl Identity {
    /// `job` or `key`: what sets identities of the same spelling apart. Stores keep it, so it never changes.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Job(_) => "job",
            Self::Key(_) => "key",
        }
    }
}

impl EpisodeDraft {
    /// The script of a job, finished at `created_at`.
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

    /// The job, else the client's key. Drafts with neither are new each time.
    pub fn identity(&self) -> Option<Identity> {
        self.job_id.map(Identity::Job).or_else(|| self.key.clone().map(Identity::Key))
    }
}

/// What a list of episodes shows of each.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeSummary {
    /// The store's own id.
    pub id: String,
    /// Whose episode.
    pub project_id: String,
    /// 1 and up within the project.
    pub number: u32,
    /// As saved.
    pub title: String,
    /// When it was saved.
    pub created_at: DateTime<Utc>,
}

impl EpisodeSummary {
    /// Its name and number.
    pub fn reference(&self) -> EpisodeRef {
        EpisodeRef { id: self.id.clone(), number: self.number }
    }
}

/// One whole episode.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// Id, number, title.
    pub summary: EpisodeSummary,
    /// The script.
    pub markdown: String,
    /// Its tokens, if known.
    pub tokens: Option<u64>,
    /// The prompt it was made from, if known.
    pub prompt_snapshot: Option<String>,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpisodePage {
    /// At most so many, 1–1000.
    pub limit: u32,
    /// After skipping so many.
    pub offset: u32,
}
