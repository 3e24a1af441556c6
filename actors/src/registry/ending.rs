//! The end of a job: its slot is freed, what is kept of it becomes small, and what is owed is seen to.

use actix::prelude::*;

use super::{Ended, Fate, JobRegistry};
use crate::{
    feed::Feed,
    job::{JobEnded, JobId},
    outbox::{Became, Owe, Settled},
    ports::Ending,
};

/// An outcome that the store has not taken, with the feed that nobody could read back meanwhile.
pub(super) struct Unrecorded {
    pub ending: Ending,
    pub _feed: Feed,
}

impl Handler<JobEnded> for JobRegistry {
    type Result = ();

    fn handle(&mut self, ended: JobEnded, _: &mut Context<Self>) {
        if let (Some(speed), Some(entry)) = (ended.words_per_second, self.table.get(ended.id)) {
            self.speeds.measured(&entry.feed.view().brief.model, speed);
        }
        self.release_and_retain(ended.id, ended.unrecorded);
    }
}

impl Handler<Settled> for JobRegistry {
    type Result = ();

    fn handle(&mut self, Settled { job, became }: Settled, _: &mut Context<Self>) {
        match became {
            Became::Saved(episode) => {
                self.set_fate(job, Fate::Saved);
                if let Some(loading) = self.loading.get_mut(&job) {
                    loading.episode = Some(episode.clone());
                }
                if let Some(feed) = self.shelf.peek(job) {
                    feed.episode_saved(episode);
                }
                self.retention.keep(job, self.retention_from_now());
            }
            Became::Refused => {
                self.set_fate(job, Fate::Refused);
                if let Some(feed) = self.shelf.peek(job) {
                    feed.episode_refused();
                }
                self.retention.keep(job, self.retention_of_refused());
            }
            Became::Gone => {
                log::error!("{job}: it is owed an episode, but the job store does not hold it any more");
                self.drop_ended(job);
            }
        }
    }
}

impl JobRegistry {
    /// A job's readers have been shown its end. Until the store has taken that as well, the job stays as it is.
    pub(super) fn release_and_retain(&mut self, id: JobId, unrecorded: Option<Ending>) {
        let Some(entry) = self.table.remove(id) else { return };
        self.queue.leave(id);
        entry.feed.leave_queue();
        let view = entry.feed.view();
        let ended = Ended {
            status: view.status,
            fate: Fate::of(&view),
            recorded: unrecorded.is_none(),
            bytes: entry.feed.size() as u64,
            at: view.completed_at.unwrap_or_else(|| self.ports.clock.now()).timestamp_millis(),
        };
        self.retention.enter(id, ended);
        self.shelf.put(id, &entry.feed);
        match unrecorded {
            None => self.see_to(id),
            Some(ending) => self.unrecorded.push_back(Unrecorded { ending, _feed: entry.feed }),
        }
        self.dispatch();
    }

    /// The store has taken an outcome that readers had been told before.
    pub(super) fn recorded_late(&mut self, id: JobId) {
        let before = self.unrecorded.len();
        self.unrecorded.retain(|late| late.ending.last.id != id);
        let recorded = before - self.unrecorded.len();
        self.directory.count(|counts| counts.unrecorded -= recorded);
        if let Some(ended) = self.retention.get_mut(id) {
            ended.recorded = true;
            self.see_to(id);
        }
    }

    /// The job is in the store as it ended: it is owed an episode, or nothing.
    fn see_to(&mut self, id: JobId) {
        match self.retention.get(id).map(|ended| ended.fate) {
            Some(Fate::Owed) => self.outbox.do_send(Owe(id)),
            _ => self.retention.keep(id, self.retention_from_now()),
        }
    }

    /// Tries now to save a completed job's script, also one that the store had refused.
    pub(super) fn owe_again(&mut self, id: JobId) {
        self.set_fate(id, Fate::Owed);
        self.retention.hold(id);
        if let Some(feed) = self.shelf.peek(id) {
            feed.episode_owed();
        }
        if self.retention.get(id).is_some_and(|ended| ended.recorded) {
            self.outbox.do_send(Owe(id));
        }
    }

    fn set_fate(&mut self, id: JobId, fate: Fate) {
        if let Some(ended) = self.retention.get_mut(id) {
            let before = std::mem::replace(&mut ended.fate, fate);
            let status = ended.status;
            self.directory.count(|counts| {
                counts.remove(status, before);
                counts.add(status, fate);
            });
        }
    }

    /// Forgets an ended job here.
    pub(super) fn drop_ended(&mut self, id: JobId) {
        if let Some(ended) = self.retention.remove(id) {
            self.forget_here(id, ended);
        }
    }

    /// What is left of an ended job beside its record.
    pub(super) fn forget_here(&mut self, id: JobId, ended: Ended) {
        self.shelf.remove(id);
        self.directory.count(|counts| counts.remove(ended.status, ended.fate));
    }
}
