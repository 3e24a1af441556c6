//! The body of `POST /api/v1/projects/{projectId}/episodes`, with the project from the path.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use generation_actors::ports::EpisodeDraft;

use super::{
    faults::{Faults, Fields},
    field::{Integer, Line, ProjectId, Text},
};

/// The store's limit, in characters here, so that a longer script is reported as a fault of its field.
const MAX_SCRIPT: usize = 1024 * 1024;

/// A checked episode.
#[derive(Debug, PartialEq, Deserr)]
#[deserr(error = Faults, rename_all = camelCase)]
pub(super) struct EpisodeRequest {
    project_id: ProjectId,
    title: Line<300>,
    #[deserr(default)]
    prompt_snapshot: Option<Text<32_000>>,
    script: Script,
}

#[derive(Debug, PartialEq, Deserr)]
#[deserr(error = Faults)]
struct Script {
    markdown: Text<MAX_SCRIPT>,
    #[deserr(default)]
    tokens: Option<Integer<0, { i32::MAX as u32 }>>,
}

impl Fields for EpisodeRequest {
    const NAMES: &'static [&'static str] = &["projectId", "title", "promptSnapshot", "script", "markdown", "tokens"];
}

impl EpisodeRequest {
    /// The draft to save, created at `now`.
    pub(super) fn into_draft(self, key: Option<String>, now: DateTime<Utc>) -> EpisodeDraft {
        EpisodeDraft {
            project_id: self.project_id.0,
            job_id: None,
            key,
            title: self.title.0,
            markdown: self.script.markdown.0,
            tokens: self.script.tokens.map(|Integer(tokens)| u64::from(tokens)),
            prompt_snapshot: self.prompt_snapshot.map(|Text(prompt)| prompt),
            model: None,
            created_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn faulty_fields(body: Value) -> Vec<String> {
        EpisodeRequest::read(body).expect_err("faults").fields().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn the_contracts_example_is_accepted_unchanged() {
        let body = json!({
            "projectId": "p", "title": "t", "script": { "markdown": "# Script", "tokens": 1250 },
            "promptSnapshot": "prompt", "extra": {}
        });
        let draft = EpisodeRequest::read(body).expect("valid").into_draft(None, DateTime::UNIX_EPOCH);
        assert_eq!((draft.markdown.as_str(), draft.tokens), ("# Script", Some(1250)));
        assert_eq!(draft.prompt_snapshot.as_deref(), Some("prompt"));
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let body = json!({
            "projectId": "..", "title": "", "script": { "markdown": 5, "tokens": -1 }, "promptSnapshot": " "
        });
        assert_eq!(faulty_fields(body), ["projectId", "title", "promptSnapshot", "markdown", "tokens"]);
        assert_eq!(faulty_fields(json!({ "projectId": "p" })), ["title", "script"]);
        assert_eq!(faulty_fields(json!({ "projectId": "p", "title": "t", "script": null })), ["script"]);
        assert_eq!(faulty_fields(json!({ "projectId": "p", "title": "t", "script": [] })), ["script"]);
        assert_eq!(faulty_fields(json!({ "projectId": "p", "title": "t", "script": {} })), ["markdown"]);
        assert_eq!(faulty_fields(json!("text")), ["body"]);
    }
}
