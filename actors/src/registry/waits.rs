//! How long jobs will wait in the queue: the line is played through with what is known of each job.

use std::{cmp::Reverse, collections::BinaryHeap};

/// When slots become free, in seconds from the last time that all of it was worked out. Newcomers in between are added to
/// what was found then.
#[derive(Debug)]
pub(super) struct Waits {
    free: usize,
    /// When each of the others becomes free.
    taken: BinaryHeap<Reverse<u64>>,
    /// The wait of each place in the line.
    places: Vec<u64>,
}

impl Waits {
    /// `slots`, of which some are taken by jobs that have so many seconds `left`. Nobody waits yet.
    pub(super) fn new(slots: usize, left: impl Iterator<Item = u64>) -> Self {
        let taken: BinaryHeap<_> = left.map(Reverse).collect();
        Self { free: slots.saturating_sub(taken.len()), taken, places: Vec::new() }
    }

    /// A job that needs `own_seconds` takes the next slot; how long it waits for it.
    pub(super) fn take(&mut self, own_seconds: u64) -> u64 {
        let at = if self.free > 0 {
            self.free -= 1;
            0
        } else {
            self.taken.pop().map_or(0, |Reverse(at)| at)
        };
        self.taken.push(Reverse(at.saturating_add(own_seconds)));
        at
    }

    /// The next in line; costs O(log slots).
    pub(super) fn queue(&mut self, own_seconds: u64) -> u64 {
        let wait = self.take(own_seconds);
        self.places.push(wait);
        wait
    }

    /// The wait of a newcomer at `position` (1 and up), which others may have let pass.
    pub(super) fn queue_at(&mut self, position: u32, own_seconds: u64) -> u64 {
        let last = self.queue(own_seconds);
        self.places.get((position as usize).saturating_sub(1)).copied().unwrap_or(last)
    }
}

/// Long waits in coarser steps, so that a figure nobody can know to the second does not change each second.
pub(super) fn coarse(seconds: u64) -> u64 {
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
    fn each_waits_for_the_slot_that_becomes_free_for_it() {
        let mut waits = Waits::new(2, [30, 100].into_iter());
        let found: Vec<u64> = [15, 15, 60, 60].into_iter().map(|own| waits.queue(own)).collect();
        assert_eq!(found, [30, 45, 60, 100]);
    }

    #[test]
    fn free_slots_are_taken_at_once() {
        let mut waits = Waits::new(3, [30].into_iter());
        assert_eq!([waits.take(20), waits.take(40), waits.queue(5)], [0, 0, 20]);
    }

    #[test]
    fn a_newcomer_of_another_project_waits_as_long_as_the_place_it_gets() {
        let mut waits = Waits::new(1, [10].into_iter());
        assert_eq!([10, 10, 10, 10, 10].map(|own| waits.queue(own)), [10, 20, 30, 40, 50]);
        assert_eq!(waits.queue_at(2, 100), 20);
        assert_eq!(waits.queue_at(7, 100), 160, "behind the newcomer");
        assert_eq!(Waits::new(0, [].into_iter()).queue(5), 0);
    }

    #[test]
    fn long_waits_change_in_coarse_steps_and_never_come_out_too_short() {
        for (seconds, told) in [(0, 0), (59, 59), (61, 65), (601, 630), (3601, 3900)] {
            assert_eq!(coarse(seconds), told);
        }
    }
}
