//! What the rest of the service holds of the registry.

use std::time::Duration;

use actix::{
    Addr, Handler, Message,
    dev::{MessageResponse, ToEnvelope},
    prelude::*,
};
use derive_more::{Display, Error, From};

use super::{
    Adopt, CancelJob, CreateError, CreateJob, Created, Drain, FindJob, JobRegistry, RegistryParts, SaveAnswer, SaveNow,
    messages::Close,
};
use crate::{
    directory::{Directory, JobCounts, ListActive, Page},
    feed::Feed,
    model::JobId,
    ports::StoreError,
};

/// How long anybody waits for the registry; it answers look-ups in microseconds and creations in a commit's time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The registry did not answer: it has died, or is hopelessly behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Error)]
#[display("the job registry does not answer")]
pub struct RegistryGone;

/// Why a job could not be looked up; it may be there.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error, From)]
pub enum FindError {
    /// The registry did not answer.
    #[display("{_0}")]
    Registry(RegistryGone),
    /// The store that holds it did not.
    #[display("{_0}")]
    Store(StoreError),
}

/// Talks to the registry; cheap to clone. Every call waits 30 s at most, unless it says otherwise.
#[derive(Debug, Clone)]
pub struct RegistryHandle {
    registry: Addr<JobRegistry>,
    directory: Directory,
}

impl RegistryHandle {
    /// Starts a registry without jobs, on an arbiter of its own.
    pub fn start(parts: RegistryParts) -> Self {
        let directory = Directory::default();
        let of_registry = directory.clone();
        let arbiter = Arbiter::new().handle();
        let registry = JobRegistry::start_in_arbiter(&arbiter, move |_| JobRegistry::new(parts, of_registry));
        Self::new(registry, directory)
    }

    pub(super) fn new(registry: Addr<JobRegistry>, directory: Directory) -> Self {
        Self { registry, directory }
    }

    #[cfg(test)]
    pub(super) fn address(&self) -> &Addr<JobRegistry> {
        &self.registry
    }

    async fn ask<M>(&self, message: M) -> Result<M::Result, RegistryGone>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        JobRegistry: Handler<M>,
        <JobRegistry as Actor>::Context: ToEnvelope<JobRegistry, M>,
        <JobRegistry as Handler<M>>::Result: MessageResponse<JobRegistry, M>,
    {
        self.registry.send(message).timeout(ANSWER_TIMEOUT).await.map_err(|_| RegistryGone)
    }

    /// Accepts a job; it is durable when this answers.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the job was accepted; an idempotency key settles it.
    pub async fn create(&self, create: CreateJob) -> Result<Result<Created, CreateError>, RegistryGone> {
        self.ask(create).await
    }

    /// What the job shows, if it is held.
    pub async fn find(&self, id: JobId) -> Result<Option<Feed>, FindError> {
        Ok(self.ask(FindJob(id)).await??)
    }

    /// Stops the job; its generator is dropped when this answers.
    pub async fn cancel(&self, id: JobId) -> Result<(), RegistryGone> {
        self.ask(CancelJob(id)).await
    }

    /// Has a completed job's script saved now; `None` for an unknown job.
    pub async fn save_now(&self, id: JobId) -> Result<Option<SaveAnswer>, RegistryGone> {
        self.ask(SaveNow(id)).await
    }

    /// One page of unfinished jobs, at once.
    pub fn active(&self, wanted: &ListActive) -> Page {
        self.directory.page(wanted)
    }

    /// Counts the jobs held, at once.
    pub fn count(&self) -> JobCounts {
        self.directory.counts()
    }

    /// Takes in the unfinished jobs of an earlier process; the ended ones follow by themselves.
    pub async fn adopt(&self, adopt: Adopt) -> Result<(), RegistryGone> {
        self.ask(adopt).await
    }

    /// Accepts nothing more from now on.
    pub fn close(&self) {
        self.registry.do_send(Close);
    }

    /// Checkpoints what runs and cuts the readers.
    pub async fn drain(&self) -> Result<(), RegistryGone> {
        self.ask(Drain).await
    }

    /// Whether the registry lives.
    pub fn is_alive(&self) -> bool {
        self.registry.connected()
    }
}
