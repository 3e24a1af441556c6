//! What the registry looks after although no message tells it: dead threads, retention, places in the queue.

use std::time::Duration;

use actix::{WeakAddr, prelude::*};
use tokio::time::{MissedTickBehavior, interval};

use super::JobRegistry;

const EVERY: Duration = Duration::from_secs(1);

/// Look after everything once. A message, since it then waits for its turn like every other; a timer of the actor's own context
/// waits until nothing else is to do.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Sweep;

impl JobRegistry {
    /// Sends a [`Sweep`] each second, at most one of which is outstanding. The task belongs to the registry and ends with it.
    pub(super) fn start_sweeping(ctx: &Context<Self>) {
        let registry: WeakAddr<Self> = ctx.address().downgrade();
        actix::spawn(async move {
            let mut ticks = interval(EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                // A sender of its own each time: one that has met a full mailbox before would have to wait for room.
                let Some(registry) = registry.upgrade() else { return };
                if registry.send(Sweep).await.is_err() {
                    return;
                }
            }
        });
    }
}

impl Handler<Sweep> for JobRegistry {
    type Result = ();

    fn handle(&mut self, _: Sweep, ctx: &mut Context<Self>) {
        self.look_for_lost(ctx);
        self.forget(ctx);
        self.shelf.prune();
        self.tell_places();
    }
}
