//! Who may stream, and who goes next: bounded, and fair between projects.
//!
//! The next job is the oldest waiting one of the project with the fewest streaming jobs, so a thousand jobs of one
//! project delay another project's first by no more than the next slot that becomes free.

use std::collections::{BTreeMap, HashMap, VecDeque};

use derive_more::{Display, Error};

use crate::job::JobId;

/// As many jobs wait as may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Error)]
#[display("the queue is full")]
pub struct QueueFull;

/// Jobs that wait and jobs that stream, by project. Every call costs O(log projects), except where it says otherwise.
#[derive(Debug)]
pub struct FairQueue {
    max_streaming: usize,
    max_queued: usize,
    projects: HashMap<String, Project>,
    /// Projects with waiting jobs, by streaming jobs and then by who was served longest ago.
    order: BTreeMap<Rank, String>,
    jobs: HashMap<JobId, Place>,
    waiting: usize,
    streaming: usize,
    turns: u64,
}

type Rank = (usize, u64);

#[derive(Debug, Default)]
struct Project {
    waiting: VecDeque<JobId>,
    streaming: usize,
    /// When it was last served or began to wait.
    turn: u64,
}

#[derive(Debug)]
struct Place {
    project: String,
    streaming: bool,
}

impl FairQueue {
    /// At most `max_streaming` jobs stream and `max_queued` wait.
    pub fn new(max_streaming: usize, max_queued: usize) -> Self {
        Self {
            max_streaming,
            max_queued,
            projects: HashMap::new(),
            order: BTreeMap::new(),
            jobs: HashMap::new(),
            waiting: 0,
            streaming: 0,
            turns: 0,
        }
    }

    /// Whether `reserved` more jobs could be taken in beside those that are here.
    ///
    /// # Errors
    /// They would exceed the free streaming slots and the room to wait.
    pub fn room_for(&self, reserved: usize) -> Result<(), QueueFull> {
        let free_slots = self.max_streaming.saturating_sub(self.streaming);
        if self.waiting + reserved <= self.max_queued + free_slots { Ok(()) } else { Err(QueueFull) }
    }

    /// Lets a job wait at the end of its project's line. The bound is [`FairQueue::room_for`]'s to keep: an accepted job is
    /// never refused here.
    pub fn push(&mut self, job: JobId, project: &str) {
        self.turns += 1;
        let turn = self.turns;
        let line = self.projects.entry(project.to_owned()).or_default();
        if line.waiting.is_empty() {
            line.turn = turn;
            self.order.insert((line.streaming, turn), project.to_owned());
        }
        line.waiting.push_back(job);
        self.waiting += 1;
        self.jobs.insert(job, Place { project: project.to_owned(), streaming: false });
    }

    /// Moves the next job from waiting to streaming, if a slot is free.
    pub fn admit(&mut self) -> Option<JobId> {
        if self.streaming >= self.max_streaming {
            return None;
        }
        let (_, name) = self.order.pop_first()?;
        self.turns += 1;
        let project = self.projects.get_mut(&name)?;
        let job = project.waiting.pop_front()?;
        project.streaming += 1;
        project.turn = self.turns;
        if !project.waiting.is_empty() {
            self.order.insert((project.streaming, project.turn), name);
        }
        self.waiting -= 1;
        self.streaming += 1;
        if let Some(place) = self.jobs.get_mut(&job) {
            place.streaming = true;
        }
        Some(job)
    }

    /// Forgets a job that ended, whether it waited or streamed; costs O(line) when it waited.
    pub fn leave(&mut self, job: JobId) {
        let Some(place) = self.jobs.remove(&job) else { return };
        let Some(project) = self.projects.get_mut(&place.project) else { return };
        self.order.remove(&(project.streaming, project.turn));
        if place.streaming {
            project.streaming -= 1;
            self.streaming -= 1;
        } else {
            project.waiting.retain(|waiting| *waiting != job);
            self.waiting -= 1;
        }
        if !project.waiting.is_empty() {
            self.order.insert((project.streaming, project.turn), place.project);
        } else if project.streaming == 0 {
            self.projects.remove(&place.project);
        }
    }

    /// Every waiting job with its place (1 and up) if nothing ended meanwhile; costs O(waiting × log projects).
    pub fn positions(&self) -> Vec<(JobId, u32)> {
        let mut order: BTreeMap<Rank, (&Project, usize)> =
            self.order.iter().filter_map(|(rank, name)| Some((*rank, (self.projects.get(name)?, 0)))).collect();
        let mut turn = self.turns;
        let mut positions = Vec::with_capacity(self.waiting);
        while let Some(((streaming, _), (project, served))) = order.pop_first() {
            positions.push((project.waiting[served], positions.len() as u32 + 1));
            turn += 1;
            if served + 1 < project.waiting.len() {
                order.insert((streaming + 1, turn), (project, served + 1));
            }
        }
        positions
    }

    /// Jobs that wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Jobs that stream.
    pub fn streaming(&self) -> usize {
        self.streaming
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn admit_all(queue: &mut FairQueue) -> Vec<JobId> {
        std::iter::from_fn(|| queue.admit()).collect()
    }

    #[test]
    fn one_projects_thousand_jobs_do_not_delay_anothers_first() {
        let mut queue = FairQueue::new(10, 10_000);
        let crowd: Vec<JobId> = (0..1000).map(|_| JobId::new()).collect();
        for job in &crowd {
            queue.push(*job, "crowd");
        }
        let first = admit_all(&mut queue);
        assert_eq!(first, crowd[..10]);
        let single = JobId::new();
        queue.push(single, "single");
        assert_eq!(queue.positions()[0], (single, 1));
        queue.leave(first[0]);
        assert_eq!(queue.admit(), Some(single));
    }

    #[test]
    fn projects_share_the_slots_evenly() {
        let mut queue = FairQueue::new(9, 100);
        let mut owner = HashMap::new();
        for project in ["a", "b", "c"] {
            for _ in 0..20 {
                let job = JobId::new();
                owner.insert(job, project);
                queue.push(job, project);
            }
        }
        let admitted = admit_all(&mut queue);
        for project in ["a", "b", "c"] {
            assert_eq!(admitted.iter().filter(|job| owner[job] == project).count(), 3);
        }
    }

    #[test]
    fn the_bound_counts_free_slots_as_room() {
        let mut queue = FairQueue::new(2, 3);
        for _ in 0..5 {
            queue.room_for(1).expect("room");
            queue.push(JobId::new(), "p");
            queue.admit();
        }
        assert_eq!((queue.streaming(), queue.waiting()), (2, 3));
        assert_eq!(queue.room_for(1), Err(QueueFull));
    }

    proptest! {
        #[test]
        fn every_job_is_admitted_once_and_positions_tell_the_order(jobs in prop::collection::vec((0usize..4, 0usize..3), 1..80)) {
            let mut queue = FairQueue::new(4, 1000);
            let mut alive = Vec::new();
            let mut admitted = std::collections::HashSet::new();
            for (project, act) in jobs {
                let job = JobId::new();
                queue.push(job, ["a", "b", "c", "d"][project]);
                alive.push(job);
                if act == 1 {
                    let gone = alive.remove(alive.len() / 2);
                    queue.leave(gone);
                    admitted.insert(gone);
                }
                if act == 2 {
                    let expected = queue.positions().first().map(|(job, _)| *job);
                    let next = queue.admit();
                    if let Some(job) = next {
                        prop_assert_eq!(Some(job), expected);
                        prop_assert!(admitted.insert(job), "admitted twice");
                        alive.retain(|other| *other != job);
                        queue.leave(job);
                    }
                }
            }
            while let Some(job) = queue.admit() {
                prop_assert!(admitted.insert(job));
                queue.leave(job);
            }
            prop_assert_eq!((queue.waiting(), queue.streaming(), queue.jobs.len(), queue.projects.len(), queue.order.len()), (0, 0, 0, 0, 0));
        }
    }
}
