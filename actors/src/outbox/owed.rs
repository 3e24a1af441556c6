//! Which jobs are owed an episode, and whose turn it is.

use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    time::Duration,
};

use tokio::time::Instant;

use crate::{backoff::Backoff, job::JobId, ports::EpisodeError};

/// Down, slow, busy: it may work soon.
const PASSING: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
/// Somebody has to mend the settings or the other server; nobody does that within seconds.
const MISCONFIGURED: Backoff = Backoff { first: Duration::from_secs(120), longest: Duration::from_secs(15 * 60) };

/// The owed jobs in the order in which they fall due, so that one that fails again and again keeps nobody out. Every call
/// costs O(log owed).
#[derive(Debug, Default)]
pub(super) struct Owed {
    debts: HashMap<JobId, Debt>,
    order: BTreeSet<(Instant, JobId)>,
}

#[derive(Debug)]
struct Debt {
    failures: u32,
    /// `None` while it is being tried.
    due: Option<Instant>,
}

impl Owed {
    /// Owes a job's episode from `now` on; one that waits to be tried again falls due, one that is being
    /// tried this moment is left alone.
    pub(super) fn add(&mut self, job: JobId, now: Instant) {
        match self.debts.entry(job) {
            Entry::Vacant(debt) => {
                debt.insert(Debt { failures: 0, due: Some(now) });
                self.order.insert((now, job));
            }
            Entry::Occupied(mut debt) => {
                let Some(due) = debt.get().due else { return };
                debt.get_mut().due = Some(now);
                self.order.remove(&(due, job));
                self.order.insert((now, job));
            }
        }
    }

    /// The job that has been due for the longest time; it is being tried from now on.
    pub(super) fn next(&mut self, now: Instant) -> Option<JobId> {
        let (due, job) = self.order.first().copied()?;
        if due > now {
            return None;
        }
        self.order.pop_first();
        if let Some(debt) = self.debts.get_mut(&job) {
            debt.due = None;
        }
        Some(job)
    }

    /// A try has failed for a reason that may pass: when the next one is due.
    pub(super) fn failed(&mut self, job: JobId, error: &EpisodeError, now: Instant, jitter: f64) -> Option<Duration> {
        let backoff = if matches!(error, EpisodeError::Misconfigured(_)) { MISCONFIGURED } else { PASSING };
        let debt = self.debts.get_mut(&job)?;
        debt.failures += 1;
        let pause = backoff.pause(debt.failures, jitter);
        debt.due = Some(now + pause);
        self.order.insert((now + pause, job));
        Some(pause)
    }

    /// Nothing is owed any more.
    pub(super) fn settle(&mut self, job: JobId) {
        if let Some(Debt { due: Some(due), .. }) = self.debts.remove(&job) {
            self.order.remove(&(due, job));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down() -> EpisodeError {
        EpisodeError::Unavailable("down".into())
    }

    #[test]
    fn everybody_gets_a_turn_before_anybody_gets_a_second_one() {
        let mut owed = Owed::default();
        let mut now = Instant::now();
        let jobs: Vec<JobId> = (0..60).map(|_| JobId::new()).collect();
        for job in &jobs {
            owed.add(*job, now);
        }
        let mut tried = Vec::new();
        // Slower than the first pauses: those that failed are due again long before the last one's first turn.
        while tried.len() < jobs.len() {
            now += Duration::from_secs(3);
            let job = owed.next(now).expect("somebody is due");
            owed.failed(job, &down(), now, 0.0);
            tried.push(job);
        }
        tried.sort();
        tried.dedup();
        assert_eq!(tried.len(), jobs.len());
    }

    #[test]
    fn pauses_are_long_while_somebody_has_to_mend_something() {
        let mut owed = Owed::default();
        let (job, now) = (JobId::new(), Instant::now());
        owed.add(job, now);
        for _ in 0..20 {
            owed.next(now + Duration::from_secs(3600));
            let wrong = EpisodeError::Misconfigured("wrong token".into());
            let pause = owed.failed(job, &wrong, now, 1.0).expect("it is owed");
            assert!((Duration::from_secs(60)..=Duration::from_secs(900)).contains(&pause), "{pause:?}");
        }
    }

    #[test]
    fn asking_makes_a_waiting_job_due_and_leaves_one_alone_that_is_being_tried() {
        let mut owed = Owed::default();
        let (job, now) = (JobId::new(), Instant::now());
        owed.add(job, now);
        assert_eq!((owed.next(now), owed.next(now)), (Some(job), None));
        owed.add(job, now);
        assert_eq!(owed.next(now), None, "not twice at once");
        owed.failed(job, &down(), now, 0.0);
        assert_eq!(owed.next(now), None);
        owed.add(job, now);
        assert_eq!(owed.next(now), Some(job));
        owed.failed(job, &down(), now, 0.0);
        owed.settle(job);
        assert_eq!((owed.next(now + Duration::from_secs(9999)), owed.order.len(), owed.debts.len()), (None, 0, 0));
    }
}
