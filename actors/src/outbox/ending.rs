//! A job's end that readers have been shown and the job store has not taken.

use actix::prelude::*;
use futures_util::{FutureExt as _, future::LocalBoxFuture};

use super::{Attempt, Kind, Obligation, Retry};
use crate::{
    feed::Feed,
    job::JobPorts,
    model::{Cause, JobId},
    ports::{Claim, Ending, Written},
    store_timeout::with_store_timeout,
};

/// Endings to record.
pub const ENDINGS: Kind = Kind { name: "the outcome is still not recorded", at_once: 1 };

/// The obligation to record a job's end that the store did not take in time.
pub struct EndingObligation {
    /// The claim to write under.
    pub claim: Claim,
    /// The ending to record.
    pub ending: Ending,
    /// Keeps the feed alive: until the end is recorded, the store cannot restore it.
    pub feed: Feed,
    /// Receives the confirmation.
    pub recorded: Recipient<EndingRecorded>,
}

/// The store has recorded an end that readers had been shown before.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct EndingRecorded(pub JobId);

impl Obligation for EndingObligation {
    fn kind(&self) -> Kind {
        ENDINGS
    }

    fn job(&self) -> JobId {
        self.claim.job
    }

    fn attempt(&self, ports: &JobPorts) -> LocalBoxFuture<'static, Attempt> {
        let (job, recipient) = (self.claim.job, self.recorded.clone());
        let recording = with_store_timeout(ports.jobs.finish(&self.claim, self.ending.clone()));
        async move {
            match recording.await {
                Ok(written) => {
                    if written == Written::Fenced {
                        log::error!("{job}: another owner ended the job; readers here were shown a different end");
                    }
                    recipient.do_send(EndingRecorded(job));
                    Attempt::Finished
                }
                Err(error) => Attempt::Retry(Retry::StoreDown, Cause::new(error)),
            }
        }
        .boxed_local()
    }
}
