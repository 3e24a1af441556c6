//! Accepting a job: checked, reserved, made durable, queued.

use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::oneshot;

use super::{CreateError, CreateJob, Created, JobRegistry, KeyUse, waits::coarse};
use crate::{
    feed::Feed,
    job::{Epoch, JobId, JobState},
    patience::answered,
    ports::{KeyHolder, NewJob, ScriptGenerator, StoreError},
};

type Answer = Result<Created, CreateError>;

/// The store has said who holds the key of a creation.
#[derive(Message)]
#[rtype(result = "Answer")]
struct Looked {
    create: CreateJob,
    holder: Option<KeyHolder>,
}

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
        self.take_turn(ctx);
        let Some(key) = &create.idempotency else { return self.admit(create, ctx) };
        match self.table.key_use(key) {
            KeyUse::Same(id) => return self.existing(id, ctx),
            KeyUse::Other => return answer(Err(CreateError::IdempotencyConflict)),
            KeyUse::New => {}
        }
        // The keys of ended jobs are in the store alone.
        let (looking, registry) = (answered(self.ports.jobs.key_holder(&key.key)), ctx.address());
        Box::pin(async move {
            let holder = looking.await.map_err(CreateError::Store)?;
            registry.send(Looked { create, holder }).await.unwrap_or_else(|_| Err(registry_ended()))
        })
    }
}

impl Handler<Looked> for JobRegistry {
    type Result = ResponseFuture<Answer>;

    fn handle(&mut self, Looked { create, holder }: Looked, ctx: &mut Context<Self>) -> Self::Result {
        let Some(key) = &create.idempotency else { return self.admit(create, ctx) };
        match (self.table.key_use(key), holder) {
            // Another request with the same key has come so far meanwhile.
            (KeyUse::Same(id), _) => self.existing(id, ctx),
            (KeyUse::Other, _) => answer(Err(CreateError::IdempotencyConflict)),
            (KeyUse::New, Some(holder)) if self.may_hold(holder.job) => {
                if holder.body_digest == key.body_digest {
                    self.existing(holder.job, ctx)
                } else {
                    answer(Err(CreateError::IdempotencyConflict))
                }
            }
            (KeyUse::New, _) => self.admit(create, ctx),
        }
    }
}

fn registry_ended() -> CreateError {
    CreateError::Store(StoreError::new("the registry has ended"))
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
                self.take_back(job.id, job.brief.size(), ctx);
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
    /// Has a new job made durable, if there is room for it.
    fn admit(&mut self, create: CreateJob, ctx: &Context<Self>) -> ResponseFuture<Answer> {
        if self.closed {
            return answer(Err(CreateError::ShuttingDown));
        }
        if self.queue.room_for(self.creating.len() + 1).is_err() {
            return answer(Err(CreateError::QueueFull));
        }
        let CreateJob { brief, generator, idempotency } = create;
        let job = NewJob { id: JobId::new(), brief, idempotency, created_at: self.ports.clock.now() };
        if let Some(key) = &job.idempotency {
            self.table.claim_key(key, job.id);
        }
        self.creating.insert(job.id, Vec::new());
        let (stored, registry) = (answered(self.ports.jobs.create(job.clone())), ctx.address());
        Box::pin(async move {
            let result = stored.await;
            registry.send(Stored { job, generator, result }).await.unwrap_or_else(|_| Err(registry_ended()))
        })
    }

    /// The job that a key stands for, once it is durable.
    fn existing(&mut self, id: JobId, ctx: &Context<Self>) -> ResponseFuture<Answer> {
        if let Some(waiting) = self.creating.get_mut(&id) {
            let (created, creation) = oneshot::channel();
            waiting.push(created);
            let gone = CreateError::Store(StoreError::new("the first request with this key was not answered"));
            return Box::pin(async move { creation.await.unwrap_or(Err(gone)) });
        }
        let found = self.find(id, ctx).answer();
        Box::pin(async move {
            let forgotten = || StoreError::new("the job of this key is being forgotten at this moment");
            let feed = found.await.and_then(|feed| feed.ok_or_else(forgotten)).map_err(CreateError::Store)?;
            let estimated_seconds = feed.view().remaining_seconds.unwrap_or(0);
            Ok(Created { feed, existing: true, estimated_seconds })
        })
    }

    fn accept(&mut self, job: NewJob, generator: Arc<dyn ScriptGenerator>, ctx: &mut Context<Self>) -> Created {
        let speed = self.speeds.expected(&job.brief.model);
        let brief = Arc::new(job.brief);
        let state = JobState::new(job.id, Arc::clone(&brief), job.created_at, speed);
        let view = state.view();
        let mut estimated_seconds = view.remaining_seconds.unwrap_or(0);
        let feed = Feed::new(Epoch::FIRST, view, "", self.feeds.clone());
        let entry = self.start_job(state, feed.clone(), generator, ctx);
        self.table.insert(job.id, entry, job.idempotency.as_ref());
        self.queue.push(job.id, &brief.project_id);
        if self.drained {
            feed.cut();
        }
        self.dispatch();
        let own = estimated_seconds;
        match self.queue.position_of_newest(&brief.project_id).filter(|_| self.queue.is_waiting(job.id)) {
            None => {
                self.waits.take(own);
            }
            Some(position) => {
                let wait = coarse(self.waits.queue_at(position, own));
                feed.set_queue_place(position, own, wait);
                estimated_seconds += wait;
            }
        }
        Created { feed, existing: false, estimated_seconds }
    }
}
