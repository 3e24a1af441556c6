//! A complete script that is not saved as an episode yet.

use std::time::Duration;

use actix::prelude::*;
use futures_util::{FutureExt as _, future::LocalBoxFuture};
use tokio::time::timeout;

use super::{Attempt, Kind, Later, Obligation};
use crate::{
    deadlines::answered,
    job::JobPorts,
    model::{Cause, EpisodeState, JobId, Outcome},
    ports::{EpisodeDraft, EpisodeError, StoreError},
};

const EPISODES: Kind = Kind { name: "the script is not saved", at_once: 4 };

/// The obligation to save a completed job's script. The job's end must be recorded first, because the script is read
/// from the store.
pub struct EpisodeOwed {
    /// The job's id.
    pub job: JobId,
    /// How long an attempt waits for the episode store.
    pub save_timeout: Duration,
    /// Receives the result.
    pub settled: Recipient<EpisodeSettled>,
}

/// The obligation is finished.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct EpisodeSettled {
    /// The job's id.
    pub job: JobId,
    /// The result.
    pub settled: Settled,
}

/// The result of an episode obligation; the job store has recorded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The script is saved as an episode.
    Saved,
    /// The episode store refused the script.
    Refused,
    /// The job store no longer holds the job.
    Gone,
}

impl Obligation for EpisodeOwed {
    fn kind(&self) -> Kind {
        EPISODES
    }

    fn job(&self) -> JobId {
        self.job
    }

    fn attempt(&self, ports: &JobPorts) -> LocalBoxFuture<'static, Attempt> {
        let (job, told) = (self.job, self.settled.clone());
        let saving = save(ports.clone(), job, self.save_timeout);
        async move {
            match saving.await {
                Ok(settled) => {
                    told.do_send(EpisodeSettled { job, settled });
                    Attempt::Over
                }
                Err((later, cause)) => Attempt::Later(later, cause),
            }
        }
        .boxed_local()
    }
}

/// Saves the script and records its episode with the job. Saving is idempotent, so a retry after either step failed
/// creates no second episode.
async fn save(ports: JobPorts, job: JobId, save_timeout: Duration) -> Result<Settled, (Later, Cause)> {
    let unavailable = |error: StoreError| (Later::Soon, Cause::new(error));
    let Some(record) = answered(ports.jobs.load(job)).await.map_err(unavailable)? else { return Ok(Settled::Gone) };
    let Some(end) = &record.head.end else { return Ok(Settled::Gone) };
    let Outcome::Completed { episode } = &end.outcome else { return Ok(Settled::Gone) };
    if let EpisodeState::Saved(_) = episode {
        return Ok(Settled::Saved);
    }
    let saving = ports.episodes.save(EpisodeDraft::of(&record, end.at));
    let (became, settled) = match timeout(save_timeout, saving).await {
        Ok(Ok(saved)) => {
            log::info!("{job}: saved by the outbox as episode {}", saved.number);
            (EpisodeState::Saved(saved.reference()), Settled::Saved)
        }
        Ok(Err(EpisodeError::Refused(cause))) => {
            log::error!("{job}: the episode store refused the script: {cause}");
            (EpisodeState::Refused, Settled::Refused)
        }
        Ok(Err(error @ EpisodeError::Misconfigured(_))) => return Err((Later::OnceMended, Cause::new(error))),
        Ok(Err(error @ EpisodeError::Unavailable(_))) => return Err((Later::Soon, Cause::new(error))),
        Err(_) => return Err((Later::Soon, Cause::from(format!("no answer within {save_timeout:?}")))),
    };
    answered(ports.jobs.note_episode(job, became)).await.map_err(unavailable)?;
    Ok(settled)
}
