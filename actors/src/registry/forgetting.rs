//! Forgetting ended jobs: first in memory, then in the store.

use std::time::Duration;

use actix::prelude::*;
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::{JobRegistry, pending_purges::PURGE_BATCH};
use crate::{
    model::{EpisodeStatus, JobId},
    outbox::{Add, PurgeObligation, Purged},
};

/// The least time an ended job stays readable after a restart, unless the retention time is shorter.
const RESTART_GRACE: Duration = Duration::from_secs(60);
/// How long a refused script is kept. An operator needs time to fix what made the episode store refuse it and to
/// request another attempt; the user has paid for the script.
const REFUSED_RETENTION: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The most failed creations remembered for purging. A store that is down long enough for this many has hardly received
/// any of them.
const MAX_FAILED_CREATIONS: usize = 100_000;

impl JobRegistry {
    /// Returns the deadline for keeping a job that ended or was used just now. Uses the monotonic clock, because the
    /// wall clock may step.
    pub(super) fn retention_from_now(&self) -> Instant {
        from_now(self.settings.retention)
    }

    /// Returns the deadline for keeping a script that the episode store has just refused.
    pub(super) fn retention_of_refused(&self) -> Instant {
        from_now(self.settings.retention.max(REFUSED_RETENTION))
    }

    /// Returns the deadline for keeping a job of an earlier process. Only the wall clock knows that job's age, so a
    /// grace period gives its readers time to reconnect.
    pub(super) fn retention_after_restart(&self, ended: DateTime<Utc>, episode: Option<EpisodeStatus>) -> Instant {
        let of_its_kind = if episode == Some(EpisodeStatus::Refused) { REFUSED_RETENTION } else { Duration::ZERO };
        let retention = self.settings.retention.max(of_its_kind);
        let age = (self.ports.clock.now() - ended).to_std().unwrap_or_default();
        from_now(retention.saturating_sub(age).max(retention.min(RESTART_GRACE)))
    }

    /// Forgets one batch of jobs that have expired or exceed the bounds, except jobs with readers. The next batch
    /// follows when the store has committed this one.
    pub(super) fn forget(&mut self, ctx: &mut Context<Self>) {
        // A page of ended jobs being read could bring back what is forgotten now.
        if self.purges.in_progress || self.reloading {
            return;
        }
        if self.purges.waiting() == 0 {
            let (now, again, cache) = (Instant::now(), self.retention_from_now(), &self.cache);
            let taken = self.retention.take(now, again, self.settings.keep, PURGE_BATCH, |job| cache.has_readers(job));
            for (job, ended) in taken {
                self.forget_in_memory(job, ended);
                self.purges.add(job, ended.bytes);
            }
        }
        let mut batch = self.purges.next_batch().into_iter();
        let Some(first) = batch.next() else { return };
        self.purges.in_progress = true;
        self.outbox.do_send(Add::now(PurgeObligation {
            first,
            others: batch.collect(),
            purged: ctx.address().recipient(),
        }));
    }

    /// Purges a job that was never accepted but may be in the store.
    pub(super) fn purge_failed_creation(&mut self, id: JobId, bytes: usize, ctx: &mut Context<Self>) {
        if self.purges.waiting() < MAX_FAILED_CREATIONS {
            self.purges.add(id, bytes as u64);
        }
        self.forget(ctx);
    }
}

impl Handler<Purged> for JobRegistry {
    type Result = ();

    fn handle(&mut self, Purged(jobs): Purged, ctx: &mut Context<Self>) {
        self.purges.in_progress = false;
        self.purges.purged(&jobs);
        self.forget(ctx);
    }
}

fn from_now(time: Duration) -> Instant {
    let now = Instant::now();
    // More than any setting allows, and far below the limit of `Instant`.
    now + time.min(Duration::from_secs(100 * 365 * 24 * 60 * 60))
}
