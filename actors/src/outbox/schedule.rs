//! The due times of obligations.

use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    time::Duration,
};

use tokio::time::Instant;

use super::{Kind, Retry};
use crate::{backoff::Backoff, model::JobId};

const SOON: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
/// The pause between two attempts of a kind whose store is down.
const STORE_DOWN_PAUSE: Duration = Duration::from_secs(1);
const NEEDS_OPERATOR: Backoff = Backoff { first: Duration::from_secs(120), longest: Duration::from_secs(15 * 60) };

/// The obligations of one kind in the order of their due times, so that one that keeps failing does not block the
/// others. `O` is the obligation. Every call costs O(log obligations).
#[derive(Debug)]
pub(super) struct Lane<O> {
    obligations: HashMap<JobId, Row<O>>,
    order: BTreeSet<(Instant, JobId)>,
    in_progress: usize,
    /// No attempt before this time.
    down_until: Option<Instant>,
}

#[derive(Debug)]
struct Row<O> {
    obligation: O,
    failures: u32,
    /// `None` while an attempt is in progress.
    due: Option<Instant>,
}

impl<O> Default for Lane<O> {
    fn default() -> Self {
        Self { obligations: HashMap::new(), order: BTreeSet::new(), in_progress: 0, down_until: None }
    }
}

impl<O> Lane<O> {
    /// Adds an obligation, due `now`. If the job already has one, that one is kept: it becomes due if it is waiting,
    /// and is left alone while it is being attempted.
    pub(super) fn add(&mut self, job: JobId, obligation: O, now: Instant) {
        match self.obligations.entry(job) {
            Entry::Vacant(row) => {
                row.insert(Row { obligation, failures: 0, due: Some(now) });
                self.order.insert((now, job));
            }
            Entry::Occupied(mut row) => {
                let Some(due) = row.get().due else { return };
                row.get_mut().due = Some(now);
                self.order.remove(&(due, job));
                self.order.insert((now, job));
            }
        }
    }

    /// Returns the longest overdue obligation, if one may be attempted now, and marks it as being attempted.
    pub(super) fn next(&mut self, kind: Kind, now: Instant) -> Option<(JobId, &O)> {
        let (due, job) = self.order.first().copied()?;
        let down = self.down_until.is_some_and(|until| now < until);
        if due > now || down || self.in_progress >= kind.at_once {
            return None;
        }
        self.order.pop_first();
        let row = self.obligations.get_mut(&job)?;
        row.due = None;
        self.in_progress += 1;
        Some((job, &row.obligation))
    }

    /// Schedules the next attempt after a failed one. Returns the pause.
    pub(super) fn failed(&mut self, job: JobId, retry: Retry, now: Instant, jitter: f64) -> Option<Duration> {
        self.in_progress = self.in_progress.saturating_sub(1);
        let row = self.obligations.get_mut(&job)?;
        let mut pause_of = |backoff: Backoff| {
            row.failures += 1;
            backoff.pause(row.failures, jitter)
        };
        let pause = match retry {
            Retry::Soon => pause_of(SOON),
            Retry::NeedsOperator => pause_of(NEEDS_OPERATOR),
            Retry::StoreDown => {
                self.down_until = Some(now + STORE_DOWN_PAUSE);
                STORE_DOWN_PAUSE
            }
        };
        row.due = Some(now + pause);
        self.order.insert((now + pause, job));
        Some(pause)
    }

    /// Removes an obligation.
    pub(super) fn finish(&mut self, job: JobId) {
        match self.obligations.remove(&job) {
            Some(Row { due: Some(due), .. }) => {
                self.order.remove(&(due, job));
            }
            Some(Row { due: None, .. }) => self.in_progress = self.in_progress.saturating_sub(1),
            None => {}
        }
    }

    /// Removes all that are not being attempted now, the longest overdue first.
    pub(super) fn take_waiting(&mut self) -> Vec<O> {
        let order = std::mem::take(&mut self.order);
        let waiting = order.into_iter().filter_map(|(_, job)| self.obligations.remove(&job));
        waiting.map(|row| row.obligation).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind { name: "test", at_once: 2 };

    #[test]
    fn every_obligation_is_attempted_once_before_any_is_retried() {
        let mut lane = Lane::default();
        let mut now = Instant::now();
        let jobs: Vec<JobId> = (0..60).map(|_| JobId::new()).collect();
        for job in &jobs {
            lane.add(*job, (), now);
        }
        let mut tried = Vec::new();
        // Slower than the first pauses: failed obligations are due again long before the last one's first turn.
        while tried.len() < jobs.len() {
            now += Duration::from_secs(3);
            let (job, ()) = lane.next(KIND, now).expect("one is due");
            lane.failed(job, Retry::Soon, now, 0.0);
            tried.push(job);
        }
        tried.sort();
        tried.dedup();
        assert_eq!(tried.len(), jobs.len());
    }

    #[test]
    fn pauses_are_long_while_an_operator_must_fix_something() {
        let mut lane = Lane::default();
        let (job, now) = (JobId::new(), Instant::now());
        lane.add(job, (), now);
        for _ in 0..20 {
            lane.next(KIND, now + Duration::from_secs(3600)).expect("it is due");
            let pause = lane.failed(job, Retry::NeedsOperator, now, 1.0).expect("it is owed");
            assert!((Duration::from_secs(60)..=Duration::from_secs(900)).contains(&pause), "{pause:?}");
        }
    }

    #[test]
    fn adding_again_makes_a_waiting_obligation_due_but_not_one_being_attempted() {
        let mut lane = Lane::default();
        let (job, now) = (JobId::new(), Instant::now());
        let next = |lane: &mut Lane<u8>, now| lane.next(KIND, now).map(|(job, _)| job);
        lane.add(job, 1, now);
        assert_eq!((next(&mut lane, now), next(&mut lane, now)), (Some(job), None));
        lane.add(job, 2, now);
        assert_eq!(next(&mut lane, now), None, "not twice at once");
        lane.failed(job, Retry::Soon, now, 0.0);
        assert_eq!(next(&mut lane, now), None);
        lane.add(job, 3, now);
        assert_eq!(lane.next(KIND, now), Some((job, &1)), "the earlier one is kept");
        lane.failed(job, Retry::Soon, now, 0.0);
        lane.finish(job);
        let later = now + Duration::from_secs(9999);
        assert_eq!((next(&mut lane, later), lane.order.len(), lane.obligations.len()), (None, 0, 0));
    }

    #[test]
    fn a_kind_whose_store_is_down_is_attempted_once_a_second_each_obligation_in_turn() {
        let mut lane = Lane::default();
        let begin = Instant::now();
        let jobs: Vec<JobId> = (0..10).map(|_| JobId::new()).collect();
        jobs.iter().for_each(|job| lane.add(*job, (), begin));
        let mut tried = Vec::new();
        for tenth in 0..100 {
            let now = begin + Duration::from_millis(100) * tenth;
            while let Some((job, ())) = lane.next(KIND, now) {
                lane.failed(job, Retry::StoreDown, now, 0.5);
                tried.push(job);
            }
        }
        assert_eq!(tried.len(), 10);
        tried.sort();
        tried.dedup();
        assert_eq!(tried.len(), 10);
    }

    #[test]
    fn what_is_taken_is_attempted_by_nobody_else() {
        let mut lane = Lane::default();
        let (jobs, now) = ([(); 3].map(|()| JobId::new()), Instant::now());
        for (job, owed) in jobs.iter().zip(1..) {
            lane.add(*job, owed, now);
        }
        let (begun, _) = lane.next(KIND, now).expect("the first");
        let mut taken = lane.take_waiting();
        taken.sort_unstable();
        assert_eq!(taken.len(), 2);
        lane.finish(begun);
        assert!(lane.next(KIND, now).is_none());
        assert_eq!((lane.order.len(), lane.obligations.len()), (0, 0));
    }

    #[test]
    fn no_more_are_attempted_at_once_than_the_kind_allows() {
        let mut lane = Lane::default();
        let (jobs, now) = ([(); 3].map(|()| JobId::new()), Instant::now());
        for job in jobs {
            lane.add(job, (), now);
        }
        let begun = [(); 3].map(|()| lane.next(KIND, now).map(|(job, ())| job));
        assert_eq!(begun.iter().flatten().count(), 2);
        lane.finish(begun[0].expect("the first"));
        assert!(lane.next(KIND, now).is_some());
        assert!(lane.next(KIND, now).is_none());
    }
}
