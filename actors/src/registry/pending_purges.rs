//! Forgotten jobs that are still to be purged from the store.

use std::collections::{HashMap, VecDeque};

use super::Bound;
use crate::model::JobId;

/// The most purged in one write: every other write waits for as long as it takes.
pub(super) const PURGE_BATCH: Bound = Bound { jobs: 256, bytes: 4 * 1024 * 1024 };

/// Jobs that the registry has forgotten and that may still be in the store.
#[derive(Default)]
pub(super) struct PendingPurges {
    bytes: HashMap<JobId, u64>,
    /// The jobs in no batch yet.
    waiting: VecDeque<JobId>,
    /// Whether a batch is being purged.
    pub in_progress: bool,
}

impl PendingPurges {
    pub(super) fn contains(&self, job: JobId) -> bool {
        self.bytes.contains_key(&job)
    }

    pub(super) fn add(&mut self, job: JobId, bytes: u64) {
        if self.bytes.insert(job, bytes).is_none() {
            self.waiting.push_back(job);
        }
    }

    /// The number of jobs in no batch yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Removes jobs that the store no longer holds.
    pub(super) fn purged(&mut self, jobs: &[JobId]) {
        for job in jobs {
            self.bytes.remove(job);
        }
    }

    /// Takes the next batch.
    pub(super) fn next_batch(&mut self) -> Vec<JobId> {
        let (mut jobs, mut bytes) = (Vec::new(), 0);
        while jobs.len() < PURGE_BATCH.jobs
            && bytes < PURGE_BATCH.bytes
            && let Some(job) = self.waiting.pop_front()
        {
            bytes += self.bytes.get(&job).copied().unwrap_or(0);
            jobs.push(job);
        }
        jobs
    }
}
