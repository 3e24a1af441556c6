//! The wall clock.

use chrono::{DateTime, SubsecRound as _, Utc};

/// Reads the wall clock; a port so that tests can set the time. Timeouts do not use it: they run on tokio's monotonic
/// clock.
pub trait Clock: Send + Sync + 'static {
    /// The current time in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock, truncated to milliseconds. With finer times, stored and shown values would differ.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(3)
    }
}
