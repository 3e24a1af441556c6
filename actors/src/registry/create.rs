//! Accepting a job: checked, reserved, made durable, queued.

use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::oneshot;

use super::{CreateError, CreateJob, Created, JobRegistry, KeyUse, actor::Entry};
use crate::{
    feed::Feed,
    job::{Epoch, JobId, JobState, remaining_seconds},
    patience::answered,
    ports::{NewJob, ScriptGenerator, StoreError},
};

type Answer = Result<Created, CreateError>;

/// The store has answered for a job. It comes as a message because an actor polls all futures of its context at every
/// wake: with a thousand creations under way each look-up would poll a thousand futures.
#[derive(Message)]
#[rtype(result = "Answer")]
struct Stored {
    job: NewJob,
    generator: Arc<dyn ScriptGenerator>,
    result: Result<(), StoreError>,
}

impl Handler<CreateJob> for JobRegistry {
    type Result = ResponseFuture<Answer>;

    fn handle(&mut self, create: CreateJob, ctx: &mut Context<Self>) -> Self::Result {
        let known = create.idempotency.as_ref().map_or(KeyUse::New, |key| self.table.key_use(key));
        match known {
            KeyUse::Same(id) => return self.existing(id),
            KeyUse::Other => return answer(Err(CreateError::IdempotencyConflict)),
            KeyUse::New => {}
        }
        if self.closed {
            return answer(Err(CreateError::ShuttingDown));
        }
        if self.queue.room_for(self.creating.len() + 1).is_err() {
            return answer(Err(CreateError::QueueFull));
        }
        let job = NewJob {
            id: JobId::new(),
            brief: create.brief,
            idempotency: create.idempotency,
            created_at: self.ports.clock.now(),
        };
        if let Some(key) = &job.idempotency {
            self.table.claim_key(key, job.id);
        }
        self.creating.insert(job.id, Vec::new());
        let generator = create.generator;
        let stored = answered(self.ports.jobs.create(job.clone()));
        let registry = ctx.address();
        Box::pin(async move {
            let result = stored.await;
            let answer = registry.send(Stored { job, generator, result }).await;
            answer.unwrap_or_else(|_| Err(CreateError::Store(StoreError::new("the registry has ended"))))
        })
    }
}

fn answer(result: Answer) -> ResponseFuture<Answer> {
    Box::pin(std::future::ready(result))
}

impl Handler<Stored> for JobRegistry {
    type Result = Answer;

    fn handle(&mut self, Stored { job, generator, result }: Stored, ctx: &mut Context<Self>) -> Answer {
        let waiting = self.creating.remove(&job.id).unwrap_or_default();
        let created = match result {
            Ok(()) => Ok(self.accept(job, generator, ctx)),
            Err(error) => {
                if let Some(key) = &job.idempotency {
                    self.table.release_key(&key.key, job.id);
                }
                // It may be in the store nevertheless, and would run after a restart although its client was told otherwise.
                self.take_back(job.id, ctx);
                Err(CreateError::Store(error))
            }
        };
        for waiting in waiting {
            let again = created.clone().map(|created| Created { existing: true, ..created });
            let _gone_is_fine = waiting.send(again);
        }
        created
    }
}

impl JobRegistry {
    /// The job that a key stands for, once it is durable.
    fn existing(&mut self, id: JobId) -> ResponseFuture<Answer> {
        if let Some(waiting) = self.creating.get_mut(&id) {
            let (created, creation) = oneshot::channel();
            waiting.push(created);
            let gone = CreateError::Store(StoreError::new("the first request with this key was not answered"));
            return Box::pin(async move { creation.await.unwrap_or(Err(gone)) });
        }
        self.retention.prolong(id, self.retention_from_now());
        match self.table.get(id) {
            Some(entry) => {
                let estimated_seconds = entry.feed.view().remaining_seconds.unwrap_or(0);
                answer(Ok(Created { feed: entry.feed.clone(), existing: true, estimated_seconds }))
            }
            // Claims are released with their job, so there is none without it.
            None => answer(Err(CreateError::IdempotencyConflict)),
        }
    }

    fn accept(&mut self, job: NewJob, generator: Arc<dyn ScriptGenerator>, ctx: &mut Context<Self>) -> Created {
        let speed = self.speeds.expected(&job.brief.model);
        let estimated_seconds = remaining_seconds(0, job.brief.length_target, speed);
        let brief = Arc::new(job.brief);
        let state = JobState::new(job.id, Arc::clone(&brief), job.created_at, speed);
        let feed = Feed::new(Epoch::FIRST, state.view(job.created_at), "", self.feeds.clone());
        let actor = self.start_job(state, &feed, generator, ctx);
        let entry = Entry { feed: feed.clone(), actor: Some(actor) };
        self.table.insert(job.id, entry, job.idempotency.as_ref(), true);
        self.queue.push(job.id, &brief.project_id);
        // The last place, until the next sweep finds the fair one.
        feed.set_queue_position(u32::try_from(self.queue.waiting()).ok());
        if self.drained {
            feed.cut();
        }
        self.dispatch();
        Created { feed, existing: false, estimated_seconds }
    }
}
