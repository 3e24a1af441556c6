//! Jobs whose actor died without an outcome, and outcomes that the store has not taken.

use std::sync::Arc;

use actix::prelude::*;
use chrono::{DateTime, Utc};
use tokio::time::timeout;

use super::{Fate, JobRegistry};
use crate::{
    feed::Feed,
    job::{self, ActorGone, FailureCode, JobId},
    patience::{PATIENCE, answered},
    ports::{Checkpoint, Ending, JobStore, Outcome},
};

/// Outcomes recorded late in one round: each is a copy of a script while it lasts.
const LATE_AT_ONCE: usize = 64;

/// The end of a job whose actor has died is recorded, or has been tried for long enough.
#[derive(Message)]
#[rtype(result = "()")]
struct Rescued {
    ending: Ending,
    recorded: bool,
}

impl Handler<ActorGone> for JobRegistry {
    type Result = ();

    fn handle(&mut self, ActorGone(id): ActorGone, ctx: &mut Context<Self>) {
        self.rescue(id, ctx);
    }
}

impl Handler<Rescued> for JobRegistry {
    type Result = ();

    fn handle(&mut self, Rescued { ending, recorded }: Rescued, _: &mut Context<Self>) {
        let id = ending.last.id;
        let Some(entry) = self.table.get(id) else { return };
        let view = (*entry.feed.view()).clone().ended(&ending.outcome, ending.at);
        entry.listing.ended(view.status, Fate::of(&view), recorded);
        entry.feed.end(view, ending.mark);
        self.release_and_retain(id, (!recorded).then_some(ending));
    }
}

impl Handler<RecordedLate> for JobRegistry {
    type Result = ();

    fn handle(&mut self, late: RecordedLate, _: &mut Context<Self>) {
        self.recording = false;
        for id in late.recorded {
            self.recorded_late(id);
        }
        // One that the store never takes must not keep the others out.
        if late.stopped {
            self.unrecorded.rotate_left(1.min(self.unrecorded.len()));
        }
    }
}

impl JobRegistry {
    /// A stopped arbiter drops its actors without a word: only the closed address tells. So it does for a moment when a job
    /// has ended in good order; the word of that is in the mailbox then, before the message that is sent from here.
    pub(super) fn look_for_lost(&self, ctx: &Context<Self>) {
        let registry = ctx.address();
        for (id, entry) in self.table.jobs() {
            if entry.actor.as_ref().is_some_and(|actor| !actor.connected()) {
                registry.do_send(ActorGone(id));
            }
        }
    }

    /// Records an end for the job, with the text its readers were shown, and then tells them.
    fn rescue(&mut self, id: JobId, ctx: &Context<Self>) {
        // A drained process stops its actors on purpose; their jobs go on after the restart.
        if self.drained {
            return;
        }
        let Some(entry) = self.table.get_mut(id) else { return };
        if entry.actor.take().is_none() {
            return;
        }
        log::error!("{id}: its actor died; the job ends with the text so far");
        let ending = lost_ending(&entry.feed, self.ports.clock.now());
        let recording = job::finish(self.ports.jobs.clone(), ending.clone());
        let registry = ctx.address();
        actix::spawn(async move {
            let recorded = recording.await.is_none();
            registry.do_send(Rescued { ending, recorded });
        });
    }

    /// Tries again to record outcomes that only readers know so far. They stay in the list until they are recorded, so that
    /// their jobs are not forgotten meanwhile.
    pub(super) fn record_late(&mut self, ctx: &Context<Self>) {
        if self.recording || self.unrecorded.is_empty() {
            return;
        }
        self.recording = true;
        let some = self.unrecorded.iter().take(LATE_AT_ONCE).map(|late| late.ending.clone()).collect();
        let (store, registry) = (self.ports.jobs.clone(), ctx.address());
        actix::spawn(async move { registry.do_send(record(store, some).await) });
    }

    /// Tries once more to record what only readers know; after it nobody does.
    pub(super) fn record_last(&self) -> impl Future<Output = ()> + use<> {
        let all = self.unrecorded.iter().map(|late| late.ending.clone()).collect();
        let recording = record(self.ports.jobs.clone(), all);
        async move {
            let _logged = timeout(PATIENCE, recording).await;
        }
    }
}

/// How far a round of late recording came.
#[derive(Message)]
#[rtype(result = "()")]
struct RecordedLate {
    recorded: Vec<JobId>,
    /// The one after those was not taken, and the rest not tried: a store that is down is asked once a round.
    stopped: bool,
}

async fn record(jobs: Arc<dyn JobStore>, endings: Vec<Ending>) -> RecordedLate {
    let mut recorded = Vec::with_capacity(endings.len());
    for ending in endings {
        let id = ending.last.id;
        if let Err(error) = answered(jobs.finish(ending)).await {
            log::error!("{id}: the outcome is still not recorded: {error}");
            return RecordedLate { recorded, stopped: true };
        }
        recorded.push(id);
    }
    RecordedLate { recorded, stopped: false }
}

fn lost_ending(feed: &Feed, at: DateTime<Utc>) -> Ending {
    let view = feed.view();
    let (text, _) = feed.text();
    let last = Checkpoint {
        id: view.id,
        epoch: feed.epoch(),
        started_at: view.started_at,
        progress: view.progress,
        model_used: view.model_used.clone(),
        usage: None,
        text_offset: 0,
        text,
        text_complete: view.text_complete,
    };
    // A whole script is not lost with its actor: saving it is left to the outbox.
    let outcome = if view.text_complete {
        Outcome::Completed { episode: None }
    } else {
        Outcome::Failed(FailureCode::GenerationError)
    };
    Ending { last, mark: feed.end_mark(), at, outcome }
}
