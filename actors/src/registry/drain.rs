//! Shutting down without losing anything.

use actix::prelude::*;
use futures_util::future::{join, join_all};
use tokio::time::timeout;

use super::{Drain, JobRegistry, messages::Close};
use crate::{
    feed::Feed,
    job::{JobActor, Suspend},
    outbox::{ENDINGS, LastAttempts},
    store_timeout::STORE_TIMEOUT,
};

impl Handler<Close> for JobRegistry {
    type Result = ();

    fn handle(&mut self, _: Close, _: &mut Context<Self>) {
        self.closed = true;
    }
}

impl Handler<Drain> for JobRegistry {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Drain, _: &mut Context<Self>) -> ResponseFuture<()> {
        self.closed = true;
        self.drained = true;
        let suspending: Vec<_> =
            self.jobs.values().map(|entry| suspend(entry.actor.clone(), entry.feed.clone())).collect();
        log::info!("draining: {} unfinished jobs resume after the restart", suspending.len());
        for other in self.others.values() {
            other.feed.cut();
        }
        let recording = self.outbox.send(LastAttempts(ENDINGS));
        Box::pin(async move {
            let (_, answered) = join(join_all(suspending), recording).await;
            // The outbox lives as long as the registry.
            let _gone_is_fine = answered;
        })
    }
}

/// Suspends a job, then cuts its readers. Waits at most [`STORE_TIMEOUT`]: the job resumes from what is in the store in
/// any case.
async fn suspend(actor: Addr<JobActor>, feed: Feed) {
    if timeout(STORE_TIMEOUT, actor.send(Suspend)).await.is_err() {
        log::error!(
            "{}: not suspended within {STORE_TIMEOUT:?}; the job will resume from its last checkpoint",
            feed.view().id
        );
    }
    feed.cut();
}
