//! Shows here a job that another node runs: follows what its owner publishes, and asks for what was missed.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use tokio::{
    sync::oneshot,
    time::{Instant, sleep, timeout},
};

use crate::{
    feed::{Feed, Heard, Replica},
    job::JobState,
    model::{JobHead, JobRecord, NodeId},
    ports::{Ask, JobStore, OwnerReply, Peers},
    store_timeout::with_store_timeout,
};

/// After this much silence the owner is asked: whatever was lost is shown again soon after.
const SILENCE: Duration = Duration::from_secs(1);
/// How long an owner that did not answer is left alone.
const PAUSE: Duration = Duration::from_secs(1);
/// A mirror without readers ends after this time.
const IDLE: Duration = Duration::from_secs(30);

/// What a mirror needs.
pub(crate) struct MirrorParts {
    pub head: JobHead,
    /// Who runs the job; `None` while it waits for a node.
    pub owner: Option<NodeId>,
    pub replica: Replica,
    pub peers: Arc<dyn Peers>,
    pub store: Arc<dyn JobStore>,
    /// Told once the feed shows what the owner shows, or what the store holds if the owner does not answer.
    pub ready: oneshot::Sender<()>,
    /// Resolves when the job's end is stored.
    pub ended: oneshot::Receiver<()>,
}

/// Why a mirror has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// Its feed shows the job's end.
    Ended,
    /// Nobody reads it any more.
    Idle,
    /// The job is no longer in the store.
    Gone,
}

/// Keeps the replica's feed current until the job's end in this epoch, or until nobody reads it.
///
/// # Cancel safety
/// Dropping the future leaves the feed as it is; another mirror needs another feed.
pub(crate) async fn run(parts: MirrorParts) -> Stopped {
    let MirrorParts { head, owner, replica, peers, store, ready, mut ended } = parts;
    let mut mirror = Mirror { head, owner, replica, peers, store };
    // Before the first question, so that nothing falls between.
    let mut heard = mirror.peers.follow(&mirror.head);
    let mut current = mirror.ask().await;
    if !current {
        mirror.show_stored().await;
    }
    // Whoever waited may have gone.
    let _ = ready.send(());
    let mut read_at = Instant::now();
    loop {
        if mirror.replica.has_ended() {
            return Stopped::Ended;
        }
        if mirror.replica.feed().has_readers() {
            read_at = Instant::now();
        } else if read_at.elapsed() > IDLE {
            return Stopped::Idle;
        }
        tokio::select! {
            live = timeout(SILENCE, heard.next()) => match live {
                Ok(Some(live)) => current = mirror.replica.hear(&live) == Heard::Current,
                // Silence, or no connection.
                Ok(None) | Err(_) => current = false,
            },
            _ = &mut ended => return mirror.end().await,
        }
        if !current && !mirror.ask().await {
            // The store tells of the job's end or next owner.
            tokio::select! {
                () = sleep(PAUSE) => {}
                _ = &mut ended => return mirror.end().await,
            }
        }
    }
}

struct Mirror {
    head: JobHead,
    owner: Option<NodeId>,
    replica: Replica,
    peers: Arc<dyn Peers>,
    store: Arc<dyn JobStore>,
}

impl Mirror {
    /// Asks the owner for everything that is not shown yet. Returns whether it answered for this epoch.
    async fn ask(&mut self) -> bool {
        let Some(owner) = self.owner else { return false };
        let (job, epoch, version) = (self.head.id, self.replica.feed().epoch(), self.replica.version());
        let mut text = String::new();
        loop {
            let length = self.replica.length() + text.len();
            let ask = Ask::Get { job, epoch, version, length };
            match self.peers.ask(owner, &self.head, ask).await {
                Ok(OwnerReply::State { epoch: of, version, view, offset, text: more, more: goes_on })
                    if of == epoch && offset == length =>
                {
                    text.push_str(&more);
                    if !goes_on {
                        self.replica.catch_up(version, view, text);
                        return true;
                    }
                }
                _ => return false,
            }
        }
    }

    /// Shows what the store holds of a job whose owner does not answer, without an event: only its owner knows the ids.
    async fn show_stored(&self) {
        match with_store_timeout(self.store.load(self.head.id)).await {
            Ok(Some(record)) if record.head.epoch == self.replica.feed().epoch() && record.head.end.is_none() => {
                self.replica.show_view(stored_view(record, self.owner));
            }
            Ok(_) => {}
            Err(error) => log::debug!("{}: not read while its owner is silent: {error}", self.head.id),
        }
    }

    /// Shows the end that is stored.
    async fn end(&mut self) -> Stopped {
        let record = loop {
            match with_store_timeout(self.store.load(self.head.id)).await {
                Ok(Some(record)) => break record,
                Ok(None) => return Stopped::Gone,
                Err(error) => {
                    log::warn!("{}: its end is not shown yet: {error}", self.head.id);
                    sleep(PAUSE).await;
                }
            }
        };
        let Some(end) = record.head.end.clone() else { return Stopped::Gone };
        let epoch = record.head.epoch;
        let state = JobState::restore(record);
        let same = epoch == self.replica.feed().epoch();
        if !(same && self.replica.end(end.mark, state.view(), state.text().as_str())) {
            // Ended in an epoch that nobody has shown, or from a shorter text.
            let context = self.replica.feed().context();
            let feed = Feed::ended(epoch, end.mark, state.view(), state.text().as_str(), context);
            self.replica.feed().move_readers_to(&feed);
        }
        Stopped::Ended
    }
}

/// The view of an unfinished job that another node runs.
pub(crate) fn stored_view(record: JobRecord, owner: Option<NodeId>) -> crate::model::JobView {
    let streaming = owner.is_some() && record.head.started_at.is_some();
    let mut view = JobState::restore(record).view();
    if streaming {
        view.status = crate::model::Status::Streaming;
        view.step = crate::model::Step::WritingDialogue;
        view.queue_position = None;
    }
    view
}
