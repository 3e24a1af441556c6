//! A job's durable writes: its checkpoints, its episode and its ending.

use std::{sync::Arc, time::Duration};

use actix::prelude::*;
use tokio::time::{sleep, timeout};

use super::{Input, JobActor, actor::JobPorts};
use crate::{
    model::Checkpoint,
    ports::{Claim, Ending, EpisodeDraft, EpisodeError, JobStore, StoreError, Written},
    store_timeout::{STORE_TIMEOUT, catch_panic, with_store_timeout},
};

/// The pause between two attempts of a write that the job waits for.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// The result of a write under a claim; `None` if the claim no longer holds.
type Claimed<T> = Option<T>;

impl JobActor {
    /// Writes a checkpoint. At most one is in progress: when the store is slow, the next one carries more text and
    /// follows immediately.
    pub(super) fn checkpoint(&mut self, ctx: &mut Context<Self>) {
        if self.checkpoint_in_progress {
            self.checkpoint_missed = true;
        } else if self.stored < self.state.text().len() {
            self.write_checkpoint(ctx);
        }
    }

    pub(super) fn write_checkpoint(&mut self, ctx: &mut Context<Self>) {
        self.checkpoint_in_progress = true;
        let end = self.state.text().len();
        let written = with_store_timeout(self.ports.jobs.checkpoint(&self.claim, self.state.checkpoint(self.stored)));
        ctx.spawn(written.into_actor(self).map(move |result, job, ctx| {
            job.checkpoint_in_progress = false;
            match result {
                Ok(Written::Done) => job.stored = end,
                Ok(Written::Fenced) => return job.stop_fenced(ctx),
                Err(error) => {
                    log::warn!("{}: checkpoint failed, the next one includes its text: {error}", job.state.id())
                }
            }
            if std::mem::take(&mut job.checkpoint_missed) && job.rhythm.is_some() {
                job.checkpoint(ctx);
            }
        }));
    }

    pub(super) fn save_episode(&mut self, ctx: &mut Context<Self>) {
        let draft = EpisodeDraft::of(&self.state.record(), self.ports.clock.now());
        let last = self.state.checkpoint(self.stored);
        let saving = save(self.ports.clone(), self.claim, last, draft, self.settings.save_timeout);
        ctx.spawn(saving.into_actor(self).map(|saved, job, ctx| match saved {
            Some(input) => job.input(input, ctx),
            None => job.stop_fenced(ctx),
        }));
    }

    pub(super) fn record_ending(&mut self, ctx: &mut Context<Self>) {
        // After a restart, the recorded numbers decide whether a reader has all of the text. So the text must not grow
        // after this.
        if self.shown < self.state.text().len() {
            self.show();
        }
        let Some(ending) = self.state.ending(self.publisher.end_mark(), self.stored) else { return };
        let recording = record(Arc::clone(&self.ports.jobs), self.claim, ending, self.settings.shared);
        ctx.spawn(recording.into_actor(self).map(|recorded, job, ctx| match recorded {
            Some(unrecorded) => {
                job.unrecorded = unrecorded;
                job.input(Input::Recorded, ctx);
            }
            None => job.stop_fenced(ctx),
        }));
    }
}

/// Makes the whole text durable, then saves it as an episode. Returns the resulting input.
///
/// Never saves a script that is not durable as complete: if another process took the job over, the job could still be
/// canceled, and a canceled job must not become an episode.
async fn save(
    ports: JobPorts,
    claim: Claim,
    last: Checkpoint,
    draft: EpisodeDraft,
    save_timeout: Duration,
) -> Claimed<Input> {
    let id = claim.job;
    let saving = async {
        let sealed =
            retry_write(id, "cannot make the complete text durable", || ports.jobs.checkpoint(&claim, last.clone()));
        match sealed.await {
            Written::Done => Some(ports.episodes.save(draft).await),
            Written::Fenced => None,
        }
    };
    Some(match timeout(save_timeout, saving).await {
        Ok(None) => return None,
        Ok(Some(Ok(saved))) => Input::EpisodeSaved(saved.reference()),
        Ok(Some(Err(EpisodeError::Refused(cause)))) => {
            log::error!("{id}: the episode store refused the script: {cause}");
            Input::EpisodeRefused
        }
        Ok(Some(Err(error))) => {
            log::error!("{id}: the complete script could not be saved, the outbox retries: {error}");
            Input::EpisodeDeferred
        }
        Err(_) => {
            log::error!("{id}: the complete script was not saved within {save_timeout:?}, the outbox retries");
            Input::EpisodeDeferred
        }
    })
}

/// Records the ending, retrying while the store fails. Returns the ending if the store has not taken it within
/// [`STORE_TIMEOUT`]; readers are then shown the end anyway. Not if the store is shared: another node might take the job
/// over and end it differently, so readers wait as long as it takes.
async fn record(jobs: Arc<dyn JobStore>, claim: Claim, ending: Ending, shared: bool) -> Claimed<Option<Ending>> {
    let id = claim.job;
    let recording = retry_write(id, "cannot record the outcome", || jobs.finish(&claim, ending.clone()));
    let recorded = if shared { Ok(recording.await) } else { timeout(STORE_TIMEOUT, recording).await };
    match recorded {
        Ok(Written::Done) => Some(None),
        Ok(Written::Fenced) => None,
        Err(_) => {
            log::error!("{id}: the outcome is not recorded; showing readers the end anyway");
            Some(Some(ending))
        }
    }
}

/// Repeats a write until the store accepts it or reports the claim as fenced. Call it with a timeout.
async fn retry_write<F>(id: crate::model::JobId, problem: &str, write: impl Fn() -> F) -> Written
where
    F: Future<Output = Result<Written, StoreError>>,
{
    let mut logged = false;
    loop {
        match catch_panic(write()).await {
            Ok(written) => return written,
            Err(error) => {
                if !logged {
                    log::warn!("{id}: {problem}, retrying: {error}");
                    logged = true;
                }
                sleep(RETRY_PAUSE).await;
            }
        }
    }
}
