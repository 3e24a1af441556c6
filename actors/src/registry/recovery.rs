//! Taking up the unfinished jobs of an earlier process.

use std::sync::Arc;

use actix::prelude::*;
use futures_util::stream;

use super::JobRegistry;
use crate::{
    feed::Feed,
    job::{Failure, FailureCode, JobState},
    ports::{GenerationRequest, GenerationStream, Route, ScriptGenerator, StoredJob, UnknownModel},
};

/// Take these jobs in, then find out which ended ones there are; sent once, before any other message.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Adopt {
    /// The unfinished jobs that the store remembers, oldest first, with whoever serves the job's model now.
    pub jobs: Vec<(StoredJob, Result<Route, UnknownModel>)>,
    /// Whether jobs that had been streaming go on; otherwise they fail, with their text kept.
    pub resume: bool,
}

/// Stands in for a model that must not or cannot be asked. (A job whose text is complete never asks.)
struct GivesUp(Failure);

impl ScriptGenerator for GivesUp {
    fn generate(&self, _: GenerationRequest) -> GenerationStream {
        Box::pin(stream::iter([Err(self.0.clone())]))
    }
}

impl Handler<Adopt> for JobRegistry {
    type Result = ();

    fn handle(&mut self, adopt: Adopt, ctx: &mut Context<Self>) {
        let mut waiting = Vec::new();
        for (stored, route) in adopt.jobs {
            let (id, project) = (stored.accepted.id, stored.accepted.brief.project_id.clone());
            let streaming = stored.last.started_at.is_some();
            self.adopt(stored, writer(route, adopt.resume || !streaming), ctx);
            if streaming {
                self.queue.push(id, &project);
            } else {
                waiting.push((id, project));
            }
        }
        // Those that had a slot get one before any that waited is even in the queue: fairness between projects would
        // let it pass.
        self.dispatch();
        for (id, project) in waiting {
            self.queue.push(id, &project);
        }
        self.dispatch();
        self.tell_places();
        self.recall_ended(ctx);
    }
}

fn writer(route: Result<Route, UnknownModel>, may_write: bool) -> Arc<dyn ScriptGenerator> {
    match route {
        Ok(_) if !may_write => {
            let cause = "the service was restarted while the job was streaming, and jobs.on_restart is `fail`";
            Arc::new(GivesUp(Failure::new(FailureCode::GenerationError, cause)))
        }
        Ok(route) => route.generator,
        Err(unknown) => Arc::new(GivesUp(Failure::new(FailureCode::ModelUnavailable, unknown.to_string()))),
    }
}

impl JobRegistry {
    fn adopt(&mut self, stored: StoredJob, writer: Arc<dyn ScriptGenerator>, ctx: &mut Context<Self>) {
        let StoredJob { accepted, last, .. } = stored;
        log::info!("{}: taken up again in epoch {} with {} bytes of text", accepted.id, last.epoch, last.text.len());
        let speed = self.speeds.expected(&accepted.brief.model);
        let brief = Arc::new(accepted.brief);
        let state = JobState::new(accepted.id, brief, accepted.created_at, speed).resumed_from(&last);
        let view = state.view();
        let feed = Feed::new(last.epoch, view, &last.text, self.feeds.clone());
        let entry = self.start_job(state, feed, writer, ctx);
        self.table.insert(accepted.id, entry, accepted.idempotency.as_ref());
    }
}
