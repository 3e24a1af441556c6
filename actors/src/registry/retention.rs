//! The jobs that have ended: what is kept of each at hand, and when it may go.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Bound::{Excluded, Unbounded},
};

use tokio::time::Instant;

use crate::model::{EpisodeStatus, JobId, Status};

/// All that is kept in memory of a job that has ended; its brief and its text are in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// As what it ended.
    pub status: Status,
    /// What became of its script; `None` unless it completed.
    pub episode: Option<EpisodeStatus>,
    /// The store knows of the end.
    pub recorded: bool,
    /// About how much it takes in the store.
    pub bytes: u64,
    /// When it ended, in milliseconds by the clock on the wall: only compared with those of other jobs.
    pub at: i64,
}

/// A number of jobs and of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Jobs.
    pub jobs: usize,
    /// Bytes.
    pub bytes: u64,
}

/// The ended jobs, those that may go with their deadlines. Every call costs O(log jobs), except where it says otherwise.
#[derive(Debug, Default)]
pub struct Retention {
    jobs: HashMap<JobId, Row>,
    bytes: u64,
    by_deadline: BTreeSet<(Instant, JobId)>,
    /// Those that may go before their time when there are too many, by when they ended: not those whose script is in no
    /// episode.
    by_age: BTreeSet<(i64, JobId)>,
}

#[derive(Debug)]
struct Row {
    ended: Ended,
    /// `None`: something is owed still, and the job must not go.
    deadline: Option<Instant>,
}

impl Retention {
    /// Takes a job in that must not go before [`Retention::keep`] is called for it.
    pub fn enter(&mut self, job: JobId, ended: Ended) {
        self.remove(job);
        self.bytes += ended.bytes;
        self.jobs.insert(job, Row { ended, deadline: None });
    }

    /// What is kept of a job, if it has ended and is held.
    pub fn get(&self, job: JobId) -> Option<&Ended> {
        self.jobs.get(&job).map(|row| &row.ended)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, job: JobId) -> Option<&mut Ended> {
        self.jobs.get_mut(&job).map(|row| &mut row.ended)
    }

    /// Lets a job go at `deadline`, or later if it already was to be kept longer.
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

    /// Keeps a job longer that may go at some time.
    pub fn prolong(&mut self, job: JobId, deadline: Instant) {
        if self.jobs.get(&job).is_some_and(|row| row.deadline.is_some()) {
            self.keep(job, deadline);
        }
    }

    /// Something is owed again: the job must not go.
    pub fn hold(&mut self, job: JobId) {
        let Some(row) = self.jobs.get_mut(&job) else { return };
        if let Some(deadline) = row.deadline.take() {
            self.by_deadline.remove(&(deadline, job));
            self.by_age.remove(&(row.ended.at, job));
        }
    }

    /// Forgets a job.
    pub fn remove(&mut self, job: JobId) -> Option<Ended> {
        self.hold(job);
        let row = self.jobs.remove(&job)?;
        self.bytes -= row.ended.bytes;
        Some(row.ended)
    }

    /// Takes out jobs that may go at `now`, until `step` is reached: those whose time is over, the longest overdue first,
    /// then the oldest ones that are too many for `keep`. One that is `in_use` stays, until `again` at least. Costs
    /// O(taken + in use).
    pub fn take(
        &mut self,
        now: Instant,
        again: Instant,
        keep: Bound,
        step: Bound,
        in_use: impl Fn(JobId) -> bool,
    ) -> Vec<(JobId, Ended)> {
        let mut taken = Step { limit: step, bytes: 0, jobs: Vec::new() };
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

struct Step {
    limit: Bound,
    bytes: u64,
    jobs: Vec<(JobId, Ended)>,
}

impl Step {
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

    struct Shelf {
        retention: Retention,
        begin: Instant,
    }

    impl Shelf {
        fn new() -> Self {
            Self { retention: Retention::default(), begin: Instant::now() }
        }

        fn at(&self, seconds: u64) -> Instant {
            self.begin + Duration::from_secs(seconds)
        }

        /// A job that may go at that second.
        fn kept(&mut self, until: u64) -> JobId {
            let job = JobId::new();
            self.retention.enter(job, ended(until as i64, 10));
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
    fn jobs_go_in_the_order_of_their_deadlines_and_activity_prolongs_them() {
        let mut shelf = Shelf::new();
        let [a, b, c] = [10, 5, 20].map(|until| shelf.kept(until));
        shelf.retention.prolong(b, shelf.at(15));
        shelf.retention.prolong(c, shelf.at(1));
        shelf.retention.prolong(JobId::new(), shelf.at(1));
        assert_eq!(shelf.take(9, ALL, &[]), []);
        assert_eq!(shelf.take(16, ALL, &[]), [a, b]);
        assert_eq!(shelf.take(1000, ALL, &[]), [c]);
        assert_eq!(shelf.take(1000, ALL, &[]), []);
    }

    #[test]
    fn what_is_in_use_or_owes_something_stays() {
        let mut shelf = Shelf::new();
        let [read, owing, free] = [1, 2, 3].map(|until| shelf.kept(until));
        shelf.retention.hold(owing);
        assert_eq!(shelf.take(10, ALL, &[read]), [free]);
        assert_eq!(shelf.take(109, ALL, &[]), [], "its reader has only just left");
        assert_eq!(shelf.take(110, ALL, &[]), [read]);
        let none = Bound { jobs: 0, bytes: 0 };
        assert_eq!(shelf.take(110, none, &[]), []);
        shelf.retention.keep(owing, shelf.at(9999));
        assert_eq!(shelf.take(110, none, &[]), [owing]);
    }

    #[test]
    fn beyond_either_bound_the_oldest_goes_first_whatever_its_deadline() {
        let mut shelf = Shelf::new();
        let jobs = [1000, 1001, 1002, 1003].map(|until| shelf.kept(until));
        shelf.retention.prolong(jobs[0], shelf.at(9999));
        assert_eq!(shelf.take(0, Bound { jobs: 3, bytes: 40 }, &[]), [jobs[0]]);
        assert_eq!(shelf.take(0, Bound { jobs: 3, bytes: 29 }, &[jobs[1]]), [jobs[2]]);
        assert_eq!(shelf.take(0, Bound { jobs: 3, bytes: 20 }, &[]), []);
    }

    #[test]
    fn a_script_that_was_refused_stays_for_its_time_however_many_jobs_there_are() {
        let mut shelf = Shelf::new();
        let refused = JobId::new();
        shelf.retention.enter(refused, Ended { episode: Some(EpisodeStatus::Refused), ..ended(1, 10) });
        shelf.retention.keep(refused, shelf.at(500));
        let other = shelf.kept(600);
        let none = Bound { jobs: 0, bytes: 0 };
        assert_eq!(shelf.take(0, none, &[]), [other]);
        assert_eq!(shelf.take(499, none, &[]), []);
        assert_eq!(shelf.take(500, none, &[]), [refused]);
    }

    proptest! {
        #[test]
        fn steps_are_bounded_and_together_take_what_is_too_much(
            sizes in prop::collection::vec(0u64..100, 1..60), jobs in 0usize..40, bytes in 0u64..2000, step in 1u64..300
        ) {
            let mut shelf = Shelf::new();
            for (at, size) in sizes.iter().enumerate() {
                let job = JobId::new();
                shelf.retention.enter(job, ended(at as i64, *size));
                shelf.retention.keep(job, shelf.at(1000));
            }
            let (keep, step) = (Bound { jobs, bytes }, Bound { jobs: 7, bytes: step });
            let mut gone = 0;
            loop {
                let now = shelf.at(0);
                let taken = shelf.retention.take(now, now, keep, step, |_| false);
                let Some(((_, last), before)) = taken.split_last() else { break };
                prop_assert!(taken.len() <= 7);
                prop_assert!(before.iter().map(|(_, ended)| ended.bytes).sum::<u64>() < step.bytes, "{} more", last.bytes);
                gone += taken.len();
            }
            let fits = |rest: &[u64]| rest.len() <= jobs && rest.iter().sum::<u64>() <= bytes;
            prop_assert!(fits(&sizes[gone..]));
            prop_assert!(gone == 0 || !fits(&sizes[gone - 1..]), "no more than needed");
        }
    }
}
