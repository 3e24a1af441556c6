//! What is ordered.

/// An order for one draft. All fields decide what is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Order<'a> {
    /// The script's title, any text.
    pub title: &'a str,
    /// What it is about, any text.
    pub description: &'a str,
    /// Such as `drama`; a type with `audio`, `radio` or `podcast` in its name is written for the ear.
    pub script_type: &'a str,
    /// The number of the episode, if any.
    pub episode_number: Option<u32>,
    /// Only seeds the draft, in steps of a hundredth: another temperature gives another draft.
    pub temperature: f64,
    /// How long the draft is to be, in words: runs between white space. At least 1.
    pub words: u32,
}

impl Order<'_> {
    /// Whether it can only be heard.
    pub(crate) fn is_audio(&self) -> bool {
        ["audio", "radio", "podcast"].iter().any(|kind| self.script_type.contains(kind))
    }
}
