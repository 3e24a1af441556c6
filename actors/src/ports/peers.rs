//! The other nodes of the service.

use std::{future::ready, sync::Arc};

use derive_more::{Display, Error};
use futures_util::{FutureExt as _, StreamExt as _, future::LocalBoxFuture, stream, stream::LocalBoxStream};
use tokio::sync::oneshot;

use crate::model::{Epoch, JobId, JobUpdate, JobView};

/// What nodes tell and ask each other beside what they store. Nothing here is durable, and any message may be lost: whoever
/// listens notices a gap by the versions and asks for what it has missed.
pub trait Peers: Send + Sync + 'static {
    /// Tells whoever follows the job what it shows now. Returns at once, whoever listens.
    fn publish(&self, live: &Live);

    /// What the job's owner publishes from now on; ends when the follower drops it.
    fn follow(&self, job: JobId) -> LocalBoxStream<'static, Live>;

    /// What other nodes ask of the jobs that this node owns.
    fn asked(&self) -> LocalBoxStream<'static, (Ask, Reply)>;

    /// Asks the node that owns the job; waits 2 s at most.
    fn ask(&self, ask: Ask) -> LocalBoxFuture<'static, Result<Told, NobodyThere>>;
}

/// What an owner publishes of a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Live {
    /// Something new.
    Update(Arc<JobUpdate>),
    /// Nothing new: the newest version is this one, so that a lost update does not stay unnoticed.
    Mark {
        /// Which job.
        job: JobId,
        /// In which epoch.
        epoch: Epoch,
        /// The newest version.
        version: u64,
        /// Bytes of the text at that version.
        length: usize,
    },
}

/// What one node asks another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// What has been shown of the job since this version of this epoch, of which the asker has `length` bytes of text.
    Get {
        /// Which job.
        job: JobId,
        /// The epoch that the asker knows.
        epoch: Epoch,
        /// The newest version that it has.
        version: u64,
        /// Bytes of text that it has.
        length: usize,
    },
    /// Stop the job; answered when its end is stored.
    Cancel {
        /// Which job.
        job: JobId,
        /// The epoch that the asker knows.
        epoch: Epoch,
    },
}

/// Where an owner answers.
pub type Reply = oneshot::Sender<Told>;

/// What an owner answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// All there is to see at a version.
    State {
        /// The epoch it belongs to.
        epoch: Epoch,
        /// The version.
        version: u64,
        /// What is shown.
        view: Arc<JobView>,
        /// Where `text` begins, in bytes.
        offset: usize,
        /// The text from there on.
        text: String,
    },
    /// The job is over, and its end is stored.
    Ended,
    /// Somebody else writes it: look again.
    NotMine,
}

/// No node answers for the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Error)]
#[display("no node answers for the job")]
pub struct NobodyThere;

/// The peers of a service that is one process: there are none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Peers for Alone {
    fn publish(&self, _: &Live) {}

    fn follow(&self, _: JobId) -> LocalBoxStream<'static, Live> {
        stream::pending().boxed_local()
    }

    fn asked(&self) -> LocalBoxStream<'static, (Ask, Reply)> {
        stream::pending().boxed_local()
    }

    fn ask(&self, _: Ask) -> LocalBoxFuture<'static, Result<Told, NobodyThere>> {
        ready(Err(NobodyThere)).boxed_local()
    }
}
