//! All calls of the fake ports, in one order.

use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{sync::watch, time::timeout};

use crate::{
    model::{Checkpoint, EpisodeState, JobId, NewJob},
    ports::{Claim, Ending, EpisodeDraft},
};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Happened {
    CreateCalled(JobId),
    Created(NewJob),
    CheckpointCalled(JobId),
    Checkpointed(JobId, Checkpoint),
    FinishCalled(JobId),
    Finished(Claim, Ending),
    EpisodeNoteCalled(JobId),
    EpisodeNoted(JobId, EpisodeState),
    PurgeCalled(Vec<JobId>),
    Purged(Vec<JobId>),
    SaveCalled(EpisodeDraft),
    Saved(JobId),
    Asked(String),
    StreamDropped(String),
}

/// The timeout for events that should happen immediately.
const SOON: Duration = Duration::from_secs(60);

/// Waits for `future`, at most [`SOON`].
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    timeout(SOON, future).await.expect("it should have happened by now")
}

#[derive(Clone)]
pub(crate) struct Journal {
    entries: Arc<Mutex<Vec<Happened>>>,
    length: watch::Sender<usize>,
}

impl Default for Journal {
    fn default() -> Self {
        Self { entries: Arc::default(), length: watch::Sender::new(0) }
    }
}

impl Journal {
    pub(crate) fn note(&self, happened: Happened) {
        let mut entries = self.entries.lock().expect("not poisoned");
        entries.push(happened);
        self.length.send_replace(entries.len());
    }

    pub(crate) fn all(&self) -> Vec<Happened> {
        self.entries.lock().expect("not poisoned").clone()
    }

    pub(crate) fn count(&self, wanted: impl Fn(&Happened) -> bool) -> usize {
        self.all().iter().filter(|happened| wanted(happened)).count()
    }

    /// The index of the first such entry.
    pub(crate) fn position(&self, wanted: impl Fn(&Happened) -> bool) -> Option<usize> {
        self.all().iter().position(wanted)
    }

    /// Waits until there are `times` such entries and returns the last of them.
    pub(crate) async fn until(&self, times: usize, wanted: impl Fn(&Happened) -> bool) -> Happened {
        let mut length = self.length.subscribe();
        let found = async {
            loop {
                length.borrow_and_update();
                if let Some(found) = self.all().into_iter().filter(&wanted).nth(times - 1) {
                    return found;
                }
                length.changed().await.expect("the journal lives");
            }
        };
        match timeout(SOON, found).await {
            Ok(found) => found,
            Err(_) => panic!("it did not happen {times} times: {:#?}", self.all()),
        }
    }
}
