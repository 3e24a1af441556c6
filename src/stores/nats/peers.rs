//! The other nodes: what owners publish, and what they are asked. Plain messages, which may be lost.

use std::{rc::Rc, sync::Arc, time::Duration};

use async_nats::Request;
use futures_util::{
    FutureExt as _, StreamExt as _,
    future::LocalBoxFuture,
    stream::{self, LocalBoxStream},
};
use generation_actors::{
    model::{JobHead, NodeId},
    ports::{Ask, Live, NoAnswer, OwnerReply, Peers, ReplySender},
};
use tokio::{
    sync::{
        Semaphore,
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    time::timeout,
};

use super::{
    engine::Engine,
    link::{Call, Node},
    live::{read_ask, read_live, read_reply, write_ask, write_live, write_reply},
};

/// How long a node may take to answer. A cancellation is answered when the end is stored.
const ANSWER: Duration = Duration::from_secs(2);
/// Messages of one job that wait for its follower.
const FOLLOWED_AHEAD: usize = 256;
/// Requests of other nodes that are being answered; further ones get no answer.
const ASKED_AT_ONCE: usize = 1024;

/// The other nodes of a [`super::NatsJobs`], over its connection.
#[derive(Debug, Clone)]
pub struct NatsPeers {
    node: NodeId,
    /// Weak, so that the store's thread can end.
    calls: Option<mpsc::WeakUnboundedSender<Call>>,
    live: mpsc::Sender<Live>,
}

impl NatsPeers {
    pub(super) fn new(node: NodeId, calls: Option<mpsc::WeakUnboundedSender<Call>>, live: mpsc::Sender<Live>) -> Self {
        Self { node, calls, live }
    }

    fn call(&self, call: impl FnOnce(Rc<Node>) + Send + 'static) {
        if let Some(calls) = self.calls.as_ref().and_then(mpsc::WeakUnboundedSender::upgrade) {
            // Fails once the thread has ended; the caller then gets no answer.
            let _ = calls.send(Box::new(call));
        }
    }
}

impl Peers for NatsPeers {
    fn publish(&self, live: &Live) {
        match self.live.try_send(live.clone()) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => log::debug!("an update for other nodes is lost: the connection is too slow"),
            Err(TrySendError::Closed(_)) => {}
        }
    }

    fn follow(&self, head: &JobHead) -> LocalBoxStream<'static, Live> {
        let (sender, receiver) = mpsc::channel(FOLLOWED_AHEAD);
        let head = head.clone();
        self.call(move |node| {
            let following = follow(Rc::clone(&node), head, sender);
            node.reads.spawn_local(following);
        });
        received(receiver)
    }

    fn asked(&self) -> LocalBoxStream<'static, (Ask, ReplySender)> {
        let (sender, receiver) = mpsc::channel(FOLLOWED_AHEAD);
        let id = self.node;
        self.call(move |node| {
            let answering = answer(Rc::clone(&node), id, sender);
            node.reads.spawn_local(answering);
        });
        received(receiver)
    }

    fn ask(&self, owner: NodeId, head: &JobHead, ask: Ask) -> LocalBoxFuture<'static, Result<OwnerReply, NoAnswer>> {
        let (sender, reply) = oneshot::channel();
        let head = head.clone();
        self.call(move |node| {
            let engine = node.writer.engine.clone();
            node.reads.spawn_local(async move {
                if let Some(reply) = request(&engine, owner, &head, &ask).await {
                    // Whoever asked may have gone.
                    let _ = sender.send(reply);
                }
            });
        });
        reply.map(|reply| reply.map_err(|_| NoAnswer)).boxed_local()
    }
}

/// Sends what the jobs of this node publish, in order, until the store is closed.
pub(super) async fn publish(engine: &Engine, mut published: mpsc::Receiver<Live>) {
    while let Some(live) = published.recv().await {
        let job = match &live {
            Live::Update(update) => update.job,
            Live::Mark { job, .. } => *job,
        };
        let Ok(json) = write_live(&live) else { continue };
        if let Err(error) = engine.client().publish(engine.subjects.live(job), json.into()).await {
            log::debug!("{job}: an update for other nodes is lost: {error}");
        }
    }
    // The store is being closed, and its last writes may still be under way.
    std::future::pending::<()>().await;
}

async fn follow(node: Rc<Node>, head: JobHead, to: mpsc::Sender<Live>) {
    let engine = &node.writer.engine;
    let Ok(mut messages) = engine.client().subscribe(engine.subjects.live(head.id)).await else { return };
    loop {
        let message = tokio::select! {
            () = to.closed() => return,
            message = messages.next() => message,
        };
        let Some(message) = message else { return };
        match read_live(&head, &message.payload) {
            Ok(live) => {
                // A follower that cannot keep up misses some, and notices.
                let _ = to.try_send(live);
            }
            Err(error) => log::debug!("{}: another node said what this version does not know: {error}", head.id),
        }
    }
}

async fn answer(node: Rc<Node>, id: NodeId, to: mpsc::Sender<(Ask, ReplySender)>) {
    let engine = &node.writer.engine;
    let Ok(mut requests) = engine.client().subscribe(engine.subjects.own(id)).await else { return };
    let places = Arc::new(Semaphore::new(ASKED_AT_ONCE));
    loop {
        let request = tokio::select! {
            () = to.closed() => return,
            request = requests.next() => request,
        };
        let Some(request) = request else { return };
        let (Ok(ask), Some(reply_to)) = (read_ask(&request.payload), request.reply) else { continue };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let (sender, reply) = oneshot::channel();
        if to.send((ask, sender)).await.is_err() {
            return;
        }
        let client = engine.client().clone();
        node.reads.spawn_local(async move {
            let _place = place;
            // Later, nobody waits for it any more.
            let Ok(Ok(reply)) = timeout(ANSWER, reply).await else { return };
            if let Ok(json) = write_reply(&reply)
                && let Err(error) = client.publish(reply_to, json.into()).await
            {
                log::debug!("an answer to another node is lost: {error}");
            }
        });
    }
}

async fn request(engine: &Engine, owner: NodeId, head: &JobHead, ask: &Ask) -> Option<OwnerReply> {
    let request = Request::new().payload(write_ask(ask).ok()?.into()).timeout(Some(ANSWER));
    let answer = engine.client().send_request(engine.subjects.own(owner), request).await;
    let answer = answer.inspect_err(|error| log::debug!("{}: node {owner} does not answer: {error}", head.id)).ok()?;
    read_reply(head, &answer.payload).ok()
}

fn received<T: 'static>(receiver: mpsc::Receiver<T>) -> LocalBoxStream<'static, T> {
    stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver))).boxed_local()
}
