//! A complete script that is not saved as an episode yet.

use std::time::Duration;

use actix::prelude::*;
use futures_util::{FutureExt as _, future::LocalBoxFuture};
use tokio::time::timeout;

use super::{Attempt, Kind, Obligation, Retry};
use crate::{
    job::JobPorts,
    model::{Cause, EpisodeState, JobId, Outcome},
    ports::{EpisodeDraft, EpisodeError, StoreError},
    store_timeout::with_store_timeout,
};

const EPISODES: Kind = Kind { name: "the script is not saved", at_once: 4 };

/// The obligation to save a completed job's script. The job's end must be recorded first, because the script is read
/// from the store.
pub struct EpisodeObligation {
    /// The job's id.
    pub job: JobId,
    /// How long an attempt waits for the episode store.
    pub save_timeout: Duration,
    /// Receives the result.
    pub resolved: Recipient<EpisodeResolved>,
}

/// The obligation is finished.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct EpisodeResolved {
    /// The job's id.
    pub job: JobId,
    /// The result.
    pub resolution: Resolution,
}

/// The result of an episode obligation; the job store has recorded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// The script is saved as an episode.
    Saved,
    /// The episode store refused the script.
    Refused,
    /// The job store no longer holds the job.
    JobMissing,
}

impl Obligation for EpisodeObligation {
    fn kind(&self) -> Kind {
        EPISODES
    }

    fn job(&self) -> JobId {
        self.job
    }

    fn attempt(&self, ports: &JobPorts) -> LocalBoxFuture<'static, Attempt> {
        let (job, recipient) = (self.job, self.resolved.clone());
        let saving = save(ports.clone(), job, self.save_timeout);
        async move {
            match saving.await {
                Ok(resolution) => {
                    recipient.do_send(EpisodeResolved { job, resolution });
                    Attempt::Finished
                }
                Err((retry, cause)) => Attempt::Retry(retry, cause),
            }
        }
        .boxed_local()
    }
}

/// Saves the script and records its episode with the job. Saving is idempotent, so a retry after either step failed
/// creates no second episode.
async fn save(ports: JobPorts, job: JobId, save_timeout: Duration) -> Result<Resolution, (Retry, Cause)> {
    let unavailable = |error: StoreError| (Retry::Soon, Cause::new(error));
    let Some(record) = with_store_timeout(ports.jobs.load(job)).await.map_err(unavailable)? else {
        return Ok(Resolution::JobMissing);
    };
    let Some(end) = &record.head.end else { return Ok(Resolution::JobMissing) };
    let Outcome::Completed { episode } = &end.outcome else { return Ok(Resolution::JobMissing) };
    if let EpisodeState::Saved(_) = episode {
        return Ok(Resolution::Saved);
    }
    let saving = ports.episodes.save(EpisodeDraft::of(&record, end.at));
    let (became, resolution) = match timeout(save_timeout, saving).await {
        Ok(Ok(saved)) => {
            log::info!("{job}: saved by the outbox as episode {}", saved.number);
            (EpisodeState::Saved(saved.reference()), Resolution::Saved)
        }
        Ok(Err(EpisodeError::Refused(cause))) => {
            log::error!("{job}: the episode store refused the script: {cause}");
            (EpisodeState::Refused, Resolution::Refused)
        }
        Ok(Err(error @ EpisodeError::Misconfigured(_))) => return Err((Retry::NeedsOperator, Cause::new(error))),
        Ok(Err(error @ EpisodeError::Unavailable(_))) => return Err((Retry::Soon, Cause::new(error))),
        Err(_) => return Err((Retry::Soon, Cause::from(format!("no answer within {save_timeout:?}")))),
    };
    with_store_timeout(ports.jobs.note_episode(job, became)).await.map_err(unavailable)?;
    Ok(resolution)
}
