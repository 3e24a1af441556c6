//! What the registry knows of a job that this node does not run.

use tokio::{sync::oneshot, task::JoinHandle};

use super::loading::Found;
use crate::{
    directory::Listing,
    feed::{Feed, Replica},
    model::{JobHead, NodeId},
};

/// A job that another node runs, or that waits for a node.
pub(super) struct Other {
    pub head: JobHead,
    pub owner: Option<NodeId>,
    pub feed: Feed,
    pub listing: Listing,
    pub showing: Showing,
}

/// How the feed of an [`Other`] is kept current.
pub(super) enum Showing {
    /// Not at all, while nobody asks.
    Nothing(Replica),
    By(Mirror),
}

/// The task that keeps a feed current.
pub(super) struct Mirror {
    /// Those who wait for its first state; `None` once it was shown.
    pub waiting: Option<Vec<oneshot::Sender<Found>>>,
    pub ended: oneshot::Sender<()>,
    pub task: JoinHandle<()>,
}

impl Other {
    /// Stops showing it; returns the feed, whose readers go on elsewhere.
    pub(super) fn forget(self) -> Feed {
        self.listing.remove();
        if let Showing::By(Mirror { task, waiting, .. }) = self.showing {
            task.abort();
            for waiting in waiting.into_iter().flatten() {
                let _gone_is_fine = waiting.send(Ok(Some(self.feed.clone())));
            }
        }
        self.feed
    }

    /// Tells its mirror, which shows the stored end to its readers and stops by itself.
    pub(super) fn end(self) {
        self.listing.remove();
        if let Showing::By(Mirror { waiting, ended, .. }) = self.showing {
            // It may have seen the end already.
            let _ = ended.send(());
            for waiting in waiting.into_iter().flatten() {
                let _gone_is_fine = waiting.send(Ok(Some(self.feed.clone())));
            }
        }
    }
}
