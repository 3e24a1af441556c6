//! What nodes say to each other beside what they store, as JSON. None of it outlives its reading.

use std::{borrow::Cow, sync::Arc};

use chrono::{DateTime, Utc};
use generation_actors::{
    model::{
        EndMark, EpisodeRef, EpisodeState, EpisodeStatus, Epoch, FailureCode, JobHead, JobUpdate, JobView, Status, Step,
    },
    ports::{Ask, Live, OwnerReply},
};
use serde::{Deserialize, Serialize};

use super::format::Unreadable;
use crate::stores::stored::{episode_status, episode_word};

const STEPS: [(Step, &str); 11] = [
    (Step::Queued, "queued"),
    (Step::AnalyzingPrompt, "analyzing_prompt"),
    (Step::Reasoning, "reasoning"),
    (Step::RetryingModel, "retrying_model"),
    (Step::OutliningScenes, "outlining_scenes"),
    (Step::WritingDialogue, "writing_dialogue"),
    (Step::WritingEnding, "writing_ending"),
    (Step::SavingEpisode, "saving_episode"),
    (Step::Done, "done"),
    (Step::Failed, "failed"),
    (Step::Canceled, "canceled"),
];

const STATUSES: [Status; 5] = [Status::Queued, Status::Streaming, Status::Completed, Status::Failed, Status::Canceled];

#[expect(clippy::large_enum_variant, reason = "a value lives for one message")]
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Said<'a> {
    Update { epoch: u32, version: u64, offset: usize, delta: Cow<'a, str>, end: Option<SaidMark>, view: SaidView<'a> },
    Mark { epoch: u32, version: u64, length: usize },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Asked {
    Get { job: String, epoch: u32, version: u64, length: usize },
    Cancel { job: String, epoch: u32 },
}

#[expect(clippy::large_enum_variant, reason = "a value lives for one message")]
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Replied<'a> {
    State { epoch: u32, version: u64, offset: usize, text: Cow<'a, str>, more: bool, view: SaidView<'a> },
    Ended,
    NotMine,
}

#[derive(Serialize, Deserialize)]
struct SaidMark {
    event_seq: u64,
    text_version: u64,
}

/// A view without the brief, which every node has already and which may be long.
#[derive(Serialize, Deserialize)]
struct SaidView<'a> {
    status: Cow<'a, str>,
    step: Cow<'a, str>,
    progress: u8,
    words: u64,
    tokens: u64,
    model_used: Option<Cow<'a, str>>,
    started_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    remaining_seconds: Option<u64>,
    queue_position: Option<u32>,
    text_complete: bool,
    failure: Option<String>,
    episode: Option<(Cow<'a, str>, Option<String>, Option<u32>)>,
}

pub(super) fn write_live(live: &Live) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&match live {
        Live::Update(update) => Said::Update {
            epoch: update.epoch.0,
            version: update.version,
            offset: update.offset,
            delta: update.delta.as_str().into(),
            end: update.end.map(|EndMark { event_seq, text_version }| SaidMark { event_seq, text_version }),
            view: SaidView::from(&*update.view),
        },
        Live::Mark { job: _, epoch, version, length } => {
            Said::Mark { epoch: epoch.0, version: *version, length: *length }
        }
    })
}

/// Reads what the owner of the job of `head` has published.
pub(super) fn read_live(head: &JobHead, json: &[u8]) -> Result<Live, Unreadable> {
    Ok(match serde_json::from_slice(json)? {
        Said::Update { epoch, version, offset, delta, end, view } => Live::Update(Arc::new(JobUpdate {
            job: head.id,
            epoch: Epoch(epoch),
            version,
            view: Arc::new(view.of(head)?),
            offset,
            delta: delta.into_owned(),
            end: end.map(|SaidMark { event_seq, text_version }| EndMark { event_seq, text_version }),
        })),
        Said::Mark { epoch, version, length } => Live::Mark { job: head.id, epoch: Epoch(epoch), version, length },
    })
}

pub(super) fn write_ask(ask: &Ask) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&match *ask {
        Ask::Get { job, epoch, version, length } => {
            Asked::Get { job: job.to_string(), epoch: epoch.0, version, length }
        }
        Ask::Cancel { job, epoch } => Asked::Cancel { job: job.to_string(), epoch: epoch.0 },
    })
}

pub(super) fn read_ask(json: &[u8]) -> Result<Ask, Unreadable> {
    let id = |job: String| job.parse().map_err(|_| Unreadable::Word(job));
    Ok(match serde_json::from_slice(json)? {
        Asked::Get { job, epoch, version, length } => Ask::Get { job: id(job)?, epoch: Epoch(epoch), version, length },
        Asked::Cancel { job, epoch } => Ask::Cancel { job: id(job)?, epoch: Epoch(epoch) },
    })
}

pub(super) fn write_reply(reply: &OwnerReply) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&match reply {
        OwnerReply::State { epoch, version, view, offset, text, more } => Replied::State {
            epoch: epoch.0,
            version: *version,
            offset: *offset,
            text: text.as_str().into(),
            more: *more,
            view: SaidView::from(&**view),
        },
        OwnerReply::Ended => Replied::Ended,
        OwnerReply::NotMine => Replied::NotMine,
    })
}

/// Reads what a node has answered about the job of `head`.
pub(super) fn read_reply(head: &JobHead, json: &[u8]) -> Result<OwnerReply, Unreadable> {
    Ok(match serde_json::from_slice(json)? {
        Replied::State { epoch, version, offset, text, more, view } => OwnerReply::State {
            epoch: Epoch(epoch),
            version,
            view: Arc::new(view.of(head)?),
            offset,
            text: text.into_owned(),
            more,
        },
        Replied::Ended => OwnerReply::Ended,
        Replied::NotMine => OwnerReply::NotMine,
    })
}

impl<'a> From<&'a JobView> for SaidView<'a> {
    fn from(view: &'a JobView) -> Self {
        let step = STEPS.iter().find(|(step, _)| *step == view.step).map_or("queued", |(_, word)| word);
        let episode = view.episode.as_ref().map(|episode| {
            let saved = episode.saved();
            (
                episode_word(episode.status()).into(),
                saved.map(|saved| saved.id.clone()),
                saved.map(|saved| saved.number),
            )
        });
        Self {
            status: view.status.to_string().into(),
            step: step.into(),
            progress: view.progress,
            words: view.words,
            tokens: view.tokens,
            model_used: view.model_used.as_deref().map(Cow::from),
            started_at: view.started_at,
            completed_at: view.completed_at,
            remaining_seconds: view.remaining_seconds,
            queue_position: view.queue_position,
            text_complete: view.text_complete,
            failure: view.failure.map(|code| code.to_string()),
            episode,
        }
    }
}

impl SaidView<'_> {
    fn of(self, head: &JobHead) -> Result<JobView, Unreadable> {
        let unknown = |word: &str| Unreadable::Word(word.to_owned());
        let status = STATUSES.into_iter().find(|status| status.to_string() == self.status);
        let step = STEPS.iter().find(|(_, word)| *word == self.step).map(|(step, _)| *step);
        let failure = self.failure.as_deref().map(|word| word.parse::<FailureCode>().map_err(|_| unknown(word)));
        let episode = self.episode.map(|(word, id, number)| match (episode_status(&word), id, number) {
            (Some(EpisodeStatus::Owed), ..) => Ok(EpisodeState::Owed),
            (Some(EpisodeStatus::Refused), ..) => Ok(EpisodeState::Refused),
            (Some(EpisodeStatus::Saved), Some(id), Some(number)) => Ok(EpisodeState::Saved(EpisodeRef { id, number })),
            _ => Err(unknown(&word)),
        });
        Ok(JobView {
            id: head.id,
            brief: Arc::clone(&head.brief),
            status: status.ok_or_else(|| unknown(&self.status))?,
            step: step.ok_or_else(|| unknown(&self.step))?,
            progress: self.progress,
            words: self.words,
            tokens: self.tokens,
            model_used: self.model_used.map(Cow::into_owned),
            created_at: head.created_at,
            started_at: self.started_at,
            completed_at: self.completed_at,
            remaining_seconds: self.remaining_seconds,
            queue_position: self.queue_position,
            text_complete: self.text_complete,
            failure: failure.transpose()?,
            episode: episode.transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use generation_actors::model::JobId;

    use super::*;
    use crate::stores::contract::new_job;

    fn head() -> JobHead {
        new_job().record(Epoch(3)).head
    }

    fn view(head: &JobHead) -> JobView {
        JobView {
            id: head.id,
            brief: Arc::clone(&head.brief),
            status: Status::Completed,
            step: Step::Done,
            progress: 100,
            words: 12,
            tokens: 34,
            model_used: Some("gpt-4".into()),
            created_at: head.created_at,
            started_at: Some(head.created_at),
            completed_at: None,
            remaining_seconds: Some(5),
            queue_position: None,
            text_complete: true,
            failure: Some(FailureCode::TimeoutError),
            episode: Some(EpisodeState::Saved(EpisodeRef { id: "e".into(), number: 4 })),
        }
    }

    #[test]
    fn what_is_published_is_read_back_with_the_brief_of_the_head() {
        let head = head();
        let update = JobUpdate {
            job: head.id,
            epoch: Epoch(3),
            version: 9,
            view: Arc::new(view(&head)),
            offset: 100,
            delta: "둘 \"셋\"".into(),
            end: Some(EndMark { event_seq: 29, text_version: 8 }),
        };
        let mark = Live::Mark { job: head.id, epoch: Epoch(3), version: 9, length: 104 };
        for live in [Live::Update(Arc::new(update)), mark] {
            let json = write_live(&live).unwrap();
            assert!(!String::from_utf8_lossy(&json).contains(&head.brief.title), "briefs may be long");
            assert_eq!(read_live(&head, &json).unwrap(), live);
        }
    }

    #[test]
    fn every_step_has_a_word_of_its_own() {
        let head = head();
        for (step, _) in STEPS {
            let shown = JobView { step, ..view(&head) };
            assert_eq!(SaidView::from(&shown).of(&head).unwrap(), shown);
        }
    }

    #[test]
    fn requests_and_replies_are_read_back() {
        let (head, job) = (head(), JobId::new());
        for ask in [Ask::Get { job, epoch: Epoch(1), version: 2, length: 3 }, Ask::Cancel { job, epoch: Epoch(1) }] {
            assert_eq!(read_ask(&write_ask(&ask).unwrap()).unwrap(), ask);
        }
        let state = OwnerReply::State {
            epoch: Epoch(3),
            version: 9,
            view: Arc::new(view(&head)),
            offset: 3,
            text: "글".into(),
            more: true,
        };
        for reply in [state, OwnerReply::Ended, OwnerReply::NotMine] {
            assert_eq!(read_reply(&head, &write_reply(&reply).unwrap()).unwrap(), reply);
        }
        assert!(read_ask(b"{}").is_err() && read_live(&head, b"[]").is_err());
    }
}
