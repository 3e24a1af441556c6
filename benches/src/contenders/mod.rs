//! The servers that are measured, all driven the same way.

mod peer;
mod service;
mod upstream;

use std::net::SocketAddr;

use anyhow::Result;

pub use self::{
    peer::{HttpPeer, start_echo},
    service::{Previews, Service, Settings, text},
    upstream::Upstream,
};
use crate::process::Process;

/// A running server of event streams; it ends when this value is dropped.
///
/// A channel is what several readers can follow: a job of the service, a channel of its peers.
pub trait Contender: Send {
    /// In tables and plots.
    fn name(&self) -> &'static str;

    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// What runs, for its CPU time and memory.
    fn process(&self) -> Process;

    /// Makes `count` channels that each show a first event of about `size` bytes on the wire, and says the path of each
    /// one's event stream.
    ///
    /// # Errors
    /// The server refuses or does not answer within seconds.
    fn open(&mut self, count: usize, size: usize) -> Result<Vec<String>>;

    /// Shows every open channel's readers one more event of that size; its text ends in `#` and `mark` in decimal digits,
    /// and `#` stands nowhere else in it but before earlier marks.
    ///
    /// # Errors
    /// As [`Contender::open`].
    fn publish(&mut self, mark: u64) -> Result<()>;
}
