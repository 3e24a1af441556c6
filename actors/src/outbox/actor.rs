//! The actor that pays what the episode store is owed.

use std::{collections::HashMap, panic::AssertUnwindSafe, time::Duration};

use actix::prelude::*;
use futures_util::FutureExt as _;
use tokio::time::{Instant, timeout};

use crate::{
    backoff::Backoff,
    feed::Feed,
    job::{JobId, JobPorts},
    patience::answered,
    ports::{EpisodeDraft, EpisodeError, EpisodeRef},
};

/// Save this job's script as an episode, however long it takes, beginning at once; also for one that waits to be tried again.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Owe(pub Feed);

/// How often due scripts are looked for.
const LOOK: Duration = Duration::from_millis(500);
const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
/// Saves under way at once: a store that comes back is not run over.
const AT_ONCE: usize = 4;

/// Keeps trying to save scripts whose job completed without an episode. One instance, started and held by the registry on its
/// arbiter; it stops with it. The scripts themselves stay in their feeds, which the registry keeps as long as they are owed;
/// after a restart the registry hands them in again. A refusal for good ends the trying.
pub struct Outbox {
    ports: JobPorts,
    save_timeout: Duration,
    owed: HashMap<JobId, Debt>,
    under_way: usize,
}

struct Debt {
    feed: Feed,
    failures: u32,
    /// `None` while a save is under way.
    due: Option<Instant>,
}

impl Outbox {
    /// An outbox that owes nothing.
    pub fn new(ports: JobPorts, save_timeout: Duration) -> Self {
        Self { ports, save_timeout, owed: HashMap::new(), under_way: 0 }
    }

    fn pay_due(&mut self, ctx: &mut Context<Self>) {
        let now = Instant::now();
        let room = AT_ONCE.saturating_sub(self.under_way);
        let due = self.owed.iter().filter(|(_, debt)| debt.due.is_some_and(|due| due <= now));
        let ids: Vec<JobId> = due.map(|(id, _)| *id).take(room).collect();
        for id in ids {
            self.pay(id, ctx);
        }
    }

    fn pay(&mut self, id: JobId, ctx: &mut Context<Self>) {
        let Some(debt) = self.owed.get_mut(&id) else { return };
        debt.due = None;
        self.under_way += 1;
        let draft = draft(&debt.feed, self.ports.clock.now());
        // One script that makes a store panic must not end the trying for all others.
        let paying = AssertUnwindSafe(save(self.ports.clone(), id, draft, self.save_timeout)).catch_unwind();
        ctx.spawn(paying.into_actor(self).map(move |result, outbox, _| {
            let panicked = |_| Err(EpisodeError::Unavailable("the store panicked".into()));
            outbox.paid(id, result.unwrap_or_else(panicked));
        }));
    }

    fn paid(&mut self, id: JobId, result: Result<EpisodeRef, EpisodeError>) {
        self.under_way -= 1;
        match result {
            Ok(episode) => {
                log::info!("{id}: saved after all as episode {}", episode.number);
                if let Some(debt) = self.owed.remove(&id) {
                    debt.feed.episode_saved(episode);
                }
            }
            Err(error @ EpisodeError::Refused(_)) => {
                log::error!("{id}: the script will not become an episode: {error}");
                if let Some(debt) = self.owed.remove(&id) {
                    debt.feed.episode_refused();
                }
            }
            Err(error @ (EpisodeError::Unavailable(_) | EpisodeError::Misconfigured(_))) => {
                let Some(debt) = self.owed.get_mut(&id) else { return };
                debt.failures += 1;
                let pause = BACKOFF.pause(debt.failures, rand::random());
                log::warn!("{id}: not saved at try {}, again in {pause:.0?}: {error}", debt.failures);
                debt.due = Some(Instant::now() + pause);
            }
        }
    }
}

/// Saves the script and notes its episode with the job. Saving again answers the same episode, so nothing is doubled by
/// coming back after either step failed.
async fn save(ports: JobPorts, id: JobId, draft: EpisodeDraft, deadline: Duration) -> Result<EpisodeRef, EpisodeError> {
    let late = |_| Err(EpisodeError::Unavailable(format!("no answer within {deadline:?}")));
    let saved = timeout(deadline, ports.episodes.save(draft)).await.unwrap_or_else(late)?;
    let episode = EpisodeRef { id: saved.id, number: saved.number };
    match answered(ports.jobs.episode_saved(id, episode.clone())).await {
        Ok(()) => Ok(episode),
        Err(error) => Err(EpisodeError::Unavailable(error.to_string())),
    }
}

fn draft(feed: &Feed, now: chrono::DateTime<chrono::Utc>) -> EpisodeDraft {
    let view = feed.view();
    view.episode_draft(feed.text().0, view.completed_at.unwrap_or(now))
}

impl Actor for Outbox {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(LOOK, Self::pay_due);
    }
}

impl Handler<Owe> for Outbox {
    type Result = ();

    fn handle(&mut self, Owe(feed): Owe, _: &mut Context<Self>) {
        let now = Some(Instant::now());
        let debt = self.owed.entry(feed.view().id).or_insert(Debt { feed, failures: 0, due: now });
        if debt.due.is_some() {
            debt.due = now;
        }
    }
}
