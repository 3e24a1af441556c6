//! A script that is complete and not saved as an episode yet.

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

/// The script of a completed job. Its end must be recorded: the script is read from the store.
pub struct EpisodeOwed {
    /// Which job.
    pub job: JobId,
    /// How long an attempt waits for the episode store.
    pub save_timeout: Duration,
    /// Who is told what became of it.
    pub settled: Recipient<EpisodeSettled>,
}

/// Nothing is owed for this job any more.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct EpisodeSettled {
    /// Which job.
    pub job: JobId,
    /// How it came out.
    pub settled: Settled,
}

/// What became of an owed script; the job store has noted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is an episode.
    Saved,
    /// The episode store will never take it.
    Refused,
    /// The job store does not hold it.
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

/// Saves the script and notes its episode with the job. Saving again answers the same episode, so nothing is doubled by
/// coming back after either step failed.
async fn save(ports: JobPorts, job: JobId, deadline: Duration) -> Result<Settled, (Later, Cause)> {
    let unavailable = |error: StoreError| (Later::Soon, Cause::new(error));
    let Some(record) = answered(ports.jobs.load(job)).await.map_err(unavailable)? else { return Ok(Settled::Gone) };
    let Some(end) = &record.head.end else { return Ok(Settled::Gone) };
    let Outcome::Completed { episode } = &end.outcome else { return Ok(Settled::Gone) };
    if let EpisodeState::Saved(_) = episode {
        return Ok(Settled::Saved);
    }
    let saving = ports.episodes.save(EpisodeDraft::of(&record, end.at));
    let (became, settled) = match timeout(deadline, saving).await {
        Ok(Ok(saved)) => {
            log::info!("{job}: saved after all as episode {}", saved.number);
            (EpisodeState::Saved(saved.reference()), Settled::Saved)
        }
        Ok(Err(EpisodeError::Refused(cause))) => {
            log::error!("{job}: the script will not become an episode, the store refused it: {cause}");
            (EpisodeState::Refused, Settled::Refused)
        }
        Ok(Err(error @ EpisodeError::Misconfigured(_))) => return Err((Later::OnceMended, Cause::new(error))),
        Ok(Err(error @ EpisodeError::Unavailable(_))) => return Err((Later::Soon, Cause::new(error))),
        Err(_) => return Err((Later::Soon, Cause::from(format!("no answer within {deadline:?}")))),
    };
    answered(ports.jobs.note_episode(job, became)).await.map_err(unavailable)?;
    Ok(settled)
}
