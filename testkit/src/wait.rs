//! Waiting for a condition, never for a fixed time.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Long enough for anything that works, even on a loaded machine.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// The time between two checks of a condition.
const INTERVAL: Duration = Duration::from_millis(10);

/// Calls `probe` until it returns a value, and returns that value.
///
/// # Panics
/// There is no value after [`TIMEOUT`]; the message contains `what`.
#[track_caller]
pub fn until<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    until_within(TIMEOUT, what, probe)
}

/// [`until`] with its own timeout.
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
