//! Script generators.

use std::{pin::Pin, sync::Arc};

use futures_util::Stream;

use crate::model::{Brief, Failure, Step, Usage};

/// The pieces of one script as they arrive. Drop the stream to cancel.
pub type GenerationStream = Pin<Box<dyn Stream<Item = Result<Piece, Failure>>>>;

/// Turns briefs into scripts, piece by piece.
///
/// An implementation owns its connect, response-head, first-token and idle timeouts. It also owns its retries: only
/// before the first [`Piece::Text`], only for transient failures, with jitter, and not before the provider allows it.
pub trait ScriptGenerator: Send + Sync + 'static {
    /// Starts writing. Nothing is sent to a model before the stream is first polled.
    ///
    /// The stream yields pieces, then exactly one [`Piece::End`] or one `Err`, then `None`. Treat a stream that yields
    /// `None` without either as failed: half a script must never pass for a whole one.
    ///
    /// # Cancel safety
    /// Dropping the stream at any point closes the upstream connection before the drop returns. No further tokens are
    /// spent.
    fn generate(&self, request: GenerationRequest) -> GenerationStream;
}

/// A request for one run of a generator.
#[derive(Debug, Clone)]
pub struct GenerationRequest {
    /// What to write.
    pub brief: Arc<Brief>,
    /// The text of an interrupted earlier run (often empty). The stream continues after its last character.
    pub written: String,
}

/// One item of a generator's stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// The model that actually writes, for `modelUsed`; at most once, before the text.
    Model(String),
    /// The current step.
    Step(Step),
    /// More of the script; never empty.
    Text(String),
    /// The provider's token usage; the last one counts.
    Usage(Usage),
    /// The last piece.
    End(EndReason),
}

/// The reason the model gave for ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The script is complete.
    Finished,
    /// The model stopped at its token limit: the script is not complete.
    TokenLimit,
}
