//! The queue of jobs: bounded, and fair between projects.
//!
//! Start-time fair queueing. Each waiting job has a *round*: one more than the previous job of the same project, and at
//! least the round being served. The lowest round goes first; within a round, the earliest arrival. So a thousand jobs
//! of one project delay another project's first job by at most one slot, and waiting projects take turns. The order
//! depends on arrivals alone, so announced positions hold whichever slots become free and however long jobs take. Only
//! a later job of a project with fewer waiting jobs can move ahead.

use std::collections::{BTreeMap, HashMap, VecDeque};

use derive_more::{Display, Error};

use crate::model::JobId;

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Error)]
#[display("the queue is full")]
pub struct QueueFull;

/// The waiting and streaming jobs by project. Every call costs O(log projects) unless it says otherwise.
#[derive(Debug)]
pub struct FairQueue {
    max_streaming: usize,
    max_queued: usize,
    projects: HashMap<String, Project>,
    /// The first waiting job of each project, in admission order.
    heads: BTreeMap<Rank, String>,
    jobs: HashMap<JobId, Place>,
    waiting: usize,
    streaming: usize,
    /// The round of the last admitted job.
    round: u64,
    arrivals: u64,
}

/// A waiting job's round and arrival number.
type Rank = (u64, u64);

#[derive(Debug, Default)]
struct Project {
    /// The waiting jobs, each with its arrival number. Their rounds are consecutive.
    line: VecDeque<(JobId, u64)>,
    /// The round of the first waiting job, or of the next job if none waits.
    round: u64,
    streaming: usize,
}

impl Project {
    fn head(&self) -> Option<Rank> {
        self.line.front().map(|(_, arrival)| (self.round, *arrival))
    }
}

#[derive(Debug)]
struct Place {
    project: String,
    streaming: bool,
}

impl FairQueue {
    /// Creates a queue for at most `max_streaming` streaming and `max_queued` waiting jobs.
    pub fn new(max_streaming: usize, max_queued: usize) -> Self {
        Self {
            max_streaming,
            max_queued,
            projects: HashMap::new(),
            heads: BTreeMap::new(),
            jobs: HashMap::new(),
            waiting: 0,
            streaming: 0,
            round: 0,
            arrivals: 0,
        }
    }

    /// Checks whether `reserved` more jobs fit.
    ///
    /// # Errors
    /// They would exceed the free streaming slots plus the free places in the queue.
    pub fn room_for(&self, reserved: usize) -> Result<(), QueueFull> {
        let free_slots = self.max_streaming.saturating_sub(self.streaming);
        if self.waiting + reserved <= self.max_queued + free_slots { Ok(()) } else { Err(QueueFull) }
    }

    /// Adds a job to the end of its project's line. Callers must check the bound with [`FairQueue::room_for`]: an
    /// accepted job is never refused here.
    pub fn push(&mut self, job: JobId, project: &str) {
        self.arrivals += 1;
        let line = self.projects.entry(project.to_owned()).or_default();
        line.line.push_back((job, self.arrivals));
        if line.line.len() == 1 {
            // A project that had no waiting jobs saves up no turns.
            line.round = line.round.max(self.round);
            self.heads.extend(line.head().map(|head| (head, project.to_owned())));
        }
        self.waiting += 1;
        self.jobs.insert(job, Place { project: project.to_owned(), streaming: false });
    }

    /// Moves the next waiting job to streaming, if a slot is free.
    pub fn admit(&mut self) -> Option<JobId> {
        if self.streaming >= self.max_streaming {
            return None;
        }
        let ((round, _), name) = self.heads.pop_first()?;
        let project = self.projects.get_mut(&name)?;
        let (job, _) = project.line.pop_front()?;
        self.round = round;
        project.round = round + 1;
        project.streaming += 1;
        self.heads.extend(project.head().map(|head| (head, name)));
        self.waiting -= 1;
        self.streaming += 1;
        if let Some(place) = self.jobs.get_mut(&job) {
            place.streaming = true;
        }
        Some(job)
    }

    /// Removes a job that ended, whether it waited or streamed. Costs O(line) if it waited. Jobs behind it in its
    /// project's line move up by one turn, which sets no other job back.
    pub fn leave(&mut self, job: JobId) {
        let Some(place) = self.jobs.remove(&job) else { return };
        let Some(project) = self.projects.get_mut(&place.project) else { return };
        if place.streaming {
            project.streaming -= 1;
            self.streaming -= 1;
        } else {
            if let Some(head) = project.head() {
                self.heads.remove(&head);
            }
            project.line.retain(|(waiting, _)| *waiting != job);
            self.waiting -= 1;
            self.heads.extend(project.head().map(|head| (head, place.project.clone())));
        }
        if project.line.is_empty() && project.streaming == 0 {
            self.projects.remove(&place.project);
        }
    }

    /// Returns every waiting job with its position (1 and up), in admission order. Costs O(waiting × log projects).
    pub fn positions(&self) -> Vec<(JobId, u32)> {
        let mut heads: BTreeMap<Rank, (&Project, usize)> =
            self.heads.iter().filter_map(|(rank, name)| Some((*rank, (self.projects.get(name)?, 0)))).collect();
        let mut positions = Vec::with_capacity(self.waiting);
        while let Some(((round, _), (project, at))) = heads.pop_first() {
            positions.push((project.line[at].0, positions.len() as u32 + 1));
            if let Some((_, arrival)) = project.line.get(at + 1) {
                heads.insert((round + 1, *arrival), (project, at + 1));
            }
        }
        positions
    }

    /// Returns the position (1 and up) of the newest job of `project`. Costs O(waiting projects).
    pub fn position_of_newest(&self, project: &str) -> Option<u32> {
        let line = self.projects.get(project)?;
        let next_round = line.round + line.line.len() as u64;
        // Jobs with no later round arrived earlier.
        let not_behind = |((round, _), name): (&Rank, &String)| {
            let rounds = next_round.saturating_sub(*round) as usize;
            self.projects.get(name).map_or(0, |line| line.line.len().min(rounds))
        };
        u32::try_from(self.heads.iter().map(not_behind).sum::<usize>()).ok()
    }

    /// Whether the job is waiting or streaming.
    pub fn contains(&self, job: JobId) -> bool {
        self.jobs.contains_key(&job)
    }

    /// Whether a job would be admitted at once.
    pub fn has_free_slot(&self, reserved: usize) -> bool {
        self.waiting == 0 && self.streaming + reserved < self.max_streaming
    }

    /// Whether the job is waiting.
    pub fn is_waiting(&self, job: JobId) -> bool {
        self.jobs.get(&job).is_some_and(|place| !place.streaming)
    }

    /// The number of waiting jobs.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// The number of streaming jobs.
    pub fn streaming(&self) -> usize {
        self.streaming
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
