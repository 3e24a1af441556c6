//! Jobs on their way out of the store.

use std::collections::{HashMap, VecDeque};

use super::Bound;
use crate::model::JobId;

/// What the store forgets in one write: every other write waits for as long as that takes.
pub(super) const STEP: Bound = Bound { jobs: 256, bytes: 4 * 1024 * 1024 };

/// Jobs that are not here any more and may still be in the store.
#[derive(Default)]
pub(super) struct Leaving {
    bytes: HashMap<JobId, u64>,
    /// Those that are in no purge yet.
    waiting: VecDeque<JobId>,
    /// One step is being purged.
    pub under_way: bool,
}

impl Leaving {
    pub(super) fn contains(&self, job: JobId) -> bool {
        self.bytes.contains_key(&job)
    }

    pub(super) fn add(&mut self, job: JobId, bytes: u64) {
        if self.bytes.insert(job, bytes).is_none() {
            self.waiting.push_back(job);
        }
    }

    /// How many are in no purge yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The store does not hold them any more.
    pub(super) fn gone(&mut self, jobs: &[JobId]) {
        for job in jobs {
            self.bytes.remove(job);
        }
    }

    /// As many of those that wait as make one step.
    pub(super) fn next_step(&mut self) -> Vec<JobId> {
        let (mut jobs, mut bytes) = (Vec::new(), 0);
        while jobs.len() < STEP.jobs
            && bytes < STEP.bytes
            && let Some(job) = self.waiting.pop_front()
        {
            bytes += self.bytes.get(&job).copied().unwrap_or(0);
            jobs.push(job);
        }
        jobs
    }
}
