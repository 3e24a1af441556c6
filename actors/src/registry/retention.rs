//! The ended jobs: the small record kept of each, and when it may be forgotten.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Bound::{Excluded, Unbounded},
};

use tokio::time::Instant;

use crate::model::{EpisodeStatus, JobId, Status};

/// The record kept in memory of an ended job; its brief and text are in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The terminal status.
    pub status: Status,
    /// The state of its episode; `None` unless it completed.
    pub episode: Option<EpisodeStatus>,
    /// Whether the store has recorded the end.
    pub recorded: bool,
    /// Its approximate size in the store, in bytes.
    pub bytes: u64,
    /// When it ended, in milliseconds of the wall clock; only compared with other jobs.
    pub at: i64,
}

/// A bound on a number of jobs and on their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The number of jobs.
    pub jobs: usize,
    /// The number of bytes.
    pub bytes: u64,
}

/// The ended jobs, and the deadlines of those that may be forgotten. Every call costs O(log jobs) unless it says
/// otherwise.
#[derive(Debug, Default)]
pub struct Retention {
    jobs: HashMap<JobId, Row>,
    bytes: u64,
    by_deadline: BTreeSet<(Instant, JobId)>,
    /// The jobs that may be forgotten before their deadline if there are too many, by the time they ended. Jobs whose
    /// script is not saved as an episode are not among them.
    by_age: BTreeSet<(i64, JobId)>,
}

#[derive(Debug)]
struct Row {
    ended: Ended,
    /// `None` while the job has an obligation and must not be forgotten.
    deadline: Option<Instant>,
}

impl Retention {
    /// Adds a job. It must not be forgotten before [`Retention::keep`] is called for it.
    pub fn add(&mut self, job: JobId, ended: Ended) {
        self.remove(job);
        self.bytes += ended.bytes;
        self.jobs.insert(job, Row { ended, deadline: None });
    }

    /// The record of an ended job.
    pub fn get(&self, job: JobId) -> Option<&Ended> {
        self.jobs.get(&job).map(|row| &row.ended)
    }

    /// The mutable record of an ended job.
    pub fn get_mut(&mut self, job: JobId) -> Option<&mut Ended> {
        self.jobs.get_mut(&job).map(|row| &mut row.ended)
    }

    /// Lets a job be forgotten at `deadline`, or at its current deadline if that is later.
    pub fn keep(&mut self, job: JobId, deadline: Instant) {
        let Some(row) = self.jobs.get_mut(&job) else { return };
        let until = row.deadline.map_or(deadline, |kept| deadline.max(kept));
        match row.deadline.replace(until) {
            Some(before) => self.by_deadline.remove(&(before, job)),
            None if row.ended.episode == Some(EpisodeStatus::Refused) => false,
            None => self.by_age.insert((row.ended.at, job)),
        };
        self.by_deadline.insert((until, job));
    }

    /// Extends the deadline of a job that has one.
    pub fn prolong(&mut self, job: JobId, deadline: Instant) {
        if self.jobs.get(&job).is_some_and(|row| row.deadline.is_some()) {
            self.keep(job, deadline);
        }
    }

    /// Removes the deadline: the job has an obligation again and must not be forgotten.
    pub fn hold(&mut self, job: JobId) {
        let Some(row) = self.jobs.get_mut(&job) else { return };
        if let Some(deadline) = row.deadline.take() {
            self.by_deadline.remove(&(deadline, job));
            self.by_age.remove(&(row.ended.at, job));
        }
    }

    /// Removes a job.
    pub fn remove(&mut self, job: JobId) -> Option<Ended> {
        self.hold(job);
        let row = self.jobs.remove(&job)?;
        self.bytes -= row.ended.bytes;
        Some(row.ended)
    }

    /// Removes one batch of jobs that may be forgotten at `now`: first the expired ones, longest overdue first, then
    /// the oldest ones in excess of `keep`. A job that is `in_use` stays, at least until `again`. Costs O(taken + in
    /// use).
    pub fn take(
        &mut self,
        now: Instant,
        again: Instant,
        keep: Bound,
        batch: Bound,
        in_use: impl Fn(JobId) -> bool,
    ) -> Vec<(JobId, Ended)> {
        let mut taken = Batch { limit: batch, bytes: 0, jobs: Vec::new() };
        while let Some((deadline, job)) = self.by_deadline.first().copied()
            && deadline <= now
            && taken.has_room()
        {
            if in_use(job) {
                self.hold(job);
                self.keep(job, again);
            } else {
                taken.add(job, self.remove(job));
            }
        }
        let mut passed = None;
        while (self.jobs.len() > keep.jobs || self.bytes > keep.bytes) && taken.has_room() {
            let Some((at, job)) = self.oldest_after(passed) else { break };
            if !in_use(job) {
                taken.add(job, self.remove(job));
            }
            passed = Some((at, job));
        }
        taken.jobs
    }

    fn oldest_after(&self, passed: Option<(i64, JobId)>) -> Option<(i64, JobId)> {
        match passed {
            None => self.by_age.first().copied(),
            Some(job) => self.by_age.range((Excluded(job), Unbounded)).next().copied(),
        }
    }
}

struct Batch {
    limit: Bound,
    bytes: u64,
    jobs: Vec<(JobId, Ended)>,
}

impl Batch {
    fn has_room(&self) -> bool {
        self.jobs.len() < self.limit.jobs && self.bytes < self.limit.bytes
    }

    fn add(&mut self, job: JobId, ended: Option<Ended>) {
        self.bytes += ended.map_or(0, |ended| ended.bytes);
        self.jobs.extend(ended.map(|ended| (job, ended)));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const ALL: Bound = Bound { jobs: usize::MAX, bytes: u64::MAX };

    fn ended(at: i64, bytes: u64) -> Ended {
        Ended { status: Status::Canceled, episode: None, recorded: true, bytes, at }
    }

    struct Fixture {
        retention: Retention,
        begin: Instant,
    }

    impl Fixture {
        fn new() -> Self {
            Self { retention: Retention::default(), begin: Instant::now() }
        }

        fn at(&self, seconds: u64) -> Instant {
            self.begin + Duration::from_secs(seconds)
        }

        /// A job that expires at that second.
        fn kept(&mut self, until: u64) -> JobId {
            let job = JobId::new();
            self.retention.add(job, ended(until as i64, 10));
            self.retention.keep(job, self.at(until));
            job
        }

        fn take(&mut self, now: u64, keep: Bound, in_use: &[JobId]) -> Vec<JobId> {
            let (now, again) = (self.at(now), self.at(now + 100));
            let taken = self.retention.take(now, again, keep, ALL, |job| in_use.contains(&job));
            taken.into_iter().map(|(job, _)| job).collect()
        }
    }

    #[test]
    fn jobs_expire_in_deadline_order_and_activity_extends_deadlines() {
        let mut fixture = Fixture::new();
        let [a, b, c] = [10, 5, 20].map(|until| fixture.kept(until));
        fixture.retention.prolong(b, fixture.at(15));
        fixture.retention.prolong(c, fixture.at(1));
        fixture.retention.prolong(JobId::new(), fixture.at(1));
        assert_eq!(fixture.take(9, ALL, &[]), []);
        assert_eq!(fixture.take(16, ALL, &[]), [a, b]);
        assert_eq!(fixture.take(1000, ALL, &[]), [c]);
        assert_eq!(fixture.take(1000, ALL, &[]), []);
    }

    #[test]
    fn jobs_in_use_or_with_an_obligation_stay() {
        let mut fixture = Fixture::new();
        let [read, owing, free] = [1, 2, 3].map(|until| fixture.kept(until));
        fixture.retention.hold(owing);
        assert_eq!(fixture.take(10, ALL, &[read]), [free]);
        assert_eq!(fixture.take(109, ALL, &[]), [], "its reader has only just left");
        assert_eq!(fixture.take(110, ALL, &[]), [read]);
        let none = Bound { jobs: 0, bytes: 0 };
        assert_eq!(fixture.take(110, none, &[]), []);
        fixture.retention.keep(owing, fixture.at(9999));
        assert_eq!(fixture.take(110, none, &[]), [owing]);
    }

    #[test]
    fn beyond_either_bound_the_oldest_job_goes_first_whatever_its_deadline() {
        let mut fixture = Fixture::new();
        let jobs = [1000, 1001, 1002, 1003].map(|until| fixture.kept(until));
        fixture.retention.prolong(jobs[0], fixture.at(9999));
        assert_eq!(fixture.take(0, Bound { jobs: 3, bytes: 40 }, &[]), [jobs[0]]);
        assert_eq!(fixture.take(0, Bound { jobs: 3, bytes: 29 }, &[jobs[1]]), [jobs[2]]);
        assert_eq!(fixture.take(0, Bound { jobs: 3, bytes: 20 }, &[]), []);
    }

    #[test]
    fn a_refused_script_stays_until_its_deadline_however_many_jobs_there_are() {
        let mut fixture = Fixture::new();
        let refused = JobId::new();
        fixture.retention.add(refused, Ended { episode: Some(EpisodeStatus::Refused), ..ended(1, 10) });
        fixture.retention.keep(refused, fixture.at(500));
        let other = fixture.kept(600);
        let none = Bound { jobs: 0, bytes: 0 };
        assert_eq!(fixture.take(0, none, &[]), [other]);
        assert_eq!(fixture.take(499, none, &[]), []);
        assert_eq!(fixture.take(500, none, &[]), [refused]);
    }

    proptest! {
        #[test]
        fn batches_are_bounded_and_together_remove_exactly_the_excess(
            sizes in prop::collection::vec(0u64..100, 1..60), jobs in 0usize..40, bytes in 0u64..2000, size in 1u64..300
        ) {
            let mut fixture = Fixture::new();
            for (at, size) in sizes.iter().enumerate() {
                let job = JobId::new();
                fixture.retention.add(job, ended(at as i64, *size));
                fixture.retention.keep(job, fixture.at(1000));
            }
            let (keep, batch) = (Bound { jobs, bytes }, Bound { jobs: 7, bytes: size });
            let mut gone = 0;
            loop {
                let now = fixture.at(0);
                let taken = fixture.retention.take(now, now, keep, batch, |_| false);
                let Some(((_, last), before)) = taken.split_last() else { break };
                prop_assert!(taken.len() <= 7);
                prop_assert!(before.iter().map(|(_, ended)| ended.bytes).sum::<u64>() < batch.bytes, "{} more", last.bytes);
                gone += taken.len();
            }
            let fits = |rest: &[u64]| rest.len() <= jobs && rest.iter().sum::<u64>() <= bytes;
            prop_assert!(fits(&sizes[gone..]));
            prop_assert!(gone == 0 || !fits(&sizes[gone - 1..]), "no more than needed");
        }
    }
}
