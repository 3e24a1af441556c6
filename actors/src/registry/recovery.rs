//! Taking up the jobs of an earlier process.

use std::sync::Arc;

use actix::prelude::*;
use chrono::{DateTime, Utc};
use futures_util::stream;

use super::{JobRegistry, actor::Entry};
use crate::{
    feed::Feed,
    job::{Failure, FailureCode, JobState},
    ports::{
        Checkpoint, EndMark, GenerationRequest, GenerationStream, NewJob, Outcome, Route, ScriptGenerator, StoredJob,
        UnknownModel,
    },
};

/// Take these jobs in; sent once, before any other message.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Adopt {
    /// What the store remembers, oldest first, with whoever serves the job's model now.
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
            let StoredJob { accepted, last, ended } = stored;
            if let Some((mark, at, outcome)) = ended {
                self.adopt_ended(&accepted, &last, mark, at, &outcome);
                continue;
            }
            let (id, project) = (accepted.id, accepted.brief.project_id.clone());
            let streaming = last.started_at.is_some();
            let writer = writer(route, adopt.resume || !streaming);
            self.adopt_unfinished(&accepted, &last, writer, ctx);
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
        self.tell_positions();
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
    fn adopt_ended(
        &mut self,
        accepted: &NewJob,
        last: &Checkpoint,
        mark: EndMark,
        at: DateTime<Utc>,
        outcome: &Outcome,
    ) {
        let view = self.state_of(accepted, last).view(at).ended(outcome, at);
        let feed = Feed::ended(last.epoch, mark, view, &last.text, self.feeds.clone());
        self.table.insert(accepted.id, Entry { feed, actor: None }, accepted.idempotency.as_ref(), true);
        self.settle(accepted.id);
    }

    fn adopt_unfinished(
        &mut self,
        accepted: &NewJob,
        last: &Checkpoint,
        writer: Arc<dyn ScriptGenerator>,
        ctx: &mut Context<Self>,
    ) {
        log::info!("{}: taken up again in epoch {} with {} bytes of text", accepted.id, last.epoch, last.text.len());
        let state = self.state_of(accepted, last);
        let view = state.view(self.ports.clock.now());
        let feed = Feed::new(last.epoch, view, &last.text, self.feeds.clone());
        let actor = Some(self.start_job(state, &feed, writer, ctx));
        self.table.insert(accepted.id, Entry { feed, actor }, accepted.idempotency.as_ref(), true);
    }

    fn state_of(&self, accepted: &NewJob, last: &Checkpoint) -> JobState {
        let speed = self.speeds.expected(&accepted.brief.model);
        JobState::new(accepted.id, Arc::new(accepted.brief.clone()), accepted.created_at, speed).resumed_from(last)
    }
}
