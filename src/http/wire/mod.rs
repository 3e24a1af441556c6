//! The wire format: every JSON body the service answers with, and the events of its streams.
//!
//! The rest of the service knows no format, and this module makes no decisions. Field names and their order follow the
//! contract.

mod episodes;
mod error;
mod events;
mod jobs;
mod service;

use std::fmt::Display;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

pub(super) use episodes::{EpisodeBody, EpisodeListBody, EpisodeSummaryBody};
pub(super) use error::{Detail, ErrorBody, ErrorCode, ErrorObject};
pub use events::Frames;
pub(super) use jobs::{ActiveBody, CreatedBody, StatusBody};
pub(super) use service::{HealthBody, ModelsBody, ServiceStats, StatsBody};

/// RFC 3339 in UTC with `Z`, to the millisecond.
#[derive(Debug, Clone, Copy)]
struct Timestamp(DateTime<Utc>);

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// Serializes a value through its `Display`.
fn as_text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[cfg(test)]
mod tests;
