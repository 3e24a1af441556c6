//! The actor that pays what the episode store is owed.

use std::{panic::AssertUnwindSafe, time::Duration};

use actix::prelude::*;
use futures_util::FutureExt as _;
use tokio::time::{Instant, timeout};

use super::owed::Owed;
use crate::{
    job::{JobId, JobPorts, JobView},
    patience::answered,
    ports::{EpisodeError, EpisodeRef, Outcome, StoredJob},
};

/// Save this job's script as an episode, however long it takes, beginning at once; also for one that waits to be tried again.
/// Its end must be recorded: the script is read from the store.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Owe(pub JobId);

/// To the registry: nothing is owed for this job any more.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Settled {
    /// Which job.
    pub job: JobId,
    /// How it came out.
    pub became: Became,
}

/// What became of an owed script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// It is this episode, and the job store has noted it.
    Saved(EpisodeRef),
    /// The episode store will never take it.
    Refused,
    /// The job store does not hold it.
    Gone,
}

/// How often due scripts are looked for.
const LOOK: Duration = Duration::from_millis(500);
/// Saves under way at once: a store that comes back is not run over, and so many scripts are in memory.
const AT_ONCE: usize = 4;

/// Keeps trying to save scripts whose job completed without an episode. One instance, started and held by the registry on its
/// arbiter; it stops with it. It holds names only: a script is read from the job store when it is its turn, and the
/// registry keeps the job as long as it is owed, and hands it in again after a restart. A refusal for good ends the trying.
pub struct Outbox {
    ports: JobPorts,
    save_timeout: Duration,
    settled: Recipient<Settled>,
    owed: Owed,
    under_way: usize,
}

impl Outbox {
    /// An outbox that owes nothing.
    pub fn new(ports: JobPorts, save_timeout: Duration, settled: Recipient<Settled>) -> Self {
        Self { ports, save_timeout, settled, owed: Owed::default(), under_way: 0 }
    }

    fn pay_due(&mut self, ctx: &mut Context<Self>) {
        while self.under_way < AT_ONCE
            && let Some(job) = self.owed.next(Instant::now())
        {
            self.pay(job, ctx);
        }
    }

    fn pay(&mut self, job: JobId, ctx: &mut Context<Self>) {
        self.under_way += 1;
        // One script that makes a store panic must not end the trying for all others.
        let paying = AssertUnwindSafe(pay(self.ports.clone(), job, self.save_timeout)).catch_unwind();
        ctx.spawn(paying.into_actor(self).map(move |result, outbox, ctx| {
            let panicked = |_| Err(EpisodeError::Unavailable("the store panicked".into()));
            outbox.paid(job, result.unwrap_or_else(panicked));
            outbox.pay_due(ctx);
        }));
    }

    fn paid(&mut self, job: JobId, result: Result<Became, EpisodeError>) {
        self.under_way -= 1;
        let became = match result {
            Ok(became) => became,
            Err(EpisodeError::Refused(cause)) => {
                log::error!("{job}: the script will not become an episode, the store refused it: {cause}");
                Became::Refused
            }
            Err(error @ (EpisodeError::Unavailable(_) | EpisodeError::Misconfigured(_))) => {
                if let Some(pause) = self.owed.failed(job, &error, Instant::now(), rand::random()) {
                    log::warn!("{job}: not saved, again in {pause:.0?}: {error}");
                }
                return;
            }
        };
        if let Became::Saved(episode) = &became {
            log::info!("{job}: saved after all as episode {}", episode.number);
        }
        self.owed.settle(job);
        self.settled.do_send(Settled { job, became });
    }
}

/// Saves the script and notes its episode with the job. Saving again answers the same episode, so nothing is doubled by
/// coming back after either step failed.
async fn pay(ports: JobPorts, job: JobId, deadline: Duration) -> Result<Became, EpisodeError> {
    let unavailable = |error: crate::ports::StoreError| EpisodeError::Unavailable(error.to_string());
    let Some(stored) = answered(ports.jobs.load(job)).await.map_err(unavailable)? else { return Ok(Became::Gone) };
    let StoredJob { ended: Some((_, at, Outcome::Completed { episode })), .. } = &stored else {
        return Ok(Became::Gone);
    };
    if let Some(episode) = episode {
        return Ok(Became::Saved(episode.clone()));
    }
    let at = *at;
    let Some(view) = JobView::of_ended(&stored) else { return Ok(Became::Gone) };
    let draft = view.episode_draft(stored.last.text, at);
    let late = |_| Err(EpisodeError::Unavailable(format!("no answer within {deadline:?}")));
    let saved = timeout(deadline, ports.episodes.save(draft)).await.unwrap_or_else(late)?;
    let episode = EpisodeRef { id: saved.id, number: saved.number };
    answered(ports.jobs.episode_saved(job, episode.clone())).await.map_err(unavailable)?;
    Ok(Became::Saved(episode))
}

impl Actor for Outbox {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(LOOK, Self::pay_due);
    }
}

impl Handler<Owe> for Outbox {
    type Result = ();

    fn handle(&mut self, Owe(job): Owe, _: &mut Context<Self>) {
        self.owed.add(job, Instant::now());
    }
}
