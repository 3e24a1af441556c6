//! The feeds of ended jobs, as far as somebody holds or lately wanted them.

use std::collections::{BTreeMap, HashMap};

use crate::{
    feed::{Feed, WeakFeed},
    model::JobId,
};

/// Gives out one feed a job while anybody holds it, and keeps the last used ones itself, up to so many bytes.
pub(super) struct Shelf {
    limit: usize,
    held: HashMap<JobId, WeakFeed>,
    hot: HashMap<JobId, Hot>,
    /// By when they were used last.
    order: BTreeMap<u64, JobId>,
    uses: u64,
    bytes: usize,
}

struct Hot {
    /// Held so that it can be found.
    _feed: Feed,
    bytes: usize,
    used: u64,
}

impl Shelf {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, held: HashMap::new(), hot: HashMap::new(), order: BTreeMap::new(), uses: 0, bytes: 0 }
    }

    /// The job's feed, if it is still somewhere.
    pub(super) fn get(&mut self, job: JobId) -> Option<Feed> {
        let feed = self.held.get(&job)?.upgrade()?;
        self.warm(job, &feed);
        Some(feed)
    }

    /// Takes a feed in; there must be no other of that job.
    pub(super) fn put(&mut self, job: JobId, feed: &Feed) {
        self.held.insert(job, feed.downgrade());
        self.warm(job, feed);
    }

    /// The job's feed, if it is still somewhere, without counting as use.
    pub(super) fn peek(&self, job: JobId) -> Option<Feed> {
        self.held.get(&job)?.upgrade()
    }

    /// Whether somebody is connected to the job.
    pub(super) fn has_readers(&self, job: JobId) -> bool {
        self.peek(job).is_some_and(|feed| feed.has_readers())
    }

    pub(super) fn remove(&mut self, job: JobId) {
        self.held.remove(&job);
        self.cool(job);
    }

    /// Drops what is left of feeds that nobody holds any more. Costs O(feeds).
    pub(super) fn prune(&mut self) {
        self.held.retain(|_, feed| feed.is_held());
    }

    fn warm(&mut self, job: JobId, feed: &Feed) {
        self.cool(job);
        let bytes = feed.size();
        // One that alone would take the place of all others is read again instead.
        if bytes > self.limit / 4 {
            return;
        }
        self.uses += 1;
        self.order.insert(self.uses, job);
        self.hot.insert(job, Hot { _feed: feed.clone(), bytes, used: self.uses });
        self.bytes += bytes;
        while self.bytes > self.limit
            && let Some((_, coldest)) = self.order.first_key_value()
        {
            self.cool(*coldest);
        }
    }

    fn cool(&mut self, job: JobId) {
        if let Some(hot) = self.hot.remove(&job) {
            self.order.remove(&hot.used);
            self.bytes -= hot.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        feed::Publisher,
        model::Epoch,
        testing::{context, view},
    };

    const LIMIT: usize = 256 * 1024;

    fn feed(bytes: usize) -> Feed {
        Publisher::open(Epoch::FIRST, view(), &"x".repeat(bytes), context()).feed().clone()
    }

    #[test]
    fn the_last_used_feeds_are_kept_up_to_so_many_bytes() {
        let mut shelf = Shelf::new(LIMIT);
        let jobs: Vec<JobId> = (0..20).map(|_| JobId::new()).collect();
        for job in &jobs {
            shelf.put(*job, &feed(LIMIT / 10 - 2000));
            assert!(shelf.get(jobs[0]).is_some(), "used all the time");
            assert!(shelf.bytes <= LIMIT);
        }
        let kept = jobs.iter().filter(|job| shelf.peek(**job).is_some()).count();
        assert!((8..=10).contains(&kept), "{kept}");
        shelf.prune();
        assert_eq!(shelf.held.len(), kept);
        for job in &jobs {
            shelf.remove(*job);
        }
        assert_eq!((shelf.bytes, shelf.order.len(), shelf.held.len()), (0, 0, 0));
    }

    #[test]
    fn a_feed_that_somebody_holds_is_found_however_large_or_cold_it_is() {
        let mut shelf = Shelf::new(LIMIT);
        let (job, large) = (JobId::new(), feed(LIMIT));
        shelf.put(job, &large);
        shelf.prune();
        assert!(shelf.get(job).is_some());
        drop(large);
        assert!(shelf.get(job).is_none());
    }
}
