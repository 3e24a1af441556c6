//! Event streams as browsers read them, which a test can cut anywhere.

mod lines;
mod parser;
mod reader;
mod stream;

use serde_json::Value;

pub use self::{
    lines::{Lines, Part, field},
    parser::Parser,
    reader::{Connected, Reader},
    stream::{Next, Stream},
};

/// One event of the service.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its `event` field.
    pub name: String,
    /// The id in this block.
    pub id: Option<String>,
    /// The `retry:` in this block, in milliseconds.
    pub retry: Option<u64>,
    /// Its `data` field.
    pub data: Value,
}

impl Event {
    /// Whether it ends its job.
    pub fn is_terminal(&self) -> bool {
        matches!(self.name.as_str(), "completed" | "failed")
    }

    /// Epoch and sequence number of an ordinary id.
    pub fn position(&self) -> Option<(u64, u64)> {
        let (epoch, seq) = self.id.as_deref()?.split_once('-')?;
        Some((epoch.parse().ok()?, seq.parse().ok()?))
    }
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Cleanly, as its framing requires.
    Clean,
    /// The connection ended before that.
    Cut,
}
