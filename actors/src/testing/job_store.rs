//! A job store in memory that records every write in order and is controlled by the test.

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use futures_util::{FutureExt as _, StreamExt as _, stream, stream::LocalBoxStream};

use super::{Happened, Journal, Mood, mood::Moods};
use crate::{
    model::{Checkpoint, End, EpisodeState, Epoch, IdempotencyKey, JobId, JobRecord, NewJob, Outcome, Part},
    ports::{
        After, Answer, Change, Claim, Created, EndedJob, EndedPage, Ending, JobStore, KeyHolder, StoreError, Written,
    },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Create,
    Checkpoint,
    Finish,
    NoteEpisode,
    Purge,
    Load,
    Ended,
    KeyHolder,
}

struct Row {
    age: i64,
    key: Option<IdempotencyKey>,
    record: JobRecord,
}

#[derive(Default)]
struct Held {
    jobs: HashMap<JobId, Row>,
    ages: i64,
    loads: usize,
}

#[derive(Clone)]
pub(crate) struct FakeJobStore {
    journal: Journal,
    moods: Arc<Moods<Op>>,
    held: Arc<Mutex<Held>>,
}

impl FakeJobStore {
    pub(crate) fn new(journal: Journal) -> Self {
        Self { journal, moods: Arc::default(), held: Arc::default() }
    }

    pub(crate) fn set(&self, op: Op, mood: Mood) {
        self.moods.set(op, mood);
    }

    /// Adds a job left by an earlier process.
    pub(crate) fn insert(&self, record: JobRecord, key: Option<IdempotencyKey>) {
        self.held().insert(record, key);
    }

    /// Claims the job for another process: writes from here are fenced.
    pub(crate) fn take_from_owner(&self, job: JobId) {
        self.held().jobs.get_mut(&job).expect("held").record.head.epoch.0 += 1;
    }

    /// The number of times a job was loaded.
    pub(crate) fn loads(&self) -> usize {
        self.held().loads
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().expect("not poisoned")
    }

    fn write<T: 'static>(
        &self,
        op: Op,
        called: Happened,
        done: Happened,
        change: impl FnOnce(&mut Held) -> T + 'static,
    ) -> Answer<T> {
        self.journal.note(called);
        let journal = self.journal.clone();
        self.answer(op, move |held| {
            let result = change(held);
            journal.note(done);
            result
        })
    }

    fn answer<T: 'static>(&self, op: Op, result: impl FnOnce(&mut Held) -> T + 'static) -> Answer<T> {
        let (held, mood) = (Arc::clone(&self.held), self.moods.current(op));
        async move {
            match mood.await {
                Mood::Works => Ok(result(&mut held.lock().expect("not poisoned"))),
                _ => Err(StoreError::unavailable("the test says no")),
            }
        }
        .boxed_local()
    }
}

impl Held {
    fn insert(&mut self, record: JobRecord, key: Option<IdempotencyKey>) {
        self.ages += 1;
        self.jobs.insert(record.head.id, Row { age: self.ages, key, record });
    }

    fn create(&mut self, job: &NewJob) -> Created {
        if let Some(key) = &job.idempotency
            && let Some(holder) = self.key_holder(&key.key)
        {
            let same = holder.body_digest == key.body_digest;
            return if same { Created::Existing(holder.job) } else { Created::KeyConflict(holder.job) };
        }
        self.insert(job.record(Epoch::FIRST), job.idempotency.clone());
        Created::Mine(Claim::new(job.id, Epoch::FIRST, 1))
    }

    /// The job, if the claim still holds.
    fn claimed(&mut self, by: &Claim) -> Option<&mut JobRecord> {
        let record = &mut self.jobs.get_mut(&by.job)?.record;
        (record.head.epoch == by.epoch && record.head.end.is_none()).then_some(record)
    }

    fn checkpoint(&mut self, by: &Claim, last: Checkpoint) -> Written {
        let Some(record) = self.claimed(by) else { return Written::Fenced };
        let at = last.part.0 as usize;
        record.parts.resize_with(record.parts.len().max(at + 1), Part::default);
        record.parts[at].text.truncate(last.offset);
        record.parts[at].text.push_str(&last.text);
        record.head.started_at = last.started_at;
        record.progress = last.progress;
        record.model_used = last.model_used;
        record.usage = last.usage;
        record.text_complete = last.text_complete;
        Written::Done
    }

    fn finish(&mut self, by: &Claim, ending: Ending) -> Written {
        if let Written::Fenced = self.checkpoint(by, ending.last) {
            return Written::Fenced;
        }
        self.end(by.job, ending.end)
    }

    fn end(&mut self, job: JobId, end: End) -> Written {
        let Some(row) = self.jobs.get_mut(&job) else { return Written::Fenced };
        row.record.head.end = Some(end);
        Written::Done
    }

    fn claim(&mut self, job: JobId, seen: Epoch) -> Option<(Claim, JobRecord)> {
        let record = &mut self.jobs.get_mut(&job)?.record;
        if record.head.epoch != seen || record.head.end.is_some() {
            return None;
        }
        record.head.epoch.0 += 1;
        let epoch = record.head.epoch;
        Some((Claim::new(job, epoch, u64::from(epoch.0)), record.clone()))
    }

    fn note_episode(&mut self, job: JobId, became: EpisodeState) {
        if let Some(row) = self.jobs.get_mut(&job)
            && let Some(End { outcome: Outcome::Completed { episode }, .. }) = &mut row.record.head.end
            && episode.may_become(&became)
        {
            *episode = became;
        }
    }

    fn ended(&self, after: Option<After>, limit: usize) -> EndedPage {
        let mut jobs: Vec<_> =
            self.jobs.values().filter_map(|row| Some((row.age, &row.record, row.record.head.end.as_ref()?))).collect();
        jobs.sort_by_key(|(tie, _, end)| Reverse((end.at, *tie)));
        let mut jobs =
            jobs.into_iter().filter(|(tie, _, end)| after.is_none_or(|after| (end.at, *tie) < (after.at, after.tie)));
        let page: Vec<_> = jobs.by_ref().take(limit).collect();
        let next = page.last().filter(|_| jobs.next().is_some()).map(|(tie, _, end)| After { at: end.at, tie: *tie });
        let jobs = page.into_iter().map(|(_, record, end)| EndedJob {
            id: record.head.id,
            at: end.at,
            status: end.outcome.status(),
            episode: end.outcome.episode_status(),
            bytes: record.size() as u64,
        });
        EndedPage { jobs: jobs.collect(), next }
    }

    fn key_holder(&self, key: &str) -> Option<KeyHolder> {
        let of_key = self.jobs.values().filter_map(|row| {
            let idempotency = row.key.as_ref().filter(|idempotency| idempotency.key == key)?;
            let body_digest = idempotency.body_digest.clone();
            Some((row.age, KeyHolder { job: row.record.head.id, body_digest }))
        });
        of_key.max_by_key(|(age, _)| *age).map(|(_, holder)| holder)
    }
}

impl JobStore for FakeJobStore {
    fn create(&self, job: NewJob, _: bool) -> Answer<Created> {
        self.journal.note(Happened::CreateCalled(job.id));
        let journal = self.journal.clone();
        self.answer(Op::Create, move |held| {
            let created = held.create(&job);
            if let Created::Mine(_) = created {
                journal.note(Happened::Created(job));
            }
            created
        })
    }

    fn key_holder(&self, key: &str) -> Answer<Option<KeyHolder>> {
        let key = key.to_owned();
        self.answer(Op::KeyHolder, move |held| held.key_holder(&key))
    }

    fn claim(&self, job: JobId, seen: Epoch) -> Answer<Option<(Claim, JobRecord)>> {
        let claimed = self.held().claim(job, seen);
        std::future::ready(Ok(claimed)).boxed_local()
    }

    fn checkpoint(&self, by: &Claim, checkpoint: Checkpoint) -> Answer<Written> {
        let (by, done) = (*by, Happened::Checkpointed(by.job, checkpoint.clone()));
        let called = Happened::CheckpointCalled(by.job);
        self.write(Op::Checkpoint, called, done, move |held| held.checkpoint(&by, checkpoint))
    }

    fn finish(&self, by: &Claim, ending: Ending) -> Answer<Written> {
        let (by, done) = (*by, Happened::Finished(*by, ending.clone()));
        self.write(Op::Finish, Happened::FinishCalled(by.job), done, move |held| held.finish(&by, ending))
    }

    fn release(&self, by: Claim, last: Checkpoint) -> Answer<Written> {
        self.checkpoint(&by, last)
    }

    fn overrule(&self, _: JobId, _: Epoch, _: End) -> Answer<Written> {
        unimplemented!("an owner that runs here always answers")
    }

    fn load(&self, job: JobId) -> Answer<Option<JobRecord>> {
        let mut held = self.held();
        held.loads += 1;
        // Reads the record now, even if the answer comes later.
        let found = held.jobs.get(&job).map(|row| row.record.clone());
        drop(held);
        self.answer(Op::Load, |_| found)
    }

    fn changes(&self) -> LocalBoxStream<'static, Result<Change, StoreError>> {
        let held = self.held();
        let mut unfinished: Vec<_> = held.jobs.values().filter(|row| row.record.head.end.is_none()).collect();
        unfinished.sort_by_key(|row| row.age);
        let heads: Vec<_> = unfinished
            .into_iter()
            .map(|row| Ok(Change::Head { head: Box::new(row.record.head.clone()), owner: None }))
            .chain([Ok(Change::CaughtUp)])
            .collect();
        stream::iter(heads).boxed_local()
    }

    fn note_episode(&self, job: JobId, episode: EpisodeState) -> Answer<()> {
        let done = Happened::EpisodeNoted(job, episode.clone());
        let called = Happened::EpisodeNoteCalled(job);
        self.write(Op::NoteEpisode, called, done, move |held| held.note_episode(job, episode))
    }

    fn ended(&self, after: Option<After>, limit: usize) -> Answer<EndedPage> {
        self.answer(Op::Ended, move |held| held.ended(after, limit))
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
