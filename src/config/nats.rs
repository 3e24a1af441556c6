//! The NATS server that several instances share as their job store.

use std::time::Duration;

/// How to use a NATS server as the job store.
#[derive(Debug, Clone)]
pub struct NatsStore {
    /// Where its servers are, at least one.
    pub urls: Vec<async_nats::ServerAddr>,
    /// What the names on the server begin with.
    pub prefix: String,
    /// How many servers keep each message, 1–5.
    pub replicas: usize,
    /// The most bytes that jobs may take on each server.
    pub max_bytes: u64,
    /// A node that says nothing for this long is considered dead, 1 s–1 min.
    pub lease: Duration,
}
