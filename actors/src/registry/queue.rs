//! Who may stream, and who goes next: bounded, and fair between projects.
//!
//! Start-time fair queueing: each waiting job has a *round*, one more than the job before it of the same project, and at
//! least the round that is being served. The lowest round goes first, then the job that came first. So a thousand jobs of
//! one project delay another project's first job by no more than one slot, projects that wait take turns, and the order
//! depends on arrivals alone: whichever slots become free, and however long jobs take, what positions say comes true.
//! Only a job that arrives later, of a project with fewer jobs waiting, can go in between.

use std::collections::{BTreeMap, HashMap, VecDeque};

use derive_more::{Display, Error};

use crate::model::JobId;

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
    /// The first waiting job of each project, in the order in which they go.
    heads: BTreeMap<Rank, String>,
    jobs: HashMap<JobId, Place>,
    waiting: usize,
    streaming: usize,
    /// The round of the job that went last.
    round: u64,
    arrivals: u64,
}

/// The round of a waiting job, and its place in the order of arrival.
type Rank = (u64, u64);

#[derive(Debug, Default)]
struct Project {
    /// Jobs that wait, each with its place in the order of arrival. Their rounds follow one another.
    line: VecDeque<(JobId, u64)>,
    /// The round of the first in line; of the next to come, if nobody waits.
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
    /// At most `max_streaming` jobs stream and `max_queued` wait.
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
        self.arrivals += 1;
        let line = self.projects.entry(project.to_owned()).or_default();
        line.line.push_back((job, self.arrivals));
        if line.line.len() == 1 {
            // A project that has not waited for a while saves up no turns.
            line.round = line.round.max(self.round);
            self.heads.extend(line.head().map(|head| (head, project.to_owned())));
        }
        self.waiting += 1;
        self.jobs.insert(job, Place { project: project.to_owned(), streaming: false });
    }

    /// Moves the next job from waiting to streaming, if a slot is free.
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

    /// Forgets a job that ended, whether it waited or streamed; costs O(line) when it waited. Jobs behind it in its
    /// project's line move up by a turn, which sets nobody else back.
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

    /// Every waiting job with its place (1 and up), in the order in which they go; costs O(waiting × log projects).
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

    /// The place (1 and up) of the job of `project` that has just been pushed; costs O(projects that wait).
    pub fn position_of_newest(&self, project: &str) -> Option<u32> {
        let line = self.projects.get(project)?;
        let next_round = line.round + line.line.len() as u64;
        // Whoever has no later round came earlier.
        let not_behind = |((round, _), name): (&Rank, &String)| {
            let rounds = next_round.saturating_sub(*round) as usize;
            self.projects.get(name).map_or(0, |line| line.line.len().min(rounds))
        };
        u32::try_from(self.heads.iter().map(not_behind).sum::<usize>()).ok()
    }

    /// Whether the job is here and waits.
    pub fn is_waiting(&self, job: JobId) -> bool {
        self.jobs.get(&job).is_some_and(|place| !place.streaming)
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
#[path = "queue_tests.rs"]
mod tests;
