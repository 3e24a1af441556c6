//! Ended jobs that are being read in the store.

use tokio::sync::oneshot;

use crate::{feed::Feed, ports::StoreError};

pub(super) type Found = Result<Option<Feed>, StoreError>;

/// A job that is being read in the store, once for all who want it.
pub(super) struct Loading {
    waiting: Vec<oneshot::Sender<Found>>,
    /// What became of its script has changed meanwhile: what is being read may be older.
    pub outdated: bool,
}

impl Loading {
    pub(super) fn for_one(told: oneshot::Sender<Found>) -> Self {
        Self { waiting: vec![told], outdated: false }
    }

    pub(super) fn add(&mut self, told: oneshot::Sender<Found>) {
        self.waiting.push(told);
    }

    /// The same once more.
    pub(super) fn again(self) -> Self {
        Self { outdated: false, ..self }
    }

    /// Who is to be told.
    pub(super) fn waiting(self) -> Vec<oneshot::Sender<Found>> {
        self.waiting
    }
}

/// Where a look-up stands.
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
                .unwrap_or_else(|_| Err(StoreError::unavailable("the registry has ended while it read a job"))),
        }
    }
}
