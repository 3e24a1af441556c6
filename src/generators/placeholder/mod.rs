//! The provider `builtin`: writes placeholder drafts at a steady pace; needs no key, no network and no model.

mod pace;
mod stream;
#[cfg(test)]
mod tests;
mod tokens;

use generation_actors::ports::{GenerationRequest, GenerationStream, ScriptGenerator};
use generation_placeholder::Writer;

/// What it calls itself as the model that really writes.
const NAME: &str = "builtin";

/// Writes placeholder drafts; what they say and how long they are is told by `generation_placeholder`.
///
/// - **Resuming**: continues what is written to the character; see [`Writer::resume`] for what another version wrote.
/// - **Determinism**: model, project and locale do not change the draft; everything else of a brief does.
/// - **Cost**: one block at most is in memory; after a few dozen pieces, or blocks skipped when resuming, other tasks get
///   their turn. It must be polled within a tokio runtime with timers, unless it writes as fast as it can.
#[derive(Debug, Clone, Copy)]
pub struct PlaceholderGenerator {
    writer: Writer,
    words_per_second: u32,
}

impl PlaceholderGenerator {
    /// Writes so many words a second; 0 is as fast as they are read.
    pub fn new(writer: Writer, words_per_second: u32) -> Self {
        Self { writer, words_per_second }
    }
}

impl ScriptGenerator for PlaceholderGenerator {
    fn generate(&self, request: GenerationRequest) -> GenerationStream {
        Box::pin(stream::Writing::new(self.writer, request, self.words_per_second))
    }
}
