//! Creations in progress: jobs that are being made durable.

use std::collections::HashMap;

use tokio::sync::oneshot;

use super::{CreateError, Created};
use crate::model::{IdempotencyKey, JobId};

type Waiting = oneshot::Sender<Result<Created, CreateError>>;

/// The creations in progress. Each reserves a place in the queue and its key: a request with the same key waits for the
/// same job.
#[derive(Default)]
pub(super) struct Creations {
    jobs: HashMap<JobId, Creation>,
    keys: HashMap<String, (String, JobId)>,
}

#[derive(Default)]
struct Creation {
    key: Option<String>,
    waiting: Vec<Waiting>,
}

impl Creations {
    pub(super) fn begin(&mut self, job: JobId, key: Option<&IdempotencyKey>) {
        if let Some(key) = key {
            self.keys.insert(key.key.clone(), (key.body_digest.clone(), job));
        }
        self.jobs.insert(job, Creation { key: key.map(|key| key.key.clone()), waiting: Vec::new() });
    }

    /// The job being created under a key, or a conflict if its body differs.
    pub(super) fn of_key(&self, key: &IdempotencyKey) -> Option<Result<JobId, CreateError>> {
        let (digest, job) = self.keys.get(&key.key)?;
        Some(if *digest == key.body_digest { Ok(*job) } else { Err(CreateError::IdempotencyConflict) })
    }

    /// Returns a receiver for the result of creating `job`; `None` if it is not in progress.
    pub(super) fn wait_for(&mut self, job: JobId) -> Option<oneshot::Receiver<Result<Created, CreateError>>> {
        let (sender, receiver) = oneshot::channel();
        self.jobs.get_mut(&job)?.waiting.push(sender);
        Some(receiver)
    }

    /// Removes a creation and returns the senders that wait for its result.
    pub(super) fn end(&mut self, job: JobId) -> Vec<Waiting> {
        let Creation { key, waiting } = self.jobs.remove(&job).unwrap_or_default();
        if let Some(key) = key {
            self.keys.remove(&key);
        }
        waiting
    }

    pub(super) fn contains(&self, job: JobId) -> bool {
        self.jobs.contains_key(&job)
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }
}
