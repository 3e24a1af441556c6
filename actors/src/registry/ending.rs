//! The end of a job: frees its slot, keeps only a small record, and adds its obligations to the outbox.

use std::time::Duration;

use actix::prelude::*;

use super::{Ended, JobRegistry};
use crate::{
    job::JobEnded,
    model::{EpisodeState, EpisodeStatus, JobId},
    outbox::{Add, EndingObligation, EndingRecorded, EpisodeObligation, EpisodeResolved, Resolution},
    store_timeout::with_store_timeout,
};

/// The job itself has just tried to save its script.
const AFTER_FAILED_SAVE: Duration = Duration::from_secs(1);

/// The store has noted that a script is owed once more.
#[derive(Message)]
#[rtype(result = "()")]
struct OwedAgain(JobId);

impl Handler<JobEnded> for JobRegistry {
    type Result = ();

    /// Handles a job whose end was shown to its readers. It must not be forgotten until the store has recorded the end.
    fn handle(&mut self, ended: JobEnded, ctx: &mut Context<Self>) {
        let JobEnded { id, at, status, episode, bytes, words_per_second, unrecorded } = ended;
        let Some(entry) = self.jobs.remove(&id) else { return };
        if let Some(speed) = words_per_second {
            self.speeds.measured(&entry.head.brief.model, speed);
        }
        self.queue.leave(id);
        let recorded = unrecorded.is_none();
        self.retention.add(id, Ended { status, episode, recorded, bytes, at: at.timestamp_millis() });
        self.cache.put(id, &entry.feed);
        match unrecorded {
            None => self.retain_or_add_obligation(id, ctx),
            Some((claim, ending)) => {
                let recorded = ctx.address().recipient();
                self.outbox.do_send(Add::now(EndingObligation { claim, ending, feed: entry.feed, recorded }));
            }
        }
        self.dispatch(ctx);
    }
}

impl Handler<EndingRecorded> for JobRegistry {
    type Result = ();

    fn handle(&mut self, EndingRecorded(id): EndingRecorded, ctx: &mut Context<Self>) {
        if let Some(ended) = self.retention.get_mut(id)
            && !std::mem::replace(&mut ended.recorded, true)
        {
            self.directory.count(|counts| counts.unrecorded -= 1);
            self.retain_or_add_obligation(id, ctx);
        }
    }
}

impl Handler<EpisodeResolved> for JobRegistry {
    type Result = ();

    fn handle(&mut self, EpisodeResolved { job, resolution }: EpisodeResolved, _: &mut Context<Self>) {
        match resolution {
            Resolution::Saved => {
                self.set_episode(job, EpisodeStatus::Saved);
                self.retention.keep(job, self.retention_from_now());
            }
            Resolution::Refused => {
                self.set_episode(job, EpisodeStatus::Refused);
                self.retention.keep(job, self.retention_of_refused());
            }
            Resolution::JobMissing => {
                log::error!("{job}: cannot save the script: the job store no longer holds the job");
                self.forget_ended(job);
            }
        }
    }
}

impl Handler<OwedAgain> for JobRegistry {
    type Result = ();

    fn handle(&mut self, OwedAgain(id): OwedAgain, ctx: &mut Context<Self>) {
        // An attempt that was in progress may have ended meanwhile, either way.
        if self.retention.get(id).is_some_and(|ended| ended.episode != Some(EpisodeStatus::Saved)) {
            self.retention.hold(id);
            self.set_episode(id, EpisodeStatus::Owed);
            self.add_episode_obligation(id, Duration::ZERO, ctx);
        }
    }
}

impl JobRegistry {
    /// The job's end is in the store: retain the job, or first add the obligation to save its episode.
    fn retain_or_add_obligation(&mut self, id: JobId, ctx: &Context<Self>) {
        match self.retention.get(id).and_then(|ended| ended.episode) {
            Some(EpisodeStatus::Owed) => self.add_episode_obligation(id, AFTER_FAILED_SAVE, ctx),
            Some(EpisodeStatus::Refused) => self.retention.keep(id, self.retention_of_refused()),
            Some(EpisodeStatus::Saved) | None => self.retention.keep(id, self.retention_from_now()),
        }
    }

    pub(super) fn add_episode_obligation(&self, job: JobId, delay: Duration, ctx: &Context<Self>) {
        let (save_timeout, resolved) = (self.settings.job.save_timeout, ctx.address().recipient());
        let obligation = Box::new(EpisodeObligation { job, save_timeout, resolved });
        self.outbox.do_send(Add { obligation, delay });
    }

    /// Saves a completed job's script again, even one that the store refused.
    /// Resolves once the store has noted it, so that a restart retries too; if it does not, this process still retries.
    pub(super) fn retry_episode(&mut self, id: JobId, ctx: &Context<Self>) -> ResponseFuture<()> {
        self.retention.hold(id);
        let recorded = self.retention.get(id).is_some_and(|ended| ended.recorded);
        if !recorded {
            // The obligation is added once the end is recorded.
            self.count_episode(id, EpisodeStatus::Owed);
            return Box::pin(std::future::ready(()));
        }
        let noted = with_store_timeout(self.ports.jobs.note_episode(id, EpisodeState::Owed));
        let registry = ctx.address();
        Box::pin(async move {
            if let Err(error) = noted.await {
                log::warn!("{id}: a restart would not retry to save the script: {error}");
            }
            let _stopped_is_fine = registry.send(OwedAgain(id)).await;
        })
    }

    /// Updates the episode state; the store has recorded it already. Look-ups read it there.
    fn set_episode(&mut self, id: JobId, episode: EpisodeStatus) {
        self.count_episode(id, episode);
        self.cache.remove(id);
        if let Some(loading) = self.loading.get_mut(&id) {
            loading.stale = true;
        }
    }

    fn count_episode(&mut self, id: JobId, episode: EpisodeStatus) {
        if let Some(ended) = self.retention.get_mut(id) {
            let before = ended.episode.replace(episode);
            let status = ended.status;
            self.directory.count(|counts| {
                counts.remove(status, before);
                counts.add(status, Some(episode));
            });
        }
    }

    /// Forgets an ended job in memory.
    pub(super) fn forget_ended(&mut self, id: JobId) {
        if let Some(ended) = self.retention.remove(id) {
            self.forget_in_memory(id, ended);
        }
    }

    /// Removes what is kept of an ended job besides its record.
    pub(super) fn forget_in_memory(&mut self, id: JobId, ended: Ended) {
        self.cache.remove(id);
        // What is being read now may be purged before the answer is handled.
        if let Some(loading) = self.loading.get_mut(&id) {
            loading.stale = true;
        }
        self.directory.count(|counts| counts.remove(ended.status, ended.episode));
    }
}
