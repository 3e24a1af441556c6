//! Periodic work of the registry: lost actors, expired jobs, places in the queue.

use std::time::Duration;

use actix::{WeakAddr, prelude::*};
use tokio::time::{MissedTickBehavior, interval};

use super::JobRegistry;

const SWEEP_INTERVAL: Duration = Duration::from_secs(1);
/// How long readers of a job that another node has claimed wait for what that node shows.
const MOVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Do the periodic work once. It is a message so that it takes its turn in the mailbox; a timer of the actor's own
/// context would wait until the mailbox is empty.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Sweep;

impl JobRegistry {
    /// Sends a [`Sweep`] every second; at most one is outstanding. The task ends with the registry.
    pub(super) fn start_sweeping(ctx: &Context<Self>) {
        let registry: WeakAddr<Self> = ctx.address().downgrade();
        actix::spawn(async move {
            let mut ticks = interval(SWEEP_INTERVAL);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                // Upgrade anew each time: a sender that once met a full mailbox must wait for room.
                let Some(registry) = registry.upgrade() else { return };
                if registry.send(Sweep).await.is_err() {
                    return;
                }
            }
        });
    }
}

impl JobRegistry {
    /// Lets readers of a job reconnect whose new owner the store has not told of.
    fn cut_left_behind(&mut self) {
        self.moving.retain(|_, (feed, since)| {
            let waits = since.elapsed() < MOVE_TIMEOUT;
            if !waits {
                feed.cut();
            }
            waits
        });
    }
}

impl Handler<Sweep> for JobRegistry {
    type Result = ();

    fn handle(&mut self, _: Sweep, ctx: &mut Context<Self>) {
        self.detect_lost(ctx);
        self.forget(ctx);
        self.cache.prune();
        self.tell_places();
        if self.node.is_some() {
            self.dispatch(ctx);
            self.cut_left_behind();
        }
    }
}
