//! Which jobs there are.

use std::collections::{BTreeMap, HashMap};

use crate::{job::JobId, ports::IdempotencyKey};

/// Jobs by id, by age and by idempotency key. `J` is whatever is kept of a job.
#[derive(Debug)]
pub struct Table<J> {
    jobs: HashMap<JobId, Row<J>>,
    /// Unfinished jobs by their order of arrival.
    active: BTreeMap<u64, JobId>,
    keys: HashMap<String, (String, JobId)>,
    arrivals: u64,
}

#[derive(Debug)]
struct Row<J> {
    job: J,
    arrival: u64,
    key: Option<String>,
}

/// What is known of an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// Never seen, or forgotten with its job.
    New,
    /// It made this job, of the same body.
    Same(JobId),
    /// It made a job of another body.
    Other,
}

/// One page of unfinished jobs, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<J> {
    /// The page.
    pub jobs: Vec<J>,
    /// How many there are on all pages.
    pub total: usize,
    /// Where the next page starts, if there is one.
    pub next: Option<u64>,
}

impl<J> Default for Table<J> {
    fn default() -> Self {
        Self { jobs: HashMap::new(), active: BTreeMap::new(), keys: HashMap::new(), arrivals: 0 }
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

    /// Adds a job, `active` unless it has ended.
    pub fn insert(&mut self, id: JobId, job: J, key: Option<&IdempotencyKey>, active: bool) {
        self.arrivals += 1;
        let arrival = self.arrivals;
        if active {
            self.active.insert(arrival, id);
        }
        if let Some(key) = key {
            self.claim_key(key, id);
        }
        self.jobs.insert(id, Row { job, arrival, key: key.map(|key| key.key.clone()) });
    }

    /// The job of that name.
    pub fn get(&self, id: JobId) -> Option<&J> {
        self.jobs.get(&id).map(|row| &row.job)
    }

    /// The job of that name, to be changed.
    pub fn get_mut(&mut self, id: JobId) -> Option<&mut J> {
        self.jobs.get_mut(&id).map(|row| &mut row.job)
    }

    /// Notes that a job has ended; false if it had before, or is unknown.
    pub fn deactivate(&mut self, id: JobId) -> bool {
        self.jobs.get(&id).is_some_and(|row| self.active.remove(&row.arrival).is_some())
    }

    /// Whether a job is there and has not ended.
    pub fn is_active(&self, id: JobId) -> bool {
        self.jobs.get(&id).is_some_and(|row| self.active.contains_key(&row.arrival))
    }

    /// Forgets a job and its key.
    pub fn remove(&mut self, id: JobId) -> Option<J> {
        let row = self.jobs.remove(&id)?;
        self.active.remove(&row.arrival);
        if let Some(key) = row.key {
            self.release_key(&key, id);
        }
        Some(row.job)
    }

    /// All jobs.
    pub fn jobs(&self) -> impl Iterator<Item = &J> {
        self.jobs.values().map(|row| &row.job)
    }

    /// Unfinished jobs, oldest first.
    pub fn active(&self) -> impl Iterator<Item = (JobId, &J)> {
        self.active.values().filter_map(|id| Some((*id, &self.jobs.get(id)?.job)))
    }

    /// At most `limit` unfinished jobs that `wanted` picks, newest first, older than `before` (another page's `next`).
    /// Costs O(active), for the total.
    pub fn page(&self, limit: usize, before: Option<u64>, wanted: impl Fn(&J) -> bool) -> Page<J>
    where
        J: Clone,
    {
        let all = || {
            self.active
                .iter()
                .rev()
                .filter_map(|(at, id)| Some((*at, &self.jobs.get(id)?.job)))
                .filter(|(_, job)| wanted(job))
        };
        let mut rest = all().filter(|(at, _)| before.is_none_or(|before| *at < before)).peekable();
        let mut jobs = Vec::new();
        let mut last = None;
        while jobs.len() < limit {
            let Some((at, job)) = rest.next() else { break };
            jobs.push(job.clone());
            last = Some(at);
        }
        let next = rest.peek().and(last);
        Page { jobs, total: all().count(), next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_go_from_the_newest_to_the_oldest_without_gaps() {
        let mut table = Table::default();
        let ids: Vec<JobId> = (0..5).map(|_| JobId::new()).collect();
        for (at, id) in ids.iter().enumerate() {
            table.insert(*id, at, None, true);
        }
        table.deactivate(ids[3]);
        let first = table.page(2, None, |_| true);
        assert_eq!((first.jobs.as_slice(), first.total), ([4, 2].as_slice(), 4));
        let second = table.page(2, first.next, |_| true);
        assert_eq!((second.jobs.as_slice(), second.next), ([1, 0].as_slice(), None));
        assert_eq!(table.page(10, None, |at| *at == 2).jobs, [2]);
    }

    #[test]
    fn a_key_stands_for_its_job_until_the_job_is_forgotten() {
        let mut table = Table::default();
        let key = |digest: &str| IdempotencyKey { key: "k".into(), body_digest: digest.into() };
        let id = JobId::new();
        assert_eq!(table.key_use(&key("a")), KeyUse::New);
        table.insert(id, (), Some(&key("a")), true);
        assert_eq!(table.key_use(&key("a")), KeyUse::Same(id));
        assert_eq!(table.key_use(&key("b")), KeyUse::Other);
        table.remove(id);
        assert_eq!(table.key_use(&key("b")), KeyUse::New);
    }

    #[test]
    fn a_key_that_a_later_job_holds_outlives_the_earlier_one() {
        let mut table = Table::default();
        let key = IdempotencyKey { key: "k".into(), body_digest: "a".into() };
        let [earlier, later] = [(); 2].map(|()| JobId::new());
        table.insert(earlier, (), Some(&key), false);
        table.insert(later, (), Some(&key), true);
        table.remove(earlier);
        assert_eq!(table.key_use(&key), KeyUse::Same(later));
        table.remove(later);
        assert_eq!(table.key_use(&key), KeyUse::New);
    }

    #[test]
    fn a_job_ends_once() {
        let mut table = Table::default();
        let id = JobId::new();
        table.insert(id, (), None, true);
        assert!(table.is_active(id));
        assert!(table.deactivate(id));
        assert!(!table.deactivate(id));
        assert_eq!(table.active().count(), 0);
        assert!(table.get(id).is_some());
    }
}
