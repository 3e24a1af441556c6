//! Writes jobs under the rule that carries everything: a write expects the newest sequence of its job's whole tree, so
//! whatever somebody else has written meanwhile refuses it. Calls for one job come one after another (see [`super::lanes`]).

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    time::Duration,
};

use generation_actors::{
    model::{Checkpoint, End, EpisodeState, EpisodeStatus, Epoch, JobId, JobRecord, NodeId},
    ports::{Claim, Ending, StoreError, Written},
};
use tokio::time::{Instant, sleep};

use super::{
    engine::{ATTEMPT, Engine, Failure, Message, Write},
    format::{Head, Text},
    subjects::is_head,
    tree::{Misfit, Stored, Torn},
};

/// How long a request is repeated. An election takes four to nine seconds.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
const BUSY_PAUSE: Duration = Duration::from_millis(5);
const PAUSE: Duration = Duration::from_millis(100);
/// A refused script waits this long for an operator.
const REFUSED_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// One node's writes.
pub(super) struct Writer {
    pub(super) engine: Engine,
    pub(super) node: NodeId,
    pub(super) retention: Duration,
    /// The jobs that this node writes, as stored by its last write.
    held: RefCell<HashMap<JobId, Stored>>,
    /// Bytes that may still be written before no more jobs are created, as last seen, less what this node has written since.
    pub(super) room: Cell<u64>,
    /// How often the engine has lost everything.
    pub(super) resets: Cell<u64>,
}

/// A write that cannot succeed as it is.
pub(super) enum Refusal {
    /// Something else is the newest. `unsure`: an earlier attempt had no answer, and may be what is newest.
    Moved {
        unsure: bool,
    },
    Failed(StoreError),
}

/// Whether the newest message of a job's tree allows its owner to go on.
enum Standing {
    /// It is what was being written.
    Stored(u64),
    /// It is an earlier write of the same owner.
    Ours(u64),
    /// The same owner has ended the job.
    Ended,
    /// Somebody else has written.
    Lost,
}

impl Writer {
    pub(super) fn new(engine: Engine, node: NodeId, retention: Duration) -> Self {
        Self { engine, node, retention, held: RefCell::default(), room: Cell::new(u64::MAX), resets: Cell::new(0) }
    }

    /// Whether the engine takes new jobs now.
    pub(super) async fn check(&self) -> Result<(), StoreError> {
        let room = self.engine.state().await.map_err(StoreError::unavailable)?.room();
        self.room.set(room);
        if room > 0 { Ok(()) } else { Err(full()) }
    }

    /// Forgets what this node holds: the engine has lost it.
    pub(super) fn reset(&self) {
        self.held.borrow_mut().clear();
        self.resets.set(self.resets.get() + 1);
    }

    pub(super) async fn claim(&self, id: JobId, seen: Epoch) -> Result<Option<(Claim, JobRecord)>, StoreError> {
        let deadline = Instant::now() + PATIENCE;
        let next = Epoch(seen.0 + 1);
        let mut unanswered = false;
        while Instant::now() < deadline {
            let Some(mut stored) = self.read(id).await? else { return Ok(None) };
            let (epoch, ended) = (stored.record.head.epoch, stored.record.head.end.is_some());
            // An earlier attempt of this very call, whose answer was lost.
            if unanswered && !ended && epoch == next && stored.owner == Some(self.node) {
                return Ok(Some(self.claimed(stored)));
            }
            if ended || epoch != seen {
                return Ok(None);
            }
            if stored.owner.is_some() {
                let attempts = &mut stored.record.head.attempts;
                *attempts = if stored.wrote { 1 } else { *attempts + 1 };
            }
            stored.record.head.epoch = next;
            stored.owner = Some(self.node);
            let tree = self.engine.subjects.tree(id);
            let head = stored.head(&self.engine.subjects).map_err(contradiction)?.expects(tree, stored.newest);
            match self.write(&[head]).await {
                Ok(newest) => {
                    stored.newest = newest;
                    return Ok(Some(self.claimed(stored)));
                }
                // Its owner wrote, or somebody else claimed it.
                Err(Refusal::Moved { unsure }) => unanswered |= unsure,
                Err(Refusal::Failed(error)) => return Err(error),
            }
        }
        Err(StoreError::timed_out(PATIENCE))
    }

    pub(super) async fn checkpoint(&self, by: Claim, checkpoint: Checkpoint) -> Result<Written, StoreError> {
        let Some(stored) = self.held(&by) else { return Ok(fenced(&by)) };
        stored.fits(&checkpoint).map_err(misfit)?;
        let mut next = stored.clone();
        next.apply(&checkpoint).map_err(misfit)?;
        let mut writes = next.pieces(&self.engine.subjects, &checkpoint).map_err(contradiction)?;
        if next.record.head.started_at != stored.record.head.started_at {
            // Other nodes read only heads, and count the jobs that have left the queue.
            writes.push(next.head(&self.engine.subjects).map_err(contradiction)?);
        }
        self.write_held(&by, writes, next).await
    }

    pub(super) async fn finish(&self, by: Claim, Ending { last, end }: Ending) -> Result<Written, StoreError> {
        let Some(mut next) = self.held(&by) else { return self.finished_before(&by).await };
        next.apply(&last).map_err(misfit)?;
        let lifetime = self.lifetime(end.outcome.episode_status());
        let next = next.ended(end);
        let writes = next.whole(&self.engine.subjects, lifetime).map_err(contradiction)?;
        self.write_held(&by, writes, next).await
    }

    pub(super) async fn release(&self, by: Claim, last: Checkpoint) -> Result<Written, StoreError> {
        let Some(mut next) = self.held(&by) else { return Ok(fenced(&by)) };
        next.apply(&last).map_err(misfit)?;
        next.owner = None;
        let mut writes = next.pieces(&self.engine.subjects, &last).map_err(contradiction)?;
        writes.push(next.head(&self.engine.subjects).map_err(contradiction)?);
        let written = self.write_held(&by, writes, next).await?;
        self.held.borrow_mut().remove(&by.job);
        Ok(written)
    }

    pub(super) async fn overrule(&self, id: JobId, seen: Epoch, end: End) -> Result<Written, StoreError> {
        let deadline = Instant::now() + PATIENCE;
        let next = Epoch(seen.0 + 1);
        let mut unanswered = false;
        while Instant::now() < deadline {
            let Some(mut stored) = self.read(id).await? else { return Ok(Written::Fenced) };
            let head = &stored.record.head;
            if unanswered && head.epoch == next && head.end.as_ref() == Some(&end) {
                return Ok(Written::Done);
            }
            // A whole text is never thrown away: it waits for a claim and its episode.
            if head.end.is_some() || head.epoch != seen || stored.record.text_complete {
                return Ok(Written::Fenced);
            }
            stored.record.head.epoch = next;
            let ended = stored.ended(end.clone());
            match self.write_whole(&ended).await {
                Ok(_) => return Ok(Written::Done),
                Err(Refusal::Moved { unsure }) => unanswered |= unsure,
                Err(Refusal::Failed(error)) => return Err(error),
            }
        }
        Err(StoreError::timed_out(PATIENCE))
    }

    pub(super) async fn note_episode(&self, id: JobId, episode: EpisodeState) -> Result<(), StoreError> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let Some(mut stored) = self.read(id).await? else { return Ok(()) };
            let Some(end) = &mut stored.record.head.end else { return Ok(()) };
            match &mut end.outcome {
                generation_actors::model::Outcome::Completed { episode: present } if present.may_become(&episode) => {
                    *present = episode.clone();
                }
                _ => return Ok(()),
            }
            match self.write_whole(&stored).await {
                Ok(_) => return Ok(()),
                Err(Refusal::Moved { .. }) => {}
                Err(Refusal::Failed(error)) => return Err(error),
            }
        }
        Err(StoreError::timed_out(PATIENCE))
    }

    pub(super) async fn purge(&self, id: JobId) -> Result<(), StoreError> {
        self.held.borrow_mut().remove(&id);
        self.persist(|| self.engine.purge(self.engine.subjects.tree(id))).await
    }

    /// All of a job, at least as new as everything that was acknowledged before this call.
    pub(super) async fn read(&self, id: JobId) -> Result<Option<Stored>, StoreError> {
        let tree = self.engine.subjects.tree(id);
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let Some(newest) = self.newest(id).await? else { return Ok(None) };
            let (mut messages, mut from) = (Vec::new(), Some(0));
            while let Some(begin) = from {
                let (page, next) = self.persist(|| self.engine.scan(&tree, begin)).await?;
                messages.extend(page);
                from = next;
            }
            // The replica that answered may lag behind the leader.
            if messages.last().is_some_and(|last| last.sequence >= newest.sequence) {
                match Stored::read(id, &messages) {
                    Ok(stored) => return Ok(Some(stored)),
                    // Written while it was read.
                    Err(Torn::Incomplete) => {}
                    Err(unreadable) => return Err(StoreError::contradiction(format!("{id}: {unreadable}"))),
                }
            }
            sleep(BUSY_PAUSE).await;
        }
        Err(StoreError::timed_out(PATIENCE))
    }

    /// Repeats a read until the engine answers.
    pub(super) async fn persist<T>(&self, attempt: impl AsyncFn() -> Result<T, Failure>) -> Result<T, StoreError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match attempt().await {
                Ok(answer) => return Ok(answer),
                Err(failure) if Instant::now() + ATTEMPT > deadline => return Err(StoreError::unavailable(failure)),
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// Repeats a write until the engine has taken or refused it.
    pub(super) async fn write(&self, writes: &[Write]) -> Result<u64, Refusal> {
        let bytes = writes.iter().map(Write::size).sum();
        self.room.set(self.room.get().saturating_sub(bytes));
        let deadline = Instant::now() + PATIENCE;
        let mut unsure = false;
        loop {
            let pause = match self.engine.write(writes).await {
                Ok(newest) => return Ok(newest),
                Err(Failure::Moved) => return Err(Refusal::Moved { unsure }),
                Err(failure @ Failure::Full(_)) => return Err(Refusal::Failed(StoreError::unavailable(failure))),
                Err(failure) if Instant::now() > deadline => {
                    return Err(Refusal::Failed(StoreError::unavailable(failure)));
                }
                Err(Failure::Busy) => BUSY_PAUSE,
                Err(failure @ Failure::Silent(_)) => {
                    log::debug!("a write had no answer, trying again: {failure}");
                    unsure = true;
                    PAUSE
                }
                Err(failure @ (Failure::Refused(_) | Failure::Missing)) => {
                    log::debug!("a write was refused, trying again: {failure}");
                    PAUSE
                }
            };
            sleep(pause).await;
        }
    }

    /// Stores an ended job as a whole, in place of what was read.
    async fn write_whole(&self, ended: &Stored) -> Result<u64, Refusal> {
        let subjects = &self.engine.subjects;
        let episode = ended.record.head.end.as_ref().and_then(|end| end.outcome.episode_status());
        let fail = |error| Refusal::Failed(contradiction(error));
        let mut writes = ended.whole(subjects, self.lifetime(episode)).map_err(fail)?;
        writes[0] = writes[0].clone().expects(subjects.tree(ended.record.head.id), ended.newest);
        self.write(&writes).await
    }

    /// Writes under a claim, and finds out what a refusal means. `next` is the job after the write.
    async fn write_held(&self, by: &Claim, mut writes: Vec<Write>, mut next: Stored) -> Result<Written, StoreError> {
        let deadline = Instant::now() + PATIENCE;
        let first = writes[0].clone();
        let last = writes[writes.len() - 1].payload.clone();
        while Instant::now() < deadline {
            writes[0] = first.clone().expects(self.engine.subjects.tree(by.job), next.newest);
            let newest = match self.write(&writes).await {
                Ok(newest) => newest,
                Err(Refusal::Failed(error)) => return Err(error),
                Err(Refusal::Moved { .. }) => match self.standing(by, &last).await? {
                    Standing::Stored(newest) => newest,
                    Standing::Ours(newest) => {
                        next.newest = newest;
                        continue;
                    }
                    standing => {
                        self.held.borrow_mut().remove(&by.job);
                        let ended_by_us = next.record.head.end.is_some() && matches!(standing, Standing::Ended);
                        return Ok(if ended_by_us { Written::Done } else { fenced(by) });
                    }
                },
            };
            next.newest = newest;
            if next.record.head.end.is_some() {
                self.held.borrow_mut().remove(&by.job);
            } else {
                self.held.borrow_mut().insert(by.job, next);
            }
            return Ok(Written::Done);
        }
        Err(StoreError::timed_out(PATIENCE))
    }

    /// What the newest message of a job says about the claim, after a write whose last message was `written` was refused.
    async fn standing(&self, by: &Claim, written: &[u8]) -> Result<Standing, StoreError> {
        let Some(Message { subject, sequence, payload }) = self.newest(by.job).await? else {
            return Ok(Standing::Lost);
        };
        let unreadable = |error| StoreError::contradiction(format!("{}: {error}", by.job));
        if payload == written {
            return Ok(Standing::Stored(sequence));
        }
        // Only one node ever writes in an epoch.
        let (epoch, ended) = if is_head(&subject) {
            let head = Head::read(by.job, &payload).map_err(unreadable)?;
            (head.job.epoch, head.job.end.is_some())
        } else {
            (Epoch(Text::read(&payload).map_err(unreadable)?.epoch), false)
        };
        Ok(match (epoch == by.epoch, ended) {
            (true, false) => Standing::Ours(sequence),
            (true, true) => Standing::Ended,
            (false, _) => Standing::Lost,
        })
    }

    /// Whether this claim has ended the job earlier: repeating that succeeds.
    async fn finished_before(&self, by: &Claim) -> Result<Written, StoreError> {
        let stored = self.read(by.job).await?;
        let ended_by_us = |stored: Stored| {
            let head = stored.record.head;
            head.end.is_some() && head.epoch == by.epoch && stored.owner == Some(self.node)
        };
        Ok(if stored.is_some_and(ended_by_us) { Written::Done } else { fenced(by) })
    }

    pub(super) async fn newest(&self, id: JobId) -> Result<Option<Message>, StoreError> {
        let tree = self.engine.subjects.tree(id);
        self.persist(|| self.engine.newest(&tree)).await
    }

    pub(super) fn claimed(&self, stored: Stored) -> (Claim, JobRecord) {
        let record = stored.record.clone();
        let claim = Claim::new(record.head.id, record.head.epoch, stored.newest);
        self.held.borrow_mut().insert(claim.job, stored);
        (claim, record)
    }

    /// The job as this claim's last write left it; `None` once the claim has ended.
    fn held(&self, by: &Claim) -> Option<Stored> {
        self.held.borrow().get(&by.job).filter(|stored| stored.record.head.epoch == by.epoch).cloned()
    }

    fn lifetime(&self, episode: Option<EpisodeStatus>) -> Option<Duration> {
        match episode {
            Some(EpisodeStatus::Owed) => None,
            Some(EpisodeStatus::Refused) => Some(self.retention.max(REFUSED_LIFETIME)),
            Some(EpisodeStatus::Saved) | None => Some(self.retention),
        }
    }
}

fn fenced(by: &Claim) -> Written {
    log::debug!("{}: a write in epoch {} was fenced: the job has ended or has another owner", by.job, by.epoch);
    Written::Fenced
}

pub(super) fn contradiction(error: serde_json::Error) -> StoreError {
    StoreError::contradiction(error)
}

pub(super) fn full() -> StoreError {
    StoreError::unavailable("the engine is nearly full: raise store.max_bytes there, or shorten jobs.retention")
}

fn misfit(misfit: Misfit) -> StoreError {
    StoreError::contradiction(misfit)
}
