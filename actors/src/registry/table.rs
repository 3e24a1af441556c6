//! The unfinished jobs.

use std::collections::HashMap;

use crate::{job::JobId, ports::IdempotencyKey};

/// Jobs by id and by idempotency key. `J` is whatever is kept of a job. Keys of jobs that have ended are the store's to know.
#[derive(Debug)]
pub struct Table<J> {
    jobs: HashMap<JobId, Row<J>>,
    keys: HashMap<String, (String, JobId)>,
}

#[derive(Debug)]
struct Row<J> {
    job: J,
    key: Option<String>,
}

/// What is known of an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// No unfinished job has it.
    New,
    /// It made this job, of the same body.
    Same(JobId),
    /// It made a job of another body.
    Other,
}

impl<J> Default for Table<J> {
    fn default() -> Self {
        Self { jobs: HashMap::new(), keys: HashMap::new() }
    }
}

impl<J> Table<J> {
    /// Notes who holds a key, before the job itself is there.
    pub fn claim_key(&mut self, key: &IdempotencyKey, job: JobId) {
        self.keys.insert(key.key.clone(), (key.body_digest.clone(), job));
    }

    /// Gives up a job's claim; one that another job has taken over since is left alone.
    pub fn release_key(&mut self, key: &str, job: JobId) {
        if self.keys.get(key).is_some_and(|(_, holder)| *holder == job) {
            self.keys.remove(key);
        }
    }

    /// What `key` stands for.
    pub fn key_use(&self, key: &IdempotencyKey) -> KeyUse {
        match self.keys.get(&key.key) {
            None => KeyUse::New,
            Some((digest, job)) if *digest == key.body_digest => KeyUse::Same(*job),
            Some(_) => KeyUse::Other,
        }
    }

    /// Adds a job.
    pub fn insert(&mut self, id: JobId, job: J, key: Option<&IdempotencyKey>) {
        if let Some(key) = key {
            self.claim_key(key, id);
        }
        self.jobs.insert(id, Row { job, key: key.map(|key| key.key.clone()) });
    }

    /// The job of that name.
    pub fn get(&self, id: JobId) -> Option<&J> {
        self.jobs.get(&id).map(|row| &row.job)
    }

    /// The job of that name, to be changed.
    pub fn get_mut(&mut self, id: JobId) -> Option<&mut J> {
        self.jobs.get_mut(&id).map(|row| &mut row.job)
    }

    /// Takes a job out, and gives up its key.
    pub fn remove(&mut self, id: JobId) -> Option<J> {
        let row = self.jobs.remove(&id)?;
        if let Some(key) = row.key {
            self.release_key(&key, id);
        }
        Some(row.job)
    }

    /// All jobs, in no order.
    pub fn jobs(&self) -> impl Iterator<Item = (JobId, &J)> {
        self.jobs.iter().map(|(id, row)| (*id, &row.job))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_for_its_job_until_the_job_is_gone() {
        let mut table = Table::default();
        let key = |digest: &str| IdempotencyKey { key: "k".into(), body_digest: digest.into() };
        let id = JobId::new();
        assert_eq!(table.key_use(&key("a")), KeyUse::New);
        table.insert(id, (), Some(&key("a")));
        assert_eq!(table.key_use(&key("a")), KeyUse::Same(id));
        assert_eq!(table.key_use(&key("b")), KeyUse::Other);
        assert_eq!(table.remove(id), Some(()));
        assert_eq!(table.remove(id), None, "once");
        assert_eq!(table.key_use(&key("b")), KeyUse::New);
    }

    #[test]
    fn a_key_that_a_later_job_holds_outlives_the_earlier_one() {
        let mut table = Table::default();
        let key = IdempotencyKey { key: "k".into(), body_digest: "a".into() };
        let [earlier, later] = [(); 2].map(|()| JobId::new());
        table.insert(earlier, (), Some(&key));
        table.insert(later, (), Some(&key));
        table.remove(earlier);
        assert_eq!(table.key_use(&key), KeyUse::Same(later));
        table.remove(later);
        assert_eq!(table.key_use(&key), KeyUse::New);
    }
}
