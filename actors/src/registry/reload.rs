//! Loads the records of an earlier process's ended jobs, in pages, newest first, without texts, while the service
//! already serves.

use std::{sync::Arc, time::Duration};

use actix::prelude::*;
use tokio::time::sleep;

use super::{Ended, JobRegistry};
use crate::{
    backoff::Backoff,
    model::EpisodeStatus,
    ports::{EndedJob, JobStore},
    store_timeout::with_store_timeout,
};

/// The jobs per page.
const PAGE: usize = 1000;
const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(30) };

/// One page of ended jobs; `last` marks the final one.
#[derive(Message)]
#[rtype(result = "()")]
struct EndedJobsLoaded {
    jobs: Vec<EndedJob>,
    last: bool,
}

impl JobRegistry {
    /// Starts loading. Until it is finished, look-ups of unknown ids go to the store.
    pub(super) fn reload_ended(&mut self, ctx: &Context<Self>) {
        self.reloading = true;
        actix::spawn(reload(self.ports.jobs.clone(), ctx.address(), |_| true));
    }

    /// Saves the scripts that a node which is gone still owed. Some of them may be another living node's; episodes are saved
    /// once, whoever tries.
    pub(super) fn take_over_owed(&self, ctx: &Context<Self>) {
        let is_owed = |job: &EndedJob| job.episode == Some(EpisodeStatus::Owed);
        actix::spawn(reload(self.ports.jobs.clone(), ctx.address(), is_owed));
    }

    /// Keeps the record of an ended job, unless it is already known (a look-up may have read it before its page came).
    pub(super) fn remember(&mut self, job: &EndedJob, ctx: &Context<Self>) {
        let EndedJob { id, at, status, episode, bytes } = *job;
        let known = self.jobs.contains_key(&id) || self.retention.get(id).is_some();
        if known || self.purges.contains(id) {
            return;
        }
        self.retention.add(id, Ended { status, episode, recorded: true, bytes, at: at.timestamp_millis() });
        self.directory.count(|counts| counts.add(status, episode));
        if episode == Some(EpisodeStatus::Owed) {
            self.add_episode_obligation(id, Duration::ZERO, ctx);
        } else {
            self.retention.keep(id, self.retention_after_restart(at, episode));
        }
    }
}

/// Reads page after page, retrying while the store fails: its ended jobs must be known before any job is forgotten.
async fn reload(store: Arc<dyn JobStore>, registry: Addr<JobRegistry>, wanted: fn(&EndedJob) -> bool) {
    let (mut after, mut failures) = (None, 0);
    loop {
        match with_store_timeout(store.ended(after, PAGE)).await {
            Ok(mut page) => {
                page.jobs.retain(wanted);
                (after, failures) = (page.next, 0);
                let last = after.is_none();
                if registry.send(EndedJobsLoaded { jobs: page.jobs, last }).await.is_err() || last {
                    return;
                }
            }
            Err(error) => {
                failures += 1;
                let pause = BACKOFF.pause(failures, rand::random());
                log::error!("cannot load the ended jobs of an earlier run, retrying in {pause:.0?}: {error}");
                sleep(pause).await;
            }
        }
    }
}

impl Handler<EndedJobsLoaded> for JobRegistry {
    type Result = ();

    fn handle(&mut self, EndedJobsLoaded { jobs, last }: EndedJobsLoaded, ctx: &mut Context<Self>) {
        for job in &jobs {
            self.remember(job, ctx);
        }
        if last {
            self.reloading = false;
        }
    }
}
