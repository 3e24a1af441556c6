//! Adopts the unfinished jobs of an earlier process.

use std::sync::Arc;

use actix::prelude::*;
use futures_util::{TryStreamExt as _, stream};

use super::JobRegistry;
use crate::{
    feed::Publisher,
    job::JobState,
    model::{Failure, FailureCode, JobHead, JobRecord},
    ports::{Change, Claim, GenerationRequest, GenerationStream, JobStore, ScriptGenerator, StoreError},
};

/// The most claims in progress at once.
const CLAIMS_AT_ONCE: usize = 512;

/// Adopt these jobs, then load the ended ones. Sent once, before any other message.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Adopt(
    /// Unfinished jobs, oldest first.
    pub Vec<(Claim, JobRecord)>,
);

/// Claims every unfinished job in the store that has no owner, oldest first. Call it with a timeout.
///
/// # Errors
/// The store failed. Jobs claimed before the failure can be claimed again.
pub async fn claim_unfinished(store: &dyn JobStore) -> Result<Vec<(Claim, JobRecord)>, StoreError> {
    let changes = store.changes().try_take_while(|change| std::future::ready(Ok(*change != Change::CaughtUp)));
    let unowned = changes.try_filter_map(|change| {
        std::future::ready(Ok(match change {
            Change::Head { head, owner: None } if head.end.is_none() => Some(*head),
            _ => None,
        }))
    });
    let claims = unowned.map_ok(|head| store.claim(head.id, head.epoch)).try_buffered(CLAIMS_AT_ONCE);
    // Jobs that another node claimed first are left out.
    claims.try_filter_map(|claimed| std::future::ready(Ok(claimed))).try_collect().await
}

/// Replaces the generator of a job that must not or cannot call its model. (A job whose text is complete never calls
/// it.)
struct FailingGenerator(Failure);

impl ScriptGenerator for FailingGenerator {
    fn generate(&self, _: GenerationRequest) -> GenerationStream {
        Box::pin(stream::iter([Err(self.0.clone())]))
    }
}

impl Handler<Adopt> for JobRegistry {
    type Result = ();

    fn handle(&mut self, Adopt(jobs): Adopt, ctx: &mut Context<Self>) {
        let mut waiting = Vec::new();
        for (claim, record) in jobs {
            let project = record.head.brief.project_id.clone();
            let streaming = record.head.started_at.is_some();
            self.adopt(claim, record, ctx);
            if streaming {
                self.queue.push(claim.job, &project);
            } else {
                waiting.push((claim.job, project));
            }
        }
        // Re-admit jobs that were streaming before queueing the rest; otherwise fairness between projects would let a
        // queued job overtake them.
        self.dispatch(ctx);
        for (id, project) in waiting {
            self.queue.push(id, &project);
        }
        self.dispatch(ctx);
        self.tell_places();
        // Other nodes' ended jobs are read when somebody asks for them.
        if self.node.is_none() {
            self.reload_ended(ctx);
        }
    }
}

impl JobRegistry {
    pub(super) fn adopt(&mut self, claim: Claim, record: JobRecord, ctx: &Context<Self>) {
        let writer = self.writer(&record.head);
        let text = record.text();
        log::info!("{}: adopted in epoch {} with {} bytes of text", claim.job, claim.epoch, text.len());
        let expected = self.speeds.expected(&record.head.brief.model);
        let mut state = JobState::restore(record);
        state.set_expected_speed(expected);
        let publisher = Publisher::open(claim.epoch, state.view(), &text, self.feeds.clone());
        let entry = self.start_job(state, publisher, claim, writer, ctx);
        self.jobs.insert(claim.job, entry);
    }

    fn writer(&self, head: &JobHead) -> Arc<dyn ScriptGenerator> {
        if head.started_at.is_some() && !self.settings.resume {
            let cause = "the service was restarted while the job was streaming, and jobs.on_restart is `fail`";
            return Arc::new(FailingGenerator(Failure::new(FailureCode::GenerationError, cause)));
        }
        if head.attempts > self.settings.max_attempts {
            let cause =
                format!("{} nodes in a row have died or stalled before they stored any of its text", head.attempts);
            return Arc::new(FailingGenerator(Failure::new(FailureCode::GenerationError, cause)));
        }
        match self.models.route(&head.brief.model) {
            Ok(route) => route.generator,
            Err(unknown) => Arc::new(FailingGenerator(Failure::new(FailureCode::ModelUnavailable, unknown))),
        }
    }
}
