//! Jobs that the registry has forgotten and the store still holds.

use actix::prelude::*;
use futures_util::{FutureExt as _, future::LocalBoxFuture};

use super::{Attempt, Kind, Later, Obligation};
use crate::{
    deadlines::answered,
    job::JobPorts,
    model::{Cause, JobId},
};

const PURGES: Kind = Kind { name: "cannot purge forgotten jobs from the store", at_once: 1 };

/// The obligation to purge one batch of forgotten jobs.
pub struct PurgeOwed {
    /// The first job; it identifies the obligation.
    pub first: JobId,
    /// The other jobs.
    pub others: Vec<JobId>,
    /// Receives the confirmation.
    pub purged: Recipient<Purged>,
}

/// The store no longer holds these jobs.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Purged(pub Vec<JobId>);

impl Obligation for PurgeOwed {
    fn kind(&self) -> Kind {
        PURGES
    }

    fn job(&self) -> JobId {
        self.first
    }

    fn attempt(&self, ports: &JobPorts) -> LocalBoxFuture<'static, Attempt> {
        let jobs: Vec<JobId> = std::iter::once(self.first).chain(self.others.iter().copied()).collect();
        let (purging, told) = (answered(ports.jobs.purge(jobs.clone())), self.purged.clone());
        async move {
            match purging.await {
                Ok(()) => {
                    told.do_send(Purged(jobs));
                    Attempt::Over
                }
                Err(error) => Attempt::Later(Later::Down, Cause::new(error)),
            }
        }
        .boxed_local()
    }
}
