//! Bodies about episodes.

use chrono::{DateTime, Utc};
use generation_actors::ports::{Episode, EpisodeSummary};
use serde::Serialize;

/// One episode, as creation answers it and a list shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct EpisodeSummaryBody {
    id: String,
    project_id: String,
    number: u32,
    title: String,
    /// With the store's precision, because clients compare it.
    created_at: DateTime<Utc>,
}

impl From<EpisodeSummary> for EpisodeSummaryBody {
    fn from(summary: EpisodeSummary) -> Self {
        let EpisodeSummary { id, project_id, number, title, created_at } = summary;
        Self { id, project_id, number, title, created_at }
    }
}

/// One page of a project's episodes.
#[derive(Debug, Serialize)]
pub(in crate::http) struct EpisodeListBody {
    episodes: Vec<EpisodeSummaryBody>,
    /// On all pages together.
    total: u64,
}

impl EpisodeListBody {
    pub(in crate::http) fn new(episodes: Vec<EpisodeSummary>, total: u64) -> Self {
        Self { episodes: episodes.into_iter().map(EpisodeSummaryBody::from).collect(), total }
    }
}

/// One complete episode.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct EpisodeBody {
    #[serde(flatten)]
    summary: EpisodeSummaryBody,
    script: ScriptBody,
    prompt_snapshot: Option<String>,
}

#[derive(Debug, Serialize)]
struct ScriptBody {
    markdown: String,
    tokens: Option<u64>,
}

impl From<Episode> for EpisodeBody {
    fn from(episode: Episode) -> Self {
        let Episode { summary, markdown, tokens, prompt_snapshot } = episode;
        Self { summary: summary.into(), script: ScriptBody { markdown, tokens }, prompt_snapshot }
    }
}
