//! The format in which stores keep the values of the model. Stored data outlives every version of this program, so
//! extend the format only by addition: every new field needs a default.

use std::borrow::Cow;

use generation_actors::model::{Brief, EpisodeStatus, Locale, Outcome, Status};
use serde::{Deserialize, Serialize};

/// Encodes a brief as JSON.
///
/// # Errors
/// A number in the brief has no JSON form, such as infinity.
pub(super) fn write_brief(brief: &Brief) -> Result<String, serde_json::Error> {
    serde_json::to_string(&StoredBrief::from(brief))
}

/// Decodes a brief encoded by [`write_brief`].
///
/// # Errors
/// It is not JSON, or a field is missing or has the wrong type.
pub(super) fn read_brief(json: &str) -> Result<Brief, serde_json::Error> {
    serde_json::from_str::<StoredBrief<'_>>(json).map(Brief::from)
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredBrief<'a> {
    project_id: Cow<'a, str>,
    episode_number: Option<u32>,
    title: Cow<'a, str>,
    description: Cow<'a, str>,
    script_type: Cow<'a, str>,
    model: Cow<'a, str>,
    temperature: f64,
    length_target: u32,
    locale: StoredLocale,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StoredLocale {
    Ko,
    En,
}

impl<'a> From<&'a Brief> for StoredBrief<'a> {
    fn from(brief: &'a Brief) -> Self {
        Self {
            project_id: brief.project_id.as_str().into(),
            episode_number: brief.episode_number,
            title: brief.title.as_str().into(),
            description: brief.description.as_str().into(),
            script_type: brief.script_type.as_str().into(),
            model: brief.model.as_str().into(),
            temperature: brief.temperature,
            length_target: brief.length_target,
            locale: match brief.locale {
                Locale::Ko => StoredLocale::Ko,
                Locale::En => StoredLocale::En,
            },
        }
    }
}

impl From<StoredBrief<'_>> for Brief {
    fn from(stored: StoredBrief<'_>) -> Self {
        Self {
            project_id: stored.project_id.into_owned(),
            episode_number: stored.episode_number,
            title: stored.title.into_owned(),
            description: stored.description.into_owned(),
            script_type: stored.script_type.into_owned(),
            model: stored.model.into_owned(),
            temperature: stored.temperature,
            length_target: stored.length_target,
            locale: match stored.locale {
                StoredLocale::Ko => Locale::Ko,
                StoredLocale::En => Locale::En,
            },
        }
    }
}

/// The word for an outcome.
pub(super) fn outcome_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Completed { .. } => "completed",
        Outcome::Failed(_) => "failed",
        Outcome::Canceled => "canceled",
    }
}

/// The terminal status that [`outcome_word`] stands for.
pub(super) fn ended_status(word: &str) -> Option<Status> {
    match word {
        "completed" => Some(Status::Completed),
        "failed" => Some(Status::Failed),
        "canceled" => Some(Status::Canceled),
        _ => None,
    }
}

/// The word for the status of an episode.
pub(super) fn episode_word(status: EpisodeStatus) -> &'static str {
    match status {
        EpisodeStatus::Owed => "owed",
        EpisodeStatus::Saved => "saved",
        EpisodeStatus::Refused => "refused",
    }
}

/// The status that [`episode_word`] stands for.
pub(super) fn episode_status(word: &str) -> Option<EpisodeStatus> {
    match word {
        "owed" => Some(EpisodeStatus::Owed),
        "saved" => Some(EpisodeStatus::Saved),
        "refused" => Some(EpisodeStatus::Refused),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by a version with format 4.
    const FORMAT_4: &str = r#"{"project_id":"프로젝트 4","episode_number":7,"title":"비 오는 밤","description":"two \"friends\"\nmeet 😀","script_type":"drama","model":"builtin","temperature":0.7,"length_target":1000,"locale":"ko"}"#;

    #[test]
    fn a_brief_is_stored_byte_for_byte_as_in_earlier_versions() {
        let brief = read_brief(FORMAT_4).unwrap();
        assert_eq!((brief.episode_number, brief.temperature, brief.locale), (Some(7), 0.7, Locale::Ko));
        assert_eq!((brief.project_id.as_str(), brief.description.as_str()), ("프로젝트 4", "two \"friends\"\nmeet 😀"));
        assert_eq!(write_brief(&brief).unwrap(), FORMAT_4);
        let english = Brief { episode_number: None, locale: Locale::En, ..brief };
        let json = write_brief(&english).unwrap();
        assert!(json.contains(r#""episode_number":null"#) && json.ends_with(r#""locale":"en"}"#), "{json}");
        assert_eq!(read_brief(&json).unwrap(), english);
    }

    #[test]
    fn a_brief_that_lacks_a_field_is_an_error() {
        let lacking = FORMAT_4.replace(r#","length_target":1000"#, "");
        assert!(read_brief(&lacking).unwrap_err().to_string().contains("length_target"));
    }

    #[test]
    fn every_word_is_read_back() {
        for status in [EpisodeStatus::Owed, EpisodeStatus::Saved, EpisodeStatus::Refused] {
            assert_eq!(episode_status(episode_word(status)), Some(status));
        }
        assert_eq!((episode_status("?"), ended_status("?")), (None, None));
    }
}
