//! How long a job will wait in the queue.

use std::time::Duration;

/// Seconds while nothing has been measured: the time of 1,000 words.
const UNMEASURED: f64 = 120.0;
/// How much the newest job counts.
const WEIGHT: f64 = 0.1;

/// A moving average of how long jobs hold a slot, from which waits are computed.
#[derive(Debug, Default)]
pub(super) struct Waits {
    /// Seconds; `None` while no job has ended.
    slot_held: Option<f64>,
}

impl Waits {
    /// A job has given its slot back after so long.
    pub(super) fn slot_freed(&mut self, held: Duration) {
        let held = held.as_secs_f64();
        self.slot_held = Some(self.slot_held.map_or(held, |average| average + WEIGHT * (held - average)));
    }

    /// Whole seconds until the job at `position` (1 and up) gets one of `slots`, all of which are taken.
    ///
    /// Long waits are given in coarser steps, so that a figure nobody can know to the second does not change each second.
    pub(super) fn expected(&self, position: u32, slots: usize) -> u64 {
        let held = self.slot_held.unwrap_or(UNMEASURED);
        let seconds = (f64::from(position) * held / slots.max(1) as f64).ceil() as u64;
        let step = match seconds {
            0..60 => 1,
            60..600 => 5,
            600..3600 => 30,
            _ => 300,
        };
        seconds.div_ceil(step) * step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_the_slots_that_must_become_free_before() {
        let mut waits = Waits::default();
        assert_eq!(waits.expected(1, 4), 30);
        assert_eq!(waits.expected(8, 4), 240);
        waits.slot_freed(Duration::from_secs(10));
        assert_eq!(waits.expected(8, 4), 20);
        waits.slot_freed(Duration::from_secs(20));
        assert_eq!(waits.expected(8, 4), 22);
        assert_eq!(waits.expected(3, 0), 33);
    }

    #[test]
    fn long_waits_change_in_coarse_steps_and_never_come_out_too_short() {
        let mut waits = Waits::default();
        waits.slot_freed(Duration::from_secs(1));
        for (position, told) in [(59, 59), (61, 65), (601, 630), (3601, 3900)] {
            assert_eq!(waits.expected(position, 1), told);
        }
    }
}
