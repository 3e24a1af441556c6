//! The generator that needs nothing: no key, no network, no model.
//!
//! It writes a properly laid-out screenplay from the brief's own words, and says in its first lines that this is a
//! placeholder. The same brief gives the same text to the byte, so that an interrupted draft goes on where it was.

mod cast;
mod composer;
mod draft;
mod exchange;
mod front;
mod language;
mod material;
mod pace;
mod particles;
mod phrases;
mod pieces;
mod plain;
mod random;
mod remainder;
mod scene;
mod stream;
mod subjects;
mod template;
#[cfg(test)]
mod tests;
mod tokens;

use generation_actors::ports::{GenerationRequest, GenerationStream, ScriptGenerator};

/// What it calls itself as the model that really writes.
const NAME: &str = "builtin";

/// Writes placeholder drafts.
///
/// - **Text**: title, heading, cues, dialogue and ending in Markdown; Korean if the description is mostly Hangul, else
///   English. Title, description, script type, episode number and length decide it; model, temperature and project do not.
/// - **Length**: within 10 % of the words asked for, from 50 words up. Title, notice, a heading and the ending are written
///   even if fewer are asked for.
/// - **Resuming**: continues `written` to the character if it is the beginning of the same draft. If it is not, the next
///   whole scene beyond its length follows after a blank line, then the rest, and always the ending.
/// - **Cost**: two scenes at most are in memory; after a few dozen pieces, or scenes skipped when resuming, other tasks get
///   their turn. It must be polled within a tokio runtime with timers, unless it writes as fast as it can.
#[derive(Debug, Clone, Copy)]
pub struct BuiltinGenerator {
    words_per_second: u32,
}

impl BuiltinGenerator {
    /// Writes so many words a second; 0 is as fast as they are read.
    pub fn new(words_per_second: u32) -> Self {
        Self { words_per_second }
    }
}

impl ScriptGenerator for BuiltinGenerator {
    fn generate(&self, request: GenerationRequest) -> GenerationStream {
        Box::pin(stream::Writing::new(request, self.words_per_second))
    }
}
