//! The threads that jobs run on.

use actix::prelude::*;

/// A fixed number of arbiters, used in turn. One that has stopped is replaced when it is next picked. With an empty
/// pool, jobs run on the caller's arbiter.
pub(super) struct Arbiters {
    pool: Vec<Arbiter>,
    next: usize,
}

impl Arbiters {
    pub(super) fn new(size: usize) -> Self {
        Self { pool: (0..size).map(|_| Arbiter::new()).collect(), next: 0 }
    }

    /// Returns the next running arbiter.
    pub(super) fn pick(&mut self) -> ArbiterHandle {
        let Some(last) = self.pool.len().checked_sub(1) else { return Arbiter::current() };
        self.next = if self.next < last { self.next + 1 } else { 0 };
        let arbiter = &mut self.pool[self.next];
        // A stopped arbiter accepts no work; an actor started on it would never run, silently.
        if !arbiter.spawn(std::future::ready(())) {
            log::error!("a job thread has stopped; replacing it");
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
