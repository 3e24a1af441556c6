//! The other nodes of the service.

use std::{future::ready, sync::Arc};

use derive_more::{Display, Error};
use futures_util::{FutureExt as _, StreamExt as _, future::LocalBoxFuture, stream, stream::LocalBoxStream};
use tokio::sync::oneshot;

use crate::model::{Epoch, JobHead, JobId, JobUpdate, JobView, NodeId};

/// Messages between nodes beside what they store. None of them is durable and any may be lost: a follower notices a gap
/// by the versions and asks for what it missed.
pub trait Peers: Send + Sync + 'static {
    /// Sends an update to all followers of the job. Does not block.
    fn publish(&self, live: &Live);

    /// Streams what the job's owner publishes from now on, until the caller drops the stream. The views come without a
    /// brief; they get that of `head`.
    fn follow(&self, head: &JobHead) -> LocalBoxStream<'static, Live>;

    /// Streams the requests of other nodes about jobs that this node owns.
    fn asked(&self) -> LocalBoxStream<'static, (Ask, ReplySender)>;

    /// Asks the node that owns the job of `head`. Times out after 2 s.
    fn ask(&self, owner: NodeId, head: &JobHead, ask: Ask) -> LocalBoxFuture<'static, Result<OwnerReply, NoAnswer>>;
}

/// A message from a job's owner to its followers.
#[derive(Debug, Clone, PartialEq)]
pub enum Live {
    /// A new update.
    Update(Arc<JobUpdate>),
    /// Nothing new; repeats the newest version so that followers notice a lost update.
    Mark {
        /// The job's id.
        job: JobId,
        /// The epoch.
        epoch: Epoch,
        /// The newest version.
        version: u64,
        /// The bytes of text at that version.
        length: usize,
    },
}

/// A request from one node to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Return what the job has shown since this version of this epoch. The caller has `length` bytes of text.
    Get {
        /// The job's id.
        job: JobId,
        /// The epoch known to the caller.
        epoch: Epoch,
        /// The caller's newest version.
        version: u64,
        /// The caller's bytes of text.
        length: usize,
    },
    /// Cancel the job. Answered once its end is stored.
    Cancel {
        /// The job's id.
        job: JobId,
        /// The epoch known to the caller.
        epoch: Epoch,
    },
}

/// The channel for the owner's answer.
pub type ReplySender = oneshot::Sender<OwnerReply>;

/// The owner's answer.
#[derive(Debug, Clone, PartialEq)]
pub enum OwnerReply {
    /// The full state at a version.
    State {
        /// The epoch of the state.
        epoch: Epoch,
        /// The version.
        version: u64,
        /// The view.
        view: Arc<JobView>,
        /// The position of `text`, in bytes.
        offset: usize,
        /// The text from `offset` on, as much as one message takes.
        text: String,
        /// The text goes on: ask again with the bytes that are there now.
        more: bool,
    },
    /// The job has ended, and its end is stored.
    Ended,
    /// Another node writes the job; look up its owner again.
    NotMine,
}

/// No node answered for the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Error)]
#[display("no node answered for the job")]
pub struct NoAnswer;

/// The peers of a single-process service: there are none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Peers for Alone {
    fn publish(&self, _: &Live) {}

    fn follow(&self, _: &JobHead) -> LocalBoxStream<'static, Live> {
        stream::pending().boxed_local()
    }

    fn asked(&self) -> LocalBoxStream<'static, (Ask, ReplySender)> {
        stream::pending().boxed_local()
    }

    fn ask(&self, _: NodeId, _: &JobHead, _: Ask) -> LocalBoxFuture<'static, Result<OwnerReply, NoAnswer>> {
        ready(Err(NoAnswer)).boxed_local()
    }
}
