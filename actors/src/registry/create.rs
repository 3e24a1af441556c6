//! Accepts a job: reserve a place, make the job durable, queue it. The store decides which job an idempotency key
//! belongs to.

use std::sync::Arc;

use actix::prelude::*;

use super::{CreateError, CreateJob, Created, JobRegistry, waits::round_up};
use crate::{
    feed::Publisher,
    job::JobState,
    model::{Epoch, JobId, NewJob},
    ports::{self, Claim, ScriptGenerator, StoreError},
    store_timeout::with_store_timeout,
};

type Answer = Result<Created, CreateError>;

/// The most attempts per creation. A key may belong to a job that is being forgotten; after this many attempts the
/// store is not forgetting it.
const ATTEMPTS: u32 = 3;

/// The store's answer to a creation. It comes as a message because an actor polls all futures of its context at every
/// wake: with a thousand creations in progress, each look-up would poll a thousand futures.
#[derive(Message)]
#[rtype(result = "Answer")]
struct Stored {
    job: NewJob,
    generator: Arc<dyn ScriptGenerator>,
    attempt: u32,
    result: Result<ports::Created, StoreError>,
}

/// Return the job of an idempotency key, for a request that finds no room for a new job.
#[derive(Message)]
#[rtype(result = "Answer")]
struct Existing {
    job: JobId,
    same_body: bool,
    /// The answer if that job is being forgotten.
    refusal: CreateError,
}

/// Retry a creation whose key belonged to a job that is forgotten now.
#[derive(Message)]
#[rtype(result = "Answer")]
struct CreateAgain {
    job: NewJob,
    generator: Arc<dyn ScriptGenerator>,
    attempt: u32,
}

impl Handler<CreateJob> for JobRegistry {
    type Result = ResponseFuture<Answer>;

    fn handle(&mut self, create: CreateJob, ctx: &mut Context<Self>) -> Self::Result {
        self.yield_if_due(ctx);
        match create.idempotency.as_ref().and_then(|key| self.creating.of_key(key)) {
            Some(Ok(job)) => return self.existing(job, ctx),
            Some(Err(conflict)) => return ready(Err(conflict)),
            None => {}
        }
        if let Some(refusal) = self.refusal() {
            return self.refuse(refusal, &create, ctx);
        }
        let CreateJob { brief, generator, idempotency } = create;
        let job = NewJob { id: JobId::new(), brief: Arc::new(brief), idempotency, created_at: self.ports.clock.now() };
        self.store(job, generator, 1, ctx)
    }
}

impl Handler<Existing> for JobRegistry {
    type Result = ResponseFuture<Answer>;

    fn handle(&mut self, existing: Existing, ctx: &mut Context<Self>) -> Self::Result {
        let Existing { job, same_body, refusal } = existing;
        if !self.may_exist(job) {
            // Its key is free as soon as the store has purged it.
            ready(Err(refusal))
        } else if same_body {
            self.existing(job, ctx)
        } else {
            ready(Err(CreateError::IdempotencyConflict))
        }
    }
}

impl Handler<CreateAgain> for JobRegistry {
    type Result = ResponseFuture<Answer>;

    fn handle(
        &mut self,
        CreateAgain { job, generator, attempt }: CreateAgain,
        ctx: &mut Context<Self>,
    ) -> Self::Result {
        match self.refusal() {
            None => self.store(job, generator, attempt, ctx),
            Some(refusal) => ready(Err(refusal)),
        }
    }
}

impl Handler<Stored> for JobRegistry {
    type Result = ResponseFuture<Answer>;

    fn handle(&mut self, stored: Stored, ctx: &mut Context<Self>) -> Self::Result {
        let Stored { job, generator, attempt, result } = stored;
        let waiting = self.creating.end(job.id);
        let answer = match result {
            Ok(ports::Created::Mine(claim)) => ready(Ok(self.accept(job, claim, generator, ctx))),
            Ok(ports::Created::Queued) if self.node.is_some() => ready(Ok(self.accept_queued(&job, ctx))),
            Ok(ports::Created::Queued) => self.claim_created(job, generator, attempt, ctx),
            Ok(ports::Created::Existing(holder) | ports::Created::KeyConflict(holder)) if !self.may_exist(holder) => {
                self.replace_forgotten(holder, CreateAgain { job, generator, attempt: attempt + 1 }, ctx)
            }
            Ok(ports::Created::Existing(holder)) => self.existing(holder, ctx),
            Ok(ports::Created::KeyConflict(_)) => ready(Err(CreateError::IdempotencyConflict)),
            Err(error) => {
                // The job may be in the store anyway, and would run after a restart although its client got an error.
                self.purge_failed_creation(job.id, job.brief.size(), ctx);
                ready(Err(CreateError::Store(error)))
            }
        };
        Box::pin(async move {
            let answer = answer.await;
            for waiting in waiting {
                let again = answer.clone().map(|created| Created { existing: true, ..created });
                let _gone_is_fine = waiting.send(again);
            }
            answer
        })
    }
}

fn ready(answer: Answer) -> ResponseFuture<Answer> {
    Box::pin(std::future::ready(answer))
}

fn registry_ended() -> CreateError {
    CreateError::Store(StoreError::unavailable("the registry has stopped"))
}

impl JobRegistry {
    /// Returns the reason why no job can be accepted now.
    fn refusal(&self) -> Option<CreateError> {
        if self.closed {
            Some(CreateError::ShuttingDown)
        } else if self.queue.room_for(self.creating.len() + 1).is_err() {
            Some(CreateError::QueueFull)
        } else {
            None
        }
    }

    /// Refuses a new job, unless its key belongs to an existing one.
    fn refuse(&self, refusal: CreateError, create: &CreateJob, ctx: &Context<Self>) -> ResponseFuture<Answer> {
        let Some(key) = create.idempotency.clone() else { return ready(Err(refusal)) };
        let (looking, registry) = (with_store_timeout(self.ports.jobs.key_holder(&key.key)), ctx.address());
        Box::pin(async move {
            match looking.await.map_err(CreateError::Store)? {
                None => Err(refusal),
                Some(holder) => {
                    let existing =
                        Existing { job: holder.job, same_body: holder.body_digest == key.body_digest, refusal };
                    registry.send(existing).await.unwrap_or_else(|_| Err(registry_ended()))
                }
            }
        })
    }

    /// Makes a new job durable.
    fn store(
        &mut self,
        job: NewJob,
        generator: Arc<dyn ScriptGenerator>,
        attempt: u32,
        ctx: &Context<Self>,
    ) -> ResponseFuture<Answer> {
        // A node without a free slot leaves the job to whichever has one first.
        let here = self.node.is_none() || self.queue.has_free_slot(self.creating.len());
        let storing = self.ports.jobs.create(job.clone(), here);
        self.reserve_until(storing, job, generator, attempt, ctx)
    }

    /// Claims a created job that the store left for any node to claim.
    fn claim_created(
        &mut self,
        job: NewJob,
        generator: Arc<dyn ScriptGenerator>,
        attempt: u32,
        ctx: &Context<Self>,
    ) -> ResponseFuture<Answer> {
        let (id, claiming) = (job.id, self.ports.jobs.claim(job.id, Epoch::FIRST));
        let claimed = async move {
            Ok(match claiming.await? {
                Some((claim, _)) => ports::Created::Mine(claim),
                None => ports::Created::Existing(id),
            })
        };
        self.reserve_until(claimed, job, generator, attempt, ctx)
    }

    /// Reserves the job's place in the queue until the store has answered, then goes on with [`Stored`].
    fn reserve_until(
        &mut self,
        storing: impl Future<Output = Result<ports::Created, StoreError>> + 'static,
        job: NewJob,
        generator: Arc<dyn ScriptGenerator>,
        attempt: u32,
        ctx: &Context<Self>,
    ) -> ResponseFuture<Answer> {
        self.creating.begin(job.id, job.idempotency.as_ref());
        let registry = ctx.address();
        Box::pin(async move {
            let result = with_store_timeout(storing).await;
            let stored = Stored { job, generator, attempt, result };
            registry.send(stored).await.unwrap_or_else(|_| Err(registry_ended()))
        })
    }

    /// The key belongs to a job that the registry has forgotten: purge it from the store first.
    fn replace_forgotten(&self, holder: JobId, again: CreateAgain, ctx: &Context<Self>) -> ResponseFuture<Answer> {
        if again.attempt > ATTEMPTS {
            let cause = format!("{holder} is forgotten, but its idempotency key is not");
            return ready(Err(CreateError::Store(StoreError::contradiction(cause))));
        }
        let (purging, registry) = (with_store_timeout(self.ports.jobs.purge(vec![holder])), ctx.address());
        Box::pin(async move {
            purging.await.map_err(CreateError::Store)?;
            registry.send(again).await.unwrap_or_else(|_| Err(registry_ended()))
        })
    }

    /// Returns the job of a key, once it is durable.
    fn existing(&mut self, id: JobId, ctx: &Context<Self>) -> ResponseFuture<Answer> {
        if let Some(creation) = self.creating.wait_for(id) {
            let gone = StoreError::unavailable("the first request with this key got no answer");
            return Box::pin(async move { creation.await.unwrap_or(Err(CreateError::Store(gone))) });
        }
        let found = self.find(id, ctx).answer();
        Box::pin(async move {
            let forgotten = || StoreError::unavailable("the job of this key is just being forgotten");
            let feed = found.await.and_then(|feed| feed.ok_or_else(forgotten)).map_err(CreateError::Store)?;
            let estimated_seconds = feed.view().remaining_seconds.unwrap_or(0);
            Ok(Created { feed, existing: true, estimated_seconds })
        })
    }

    /// Lets a durable job wait for a node with a free slot.
    fn accept_queued(&mut self, job: &NewJob, ctx: &Context<Self>) -> Created {
        let feed = self.track(job.record(Epoch::FIRST).head, None, ctx);
        self.dispatch(ctx);
        let estimated_seconds = feed.view().remaining_seconds.unwrap_or(0);
        Created { feed, existing: false, estimated_seconds }
    }

    /// Queues a durable job; it starts immediately if a slot is free.
    fn accept(
        &mut self,
        job: NewJob,
        claim: Claim,
        generator: Arc<dyn ScriptGenerator>,
        ctx: &mut Context<Self>,
    ) -> Created {
        let mut state = JobState::restore(job.record(claim.epoch));
        state.set_expected_speed(self.speeds.expected(&job.brief.model));
        let own = state.view().remaining_seconds.unwrap_or(0);
        self.queue.push(job.id, &job.brief.project_id);
        let admitted = self.admit();
        let mut place = None;
        if admitted.contains(&job.id) {
            self.waits.take_slot(own);
        } else if let Some(position) = self.queue.position_of_newest(&job.brief.project_id) {
            let remaining = own.saturating_add(round_up(self.waits.enqueue_at(position, own)));
            state.set_place(position, remaining);
            place = Some((position, remaining));
        }
        let estimated_seconds = place.map_or(own, |(_, remaining)| remaining);
        let publisher = Publisher::open(claim.epoch, state.view(), "", self.feeds.clone());
        let feed = publisher.feed().clone();
        let mut entry = self.start_job(state, publisher, claim, generator, ctx);
        entry.place = place;
        self.jobs.insert(job.id, entry);
        if self.drained {
            feed.cut();
        }
        self.start_admitted(&admitted);
        Created { feed, existing: false, estimated_seconds }
    }
}
