//! Timeouts of calls to another server.

use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(5);

/// The timeouts of one call to another server.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For connecting: name resolution, TCP, proxy and TLS.
    pub connect: Duration,
    /// For the complete request, answer included.
    pub request: Duration,
}

impl Timeouts {
    /// `request` in total, of which connecting gets at most 5 s.
    pub fn within(request: Duration) -> Self {
        Self { connect: CONNECT.min(request), request }
    }
}
