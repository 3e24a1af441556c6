//! Ended jobs being read from the store.

use tokio::sync::oneshot;

use crate::{feed::Feed, ports::StoreError};

pub(super) type Found = Result<Option<Feed>, StoreError>;

/// How often a job is read again that should soon be known.
const RETRIES: u32 = 100;

/// One read of a job from the store, shared by all who wait for it.
pub(super) struct Loading {
    waiting: Vec<oneshot::Sender<Found>>,
    /// The job's episode state has changed since the read began, so the result may be out of date.
    pub stale: bool,
    /// How often it has been tried again.
    retries: u32,
}

impl Loading {
    pub(super) fn for_one(sender: oneshot::Sender<Found>) -> Self {
        Self { waiting: vec![sender], stale: false, retries: 0 }
    }

    pub(super) fn add(&mut self, sender: oneshot::Sender<Found>) {
        self.waiting.push(sender);
    }

    /// Restarts the read for the same waiters.
    pub(super) fn restarted(self) -> Self {
        Self { stale: false, ..self }
    }

    /// Whether the read may be tried once more.
    pub(super) fn try_again(&mut self) -> bool {
        self.retries += 1;
        self.retries <= RETRIES
    }

    /// Returns the senders that wait for the result.
    pub(super) fn waiting(self) -> Vec<oneshot::Sender<Found>> {
        self.waiting
    }
}

/// The state of a look-up.
pub(super) enum Lookup {
    At(Found),
    Loading(oneshot::Receiver<Found>),
}

impl Lookup {
    pub(super) async fn answer(self) -> Found {
        match self {
            Self::At(found) => found,
            Self::Loading(loaded) => loaded
                .await
                .unwrap_or_else(|_| Err(StoreError::unavailable("the registry stopped while it read a job"))),
        }
    }
}
