//! What the messages on the engine say, as JSON. Nodes of two versions read each other's messages: extend a format only
//! by addition, with a default for every new field, and raise `v` when a reader must not go on without it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use generation_actors::model::{
    Checkpoint, End, EndMark, EpisodeRef, EpisodeState, EpisodeStatus, Epoch, FailureCode, JobHead, JobId, NodeId,
    Outcome, PartNumber, Status, Usage,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::stores::stored::{StoredBrief, ended_status, episode_status, episode_word, outcome_word};

/// The version that this program writes.
pub(super) const VERSION: u32 = 1;

/// The head of a job: what is known without its text, and who writes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Head {
    pub(super) job: JobHead,
    /// The node that writes it; `None` if any node may claim it.
    pub(super) owner: Option<NodeId>,
    /// The sequence of the job's first head: its age among all jobs. `None` in that head itself.
    pub(super) first: Option<u64>,
    /// Bytes of text, once it has ended.
    pub(super) text_bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredHead<'a> {
    v: u32,
    epoch: u32,
    owner: Option<Uuid>,
    created_at: DateTime<Utc>,
    brief: StoredBrief<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started_at: Option<DateTime<Utc>>,
    #[serde(default)]
    attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<StoredEnd>,
    #[serde(default, skip_serializing_if = "is_zero")]
    text_bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredEnd {
    outcome: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    at: DateTime<Utc>,
    event_seq: u64,
    text_version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    episode: Option<StoredEpisode>,
}

#[derive(Serialize, Deserialize)]
struct StoredEpisode {
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
}

/// A piece of text with the progress at its time. It replaces everything of its part from `offset` on, so reading one
/// twice changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Text {
    v: u32,
    pub(super) epoch: u32,
    #[serde(default)]
    pub(super) part: u32,
    pub(super) offset: usize,
    pub(super) text: String,
    progress: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "is_false")]
    tokens_measured: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    complete: bool,
}

/// Where an idempotency key leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Key {
    v: u32,
    pub(super) job: String,
    pub(super) digest: String,
}

/// A message that this program cannot read.
#[derive(Debug, derive_more::Display, derive_more::Error, derive_more::From)]
pub(super) enum Unreadable {
    #[display("not the JSON it should be: {_0}")]
    Json(serde_json::Error),
    #[display("it says {_0:?}, which is unknown")]
    #[from(ignore)]
    Word(#[error(not(source))] String),
    #[display("it is of format {_0}, and this version reads up to {VERSION}")]
    #[from(ignore)]
    Newer(#[error(not(source))] u32),
}

impl Head {
    /// Encodes it.
    pub(super) fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        let JobHead { id: _, brief, created_at, epoch, started_at, attempts, end } = &self.job;
        serde_json::to_vec(&StoredHead {
            v: VERSION,
            epoch: epoch.0,
            owner: self.owner.map(|node| node.0),
            created_at: *created_at,
            brief: StoredBrief::from(brief.as_ref()),
            first: self.first,
            started_at: *started_at,
            attempts: *attempts,
            end: end.as_ref().map(StoredEnd::from),
            text_bytes: self.text_bytes,
        })
    }

    /// Decodes the head of job `id`.
    pub(super) fn read(id: JobId, json: &[u8]) -> Result<Self, Unreadable> {
        let stored: StoredHead<'_> = serde_json::from_slice(json)?;
        readable(stored.v)?;
        let end = stored.end.map(End::try_from).transpose()?;
        Ok(Self {
            job: JobHead {
                id,
                brief: Arc::new(stored.brief.into()),
                created_at: stored.created_at,
                epoch: Epoch(stored.epoch),
                started_at: stored.started_at,
                attempts: stored.attempts,
                end,
            },
            owner: stored.owner.map(NodeId),
            first: stored.first,
            text_bytes: stored.text_bytes,
        })
    }
}

impl Text {
    /// One piece of a checkpoint: its text from `offset` on.
    pub(super) fn new(epoch: Epoch, checkpoint: &Checkpoint, offset: usize, text: &str) -> Self {
        Self {
            v: VERSION,
            epoch: epoch.0,
            part: checkpoint.part.0,
            offset,
            text: text.into(),
            progress: checkpoint.progress,
            started_at: checkpoint.started_at,
            model: checkpoint.model_used.clone(),
            tokens: checkpoint.usage.map(|usage| usage.completion_tokens),
            tokens_measured: checkpoint.usage.is_some_and(|usage| usage.measured),
            complete: checkpoint.text_complete,
        }
    }

    pub(super) fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    pub(super) fn read(json: &[u8]) -> Result<Self, Unreadable> {
        let text: Self = serde_json::from_slice(json)?;
        readable(text.v)?;
        Ok(text)
    }

    /// The checkpoint that it is.
    pub(super) fn into_checkpoint(self) -> Checkpoint {
        let measured = self.tokens_measured;
        Checkpoint {
            started_at: self.started_at,
            progress: self.progress,
            model_used: self.model,
            usage: self.tokens.map(|completion_tokens| Usage { completion_tokens, measured }),
            part: PartNumber(self.part),
            offset: self.offset,
            text: self.text,
            text_complete: self.complete,
        }
    }
}

impl Key {
    pub(super) fn new(job: JobId, digest: &str) -> Self {
        Self { v: VERSION, job: job.to_string(), digest: digest.into() }
    }

    pub(super) fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    pub(super) fn read(json: &[u8]) -> Result<(JobId, String), Unreadable> {
        let Self { v, job, digest } = serde_json::from_slice(json)?;
        readable(v)?;
        Ok((job.parse().map_err(|_| Unreadable::Word(job))?, digest))
    }
}

impl From<&End> for StoredEnd {
    fn from(end: &End) -> Self {
        let failure = match end.outcome {
            Outcome::Failed(code) => Some(code.to_string()),
            Outcome::Completed { .. } | Outcome::Canceled => None,
        };
        let episode = end.outcome.episode().map(|state| StoredEpisode {
            state: episode_word(state.status()).into(),
            id: state.saved().map(|episode| episode.id.clone()),
            number: state.saved().map(|episode| episode.number),
        });
        let EndMark { event_seq, text_version } = end.mark;
        Self { outcome: outcome_word(&end.outcome).into(), failure, at: end.at, event_seq, text_version, episode }
    }
}

impl TryFrom<StoredEnd> for End {
    type Error = Unreadable;

    fn try_from(stored: StoredEnd) -> Result<Self, Unreadable> {
        let StoredEnd { outcome, failure, at, event_seq, text_version, episode } = stored;
        let unknown = |word: Option<&str>| Unreadable::Word(word.unwrap_or_default().to_owned());
        let outcome = match ended_status(&outcome) {
            Some(Status::Completed) => {
                let episode = episode.map(EpisodeState::try_from).ok_or_else(|| unknown(None))??;
                Outcome::Completed { episode }
            }
            Some(Status::Failed) => {
                let code = failure.as_deref().and_then(|word| word.parse::<FailureCode>().ok());
                Outcome::Failed(code.ok_or_else(|| unknown(failure.as_deref()))?)
            }
            Some(Status::Canceled) => Outcome::Canceled,
            Some(Status::Queued | Status::Streaming) | None => return Err(unknown(Some(&outcome))),
        };
        Ok(Self { mark: EndMark { event_seq, text_version }, at, outcome })
    }
}

impl TryFrom<StoredEpisode> for EpisodeState {
    type Error = Unreadable;

    fn try_from(stored: StoredEpisode) -> Result<Self, Unreadable> {
        match (episode_status(&stored.state), stored.id, stored.number) {
            (Some(EpisodeStatus::Owed), ..) => Ok(Self::Owed),
            (Some(EpisodeStatus::Refused), ..) => Ok(Self::Refused),
            (Some(EpisodeStatus::Saved), Some(id), Some(number)) => Ok(Self::Saved(EpisodeRef { id, number })),
            _ => Err(Unreadable::Word(stored.state)),
        }
    }
}

fn readable(version: u32) -> Result<(), Unreadable> {
    if version > VERSION { Err(Unreadable::Newer(version)) } else { Ok(()) }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(flag: &bool) -> bool {
    !flag
}
