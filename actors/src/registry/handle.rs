//! The handle that the rest of the service uses to talk to the registry.

use std::time::Duration;

use actix::{
    Addr, Handler, Message,
    dev::{MessageResponse, ToEnvelope},
    prelude::*,
};
use derive_more::{Display, Error, From};

use super::{
    Adopt, CancelJob, CreateError, CreateJob, Created, Drain, FindJob, JobRegistry, RegistryParts, SaveAnswer, SaveNow,
    cluster::Join, messages::Close,
};
use crate::{
    directory::{Directory, JobCounts, ListActive, Page},
    feed::Feed,
    model::JobId,
    ports::StoreError,
};

/// How long a caller waits for the registry. It answers look-ups in microseconds, and creations in the time of a
/// commit.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The registry did not answer: it has stopped or is overloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Error)]
#[display("the job registry does not answer")]
pub struct RegistryGone;

/// Why a look-up failed; the job may exist.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error, From)]
pub enum FindError {
    /// The registry did not answer.
    #[display("{_0}")]
    Registry(RegistryGone),
    /// The job store did not answer.
    #[display("{_0}")]
    Store(StoreError),
}

/// Talks to the registry. Cheap to clone. Every call times out after 30 s unless it says otherwise.
#[derive(Debug, Clone)]
pub struct RegistryHandle {
    registry: Addr<JobRegistry>,
    directory: Directory,
}

impl RegistryHandle {
    /// Starts a registry without jobs on its own arbiter.
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

    /// Accepts a job. The job is durable when this returns.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it unknown whether the job was accepted. Call again with the same idempotency key to
    /// find out.
    pub async fn create(&self, create: CreateJob) -> Result<Result<Created, CreateError>, RegistryGone> {
        self.ask(create).await
    }

    /// Returns the job's feed, or `None` for an unknown job.
    pub async fn find(&self, id: JobId) -> Result<Option<Feed>, FindError> {
        Ok(self.ask(FindJob(id)).await??)
    }

    /// Cancels the job. Its generator is dropped when this returns.
    pub async fn cancel(&self, id: JobId) -> Result<(), RegistryGone> {
        self.ask(CancelJob(id)).await
    }

    /// Saves a completed job's script now; `None` for an unknown job.
    pub async fn save_now(&self, id: JobId) -> Result<Option<SaveAnswer>, RegistryGone> {
        self.ask(SaveNow(id)).await
    }

    /// Returns one page of unfinished jobs, without asking the registry.
    pub fn active(&self, wanted: &ListActive) -> Page {
        self.directory.page(wanted)
    }

    /// Returns the job counts, without asking the registry.
    pub fn count(&self) -> JobCounts {
        self.directory.counts()
    }

    /// Adopts the unfinished jobs of an earlier process. The registry then loads the ended jobs by itself.
    pub async fn adopt(&self, adopt: Adopt) -> Result<(), RegistryGone> {
        self.ask(adopt).await
    }

    /// Becomes one of several nodes. Returns once all their unfinished jobs are known.
    pub async fn join(&self) -> Result<(), RegistryGone> {
        self.ask(Join).await
    }

    /// Stops accepting jobs.
    pub fn close(&self) {
        self.registry.do_send(Close);
    }

    /// Checkpoints all running jobs and cuts their readers.
    pub async fn drain(&self) -> Result<(), RegistryGone> {
        self.ask(Drain).await
    }

    /// Whether the registry is running.
    pub fn is_alive(&self) -> bool {
        self.registry.connected()
    }
}
