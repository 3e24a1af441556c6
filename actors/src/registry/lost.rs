//! Jobs whose actor is gone without having ended: another actor ends them.

use actix::prelude::*;

use super::JobRegistry;
use crate::{
    feed::Publisher,
    job::{ActorGone, JobActor, JobFenced, JobState, Lost, record_as_shown},
    model::JobId,
};

impl Handler<ActorGone> for JobRegistry {
    type Result = ();

    fn handle(&mut self, ActorGone(id): ActorGone, ctx: &mut Context<Self>) {
        self.end_lost(id, ctx);
    }
}

impl Handler<JobFenced> for JobRegistry {
    type Result = ();

    /// The job goes on elsewhere. Its readers come back and are shown what the store says.
    fn handle(&mut self, JobFenced(id): JobFenced, _: &mut Context<Self>) {
        let Some(entry) = self.jobs.remove(&id) else { return };
        entry.listing.gone();
        entry.feed.cut();
        self.queue.leave(id);
        self.dispatch();
    }
}

impl JobRegistry {
    /// A stopped arbiter drops its actors without a word: only the closed address tells. So it does for a moment when a job
    /// has ended in good order; the word of that is in the mailbox then, before the message that is sent from here.
    pub(super) fn look_for_lost(&self, ctx: &Context<Self>) {
        let registry = ctx.address();
        for (id, entry) in &self.jobs {
            if !entry.actor.connected() {
                registry.do_send(ActorGone(*id));
            }
        }
    }

    /// Starts another actor that ends the job with the text its readers were shown. It runs on this thread, which lives as
    /// long as the registry does, and asks no model.
    fn end_lost(&mut self, id: JobId, ctx: &Context<Self>) {
        // A drained process stops its actors on purpose; their jobs go on after the restart.
        if self.drained {
            return;
        }
        let supervisor = |listing| self.supervisor(listing, ctx);
        let Some(entry) = self.jobs.get(&id) else { return };
        // The notice of an actor that has been replaced already, or that is only just stopping in good order.
        if entry.actor.connected() {
            return;
        }
        log::error!("{id}: its actor died; the job ends with the text so far");
        let state = JobState::restore(record_as_shown(&entry.head, &entry.feed));
        let owned = (Publisher::succeed(&entry.feed), entry.claim);
        let (generator, listing) = (entry.generator.clone(), entry.listing.clone());
        // What of the text is durable died with the actor: all of it is written again.
        let ending =
            JobActor::new(state, 0, owned, generator, self.ports.clone(), self.settings.job, supervisor(listing))
                .start();
        ending.do_send(Lost);
        if let Some(entry) = self.jobs.get_mut(&id) {
            entry.actor = ending;
        }
    }
}
