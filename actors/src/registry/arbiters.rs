//! The threads that jobs run on.

use actix::prelude::*;

/// A fixed number of arbiters, used in turn; one that has stopped is replaced the next time it is wanted. A pool of none
/// lets jobs run on the arbiter of whoever asks.
pub(super) struct Arbiters {
    pool: Vec<Arbiter>,
    next: usize,
}

impl Arbiters {
    pub(super) fn new(size: usize) -> Self {
        Self { pool: (0..size).map(|_| Arbiter::new()).collect(), next: 0 }
    }

    /// The next arbiter that still runs.
    pub(super) fn pick(&mut self) -> ArbiterHandle {
        let Some(last) = self.pool.len().checked_sub(1) else { return Arbiter::current() };
        self.next = if self.next < last { self.next + 1 } else { 0 };
        let arbiter = &mut self.pool[self.next];
        // A stopped arbiter refuses work; an actor started on it would never run and nobody would hear of it.
        if !arbiter.spawn(std::future::ready(())) {
            log::error!("a job thread has stopped; starting another in its place");
            *arbiter = Arbiter::new();
        }
        arbiter.handle()
    }
}

impl Drop for Arbiters {
    fn drop(&mut self) {
        for arbiter in &self.pool {
            arbiter.stop();
        }
    }
}
