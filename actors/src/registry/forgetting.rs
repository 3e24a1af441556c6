//! Jobs that nobody needs any more, gone from here and then from the store.

use std::time::Duration;

use actix::prelude::*;
use chrono::{DateTime, TimeDelta, Utc};

use super::JobRegistry;
use crate::{
    job::{JobId, Status},
    patience::answered,
};

/// Jobs forgotten in one sweep, so that no sweep takes long.
const FORGOTTEN_AT_ONCE: usize = 1000;
/// The least time a finished job can still be read after a restart, unless the retention time is shorter.
const GRACE: Duration = Duration::from_secs(60);
/// How long an operator has to mend what made the episode store refuse a script, and to ask for it again: somebody has paid
/// for it.
const REFUSED_KEPT: TimeDelta = TimeDelta::days(7);
/// Refused creations remembered for taking them back. A store that is down that long has hardly got any of them.
const TAKEN_BACK_AT_MOST: usize = 100_000;

impl JobRegistry {
    /// Until when something is kept that is wanted now.
    pub(super) fn retention_from_now(&self) -> DateTime<Utc> {
        self.retention_from(self.ports.clock.now())
    }

    /// Until when a job is kept that ended at `ended`, perhaps before a restart: its readers get time to come back.
    pub(super) fn retention_after(&self, ended: DateTime<Utc>) -> DateTime<Utc> {
        let grace = self.settings.retention.min(GRACE);
        self.retention_from(ended).max(self.ports.clock.now() + grace)
    }

    fn retention_from(&self, moment: DateTime<Utc>) -> DateTime<Utc> {
        let retention = TimeDelta::from_std(self.settings.retention).unwrap_or(TimeDelta::MAX);
        moment.checked_add_signed(retention).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Forgets jobs whose time is over, unless they are still wanted.
    pub(super) fn forget_expired(&mut self) {
        let now = self.ports.clock.now();
        let (owed, expired): (Vec<JobId>, Vec<JobId>) =
            self.retention.expire(now, FORGOTTEN_AT_ONCE).into_iter().partition(|id| self.is_owed_or_read(*id));
        for id in owed {
            self.retention.keep(id, self.retention_from_now());
        }
        for id in &expired {
            self.table.remove(*id);
        }
        self.forgotten.extend(expired);
    }

    /// Forgets a job that was never there for anybody, but may be in the store.
    pub(super) fn take_back(&mut self, id: JobId, ctx: &mut Context<Self>) {
        if self.forgotten.len() < TAKEN_BACK_AT_MOST {
            self.forgotten.push(id);
        }
        self.purge(ctx);
    }

    /// Has the store forget what is forgotten here, again and again until it has.
    pub(super) fn purge(&mut self, ctx: &mut Context<Self>) {
        if self.purging || self.forgotten.is_empty() {
            return;
        }
        self.purging = true;
        let some = self.forgotten.len().min(FORGOTTEN_AT_ONCE);
        let jobs: Vec<JobId> = self.forgotten.drain(..some).collect();
        let purged = answered(self.ports.jobs.purge(jobs.clone()));
        ctx.spawn(purged.into_actor(self).map(move |result, registry, _| {
            registry.purging = false;
            if let Err(error) = result {
                log::warn!("{} forgotten jobs are still in the store: {error}", jobs.len());
                registry.forgotten.extend(jobs);
            }
        }));
    }

    /// A script that is not an episode yet must not be forgotten, nor a job that somebody is connected to.
    fn is_owed_or_read(&self, id: JobId) -> bool {
        let now = self.ports.clock.now();
        self.table.get(id).is_some_and(|entry| {
            let view = entry.feed.view();
            let unsaved = view.status == Status::Completed && view.episode.is_none();
            let mendable = view.completed_at.is_none_or(|at| now - at < REFUSED_KEPT);
            (unsaved && (!view.episode_refused || mendable))
                || entry.feed.has_readers()
                || self.unrecorded.iter().any(|ending| ending.last.id == id)
        })
    }
}
