//! The order for one script.

use super::Locale;

/// A validated order for one script. It never changes after the job is accepted.
///
/// The bounds are those of the HTTP contract (`POST /api/v1/generations`). Whoever builds a brief must have checked
/// them.
#[derive(Debug, Clone, PartialEq)]
pub struct Brief {
    /// The project that gets the episode, 1–128 characters.
    pub project_id: String,
    /// The episode number the creator asked for, if any. The episode store assigns the real one.
    pub episode_number: Option<u32>,
    /// The creator's title, or the default one.
    pub title: String,
    /// The prompt, 1–32,000 characters.
    pub description: String,
    /// Selects the prompt template, 1–64 of `a-z0-9_-`.
    pub script_type: String,
    /// The requested model, or the configured default if none was requested.
    pub model: String,
    /// 0.0–2.0.
    pub temperature: f64,
    /// The length in words, 1–50,000.
    pub length_target: u32,
    /// The language of human-readable texts about this job (not of the script).
    pub locale: Locale,
}

impl Brief {
    /// The approximate size in bytes, in memory and in a store.
    pub fn size(&self) -> usize {
        let texts = [&self.project_id, &self.title, &self.description, &self.script_type, &self.model];
        size_of::<Self>() + texts.map(String::len).iter().sum::<usize>()
    }
}
