//! The feeds of ended jobs that are in use or were used recently.

use std::collections::{BTreeMap, HashMap};

use crate::{
    feed::{Feed, WeakFeed},
    model::JobId,
};

/// Hands out one shared feed per job while it is alive, and keeps the most recently used ones alive, up to `limit`
/// bytes.
pub(super) struct FeedCache {
    limit: usize,
    held: HashMap<JobId, WeakFeed>,
    hot: HashMap<JobId, Hot>,
    /// In order of last use.
    order: BTreeMap<u64, JobId>,
    uses: u64,
    bytes: usize,
}

struct Hot {
    /// Keeps the feed alive.
    _feed: Feed,
    bytes: usize,
    used: u64,
}

impl FeedCache {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, held: HashMap::new(), hot: HashMap::new(), order: BTreeMap::new(), uses: 0, bytes: 0 }
    }

    /// Returns the job's feed, if it is alive.
    pub(super) fn get(&mut self, job: JobId) -> Option<Feed> {
        let feed = self.held.get(&job)?.upgrade()?;
        self.promote(job, &feed);
        Some(feed)
    }

    /// Adds a feed; there must be no other feed of that job.
    pub(super) fn put(&mut self, job: JobId, feed: &Feed) {
        self.held.insert(job, feed.downgrade());
        self.promote(job, feed);
    }

    /// Returns the job's feed, if it is alive, without counting as use.
    pub(super) fn peek(&self, job: JobId) -> Option<Feed> {
        self.held.get(&job)?.upgrade()
    }

    /// Whether the job has readers.
    pub(super) fn has_readers(&self, job: JobId) -> bool {
        self.peek(job).is_some_and(|feed| feed.has_readers())
    }

    pub(super) fn remove(&mut self, job: JobId) {
        self.held.remove(&job);
        self.evict(job);
    }

    /// Removes the entries of dropped feeds. Costs O(feeds).
    pub(super) fn prune(&mut self) {
        self.held.retain(|_, feed| feed.is_held());
    }

    fn promote(&mut self, job: JobId, feed: &Feed) {
        self.evict(job);
        let bytes = feed.size();
        // A feed large enough to evict many others is read again instead.
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
            self.evict(*coldest);
        }
    }

    fn evict(&mut self, job: JobId) {
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
    fn the_most_recently_used_feeds_are_kept_up_to_the_limit() {
        let mut cache = FeedCache::new(LIMIT);
        let jobs: Vec<JobId> = (0..20).map(|_| JobId::new()).collect();
        for job in &jobs {
            cache.put(*job, &feed(LIMIT / 10 - 2000));
            assert!(cache.get(jobs[0]).is_some(), "used all the time");
            assert!(cache.bytes <= LIMIT);
        }
        let kept = jobs.iter().filter(|job| cache.peek(**job).is_some()).count();
        assert!((8..=10).contains(&kept), "{kept}");
        cache.prune();
        assert_eq!(cache.held.len(), kept);
        for job in &jobs {
            cache.remove(*job);
        }
        assert_eq!((cache.bytes, cache.order.len(), cache.held.len()), (0, 0, 0));
    }

    #[test]
    fn a_feed_in_use_is_found_however_large_it_is() {
        let mut cache = FeedCache::new(LIMIT);
        let (job, large) = (JobId::new(), feed(LIMIT));
        cache.put(job, &large);
        cache.prune();
        assert!(cache.get(job).is_some());
        drop(large);
        assert!(cache.get(job).is_none());
    }
}
