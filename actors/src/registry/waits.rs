//! Estimates how long jobs wait in the queue, by simulating the queue with the estimates of each job.

use std::{cmp::Reverse, collections::BinaryHeap};

/// When slots become free, in seconds since the estimate was last computed. Jobs that arrive after that are added to
/// it.
#[derive(Debug)]
pub(super) struct WaitEstimates {
    free: usize,
    /// When each occupied slot becomes free.
    taken: BinaryHeap<Reverse<u64>>,
    /// The wait at each position in the queue.
    places: Vec<u64>,
}

impl WaitEstimates {
    /// Creates an estimate for `slots`, some occupied by jobs with the seconds in `left`. The queue is empty.
    pub(super) fn new(slots: usize, left: impl Iterator<Item = u64>) -> Self {
        let taken: BinaryHeap<_> = left.map(Reverse).collect();
        Self { free: slots.saturating_sub(taken.len()), taken, places: Vec::new() }
    }

    /// Assigns the next free slot to a job that needs `own_seconds`. Returns its wait.
    pub(super) fn take_slot(&mut self, own_seconds: u64) -> u64 {
        let at = if self.free > 0 {
            self.free -= 1;
            0
        } else {
            self.taken.pop().map_or(0, |Reverse(at)| at)
        };
        self.taken.push(Reverse(at.saturating_add(own_seconds)));
        at
    }

    /// Adds the next job to the queue and returns its wait. Costs O(log slots).
    pub(super) fn enqueue(&mut self, own_seconds: u64) -> u64 {
        let wait = self.take_slot(own_seconds);
        self.places.push(wait);
        wait
    }

    /// Adds a new job and returns its wait at `position` (1 and up), which may lie before jobs that are already queued.
    pub(super) fn enqueue_at(&mut self, position: u32, own_seconds: u64) -> u64 {
        let last = self.enqueue(own_seconds);
        self.places.get((position as usize).saturating_sub(1)).copied().unwrap_or(last)
    }
}

/// Rounds a wait up to a step that grows with the wait, so that a figure that cannot be exact does not change every
/// second.
pub(super) fn round_up(seconds: u64) -> u64 {
    let step = match seconds {
        0..60 => 1,
        60..600 => 5,
        600..3600 => 30,
        _ => 300,
    };
    seconds.div_ceil(step) * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_job_waits_for_its_slot_to_become_free() {
        let mut waits = WaitEstimates::new(2, [30, 100].into_iter());
        let found: Vec<u64> = [15, 15, 60, 60].into_iter().map(|own| waits.enqueue(own)).collect();
        assert_eq!(found, [30, 45, 60, 100]);
    }

    #[test]
    fn free_slots_are_taken_immediately() {
        let mut waits = WaitEstimates::new(3, [30].into_iter());
        assert_eq!([waits.take_slot(20), waits.take_slot(40), waits.enqueue(5)], [0, 0, 20]);
    }

    #[test]
    fn a_new_job_waits_as_long_as_its_position() {
        let mut waits = WaitEstimates::new(1, [10].into_iter());
        assert_eq!([10, 10, 10, 10, 10].map(|own| waits.enqueue(own)), [10, 20, 30, 40, 50]);
        assert_eq!(waits.enqueue_at(2, 100), 20);
        assert_eq!(waits.enqueue_at(7, 100), 160, "behind the new job");
        assert_eq!(WaitEstimates::new(0, [].into_iter()).enqueue(5), 0);
    }

    #[test]
    fn long_waits_are_rounded_up_to_coarse_steps() {
        for (seconds, expected) in [(0, 0), (59, 59), (61, 65), (601, 630), (3601, 3900)] {
            assert_eq!(round_up(seconds), expected);
        }
    }
}
