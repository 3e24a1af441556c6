//! The actor that does what is owed.

use std::{collections::HashMap, panic::AssertUnwindSafe, time::Duration};

use actix::prelude::*;
use futures_util::FutureExt as _;
use tokio::time::{Instant, timeout};

use super::{Attempt, Kind, Later, Obligation, schedule::Lane};
use crate::{
    deadlines::STORE_TIMEOUT,
    job::JobPorts,
    model::{Cause, JobId},
};

/// Owe this from now on, beginning at once; also if an earlier attempt has failed and the next one is due later.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Add(pub Box<dyn Obligation>);

/// The process is going down: attempt everything of this kind once more. Answered when that is done, or after
/// [`STORE_TIMEOUT`].
#[derive(Message)]
#[rtype(result = "()")]
pub struct LastAttempts(pub Kind);

/// How often due obligations are looked for.
const TICK: Duration = Duration::from_millis(500);

/// Keeps trying to do what is owed. One instance, started and held by the registry on its arbiter; it stops with it. What is
/// owed is small, since it names a job whose text is in the store; only an ending that the store has not taken holds the text.
pub struct Outbox {
    ports: JobPorts,
    lanes: HashMap<Kind, Lane<Box<dyn Obligation>>>,
}

impl Outbox {
    /// An outbox that owes nothing.
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
            // One obligation that makes a store panic must not end the attempts of all others.
            let attempt = AssertUnwindSafe(attempt).catch_unwind();
            ctx.spawn(attempt.into_actor(self).map(move |result, outbox, ctx| {
                let panicked = |_| Attempt::Later(Later::Soon, Cause::from("the store panicked"));
                outbox.attempted(kind, job, result.unwrap_or_else(panicked));
                outbox.attempt_due(ctx);
            }));
        }
    }

    fn attempted(&mut self, kind: Kind, job: JobId, attempt: Attempt) {
        let Some(lane) = self.lanes.get_mut(&kind) else { return };
        match attempt {
            Attempt::Over => lane.over(job),
            Attempt::Later(later, cause) => {
                if let Some(pause) = lane.failed(job, later, Instant::now(), rand::random()) {
                    log::warn!("{job}: {}, again in {pause:.0?}: {cause}", kind.name);
                }
            }
        }
    }
}

impl Actor for Outbox {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(TICK, Self::attempt_due);
    }
}

impl Handler<Add> for Outbox {
    type Result = ();

    fn handle(&mut self, Add(obligation): Add, ctx: &mut Context<Self>) {
        let lane = self.lanes.entry(obligation.kind()).or_default();
        lane.add(obligation.job(), obligation, Instant::now());
        self.attempt_due(ctx);
    }
}

impl Handler<LastAttempts> for Outbox {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, LastAttempts(kind): LastAttempts, _: &mut Context<Self>) -> ResponseFuture<()> {
        let lane = self.lanes.entry(kind).or_default();
        let attempts: Vec<_> =
            lane.waiting().map(|obligation| (obligation.job(), obligation.attempt(&self.ports))).collect();
        Box::pin(async move {
            let each = async {
                for (job, attempt) in attempts {
                    // A store that is down is asked once.
                    if let Attempt::Later(_, cause) = attempt.await {
                        log::error!("{job}: {} for good: {cause}", kind.name);
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
