//! A job store that keeps jobs in memory, notes every call that writes, in order, and does as the test says.

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use futures_util::{FutureExt as _, future::LocalBoxFuture};

use super::{Happened, Journal, Mood, mood::Moods};
use crate::{
    job::{Epoch, JobId, Status},
    ports::{
        After, Checkpoint, EndedJob, EndedPage, Ending, EpisodeRef, JobStore, KeyHolder, NewJob, Outcome, StoreError,
        StoredJob,
    },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Create,
    Checkpoint,
    Finish,
    EpisodeSaved,
    Purge,
    Load,
    Ended,
    KeyHolder,
}

/// By age and by name.
#[derive(Default)]
struct Held {
    jobs: HashMap<JobId, (i64, StoredJob)>,
    ages: i64,
    loads: usize,
}

#[derive(Clone)]
pub(crate) struct FakeJobStore {
    journal: Journal,
    moods: Arc<Moods<Op>>,
    held: Arc<Mutex<Held>>,
}

type Answer<T> = LocalBoxFuture<'static, Result<T, StoreError>>;

impl FakeJobStore {
    pub(crate) fn new(journal: Journal) -> Self {
        Self { journal, moods: Arc::default(), held: Arc::default() }
    }

    pub(crate) fn set(&self, op: Op, mood: Mood) {
        self.moods.set(op, mood);
    }

    /// Puts in what an earlier process left.
    pub(crate) fn insert(&self, job: StoredJob) {
        self.held().insert(job);
    }

    /// How often a job was read.
    pub(crate) fn loads(&self) -> usize {
        self.held().loads
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().expect("not poisoned")
    }

    fn write(&self, op: Op, called: Happened, done: Happened, change: impl FnOnce(&mut Held) + 'static) -> Answer<()> {
        self.journal.note(called);
        let journal = self.journal.clone();
        self.answer(op, move |held| {
            change(held);
            journal.note(done);
        })
    }

    fn answer<T: 'static>(&self, op: Op, result: impl FnOnce(&mut Held) -> T + 'static) -> Answer<T> {
        let (held, mood) = (Arc::clone(&self.held), self.moods.settled(op));
        async move {
            match mood.await {
                Mood::Works => Ok(result(&mut held.lock().expect("not poisoned"))),
                _ => Err(StoreError::new("the test says no")),
            }
        }
        .boxed_local()
    }
}

impl Held {
    fn insert(&mut self, job: StoredJob) {
        self.ages += 1;
        self.jobs.insert(job.accepted.id, (self.ages, job));
    }

    fn unfinished(&mut self, id: JobId) -> Option<&mut StoredJob> {
        self.jobs.get_mut(&id).map(|(_, job)| job).filter(|job| job.ended.is_none())
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        if let Some(job) = self.unfinished(checkpoint.id) {
            let mut text = std::mem::take(&mut job.last.text);
            text.truncate(checkpoint.text_offset);
            text.push_str(&checkpoint.text);
            job.last = Checkpoint { text, text_offset: 0, ..checkpoint };
        }
    }

    fn finish(&mut self, ending: Ending) {
        let id = ending.last.id;
        self.checkpoint(ending.last);
        if let Some(job) = self.unfinished(id) {
            job.ended = Some((ending.mark, ending.at, ending.outcome));
        }
    }

    fn episode_saved(&mut self, id: JobId, saved: EpisodeRef) {
        if let Some((_, StoredJob { ended: Some((_, _, Outcome::Completed { episode })), .. })) = self.jobs.get_mut(&id)
        {
            episode.get_or_insert(saved);
        }
    }

    fn ended(&self, after: Option<After>, limit: usize) -> EndedPage {
        let mut jobs: Vec<_> =
            self.jobs.values().filter_map(|(tie, job)| Some((*tie, job, job.ended.as_ref()?))).collect();
        jobs.sort_by_key(|(tie, _, (_, at, _))| Reverse((*at, *tie)));
        let mut jobs = jobs
            .into_iter()
            .filter(|(tie, _, (_, at, _))| after.is_none_or(|after| (*at, *tie) < (after.at, after.tie)));
        let page: Vec<_> = jobs.by_ref().take(limit).collect();
        let next =
            page.last().filter(|_| jobs.next().is_some()).map(|(tie, _, (_, at, _))| After { at: *at, tie: *tie });
        let jobs = page.into_iter().map(|(_, job, (_, at, outcome))| EndedJob {
            id: job.accepted.id,
            at: *at,
            status: match outcome {
                Outcome::Completed { .. } => Status::Completed,
                Outcome::Failed(_) => Status::Failed,
                Outcome::Canceled => Status::Canceled,
            },
            saved: outcome.episode().is_some(),
            bytes: (job.accepted.brief.size() + job.last.text.len()) as u64,
        });
        EndedPage { jobs: jobs.collect(), next }
    }

    fn key_holder(&self, key: &str) -> Option<KeyHolder> {
        let of_key = self.jobs.values().filter_map(|(age, job)| {
            let idempotency = job.accepted.idempotency.as_ref().filter(|idempotency| idempotency.key == key)?;
            Some((age, KeyHolder { job: job.accepted.id, body_digest: idempotency.body_digest.clone() }))
        });
        of_key.max_by_key(|(age, _)| **age).map(|(_, holder)| holder)
    }
}

impl JobStore for FakeJobStore {
    fn create(&self, job: NewJob) -> Answer<()> {
        let last = Checkpoint {
            id: job.id,
            epoch: Epoch::FIRST,
            started_at: None,
            progress: 0,
            model_used: None,
            usage: None,
            text_offset: 0,
            text: String::new(),
            text_complete: false,
        };
        let stored = StoredJob { accepted: job.clone(), last, ended: None };
        let called = Happened::CreateCalled(job.id);
        self.write(Op::Create, called, Happened::Created(job), |held| held.insert(stored))
    }

    fn checkpoint(&self, checkpoint: Checkpoint) -> Answer<()> {
        let done = Happened::Checkpointed(checkpoint.clone());
        let called = Happened::CheckpointCalled(checkpoint.id);
        self.write(Op::Checkpoint, called, done, |held| held.checkpoint(checkpoint))
    }

    fn finish(&self, ending: Ending) -> Answer<()> {
        let done = Happened::Finished(ending.clone());
        let called = Happened::FinishCalled(ending.last.id);
        self.write(Op::Finish, called, done, |held| held.finish(ending))
    }

    fn episode_saved(&self, job: JobId, episode: EpisodeRef) -> Answer<()> {
        let done = Happened::EpisodeNoted(job, episode.clone());
        let called = Happened::EpisodeNoteCalled(job);
        self.write(Op::EpisodeSaved, called, done, move |held| held.episode_saved(job, episode))
    }

    fn recover(&self) -> Answer<Vec<StoredJob>> {
        unimplemented!("the registry is handed what was recovered")
    }

    fn ended(&self, after: Option<After>, limit: usize) -> Answer<EndedPage> {
        self.answer(Op::Ended, move |held| held.ended(after, limit))
    }

    fn load(&self, job: JobId) -> Answer<Option<StoredJob>> {
        let mut held = self.held();
        held.loads += 1;
        // As it is now, whenever the answer comes.
        let found = held.jobs.get(&job).map(|(_, job)| job.clone());
        drop(held);
        self.answer(Op::Load, |_| found)
    }

    fn key_holder(&self, key: &str) -> Answer<Option<KeyHolder>> {
        let key = key.to_owned();
        self.answer(Op::KeyHolder, move |held| held.key_holder(&key))
    }

    fn purge(&self, jobs: Vec<JobId>) -> Answer<()> {
        let done = Happened::Purged(jobs.clone());
        self.write(Op::Purge, Happened::PurgeCalled(jobs.clone()), done, move |held| {
            for job in jobs {
                held.jobs.remove(&job);
            }
        })
    }

    fn check(&self) -> Answer<()> {
        unimplemented!("readiness is not the registry's")
    }
}
