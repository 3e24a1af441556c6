//! The durable steps at the end of a job: save the episode, record the outcome.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::time::{sleep, timeout};

use super::{Input, JobState, actor::JobPorts};
use crate::{
    patience::{PATIENCE, unbroken},
    ports::{Checkpoint, Ending, EpisodeRef, JobStore},
};

const BETWEEN_TRIES: Duration = Duration::from_millis(250);

/// Makes the whole text durable, then saves it; says how that went.
///
/// The checkpoint comes first so that a crash in between does not ask the model again, and it need not succeed: saving is
/// keyed by the job, so a script that is written twice is still saved once.
pub(super) fn save(
    ports: JobPorts,
    state: &JobState,
    checkpoint: Checkpoint,
    deadline: Duration,
) -> impl Future<Output = Input> + use<> {
    let id = state.id();
    let now = ports.clock.now();
    let draft = state.view().episode_draft(state.text().as_str().to_owned(), now);
    let sealed = ports.jobs.checkpoint(checkpoint);
    async move {
        let saving = async {
            if let Err(error) = sealed.await {
                log::warn!("{id}: checkpoint of the complete text failed: {error}");
            }
            ports.episodes.save(draft).await
        };
        match timeout(deadline, saving).await {
            Ok(Ok(saved)) => Input::EpisodeSaved(EpisodeRef { id: saved.id, number: saved.number }),
            Ok(Err(error)) => {
                log::error!("{id}: the script is complete but not saved yet: {error}");
                Input::EpisodeDeferred
            }
            Err(_) => {
                log::error!("{id}: the episode store did not answer within {deadline:?}");
                Input::EpisodeDeferred
            }
        }
    }
}

/// Records the outcome, trying again while the store fails; gives it back if the store has not taken it after [`PATIENCE`],
/// when readers are told anyway.
pub(crate) async fn finish(jobs: Arc<dyn JobStore>, ending: Ending) -> Option<Ending> {
    let id = ending.last.id;
    let recorded = async {
        let mut logged = false;
        while let Err(error) = unbroken(jobs.finish(ending.clone())).await {
            if !logged {
                log::warn!("{id}: the outcome is not recorded yet, trying again for {PATIENCE:?}: {error}");
                logged = true;
            }
            sleep(BETWEEN_TRIES).await;
        }
    };
    if timeout(PATIENCE, recorded).await.is_ok() {
        return None;
    }
    log::error!("{id}: the outcome is not recorded, but its readers are told");
    Some(ending)
}
