//! Jobs that nobody needs any more, gone from here and then from the store.

use std::time::Duration;

use actix::prelude::*;
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::{JobRegistry, leaving::STEP};
use crate::{
    model::{EpisodeStatus, JobId},
    outbox::{Add, PurgeOwed, Purged},
};

/// The least time a finished job can still be read after a restart, unless the retention time is shorter.
const GRACE: Duration = Duration::from_secs(60);
/// How long an operator has to mend what made the episode store refuse a script, and to ask for it again: somebody has paid
/// for it.
const REFUSED_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Refused creations remembered for purging. A store that is down that long has hardly got any of them.
const REFUSED_AT_MOST: usize = 100_000;

impl JobRegistry {
    /// Until when something is kept that is wanted now. The clock on the wall may step, so it has no say in this.
    pub(super) fn retention_from_now(&self) -> Instant {
        later(self.settings.retention)
    }

    /// Until when a script is kept that the episode store has just refused.
    pub(super) fn retention_of_refused(&self) -> Instant {
        later(self.settings.retention.max(REFUSED_KEPT))
    }

    /// Until when a job of an earlier process is kept, which only the clock on the wall can tell: its readers get time to
    /// come back.
    pub(super) fn retention_after_restart(&self, ended: DateTime<Utc>, episode: Option<EpisodeStatus>) -> Instant {
        let of_its_kind = if episode == Some(EpisodeStatus::Refused) { REFUSED_KEPT } else { Duration::ZERO };
        let retention = self.settings.retention.max(of_its_kind);
        let age = (self.ports.clock.now() - ended).to_std().unwrap_or_default();
        later(retention.saturating_sub(age).max(retention.min(GRACE)))
    }

    /// Forgets a step's worth of jobs whose time is over or that are too many, unless somebody is connected to them. The next
    /// step follows when the store has committed this one.
    pub(super) fn forget(&mut self, ctx: &mut Context<Self>) {
        // A page of ended jobs that is being read could bring back what is forgotten now.
        if self.leaving.under_way || self.recalling {
            return;
        }
        if self.leaving.waiting() == 0 {
            let (now, again, shelf) = (Instant::now(), self.retention_from_now(), &self.shelf);
            let taken = self.retention.take(now, again, self.settings.keep, STEP, |job| shelf.has_readers(job));
            for (job, ended) in taken {
                self.forget_here(job, ended);
                self.leaving.add(job, ended.bytes);
            }
        }
        let mut step = self.leaving.next_step().into_iter();
        let Some(first) = step.next() else { return };
        self.leaving.under_way = true;
        self.outbox.do_send(Add(Box::new(PurgeOwed {
            first,
            others: step.collect(),
            purged: ctx.address().recipient(),
        })));
    }

    /// Forgets a job that was never there for anybody, but may be in the store.
    pub(super) fn forget_refused(&mut self, id: JobId, bytes: usize, ctx: &mut Context<Self>) {
        if self.leaving.waiting() < REFUSED_AT_MOST {
            self.leaving.add(id, bytes as u64);
        }
        self.forget(ctx);
    }
}

impl Handler<Purged> for JobRegistry {
    type Result = ();

    fn handle(&mut self, Purged(jobs): Purged, ctx: &mut Context<Self>) {
        self.leaving.under_way = false;
        self.leaving.gone(&jobs);
        self.forget(ctx);
    }
}

fn later(time: Duration) -> Instant {
    let now = Instant::now();
    // Far more than any setting allows, and far from where instants end.
    now + time.min(Duration::from_secs(100 * 365 * 24 * 60 * 60))
}
