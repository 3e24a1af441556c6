//! An episode as a Chroma row: its id and its metadata.

use chrono::{DateTime, SecondsFormat, Utc};
use generation_actors::ports::{EpisodeDraft, EpisodeSummary};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

/// A row's metadata. Rows from other writers may lack everything but `project_id`, `number`, `title` and `created_at`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Metadata {
    pub(super) project_id: String,
    pub(super) number: u32,
    pub(super) title: String,
    #[serde(serialize_with = "as_text")]
    pub(super) created_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) prompt_snapshot: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) job_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<String>,
    /// Identifies the writer: if two add the same number, the first keeps it.
    #[serde(default)]
    pub(super) run: String,
    /// A tombstone: the row stays, so that its number is never reused.
    #[serde(default)]
    pub(super) deleted: bool,
}

fn as_text<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

impl Metadata {
    pub(super) fn of(draft: &EpisodeDraft, run: &str, number: u32) -> Self {
        Self {
            project_id: draft.project_id.clone(),
            number,
            title: draft.title.clone(),
            created_at: draft.created_at,
            tokens: draft.tokens,
            prompt_snapshot: draft.prompt_snapshot.clone(),
            job_id: draft.job_id.map(|job| job.to_string()),
            model: draft.model.clone(),
            run: run.to_owned(),
            deleted: false,
        }
    }

    pub(super) fn into_summary(self) -> EpisodeSummary {
        EpisodeSummary {
            id: row_id(&self.project_id, self.number),
            project_id: self.project_id,
            number: self.number,
            title: self.title,
            created_at: self.created_at,
        }
    }
}

/// The metadata of a deleted row, without any of the episode's content.
pub(super) fn tombstone() -> Value {
    json!({ "deleted": true, "title": "", "prompt_snapshot": "" })
}

pub(super) fn row_id(project_id: &str, number: u32) -> String {
    format!("{project_id}:{number}")
}

/// The number in a row's id. The project is everything before the last colon, whatever characters it contains.
pub(super) fn number_in(id: &str) -> Option<u32> {
    id.rsplit_once(':')?.1.parse().ok()
}

/// The rows of a project, tombstones included.
pub(super) fn of_project(project_id: &str) -> Value {
    json!({ "project_id": project_id })
}

/// The rows of a project that have not been deleted.
pub(super) fn living(project_id: &str) -> Value {
    json!({ "$and": [{ "project_id": project_id }, { "deleted": { "$ne": true } }] })
}

/// The rows written by one of these runs.
pub(super) fn of_runs<'a>(runs: impl Iterator<Item = &'a str>) -> Value {
    json!({ "run": { "$in": runs.collect::<Vec<_>>() } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_id_holds_project_and_number_whatever_the_projects_name() {
        for project in ["p", "a:1", ":", "비 밤", "😀"] {
            assert_eq!(number_in(&row_id(project, 12)), Some(12));
        }
        assert_ne!(row_id("a:1", 2), row_id("a", 12));
        assert_eq!(number_in("p:x"), None);
    }

    #[test]
    fn rows_of_other_writers_are_understood() {
        let row = json!({ "project_id": "p", "number": 3, "title": "t", "created_at": "2025-08-22T10:30:00Z" });
        let metadata: Metadata = serde_json::from_value(row).unwrap();
        assert!(!metadata.deleted);
        assert_eq!(metadata.into_summary().id, "p:3");
    }
}
