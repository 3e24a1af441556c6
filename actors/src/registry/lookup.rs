//! Questions about the jobs there are.

use actix::prelude::*;

use super::{CancelJob, CountJobs, JobCounts, JobRegistry, ListActive, Page, SaveAnswer, SaveNow};
use crate::{
    feed::Feed,
    job::{Cancel, Status},
    outbox::Owe,
};

impl Handler<CancelJob> for JobRegistry {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, CancelJob(id): CancelJob, _: &mut Context<Self>) -> ResponseFuture<()> {
        let actor = self.table.get(id).and_then(|entry| entry.actor.clone());
        Box::pin(async move {
            if let Some(actor) = actor {
                // A closed mailbox means that the job has ended.
                let _ended_is_fine = actor.send(Cancel).await;
            }
        })
    }
}

impl Handler<SaveNow> for JobRegistry {
    type Result = Option<SaveAnswer>;

    fn handle(&mut self, SaveNow(id): SaveNow, _: &mut Context<Self>) -> Option<SaveAnswer> {
        let feed = &self.table.get(id)?.feed;
        let view = feed.view();
        Some(match (view.status, &view.episode) {
            (Status::Completed, Some(_)) => SaveAnswer::Saved,
            (Status::Completed, None) => {
                feed.episode_owed();
                self.outbox.do_send(Owe(feed.clone()));
                SaveAnswer::Tried
            }
            _ => SaveAnswer::NoScript,
        })
    }
}

impl Handler<ListActive> for JobRegistry {
    type Result = MessageResult<ListActive>;

    fn handle(&mut self, list: ListActive, _: &mut Context<Self>) -> Self::Result {
        let wanted = |feed: &Feed| list.project.as_ref().is_none_or(|project| feed.view().brief.project_id == *project);
        let page = self.table.page(list.limit, list.before, |entry| wanted(&entry.feed));
        let jobs = page.jobs.into_iter().map(|entry| entry.feed).collect();
        MessageResult(Page { jobs, total: page.total, next: page.next })
    }
}

impl Handler<CountJobs> for JobRegistry {
    type Result = JobCounts;

    fn handle(&mut self, _: CountJobs, _: &mut Context<Self>) -> JobCounts {
        let mut counts = JobCounts { unrecorded: self.unrecorded.len(), ..JobCounts::default() };
        for entry in self.table.jobs() {
            let view = entry.feed.view();
            match view.status {
                Status::Queued => counts.queued += 1,
                Status::Streaming => counts.streaming += 1,
                Status::Failed => counts.failed += 1,
                Status::Canceled => counts.canceled += 1,
                Status::Completed => {
                    counts.completed += 1;
                    match (&view.episode, view.episode_refused) {
                        (Some(_), _) => counts.episodes_saved += 1,
                        (None, false) => counts.episodes_pending += 1,
                        (None, true) => counts.episodes_refused += 1,
                    }
                }
            }
        }
        counts
    }
}
