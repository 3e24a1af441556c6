//! Where a job stands in the queue, which its registry knows and the job does not.

use std::sync::atomic::Ordering::Relaxed;

use super::{Feed, publisher::wake};
use crate::job::{JobView, Status};

impl Feed {
    /// How many queued jobs go first, plus one; `None` unless queued.
    pub fn queue_position(&self) -> Option<u32> {
        let position = self.0.queue_position.load(Relaxed);
        // A job that is saved instead of canceled has its place until it is over.
        (position > 0 && self.lock().view.status == Status::Queued).then_some(position)
    }

    /// Notes the place in the queue (1 and up), the seconds that the job itself will need and those until a slot is likely to
    /// be free: readers are shown the sum when it changes.
    pub fn set_queue_place(&self, position: u32, own: u64, wait: u64) {
        self.0.queue_position.store(position, Relaxed);
        let mut state = self.lock();
        let remaining = Some(own.saturating_add(wait));
        if state.sealed || state.view.status != Status::Queued || state.view.remaining_seconds == remaining {
            return;
        }
        let view = JobView { remaining_seconds: remaining, ..(*state.view).clone() };
        if self.advance(&mut state, view, "") {
            wake(state);
        }
    }

    /// The job has left the queue.
    pub fn leave_queue(&self) {
        self.0.queue_position.store(0, Relaxed);
    }
}
