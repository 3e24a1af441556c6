//! The time of day.

use chrono::{DateTime, SubsecRound as _, Utc};

/// Tells the time, so that tests can set it. Timeouts do not use it: they run on tokio's monotonic clock.
pub trait Clock: Send + Sync + 'static {
    /// Now, in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock, to the millisecond: finer times would differ between what is stored and what is shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(3)
    }
}
