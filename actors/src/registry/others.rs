//! Unfinished jobs that this node does not run: what is known of them, and who shows them here.

use actix::prelude::*;
use tokio::sync::oneshot;

use super::{
    JobRegistry,
    loading::{Found, Lookup},
    other::{Mirror, Other, Showing},
};
use crate::{
    feed::{Feed, Replica},
    job::Fenced,
    mirror::{self, MirrorParts, Stopped, stored_view},
    model::{Epoch, JobHead, JobId, JobRecord, NodeId},
    ports::{Claim, StoreError},
    store_timeout::with_store_timeout,
};

/// A mirror shows its first state.
#[derive(Message)]
#[rtype(result = "()")]
struct MirrorReady(JobId, Epoch);

/// A mirror has stopped.
#[derive(Message)]
#[rtype(result = "()")]
struct MirrorStopped(JobId, Epoch, Stopped);

/// The store's answer to a claim.
#[derive(Message)]
#[rtype(result = "()")]
struct Claimed(JobId, Result<Option<(Claim, JobRecord)>, StoreError>);

impl JobRegistry {
    /// Takes the newest head of a job of any node.
    pub(super) fn head_changed(&mut self, head: JobHead, owner: Option<NodeId>, ctx: &Context<Self>) {
        let id = head.id;
        // The answer to the creation says the same.
        if self.creating.contains(id) {
            return;
        }
        if let Some(entry) = self.jobs.get(&id) {
            if head.epoch <= entry.claim.epoch {
                return;
            }
            entry.actor.do_send(Fenced);
        }
        if head.end.is_some() {
            return self.other_ended(id);
        }
        if self.claiming.contains(&id) && owner == self.node {
            // The answer to the claim says the same. If none comes, the next claim must know the newest epoch.
            if let Some(other) = self.others.get_mut(&id) {
                other.head = head;
            }
            return;
        }
        // This node does not run it: it gave up a claim that the store had taken, or lost the answer.
        let owner = owner.filter(|owner| Some(*owner) != self.node);
        match self.others.get_mut(&id) {
            Some(other) if other.head.epoch > head.epoch => return,
            Some(other) if other.head.epoch == head.epoch && other.owner == owner => {
                if head.started_at.is_some() {
                    other.listing.mark_streaming();
                }
                other.head = head;
            }
            _ => drop(self.track(head, owner, ctx)),
        }
        self.dispatch(ctx);
    }

    /// The jobs of a node that is considered dead wait for another, those first that had begun.
    pub(super) fn owner_gone(&mut self, node: NodeId, ctx: &Context<Self>) {
        let of_node = self.others.values().filter(|other| other.owner == Some(node));
        let mut left: Vec<_> = of_node
            .filter(|other| !self.queue.contains(other.head.id))
            .map(|other| (other.head.started_at.is_none(), other.head.created_at, other.head.id))
            .collect();
        left.sort_unstable();
        log::warn!("node {node} is silent; {} of its jobs go on elsewhere", left.len());
        self.take_over_owed(ctx);
        for (_, _, id) in left {
            if let Some(other) = self.others.get(&id) {
                self.queue.push(id, &other.head.brief.project_id);
            }
        }
        self.dispatch(ctx);
    }

    /// Begins to show a job in the epoch of its head. Its earlier readers move there.
    pub(super) fn track(&mut self, head: JobHead, owner: Option<NodeId>, ctx: &Context<Self>) -> Feed {
        let (id, project) = (head.id, head.brief.project_id.clone());
        let view = stored_view(JobRecord::without_text(head.clone()), owner);
        let replica = Replica::open(head.epoch, view, self.feeds.clone());
        let feed = replica.feed().clone();
        let listing = self.directory.add(&feed);
        if owner.is_some() && head.started_at.is_some() {
            listing.mark_streaming();
        }
        let mut read = false;
        let earlier = self
            .others
            .remove(&id)
            .map(|other| other.forget())
            .or_else(|| self.moving.remove(&id).map(|(feed, _)| feed));
        if let Some(earlier) = earlier {
            read = earlier.has_readers();
            earlier.move_readers_to(&feed);
        }
        let other = Other { head, owner, feed: feed.clone(), listing, showing: Showing::Nothing(replica) };
        self.others.insert(id, other);
        self.queue.leave(id);
        if owner.is_none() {
            self.queue.push(id, &project);
        }
        if read {
            self.mirror(id, None, ctx);
        }
        feed
    }

    /// Finds the feed of a job that another node runs, once it shows what that node shows.
    pub(super) fn find_other(&mut self, id: JobId, ctx: &Context<Self>) -> Option<Lookup> {
        let other = self.others.get_mut(&id)?;
        if let Showing::By(Mirror { waiting: None, .. }) = &other.showing {
            return Some(Lookup::At(Ok(Some(other.feed.clone()))));
        }
        let (sender, receiver) = oneshot::channel();
        self.mirror(id, Some(sender), ctx);
        Some(Lookup::Loading(receiver))
    }

    /// Keeps a job's feed current from now on.
    pub(super) fn mirror(&mut self, id: JobId, waiting: Option<oneshot::Sender<Found>>, ctx: &Context<Self>) {
        let Some(other) = self.others.get_mut(&id) else { return };
        if let Showing::By(Mirror { waiting: all, .. }) = &mut other.showing {
            if let Some(all) = all {
                all.extend(waiting);
            }
            return;
        }
        let view = stored_view(JobRecord::without_text(other.head.clone()), other.owner);
        let idle = Replica::open(other.head.epoch, view, self.feeds.clone());
        let Showing::Nothing(replica) = std::mem::replace(&mut other.showing, Showing::Nothing(idle)) else { return };
        let (epoch, registry) = (other.head.epoch, ctx.address());
        let (ready, is_ready) = oneshot::channel();
        let (ended, is_ended) = oneshot::channel();
        let parts = MirrorParts {
            head: other.head.clone(),
            owner: other.owner,
            replica,
            peers: self.feeds.peers.clone(),
            store: self.ports.jobs.clone(),
            ready,
            ended: is_ended,
        };
        let told = registry.clone();
        actix::spawn(async move {
            if is_ready.await.is_ok() {
                told.do_send(MirrorReady(id, epoch));
            }
        });
        let task = actix::spawn(async move {
            let stopped = mirror::run(parts).await;
            registry.do_send(MirrorStopped(id, epoch, stopped));
        });
        other.showing = Showing::By(Mirror { waiting: Some(waiting.into_iter().collect()), ended, task });
    }

    /// A job has ended elsewhere.
    fn other_ended(&mut self, id: JobId) {
        self.queue.leave(id);
        if let Some(other) = self.others.remove(&id) {
            other.end();
        }
    }

    /// Claims a job that was admitted here and is written by nobody.
    pub(super) fn claim_other(&mut self, id: JobId, ctx: &Context<Self>) {
        let Some(other) = self.others.get(&id) else { return self.queue.leave(id) };
        self.claiming.insert(id);
        let (claiming, registry) = (with_store_timeout(self.ports.jobs.claim(id, other.head.epoch)), ctx.address());
        actix::spawn(async move { registry.do_send(Claimed(id, claiming.await)) });
    }
}

impl Handler<Claimed> for JobRegistry {
    type Result = ();

    fn handle(&mut self, Claimed(id, result): Claimed, ctx: &mut Context<Self>) {
        self.claiming.remove(&id);
        match result {
            Ok(Some((claim, record))) => {
                let earlier = self.others.remove(&id).map(|other| other.forget());
                if !self.queue.contains(id) {
                    self.queue.push(id, &record.head.brief.project_id);
                }
                self.adopt(claim, record, ctx);
                if let (Some(earlier), Some(entry)) = (earlier, self.jobs.get(&id)) {
                    earlier.move_readers_to(&entry.feed);
                }
                if !self.queue.is_waiting(id) {
                    self.start_admitted(&[id]);
                }
            }
            // Another node was first, and the store tells whom.
            Ok(None) => self.queue.leave(id),
            Err(error) => {
                log::warn!("{id}: not taken over yet: {error}");
                self.queue.leave(id);
                if let Some(other) = self.others.get(&id) {
                    self.queue.push(id, &other.head.brief.project_id);
                }
                // The next sweep dispatches.
                return;
            }
        }
        self.dispatch(ctx);
    }
}

impl Handler<MirrorReady> for JobRegistry {
    type Result = ();

    fn handle(&mut self, MirrorReady(id, epoch): MirrorReady, _: &mut Context<Self>) {
        let Some(other) = self.others.get_mut(&id).filter(|other| other.head.epoch == epoch) else { return };
        if let Showing::By(Mirror { waiting, .. }) = &mut other.showing {
            for waiting in waiting.take().into_iter().flatten() {
                let _gone_is_fine = waiting.send(Ok(Some(other.feed.clone())));
            }
        }
    }
}

impl Handler<MirrorStopped> for JobRegistry {
    type Result = ();

    fn handle(&mut self, MirrorStopped(id, epoch, stopped): MirrorStopped, ctx: &mut Context<Self>) {
        let Some(other) = self.others.get(&id).filter(|other| other.head.epoch == epoch) else { return };
        if stopped == Stopped::Idle {
            // A later reader gets a new feed: this one has missed what came since.
            let (head, owner) = (other.head.clone(), other.owner);
            let waits = self.queue.contains(id);
            self.track(head, owner, ctx);
            if waits && !self.queue.contains(id) {
                self.queue.push(id, &self.others[&id].head.brief.project_id);
            }
        } else {
            self.other_ended(id);
        }
    }
}
