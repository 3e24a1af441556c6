//! Jobs that are forgotten here and still in the store.

use actix::prelude::*;
use futures_util::{FutureExt as _, future::LocalBoxFuture};

use super::{Attempt, Kind, Later, Obligation};
use crate::{
    deadlines::answered,
    job::JobPorts,
    model::{Cause, JobId},
};

const PURGES: Kind = Kind { name: "forgotten jobs are still in the store", at_once: 1 };

/// A step's worth of jobs that nobody needs any more.
pub struct PurgeOwed {
    /// The first of them.
    pub first: JobId,
    /// The others.
    pub others: Vec<JobId>,
    /// Who is told that they are gone.
    pub purged: Recipient<Purged>,
}

/// The store holds these jobs no longer.
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
