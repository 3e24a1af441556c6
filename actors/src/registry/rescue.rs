//! Jobs whose actor died without an outcome, and outcomes that the store has not taken.

use std::sync::Arc;

use actix::prelude::*;
use chrono::{DateTime, Utc};
use tokio::time::timeout;

use super::JobRegistry;
use crate::{
    feed::Feed,
    job::{self, ActorGone, FailureCode, JobId},
    patience::{PATIENCE, answered},
    ports::{Checkpoint, Ending, JobStore, Outcome},
};

/// Outcomes recorded late in one round: each is a copy of a script while it lasts.
const LATE_AT_ONCE: usize = 64;

impl Handler<ActorGone> for JobRegistry {
    type Result = ();

    fn handle(&mut self, ActorGone(id): ActorGone, ctx: &mut Context<Self>) {
        self.rescue(id, ctx);
    }
}

impl JobRegistry {
    /// A stopped arbiter drops its actors without a word: only the closed address tells.
    pub(super) fn rescue_lost(&mut self, ctx: &mut Context<Self>) {
        let lost: Vec<JobId> = self
            .table
            .active()
            .filter(|(_, entry)| entry.actor.as_ref().is_some_and(|actor| !actor.connected()))
            .map(|(id, _)| id)
            .collect();
        for id in lost {
            self.rescue(id, ctx);
        }
    }

    /// Records an end for the job, with the text its readers were shown, and then tells them.
    fn rescue(&mut self, id: JobId, ctx: &mut Context<Self>) {
        // A drained process stops its actors on purpose; their jobs go on after the restart.
        if self.drained || !self.table.is_active(id) {
            return;
        }
        let Some(entry) = self.table.get_mut(id) else { return };
        if entry.actor.take().is_none() {
            return;
        }
        log::error!("{id}: its actor died; the job ends with the text so far");
        let feed = entry.feed.clone();
        let ending = lost_ending(&feed, self.ports.clock.now());
        let recording = job::finish(self.ports.jobs.clone(), ending.clone());
        ctx.spawn(recording.into_actor(self).map(move |unrecorded, registry, _| {
            feed.end((*feed.view()).clone().ended(&ending.outcome, ending.at), ending.mark);
            registry.unrecorded.extend(unrecorded);
            registry.settle(id);
        }));
    }

    /// Tries again to record outcomes that only readers know so far. They stay in the list until they are recorded, so that
    /// their jobs are not forgotten meanwhile.
    pub(super) fn record_late(&mut self, ctx: &mut Context<Self>) {
        if self.recording || self.unrecorded.is_empty() {
            return;
        }
        self.recording = true;
        let some = self.unrecorded.iter().take(LATE_AT_ONCE).cloned().collect();
        let recording = record(self.ports.jobs.clone(), some);
        ctx.spawn(recording.into_actor(self).map(|late, registry, _| {
            registry.recording = false;
            registry.unrecorded.retain(|ending| !late.recorded.contains(&ending.last.id));
            // One that the store never takes must not keep the others out.
            if late.stopped {
                registry.unrecorded.rotate_left(1.min(registry.unrecorded.len()));
            }
        }));
    }

    /// Tries once more to record what only readers know; after it nobody does.
    pub(super) fn record_last(&self) -> impl Future<Output = ()> + use<> {
        let recording = record(self.ports.jobs.clone(), self.unrecorded.iter().cloned().collect());
        async move {
            let _logged = timeout(PATIENCE, recording).await;
        }
    }
}

/// How far a round of late recording came.
struct Late {
    recorded: Vec<JobId>,
    /// The one after those was not taken, and the rest not tried: a store that is down is asked once a round.
    stopped: bool,
}

async fn record(jobs: Arc<dyn JobStore>, endings: Vec<Ending>) -> Late {
    let mut recorded = Vec::with_capacity(endings.len());
    for ending in endings {
        let id = ending.last.id;
        if let Err(error) = answered(jobs.finish(ending)).await {
            log::error!("{id}: the outcome is still not recorded: {error}");
            return Late { recorded, stopped: true };
        }
        recorded.push(id);
    }
    Late { recorded, stopped: false }
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
