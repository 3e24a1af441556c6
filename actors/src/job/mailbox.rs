//! Handlers of the registry's messages to a job.

use actix::prelude::*;
use tokio::sync::oneshot;

use super::{
    Input, JobActor, Phase,
    messages::{Cancel, Fenced, Lost, Place, Start, Suspend},
};
use crate::store_timeout::with_store_timeout;

impl Handler<Start> for JobActor {
    type Result = ();

    fn handle(&mut self, start: Start, ctx: &mut Context<Self>) {
        if !self.suspended {
            self.state.set_expected_speed(start.words_per_second);
            self.input(Input::Start, ctx);
        }
    }
}

impl Handler<Place> for JobActor {
    type Result = ();

    fn handle(&mut self, place: Place, _: &mut Context<Self>) {
        if self.state.phase() == Phase::Queued {
            self.state.set_place(place.position, place.remaining_seconds);
            self.show();
        }
    }
}

impl Handler<Cancel> for JobActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Cancel, ctx: &mut Context<Self>) -> ResponseFuture<()> {
        self.input(Input::Cancel, ctx);
        match self.state.phase() {
            Phase::Ending => self.end_of_job(),
            // While saving, the text is complete: the job completes instead.
            _ => Box::pin(std::future::ready(())),
        }
    }
}

impl Handler<Lost> for JobActor {
    type Result = ();

    fn handle(&mut self, _: Lost, ctx: &mut Context<Self>) {
        self.input(Input::ActorLost, ctx);
    }
}

impl Handler<Fenced> for JobActor {
    type Result = ();

    fn handle(&mut self, _: Fenced, ctx: &mut Context<Self>) {
        self.stop_fenced(ctx);
    }
}

impl Handler<Suspend> for JobActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Suspend, ctx: &mut Context<Self>) -> ResponseFuture<()> {
        self.suspended = true;
        match self.state.phase() {
            Phase::Generating => self.release(ctx),
            Phase::Saving | Phase::Ending => self.end_of_job(),
            // The store already holds everything.
            Phase::Queued | Phase::Ended => Box::pin(std::future::ready(())),
        }
    }
}

impl JobActor {
    /// Stops generating and releases the claim with a last checkpoint of the whole text.
    fn release(&mut self, ctx: &mut Context<Self>) -> ResponseFuture<()> {
        self.show();
        self.stop_generating(ctx);
        let id = self.state.id();
        let released = with_store_timeout(self.ports.jobs.release(self.claim, self.state.checkpoint(self.stored)));
        Box::pin(async move {
            if let Err(error) = released.await {
                log::error!("{id}: the last checkpoint failed, the job will resume from an earlier one: {error}");
            }
        })
    }

    fn end_of_job(&mut self) -> ResponseFuture<()> {
        let (ended, end) = oneshot::channel();
        self.waiting_for_end.push(ended);
        Box::pin(async move {
            // A dropped actor counts as ended.
            let _dropped_is_fine = end.await;
        })
    }
}
