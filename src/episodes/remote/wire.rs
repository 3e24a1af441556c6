//! The bodies of the Episode API, in all the forms its servers send.

use chrono::{DateTime, Utc};
use generation_actors::ports::{Episode, EpisodeDraft, EpisodeSummary};
use serde::{Deserialize, Serialize};

/// The body of a `POST`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewEpisode<'a> {
    title: &'a str,
    script: NewScript<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_snapshot: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct NewScript<'a> {
    markdown: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<u64>,
}

impl<'a> From<&'a EpisodeDraft> for NewEpisode<'a> {
    fn from(draft: &'a EpisodeDraft) -> Self {
        Self {
            title: &draft.title,
            script: NewScript { markdown: &draft.markdown, tokens: draft.tokens },
            prompt_snapshot: draft.prompt_snapshot.as_deref(),
        }
    }
}

/// An answer, either bare or in the envelope `{"success", "message", "data"}`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Answer<T> {
    Enveloped { success: bool, data: Option<T>, message: Option<String> },
    Bare(T),
}

impl<T> Answer<T> {
    /// The content of the answer.
    ///
    /// # Errors
    /// The envelope reports a failure; the error is its message.
    pub(super) fn content(self) -> Result<T, String> {
        match self {
            Self::Bare(content) | Self::Enveloped { success: true, data: Some(content), .. } => Ok(content),
            Self::Enveloped { message, .. } => Err(message.unwrap_or_else(|| "no reason given".to_owned())),
        }
    }
}

/// A list entry. Its project is the one that was requested.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    id: String,
    number: u32,
    title: Option<String>,
    created_at: Option<DateTime<Utc>>,
}

impl Summary {
    /// `title` and `created_at` are used if the server has omitted them.
    pub(super) fn into_summary(self, project_id: &str, title: &str, created_at: DateTime<Utc>) -> EpisodeSummary {
        EpisodeSummary {
            id: self.id,
            project_id: project_id.to_owned(),
            number: self.number,
            title: self.title.unwrap_or_else(|| title.to_owned()),
            created_at: self.created_at.unwrap_or(created_at),
        }
    }
}

/// A page, with or without a total.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum List {
    Counted { episodes: Vec<Summary>, total: Option<u64> },
    Bare(Vec<Summary>),
}

impl List {
    /// The episodes and their total, as far as it is known.
    pub(super) fn into_page(self, project_id: &str, offset: u32) -> (Vec<EpisodeSummary>, u64) {
        let (episodes, total) = match self {
            Self::Counted { episodes, total } => (episodes, total),
            Self::Bare(episodes) => (episodes, None),
        };
        let seen = u64::from(offset) + episodes.len() as u64;
        let summaries = episodes.into_iter().map(|one| one.into_summary(project_id, "", DateTime::UNIX_EPOCH));
        (summaries.collect(), total.unwrap_or(seen))
    }
}

/// One complete episode.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Whole {
    #[serde(flatten)]
    summary: Summary,
    script: Script,
    prompt_snapshot: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Script {
    markdown: String,
    tokens: Option<u64>,
}

impl Whole {
    pub(super) fn into_episode(self, project_id: &str) -> Episode {
        Episode {
            summary: self.summary.into_summary(project_id, "", DateTime::UNIX_EPOCH),
            markdown: self.script.markdown,
            tokens: self.script.tokens,
            prompt_snapshot: self.prompt_snapshot,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<EpisodeSummary, String> {
        let answer: Answer<Summary> = serde_json::from_str(json).unwrap();
        answer.content().map(|summary| summary.into_summary("p", "as sent", DateTime::UNIX_EPOCH))
    }

    #[test]
    fn an_answer_is_accepted_bare_and_in_an_envelope() {
        let bare = r#"{"id":"e","projectId":"p","number":3,"title":"t","createdAt":"2025-08-22T10:30:00Z","more":[]}"#;
        let saved = read(bare).unwrap();
        assert_eq!((saved.id.as_str(), saved.number, saved.title.as_str()), ("e", 3, "t"));
        let enveloped = format!(r#"{{"success":true,"message":"Episode created","data":{bare}}}"#);
        assert_eq!(read(&enveloped).unwrap(), saved);
        assert_eq!(read(r#"{"id":"e","number":3}"#).unwrap().title, "as sent");
    }

    #[test]
    fn an_envelope_without_success_is_a_failure() {
        assert_eq!(read(r#"{"success":false,"message":"no room","data":null}"#).unwrap_err(), "no room");
        assert_eq!(read(r#"{"success":true,"data":null}"#).unwrap_err(), "no reason given");
    }

    #[test]
    fn lists_come_with_and_without_a_total() {
        let pages = [
            (r#"{"episodes":[{"id":"a","number":1}],"total":9}"#, 9),
            (r#"[{"id":"a","number":1}]"#, 5),
            (r#"{"success":true,"data":{"episodes":[{"id":"a","number":1}],"total":9}}"#, 9),
            (r#"{"success":true,"data":[{"id":"a","number":1}]}"#, 5),
        ];
        for (json, expected) in pages {
            let answer: Answer<List> = serde_json::from_str(json).unwrap();
            let (episodes, total) = answer.content().unwrap().into_page("p", 4);
            assert_eq!((episodes.len(), total), (1, expected), "{json}");
        }
    }
}
