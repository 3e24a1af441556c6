//! One node among others: follows what they store, and answers what they ask.

use std::{sync::Arc, time::Duration};

use actix::prelude::*;
use futures_util::StreamExt as _;
use tokio::{sync::oneshot, time::sleep};

use super::JobRegistry;
use crate::{
    feed::{FeedContext, Publisher},
    job::{Cancel, Fenced, JobState},
    model::{End, Epoch, JobHead, JobId, NodeId, Outcome},
    ports::{Ask, Change, Clock, JobStore, OwnerReply, Peers, ReplySender, StoreError, Written},
    store_timeout::with_store_timeout,
};

/// The pause before the changes are followed anew.
const PAUSE: Duration = Duration::from_secs(1);
/// Attempts to cancel a job whose owner changes meanwhile.
const ATTEMPTS: u32 = 5;

/// Become one of several nodes. Answered once all unfinished jobs are known.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Join;

/// A change to the jobs of all nodes.
#[derive(Message)]
#[rtype(result = "()")]
struct Changed(Change);

/// Another node asks about a job.
#[derive(Message)]
#[rtype(result = "()")]
struct Asked(Ask, ReplySender);

impl Handler<Join> for JobRegistry {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Join, ctx: &mut Context<Self>) -> ResponseFuture<()> {
        let (store, peers, registry) = (self.ports.jobs.clone(), self.feeds.peers.clone(), ctx.address());
        let (caught_up, is_caught_up) = oneshot::channel();
        actix::spawn(follow(store, registry.clone(), caught_up));
        self.take_over_owed(ctx);
        actix::spawn(async move {
            let mut asked = peers.asked();
            while let Some((ask, reply)) = asked.next().await {
                if registry.send(Asked(ask, reply)).await.is_err() {
                    return;
                }
            }
        });
        Box::pin(async move {
            // The task lives as long as the registry.
            let _stopped_is_fine = is_caught_up.await;
        })
    }
}

/// Follows the changes of the store until the registry has stopped.
async fn follow(store: Arc<dyn JobStore>, registry: Addr<JobRegistry>, caught_up: oneshot::Sender<()>) {
    let mut caught_up = Some(caught_up);
    loop {
        let mut changes = store.changes();
        while let Some(change) = changes.next().await {
            match change {
                Ok(Change::CaughtUp) => drop(caught_up.take().map(|caught_up| caught_up.send(()))),
                Ok(change) => {
                    if registry.send(Changed(change)).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    log::error!("the jobs of other nodes cannot be followed, trying again: {error}");
                    break;
                }
            }
        }
        if !registry.connected() {
            return;
        }
        sleep(PAUSE).await;
    }
}

impl Handler<Changed> for JobRegistry {
    type Result = ();

    fn handle(&mut self, Changed(change): Changed, ctx: &mut Context<Self>) {
        match change {
            Change::Head { head, owner } => self.head_changed(*head, owner, ctx),
            Change::OwnerGone(node) => self.owner_gone(node, ctx),
            Change::Reset => self.forget_everything(),
            Change::CaughtUp => {}
        }
    }
}

impl Handler<Asked> for JobRegistry {
    type Result = ();

    fn handle(&mut self, Asked(ask, reply): Asked, _: &mut Context<Self>) {
        let (Ask::Get { job, .. } | Ask::Cancel { job, .. }) = ask;
        let Some(entry) = self.jobs.get(&job) else {
            let ended = self.retention.get(job).is_some_and(|ended| ended.recorded);
            let _gone_is_fine = reply.send(if ended { OwnerReply::Ended } else { OwnerReply::NotMine });
            return;
        };
        match ask {
            Ask::Get { length, .. } => {
                let _gone_is_fine = reply.send(entry.feed.state_after(length));
            }
            Ask::Cancel { .. } => {
                let canceling = entry.actor.send(Cancel);
                actix::spawn(async move {
                    // A closed mailbox means that the job has ended.
                    let _ended_is_fine = canceling.await;
                    let _gone_is_fine = reply.send(OwnerReply::Ended);
                });
            }
        }
    }
}

impl JobRegistry {
    /// The store has lost all jobs. Their models stop; their readers reconnect, and are told that they are gone. Nothing is
    /// stored again: two nodes might hold the same job, and a canceled one would go on.
    fn forget_everything(&mut self) {
        log::error!("the job store has lost all {} unfinished jobs", self.jobs.len() + self.others.len());
        for (id, entry) in self.jobs.drain() {
            entry.actor.do_send(Fenced);
            entry.listing.remove();
            entry.feed.cut();
            self.queue.leave(id);
        }
        for (id, other) in self.others.drain() {
            other.forget().cut();
            self.queue.leave(id);
        }
        self.claiming.clear();
    }

    /// Cancels a job that another node may run.
    pub(super) fn cancel_elsewhere(&self, id: JobId) -> ResponseFuture<()> {
        let known = self.others.get(&id).map(|other| (other.head.clone(), other.owner));
        let canceling = Canceling {
            store: self.ports.jobs.clone(),
            peers: self.feeds.peers.clone(),
            clock: self.ports.clock.clone(),
            feeds: self.feeds.clone(),
        };
        Box::pin(async move {
            if let Err(error) = canceling.run(id, known).await {
                log::error!("{id}: not canceled: {error}");
            }
        })
    }
}

struct Canceling {
    store: Arc<dyn JobStore>,
    peers: Arc<dyn Peers>,
    clock: Arc<dyn Clock>,
    feeds: FeedContext,
}

impl Canceling {
    /// Asks the owner to cancel; overrules one that does not answer. A complete text is not canceled: its episode is saved.
    async fn run(&self, id: JobId, known: Option<(JobHead, Option<NodeId>)>) -> Result<(), StoreError> {
        let (head, mut owner) = known.map_or((None, None), |(head, owner)| (Some(head), owner));
        for _ in 0..ATTEMPTS {
            if let (Some(head), Some(owner)) = (&head, owner.take()) {
                let ask = Ask::Cancel { job: id, epoch: head.epoch };
                if let Ok(OwnerReply::Ended) = self.peers.ask(owner, head, ask).await {
                    return Ok(());
                }
            }
            let Some(record) = with_store_timeout(self.store.load(id)).await? else { return Ok(()) };
            if record.head.end.is_some() || record.text_complete {
                return Ok(());
            }
            let (seen, text) = (record.head.epoch, record.text());
            // What a publisher of the next epoch would show before the end.
            let view = JobState::restore(record).view();
            let mark = Publisher::open(Epoch(seen.0 + 1), view, &text, self.feeds.clone()).end_mark();
            let end = End { mark, at: self.clock.now(), outcome: Outcome::Canceled };
            if with_store_timeout(self.store.overrule(id, seen, end)).await? == Written::Done {
                log::info!("{id}: canceled for a node that does not answer");
                return Ok(());
            }
        }
        Err(StoreError::unavailable("its owner changes all the time"))
    }
}
