//! The actor that carries out obligations.

use std::{collections::HashMap, panic::AssertUnwindSafe, time::Duration};

use actix::prelude::*;
use futures_util::FutureExt as _;
use tokio::time::{Instant, timeout};

use super::{Attempt, Kind, Obligation, Retry, schedule::Lane};
use crate::{
    job::JobPorts,
    model::{Cause, JobId},
    store_timeout::STORE_TIMEOUT,
};

/// Add an obligation. One that waits for its next attempt becomes due again.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Add {
    /// What is owed.
    pub obligation: Box<dyn Obligation>,
    /// How long the first attempt waits: something, where an attempt has only just failed.
    pub delay: Duration,
}

impl Add {
    /// To be attempted at once.
    pub fn now(obligation: impl Obligation) -> Self {
        Self { obligation: Box::new(obligation), delay: Duration::ZERO }
    }
}

/// The process is shutting down: attempt every obligation of this kind once more. Answered when that is done, or after
/// [`STORE_TIMEOUT`].
#[derive(Message)]
#[rtype(result = "()")]
pub struct LastAttempts(pub Kind);

/// The time between two checks for due obligations.
const TICK: Duration = Duration::from_millis(500);

/// Retries obligations until they are finished. There is one instance, started and held by the registry on its arbiter,
/// and stopped with it. Obligations are small because they name a job whose text is in the store; only an ending that
/// the store has not taken holds the text.
pub struct Outbox {
    ports: JobPorts,
    lanes: HashMap<Kind, Lane<Box<dyn Obligation>>>,
}

impl Outbox {
    /// Creates an empty outbox.
    pub fn new(ports: JobPorts) -> Self {
        Self { ports, lanes: HashMap::new() }
    }

    fn attempt_due(&mut self, ctx: &mut Context<Self>) {
        let (now, ports) = (Instant::now(), &self.ports);
        let mut attempts = Vec::new();
        for (kind, lane) in &mut self.lanes {
            let kind = *kind;
            while let Some((job, obligation)) = lane.next(kind, now) {
                attempts.push((kind, job, obligation.attempt(ports)));
            }
        }
        for (kind, job, attempt) in attempts {
            ctx.spawn(catch_panic(attempt).into_actor(self).map(move |result, outbox, ctx| {
                outbox.finish_attempt(kind, job, result);
                outbox.attempt_due(ctx);
            }));
        }
    }

    fn finish_attempt(&mut self, kind: Kind, job: JobId, attempt: Attempt) {
        let Some(lane) = self.lanes.get_mut(&kind) else { return };
        match attempt {
            Attempt::Finished => lane.finish(job),
            Attempt::Retry(retry, cause) => {
                if let Some(pause) = lane.failed(job, retry, Instant::now(), rand::random()) {
                    log::warn!("{job}: {}, retrying in {pause:.0?}: {cause}", kind.name);
                }
            }
        }
    }
}

/// A store panic caused by one obligation must not end the attempts of all others.
async fn catch_panic(attempt: impl Future<Output = Attempt>) -> Attempt {
    let panicked = |_| Attempt::Retry(Retry::Soon, Cause::from("the store panicked"));
    AssertUnwindSafe(attempt).catch_unwind().await.unwrap_or_else(panicked)
}

impl Actor for Outbox {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(TICK, Self::attempt_due);
    }
}

impl Handler<Add> for Outbox {
    type Result = ();

    fn handle(&mut self, Add { obligation, delay }: Add, ctx: &mut Context<Self>) {
        let lane = self.lanes.entry(obligation.kind()).or_default();
        lane.add(obligation.job(), obligation, Instant::now() + delay);
        self.attempt_due(ctx);
    }
}

impl Handler<LastAttempts> for Outbox {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, LastAttempts(kind): LastAttempts, _: &mut Context<Self>) -> ResponseFuture<()> {
        // Taken out of the lane, so that the tick does not attempt them a second time.
        let waiting = self.lanes.entry(kind).or_default().take_waiting();
        let attempts: Vec<_> =
            waiting.iter().map(|obligation| (obligation.job(), obligation.attempt(&self.ports))).collect();
        Box::pin(async move {
            // An ending holds its feed until it is recorded.
            let _held = waiting;
            let each = async {
                for (job, attempt) in attempts {
                    // Ask a store that is down only once.
                    if let Attempt::Retry(_, cause) = catch_panic(attempt).await {
                        log::error!("{job}: {}, giving up at shutdown: {cause}", kind.name);
                        return;
                    }
                }
            };
            if timeout(STORE_TIMEOUT, each).await.is_err() {
                log::error!("{}: no answer within {STORE_TIMEOUT:?}", kind.name);
            }
        })
    }
}
