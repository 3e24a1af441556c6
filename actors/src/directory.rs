//! The unfinished jobs, and the number of jobs in each state.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use crate::{
    feed::Feed,
    model::{EpisodeStatus, JobView, Status},
};

/// Lists and counts that anyone may read without asking the registry. The registry and the jobs write them under a lock
/// that is held for microseconds. Clones share the same data.
///
/// A job leaves the list *before* its end is shown to any reader, so a list never contains an ended job.
#[derive(Debug, Clone, Default)]
pub struct Directory(Arc<Mutex<Lists>>);

#[derive(Debug, Default)]
struct Lists {
    arrivals: u64,
    /// In order of arrival.
    unfinished: BTreeMap<u64, Unfinished>,
    projects: HashMap<String, BTreeSet<u64>>,
    counts: JobCounts,
}

#[derive(Debug)]
struct Unfinished {
    feed: Feed,
    streaming: bool,
}

/// A request for one page of unfinished jobs.
#[derive(Debug, Clone)]
pub struct ListActive {
    /// List only the jobs of this project.
    pub project: Option<String>,
    /// The most jobs on the page.
    pub limit: usize,
    /// The `next` of the previous page; `None` for the first page.
    pub before: Option<u64>,
}

/// One page of unfinished jobs, newest first.
#[derive(Debug, Clone)]
pub struct Page {
    /// Each job with its view at the time of the call.
    pub jobs: Vec<(Feed, Arc<JobView>)>,
    /// The number of jobs on all pages.
    pub total: usize,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<u64>,
}

impl Lists {
    /// Removes an unfinished job. Returns false if it is not listed.
    fn remove(&mut self, arrival: u64) -> bool {
        let Some(job) = self.unfinished.remove(&arrival) else { return false };
        if job.streaming {
            self.counts.streaming -= 1;
        } else {
            self.counts.queued -= 1;
        }
        let project = &job.feed.view().brief.project_id;
        if let Some(jobs) = self.projects.get_mut(project) {
            jobs.remove(&arrival);
            if jobs.is_empty() {
                self.projects.remove(project);
            }
        }
        true
    }
}

/// Jobs in memory by status, with the state of their episodes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the contract's `_stats`")]
pub struct JobCounts {
    pub queued: usize,
    pub streaming: usize,
    pub completed: usize,
    pub failed: usize,
    pub canceled: usize,
    pub episodes_saved: usize,
    pub episodes_pending: usize,
    pub episodes_refused: usize,
    pub unrecorded: usize,
}

impl JobCounts {
    /// The total number of jobs.
    pub fn total(&self) -> usize {
        self.queued + self.streaming + self.completed + self.failed + self.canceled
    }

    /// Counts one more job that ended like this.
    pub(crate) fn add(&mut self, status: Status, episode: Option<EpisodeStatus>) {
        self.each(status, episode, |count| *count += 1);
    }

    /// Removes one such job from the counts.
    pub(crate) fn remove(&mut self, status: Status, episode: Option<EpisodeStatus>) {
        self.each(status, episode, |count| *count -= 1);
    }

    fn each(&mut self, status: Status, episode: Option<EpisodeStatus>, change: impl Fn(&mut usize)) {
        change(match status {
            Status::Queued => &mut self.queued,
            Status::Streaming => &mut self.streaming,
            Status::Completed => &mut self.completed,
            Status::Failed => &mut self.failed,
            Status::Canceled => &mut self.canceled,
        });
        match episode {
            None => {}
            Some(EpisodeStatus::Owed) => change(&mut self.episodes_pending),
            Some(EpisodeStatus::Saved) => change(&mut self.episodes_saved),
            Some(EpisodeStatus::Refused) => change(&mut self.episodes_refused),
        }
    }
}

impl Directory {
    /// Adds an unfinished job to the lists, as queued.
    pub fn add(&self, feed: &Feed) -> Listing {
        let project = feed.view().brief.project_id.clone();
        let mut lists = self.lock();
        lists.arrivals += 1;
        let arrival = lists.arrivals;
        lists.projects.entry(project).or_default().insert(arrival);
        lists.unfinished.insert(arrival, Unfinished { feed: feed.clone(), streaming: false });
        lists.counts.queued += 1;
        Listing { directory: self.clone(), arrival, remaining_seconds: Arc::default() }
    }

    /// Returns one page. Costs O(limit), however many jobs are listed.
    pub fn page(&self, wanted: &ListActive) -> Page {
        let lists = self.lock();
        let before = wanted.before.unwrap_or(u64::MAX);
        let (total, arrivals): (usize, Vec<u64>) = match &wanted.project {
            None => (lists.unfinished.len(), newest(lists.unfinished.range(..before).map(|(at, _)| at), wanted.limit)),
            Some(project) => match lists.projects.get(project) {
                None => (0, Vec::new()),
                Some(jobs) => (jobs.len(), newest(jobs.range(..before), wanted.limit)),
            },
        };
        // `arrivals` holds one more than the limit if there is another page.
        let next = arrivals.get(wanted.limit).and_then(|_| arrivals.get(wanted.limit.checked_sub(1)?)).copied();
        let jobs = arrivals.iter().take(wanted.limit).filter_map(|at| {
            let feed = &lists.unfinished.get(at)?.feed;
            Some((feed.clone(), feed.view()))
        });
        Page { jobs: jobs.collect(), total, next }
    }

    /// Returns the current counts.
    pub fn counts(&self) -> JobCounts {
        self.lock().counts
    }

    /// Changes the counts of ended jobs.
    pub(crate) fn count(&self, change: impl FnOnce(&mut JobCounts)) {
        change(&mut self.lock().counts);
    }

    /// Ignores lock poisoning: every step under the lock leaves consistent lists.
    fn lock(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn newest<'a>(oldest_first: impl DoubleEndedIterator<Item = &'a u64>, limit: usize) -> Vec<u64> {
    oldest_first.rev().take(limit.saturating_add(1)).copied().collect()
}

/// A job's entry in the [`Directory`].
#[derive(Debug, Clone)]
pub struct Listing {
    directory: Directory,
    arrival: u64,
    /// The newest estimate of a streaming job.
    remaining_seconds: Arc<AtomicU64>,
}

impl Listing {
    /// Marks the job as streaming.
    pub fn mark_streaming(&self) {
        let mut lists = self.directory.lock();
        let Some(job) = lists.unfinished.get_mut(&self.arrival) else { return };
        if !std::mem::replace(&mut job.streaming, true) {
            lists.counts.queued -= 1;
            lists.counts.streaming += 1;
        }
    }

    /// Sets the estimated seconds until the job finishes.
    pub fn set_remaining_seconds(&self, seconds: u64) {
        self.remaining_seconds.store(seconds, Relaxed);
    }

    /// Returns the estimated seconds until the job finishes.
    pub fn remaining_seconds(&self) -> u64 {
        self.remaining_seconds.load(Relaxed)
    }

    /// Removes the job from the list and counts it as ended. Call this before its end is shown. Further calls change
    /// nothing.
    pub fn mark_ended(&self, status: Status, episode: Option<EpisodeStatus>, recorded: bool) {
        let mut lists = self.directory.lock();
        if lists.remove(self.arrival) {
            lists.counts.add(status, episode);
            lists.counts.unrecorded += usize::from(!recorded);
        }
    }

    /// Removes the job without counting it: another process runs it now.
    pub fn remove(&self) {
        self.directory.lock().remove(self.arrival);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        feed::Publisher,
        model::{Brief, Epoch},
        testing::{brief, context, view},
    };

    fn feed(project: &str) -> Feed {
        let brief = Arc::new(Brief { project_id: project.into(), ..(*brief()).clone() });
        Publisher::open(Epoch::FIRST, JobView { brief, ..view() }, "", context()).feed().clone()
    }

    fn list(project: Option<&str>, limit: usize, before: Option<u64>) -> ListActive {
        ListActive { project: project.map(str::to_owned), limit, before }
    }

    #[test]
    fn an_ended_job_leaves_the_list_and_is_counted_once() {
        let directory = Directory::default();
        let listing = directory.add(&feed("p"));
        assert_eq!(directory.counts(), JobCounts { queued: 1, ..JobCounts::default() });
        listing.mark_streaming();
        listing.mark_streaming();
        assert_eq!(directory.counts(), JobCounts { streaming: 1, ..JobCounts::default() });
        for _ in 0..2 {
            listing.mark_ended(Status::Completed, Some(EpisodeStatus::Owed), false);
            let ended = JobCounts { completed: 1, episodes_pending: 1, unrecorded: 1, ..JobCounts::default() };
            assert_eq!(directory.counts(), ended);
        }
        listing.mark_streaming();
        assert_eq!(
            (directory.page(&list(None, 9, None)).total, directory.page(&list(Some("p"), 9, None)).total),
            (0, 0)
        );
        assert!(directory.lock().projects.is_empty(), "the project is removed with its last job");
    }

    proptest! {
        #[test]
        fn pages_list_every_unfinished_job_once_newest_first(
            jobs in prop::collection::vec((0usize..3, any::<bool>()), 0..40), limit in 1usize..7
        ) {
            let directory = Directory::default();
            let mut left = Vec::new();
            for (project, ends) in jobs {
                let project = ["a", "b", "c"][project];
                let feed = feed(project);
                let listing = directory.add(&feed);
                if ends {
                    listing.mark_ended(Status::Canceled, None, true);
                } else {
                    left.insert(0, (project, feed.view().id));
                }
            }
            for project in [None, Some("a"), Some("c"), Some("unknown")] {
                let expected: Vec<_> =
                    left.iter().filter(|(of, _)| project.is_none_or(|p| p == *of)).map(|(_, id)| *id).collect();
                let (mut found, mut before) = (Vec::new(), None);
                loop {
                    let page = directory.page(&list(project, limit, before));
                    prop_assert!(page.jobs.len() <= limit);
                    prop_assert_eq!(page.total, expected.len());
                    found.extend(page.jobs.iter().map(|(_, view)| view.id));
                    before = page.next;
                    if before.is_none() {
                        break;
                    }
                    prop_assert!(!page.jobs.is_empty());
                }
                prop_assert_eq!(found, expected);
            }
        }
    }
}
