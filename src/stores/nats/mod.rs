//! Stores jobs on NATS JetStream, for several nodes together. All of it runs on one thread: calls are sent there in order.

mod beats;
mod creation;
mod engine;
mod format;
mod heads;
mod lanes;
mod link;
mod live;
mod peers;
mod streams;
mod subjects;
mod tree;
mod watch;
mod writer;

#[cfg(test)]
mod peers_tests;
#[cfg(test)]
mod tests;

use std::{fmt, future::Future, rc::Rc, sync::Mutex, thread::JoinHandle};

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::join_all,
    stream::{self, LocalBoxStream},
};
use generation_actors::{
    model::{Checkpoint, End, EpisodeState, Epoch, JobId, JobRecord, NewJob, NodeId},
    ports::{After, Answer, Change, Claim, Created, EndedPage, Ending, JobStore, KeyHolder, Live, StoreError, Written},
};
use tokio::sync::{mpsc, oneshot};

use self::link::{Call, Handles, Node};
pub use self::{link::CannotStart, peers::NatsPeers};
use crate::config::NatsStore;

/// Changes that wait to be taken; the engine is read no further meanwhile.
const CHANGES_AHEAD: usize = 256;

/// The job store of a service of several nodes. Dropping the last value waits until everything is written, at most as
/// long as one write may take.
pub struct NatsJobs {
    node: NodeId,
    calls: Option<mpsc::UnboundedSender<Call>>,
    live: mpsc::Sender<Live>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl NatsJobs {
    /// Connects to the engine, and makes what is missing there. Ended jobs are kept for `retention`.
    ///
    /// # Errors
    /// It cannot be reached, refuses the credentials, or is not fit for the service.
    pub async fn connect(settings: NatsStore, retention: std::time::Duration) -> Result<Self, CannotStart> {
        let node = NodeId(uuid::Uuid::new_v4());
        let (Handles { calls, live }, thread) = link::start(settings, retention, node).await?;
        Ok(Self { node, calls: Some(calls), live, thread: Mutex::new(Some(thread)) })
    }

    /// This node, as others see it.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The other nodes, over the same connection. They are out of reach once this store is dropped.
    pub fn peers(&self) -> NatsPeers {
        NatsPeers::new(self.node, self.calls.as_ref().map(mpsc::UnboundedSender::downgrade), self.live.clone())
    }

    /// Runs on the node's thread. The call is made even if the answer is dropped.
    fn call(&self, call: impl FnOnce(Rc<Node>) + Send + 'static) {
        if let Some(calls) = &self.calls {
            // Fails once the thread has ended; the caller then finds that nobody answers.
            let _ = calls.send(Box::new(call));
        }
    }

    /// A read.
    fn read<T: Send + 'static, F>(&self, read: impl FnOnce(Rc<Node>) -> F + Send + 'static) -> Answer<T>
    where
        F: Future<Output = Result<T, StoreError>> + 'static,
    {
        let (sender, answer) = oneshot::channel();
        self.call(move |node| {
            let read = read(Rc::clone(&node));
            node.reads.spawn_local(async move {
                // Whoever asked may have gone.
                let _ = sender.send(read.await);
            });
        });
        answered(answer)
    }

    /// A write of one job, after all its earlier ones.
    fn write<T: Send + 'static, F>(&self, job: JobId, write: impl FnOnce(Rc<Node>) -> F + Send + 'static) -> Answer<T>
    where
        F: Future<Output = Result<T, StoreError>> + 'static,
    {
        let (sender, answer) = oneshot::channel();
        self.call(move |node| {
            let write = write(Rc::clone(&node));
            node.lanes.push(
                job,
                Box::pin(async move {
                    let _ = sender.send(write.await);
                }),
            );
        });
        answered(answer)
    }
}

impl JobStore for NatsJobs {
    fn create(&self, job: NewJob, here: bool) -> Answer<Created> {
        self.write(job.id, move |node| async move { node.writer.create(job, here).await })
    }

    fn key_holder(&self, key: &str) -> Answer<Option<KeyHolder>> {
        let key = key.to_owned();
        self.read(move |node| async move { node.writer.key_holder(&key).await })
    }

    fn claim(&self, job: JobId, seen: Epoch) -> Answer<Option<(Claim, JobRecord)>> {
        self.write(job, move |node| async move { node.writer.claim(job, seen).await })
    }

    fn checkpoint(&self, by: &Claim, checkpoint: Checkpoint) -> Answer<Written> {
        let by = *by;
        self.write(by.job, move |node| async move { node.writer.checkpoint(by, checkpoint).await })
    }

    fn finish(&self, by: &Claim, ending: Ending) -> Answer<Written> {
        let by = *by;
        self.write(by.job, move |node| async move { node.writer.finish(by, ending).await })
    }

    fn release(&self, by: Claim, last: Checkpoint) -> Answer<Written> {
        self.write(by.job, move |node| async move { node.writer.release(by, last).await })
    }

    fn overrule(&self, job: JobId, seen: Epoch, end: End) -> Answer<Written> {
        self.write(job, move |node| async move { node.writer.overrule(job, seen, end).await })
    }

    fn load(&self, job: JobId) -> Answer<Option<JobRecord>> {
        self.read(move |node| async move { Ok(node.writer.read(job).await?.map(|stored| stored.record)) })
    }

    fn changes(&self) -> LocalBoxStream<'static, Result<Change, StoreError>> {
        let (sender, receiver) = mpsc::channel(CHANGES_AHEAD);
        self.call(move |node| {
            let changes = heads::follow(Rc::clone(&node), sender);
            node.reads.spawn_local(changes);
        });
        stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver))).boxed_local()
    }

    fn note_episode(&self, job: JobId, episode: EpisodeState) -> Answer<()> {
        self.write(job, move |node| async move { node.writer.note_episode(job, episode).await })
    }

    fn ended(&self, after: Option<After>, limit: usize) -> Answer<EndedPage> {
        self.read(move |node| async move { heads::ended(&node.writer, after, limit).await })
    }

    fn purge(&self, jobs: Vec<JobId>) -> Answer<()> {
        let purged: Vec<Answer<()>> = jobs
            .into_iter()
            .map(|job| self.write(job, move |node| async move { node.writer.purge(job).await }))
            .collect();
        async move { join_all(purged).await.into_iter().collect() }.boxed_local()
    }

    fn check(&self) -> Answer<()> {
        self.read(|node| async move { node.writer.check().await })
    }
}

impl Drop for NatsJobs {
    fn drop(&mut self) {
        self.calls = None;
        let thread = self.thread.get_mut().ok().and_then(Option::take);
        if thread.is_some_and(|thread| thread.join().is_err()) {
            log::error!("the thread of the job store panicked");
        }
    }
}

impl fmt::Debug for NatsJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsJobs").field("node", &self.node).finish_non_exhaustive()
    }
}

fn answered<T: 'static>(answer: oneshot::Receiver<Result<T, StoreError>>) -> Answer<T> {
    let ended = || Err(StoreError::unavailable("the store has been closed"));
    answer.map(move |answer| answer.unwrap_or_else(|_| ended())).boxed_local()
}
