//! Jobs that the registry has forgotten and the store still holds.

use actix::prelude::*;
use futures_util::{FutureExt as _, future::LocalBoxFuture};

use super::{Attempt, Kind, Obligation, Retry};
use crate::{
    job::JobPorts,
    model::{Cause, JobId},
    store_timeout::with_store_timeout,
};

const PURGES: Kind = Kind { name: "cannot purge forgotten jobs from the store", at_once: 1 };

/// The obligation to purge one batch of forgotten jobs.
pub struct PurgeObligation {
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

impl Obligation for PurgeObligation {
    fn kind(&self) -> Kind {
        PURGES
    }

    fn job(&self) -> JobId {
        self.first
    }

    fn attempt(&self, ports: &JobPorts) -> LocalBoxFuture<'static, Attempt> {
        let jobs: Vec<JobId> = std::iter::once(self.first).chain(self.others.iter().copied()).collect();
        let (purging, recipient) = (with_store_timeout(ports.jobs.purge(jobs.clone())), self.purged.clone());
        async move {
            match purging.await {
                Ok(()) => {
                    recipient.do_send(Purged(jobs));
                    Attempt::Finished
                }
                Err(error) => Attempt::Retry(Retry::StoreDown, Cause::new(error)),
            }
        }
        .boxed_local()
    }
}
