//! Jobs whose actor is gone before they ended: another actor ends them.

use actix::prelude::*;
use tokio::time::Instant;

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

    /// Removes a job that another process runs now. Its readers move to what that one shows; a process that runs alone
    /// knows no other, so they reconnect and are shown what the store says.
    fn handle(&mut self, JobFenced(id): JobFenced, ctx: &mut Context<Self>) {
        let Some(entry) = self.jobs.remove(&id) else { return };
        entry.listing.remove();
        match self.others.get(&id) {
            Some(other) => {
                let read = entry.feed.has_readers();
                entry.feed.move_readers_to(&other.feed);
                if read {
                    self.mirror(id, None, ctx);
                }
            }
            None if self.node.is_some() => drop(self.moving.insert(id, (entry.feed, Instant::now()))),
            None => entry.feed.cut(),
        }
        self.queue.leave(id);
        self.dispatch(ctx);
    }
}

impl JobRegistry {
    /// Finds lost actors. A stopped arbiter drops its actors silently; only the closed address shows it. The address of
    /// a job that ended normally is also closed for a moment, but its `JobEnded` is then in the mailbox before the
    /// message sent here.
    pub(super) fn detect_lost(&self, ctx: &Context<Self>) {
        let registry = ctx.address();
        for (id, entry) in &self.jobs {
            if !entry.actor.connected() {
                registry.do_send(ActorGone(*id));
            }
        }
    }

    /// Starts another actor that ends the job with the text its readers were shown. It runs on the registry's thread
    /// and calls no model.
    fn end_lost(&mut self, id: JobId, ctx: &Context<Self>) {
        // A drained process stops its actors on purpose; their jobs resume after the restart.
        if self.drained {
            return;
        }
        let supervisor = |listing| self.supervisor(listing, ctx);
        let Some(entry) = self.jobs.get(&id) else { return };
        // The notice came from an actor that has already been replaced, or that is just stopping normally.
        if entry.actor.connected() {
            return;
        }
        log::error!("{id}: the job's actor is lost; ending the job with the text so far");
        let state = JobState::restore(record_as_shown(&entry.head, &entry.feed));
        let owned = (Publisher::replace(&entry.feed), entry.claim);
        let (generator, listing) = (entry.generator.clone(), entry.listing.clone());
        // The number of durable bytes was lost with the actor, so the whole text is written again.
        let ending =
            JobActor::new(state, 0, owned, generator, self.ports.clone(), self.settings.job, supervisor(listing))
                .start();
        ending.do_send(Lost);
        if let Some(entry) = self.jobs.get_mut(&id) {
            entry.actor = ending;
        }
    }
}
