//! An end that readers know and the job store does not.

use actix::prelude::*;
use futures_util::{FutureExt as _, future::LocalBoxFuture};

use super::{Attempt, Kind, Later, Obligation};
use crate::{
    deadlines::answered,
    feed::Feed,
    job::JobPorts,
    model::{Cause, JobId},
    ports::{Claim, Ending, Written},
};

/// Ends that are not recorded.
pub const ENDINGS: Kind = Kind { name: "the outcome is still not recorded", at_once: 1 };

/// The end of a job that the store has not taken in time.
pub struct EndingOwed {
    /// Under which claim.
    pub claim: Claim,
    /// What is to be recorded.
    pub ending: Ending,
    /// Held because nobody could read it back meanwhile.
    pub feed: Feed,
    /// Who is told that it is recorded.
    pub recorded: Recipient<EndingRecorded>,
}

/// The store has taken an end that readers had been told before.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct EndingRecorded(pub JobId);

impl Obligation for EndingOwed {
    fn kind(&self) -> Kind {
        ENDINGS
    }

    fn job(&self) -> JobId {
        self.claim.job
    }

    fn attempt(&self, ports: &JobPorts) -> LocalBoxFuture<'static, Attempt> {
        let (job, told) = (self.claim.job, self.recorded.clone());
        let recording = answered(ports.jobs.finish(&self.claim, self.ending.clone()));
        async move {
            match recording.await {
                Ok(written) => {
                    if written == Written::Fenced {
                        log::error!("{job}: another owner has ended it; its readers here were told otherwise");
                    }
                    told.do_send(EndingRecorded(job));
                    Attempt::Over
                }
                Err(error) => Attempt::Later(Later::Down, Cause::new(error)),
            }
        }
        .boxed_local()
    }
}
