//! What writes scripts.

use std::{pin::Pin, sync::Arc};

use futures_util::Stream;

use crate::model::{Brief, Failure, Step, Usage};

/// The pieces of one script as they come; dropping it is the cancellation.
pub type GenerationStream = Pin<Box<dyn Stream<Item = Result<Piece, Failure>>>>;

/// Turns briefs into scripts, piece by piece.
///
/// An implementation owns its connect, head, first-token and idle timeouts and its retries (only before the first
/// [`Piece::Text`], only of kinds that can pass, jittered, honouring what the provider asks for).
pub trait ScriptGenerator: Send + Sync + 'static {
    /// Starts writing. Nothing is sent to a model before the stream is first polled.
    ///
    /// The stream yields pieces, then exactly one [`Piece::End`] or one `Err`, then `None`. A stream that yields
    /// `None` without either is taken for a failure by whoever reads it: half a script must never pass for a whole.
    ///
    /// # Cancel safety
    /// Dropping the stream at any point closes the upstream connection before the drop returns and spends nothing more.
    fn generate(&self, request: GenerationRequest) -> GenerationStream;
}

/// One run of a generator.
#[derive(Debug, Clone)]
pub struct GenerationRequest {
    /// What to write.
    pub brief: Arc<Brief>,
    /// What an interrupted earlier run already wrote (often empty). The stream continues after its last character.
    pub written: String,
}

/// One thing a generator says.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// The model that really writes, for `modelUsed`; may come once, before the text.
    Model(String),
    /// What is being done now.
    Step(Step),
    /// More of the script; never empty.
    Text(String),
    /// What the provider says it cost; the last one counts.
    Usage(Usage),
    /// The last piece.
    End(EndReason),
}

/// How the model itself said that it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The script is complete.
    Finished,
    /// The model stopped at its token limit: the script is not complete.
    TokenLimit,
}
