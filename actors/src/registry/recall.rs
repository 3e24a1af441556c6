//! The ended jobs of an earlier process: read in pages while the service serves already, the newest first, without texts.

use std::{sync::Arc, time::Duration};

use actix::prelude::*;
use tokio::time::sleep;

use super::{Ended, Fate, JobRegistry};
use crate::{
    backoff::Backoff,
    feed::Feed,
    job::{JobId, Status},
    outbox::Owe,
    patience::answered,
    ports::{EndedJob, JobStore},
};

/// Jobs taken in at once.
const PAGE: usize = 1000;
const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(30) };

/// Some of them; sent until `last`.
#[derive(Message)]
#[rtype(result = "()")]
struct Recalled {
    jobs: Vec<EndedJob>,
    last: bool,
}

impl JobRegistry {
    /// Begins to read them. Until that is done, names that are not known here are asked of the store.
    pub(super) fn recall_ended(&mut self, ctx: &Context<Self>) {
        self.recalling = true;
        actix::spawn(recall(self.ports.jobs.clone(), ctx.address()));
    }

    /// Keeps the record of a job that was read for somebody before its page came.
    pub(super) fn remember_loaded(&mut self, feed: &Feed) {
        let view = feed.view();
        let at = view.completed_at.unwrap_or_else(|| self.ports.clock.now());
        let (status, saved, bytes) = (view.status, view.episode.is_some(), feed.size() as u64);
        self.remember(&EndedJob { id: view.id, at, status, saved, bytes });
        if self.fate(view.id) == Some(Fate::Refused) {
            feed.episode_refused();
        }
    }

    fn remember(&mut self, job: &EndedJob) {
        let EndedJob { id, at, status, saved, bytes } = *job;
        let known = self.table.get(id).is_some() || self.retention.get(id).is_some();
        if known || self.leaving.contains(id) {
            return;
        }
        let fate = match status {
            Status::Completed if saved => Fate::Saved,
            Status::Completed => Fate::Owed,
            _ => Fate::NoScript,
        };
        self.retention.enter(id, Ended { status, fate, recorded: true, bytes, at: at.timestamp_millis() });
        self.directory.count(|counts| counts.add(status, fate));
        if fate == Fate::Owed {
            self.outbox.do_send(Owe(id));
        } else {
            self.retention.keep(id, self.retention_after_restart(at));
        }
    }

    fn fate(&self, id: JobId) -> Option<Fate> {
        self.retention.get(id).map(|ended| ended.fate)
    }
}

/// Reads page after page, and waits for a store that fails: what it holds must be known before anything is forgotten.
async fn recall(store: Arc<dyn JobStore>, registry: Addr<JobRegistry>) {
    let (mut after, mut failures) = (None, 0);
    loop {
        match answered(store.ended(after, PAGE)).await {
            Ok(page) => {
                (after, failures) = (page.next, 0);
                let last = after.is_none();
                if registry.send(Recalled { jobs: page.jobs, last }).await.is_err() || last {
                    return;
                }
            }
            Err(error) => {
                failures += 1;
                let pause = BACKOFF.pause(failures, rand::random());
                log::error!("the ended jobs of an earlier run cannot be read, again in {pause:.0?}: {error}");
                sleep(pause).await;
            }
        }
    }
}

impl Handler<Recalled> for JobRegistry {
    type Result = ();

    fn handle(&mut self, Recalled { jobs, last }: Recalled, _: &mut Context<Self>) {
        for job in &jobs {
            self.remember(job);
        }
        if last {
            self.recalling = false;
        }
    }
}
