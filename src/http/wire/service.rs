//! Bodies about the service itself: its models, health and figures.

use chrono::{DateTime, Utc};
use generation_actors::{
    directory::JobCounts,
    feed::Reading,
    ports::{ModelOffer, OfferedModel, OfferedPattern},
};
use serde::Serialize;

use super::Timestamp;

/// The answer to `GET /api/v1/models`.
#[derive(Debug, Serialize)]
pub(in crate::http) struct ModelsBody {
    models: Vec<Model>,
    patterns: Vec<Pattern>,
}

#[derive(Debug, Serialize)]
struct Model {
    name: String,
    provider: String,
    default: bool,
}

#[derive(Debug, Serialize)]
struct Pattern {
    pattern: String,
    provider: String,
}

impl From<ModelOffer> for ModelsBody {
    fn from(offer: ModelOffer) -> Self {
        let model = |OfferedModel { name, provider, is_default }| Model { name, provider, default: is_default };
        let pattern = |OfferedPattern { pattern, provider }| Pattern { pattern, provider };
        Self {
            models: offer.models.into_iter().map(model).collect(),
            patterns: offer.patterns.into_iter().map(pattern).collect(),
        }
    }
}

/// The answer of a successful health check.
#[derive(Debug, Serialize)]
pub(in crate::http) struct HealthBody {
    pub status: &'static str,
    /// Backends that are down without making the service unavailable.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<&'static str>,
}

/// The answer to `GET /_stats`.
#[derive(Debug, Serialize)]
pub(in crate::http) struct StatsBody {
    jobs: JobStats,
    connections: ConnectionStats,
    events: EventStats,
    episodes: EpisodeStats,
    service: ServiceStats,
}

/// The jobs that are still retained.
#[derive(Debug, Serialize)]
struct JobStats {
    total: usize,
    queued: usize,
    streaming: usize,
    completed: usize,
    failed: usize,
    canceled: usize,
    unrecorded: usize,
}

#[derive(Debug, Serialize)]
struct ConnectionStats {
    active: u64,
    peak: u64,
    total: u64,
}

/// Counted from the start of the service.
#[derive(Debug, Serialize)]
struct EventStats {
    published: u64,
    delivered: u64,
    coalesced: u64,
}

/// What has become of the scripts of the retained jobs.
#[derive(Debug, Serialize)]
struct EpisodeStats {
    saved: usize,
    pending: usize,
    failed: usize,
}

/// Figures of the process.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct ServiceStats {
    version: &'static str,
    started_at: Timestamp,
    uptime_seconds: i64,
    status: &'static str,
}

impl ServiceStats {
    pub(in crate::http) fn new(started_at: DateTime<Utc>, now: DateTime<Utc>, draining: bool) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            started_at: Timestamp(started_at),
            uptime_seconds: (now - started_at).num_seconds().max(0),
            status: if draining { "draining" } else { "running" },
        }
    }
}

impl StatsBody {
    pub(in crate::http) fn new(jobs: JobCounts, feeds: Reading, service: ServiceStats) -> Self {
        Self {
            jobs: JobStats {
                total: jobs.total(),
                queued: jobs.queued,
                streaming: jobs.streaming,
                completed: jobs.completed,
                failed: jobs.failed,
                canceled: jobs.canceled,
                unrecorded: jobs.unrecorded,
            },
            connections: ConnectionStats { active: feeds.open, peak: feeds.peak, total: feeds.opened },
            events: EventStats { published: feeds.published, delivered: feeds.delivered, coalesced: feeds.coalesced },
            episodes: EpisodeStats {
                saved: jobs.episodes_saved,
                pending: jobs.episodes_pending,
                failed: jobs.episodes_refused,
            },
            service,
        }
    }
}
