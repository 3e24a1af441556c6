//! Tracks whether a caller still waits for a read.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// Held by a caller while it waits.
#[derive(Debug)]
pub(super) struct Waiting(Arc<()>);

/// A task's weak reference to its caller.
#[derive(Debug, Clone)]
pub(super) struct Caller(Weak<()>);

impl Waiting {
    pub(super) fn new() -> Self {
        Self(Arc::new(()))
    }

    pub(super) fn caller(&self) -> Caller {
        Caller(Arc::downgrade(&self.0))
    }
}

impl Caller {
    pub(super) fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }
}

/// What ends a running read: its caller has stopped waiting, the database is closing, or its time is up.
#[derive(Debug)]
pub(super) struct Limit {
    caller: Caller,
    closing: Arc<AtomicBool>,
    deadline: Instant,
}

impl Limit {
    /// Starts now and lasts at most `most`.
    pub(super) fn new(caller: Caller, closing: &Arc<AtomicBool>, most: Duration) -> Self {
        Self { caller, closing: Arc::clone(closing), deadline: Instant::now() + most }
    }

    pub(super) fn is_reached(&self) -> bool {
        self.caller.is_gone() || self.closing.load(Relaxed) || Instant::now() >= self.deadline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_ends_when_its_caller_leaves_the_database_closes_or_its_time_is_up() {
        let (waiting, closing) = (Waiting::new(), Arc::new(AtomicBool::new(false)));
        let long = Duration::from_secs(1000);
        let limit = Limit::new(waiting.caller(), &closing, long);
        assert!(!limit.is_reached());
        assert!(Limit::new(waiting.caller(), &closing, Duration::ZERO).is_reached());
        drop(waiting);
        assert!(limit.is_reached());
        let waiting = Waiting::new();
        let limit = Limit::new(waiting.caller(), &closing, long);
        closing.store(true, Relaxed);
        assert!(limit.is_reached());
    }
}
