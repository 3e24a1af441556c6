//! Waiting for a condition, never for a length of time.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Long enough for anything that works on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What `probe` finds, asked until it finds something.
///
/// # Panics
/// After [`PATIENCE`], naming `what` did not come.
pub(crate) fn until<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, probe)
}

/// [`until`] with its own limit.
pub(crate) fn until_within<T>(limit: Duration, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} in vain for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
