//! How long a store on another server may take.

use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(5);

/// How long each call to another server may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// To connect: name, TCP, proxy and TLS.
    pub connect: Duration,
    /// The whole request, its answer included.
    pub request: Duration,
}

impl Timeouts {
    /// `request`, of which connecting gets at most 5 s.
    pub fn within(request: Duration) -> Self {
        Self { connect: CONNECT.min(request), request }
    }
}
