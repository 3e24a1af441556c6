//! What a job was asked to write.

use super::Locale;

/// A validated order for one script; it never changes after the job is accepted.
///
/// Bounds are those of the HTTP contract (`POST /api/v1/generations`); whoever builds a brief has checked them.
#[derive(Debug, Clone, PartialEq)]
pub struct Brief {
    /// Whose episode it will be, 1–128 characters.
    pub project_id: String,
    /// The episode number the creator had in mind, if any; the episode store assigns the real one.
    pub episode_number: Option<u32>,
    /// Already resolved: the creator's title or the default one.
    pub title: String,
    /// The prompt, 1–32,000 characters.
    pub description: String,
    /// Selects the prompt template, 1–64 of `a-z0-9_-`.
    pub script_type: String,
    /// The model's name as asked for, already resolved to a configured provider's default when left out.
    pub model: String,
    /// 0.0–2.0.
    pub temperature: f64,
    /// Words, 1–50,000.
    pub length_target: u32,
    /// The language of human-readable texts about this job (not of the script).
    pub locale: Locale,
}

impl Brief {
    /// About how many bytes it takes, in memory as in a store.
    pub fn size(&self) -> usize {
        let texts = [&self.project_id, &self.title, &self.description, &self.script_type, &self.model];
        size_of::<Self>() + texts.map(String::len).iter().sum::<usize>()
    }
}
