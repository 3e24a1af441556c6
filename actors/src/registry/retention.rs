//! When finished jobs are forgotten: one ordered set of deadlines, so that one timer serves all jobs.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use crate::job::JobId;

/// A deadline for each finished job.
#[derive(Debug, Default)]
pub struct Retention {
    deadlines: HashMap<JobId, DateTime<Utc>>,
    order: BTreeSet<(DateTime<Utc>, JobId)>,
}

impl Retention {
    /// Keeps `job` until `deadline`, or longer if it already is to be kept longer.
    pub fn keep(&mut self, job: JobId, deadline: DateTime<Utc>) {
        let until = self.deadlines.get(&job).map_or(deadline, |kept| deadline.max(*kept));
        if let Some(before) = self.deadlines.insert(job, until) {
            self.order.remove(&(before, job));
        }
        self.order.insert((until, job));
    }

    /// Keeps a job longer that is being kept; others are not finished and need no deadline.
    pub fn prolong(&mut self, job: JobId, deadline: DateTime<Utc>) {
        if self.deadlines.contains_key(&job) {
            self.keep(job, deadline);
        }
    }

    /// Takes out at most `most` jobs whose time is over at `now`, the longest overdue first.
    pub fn expire(&mut self, now: DateTime<Utc>, most: usize) -> Vec<JobId> {
        let mut expired = Vec::new();
        while expired.len() < most {
            match self.order.first().copied() {
                Some((deadline, job)) if deadline <= now => {
                    self.order.pop_first();
                    self.deadlines.remove(&job);
                    expired.push(job);
                }
                _ => break,
            }
        }
        expired
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    #[test]
    fn jobs_expire_in_the_order_of_their_deadlines_and_activity_prolongs_them() {
        let mut retention = Retention::default();
        let [a, b, c] = [(); 3].map(|()| JobId::new());
        retention.keep(a, at(10));
        retention.keep(b, at(5));
        retention.keep(c, at(20));
        retention.prolong(b, at(15));
        retention.prolong(c, at(1));
        assert_eq!(retention.expire(at(9), 10), []);
        assert_eq!(retention.expire(at(16), 10), [a, b]);
        retention.prolong(a, at(99));
        assert_eq!(retention.expire(at(1000), 10), [c]);
        assert_eq!(retention.expire(at(1000), 10), []);
    }
}
