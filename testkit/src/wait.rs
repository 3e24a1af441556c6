//! Waiting for a condition, never for a length of time.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Long enough for anything that works on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks at a condition.
const INTERVAL: Duration = Duration::from_millis(10);

/// Asks `probe` until it finds something, and returns that.
///
/// # Panics
/// It has found nothing after [`PATIENCE`]; the message names `what` was awaited.
#[track_caller]
pub fn until<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, probe)
}

/// [`until`] with its own limit.
///
/// # Panics
/// As [`until`], after `limit`.
#[track_caller]
pub fn until_within<T>(limit: Duration, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} in vain for {what}");
        thread::sleep(INTERVAL);
    }
}
