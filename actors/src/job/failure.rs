//! Why a job ended without a finished script.

use derive_more::{Display, Error};
use serde::{Deserialize, Serialize};

/// The stable code of a failed job, as the original's table lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FailureCode {
    /// The creator, or somebody with the job's id, stopped it.
    #[display("JOB_CANCELED")]
    JobCanceled,
    /// Anything that went wrong on the way and has no better name.
    #[display("GENERATION_ERROR")]
    GenerationError,
    /// The model ran into its own limit; what it wrote until then is kept.
    #[display("TOKEN_LIMIT_EXCEEDED")]
    TokenLimitExceeded,
    /// The provider does not serve the model, or not now.
    #[display("MODEL_UNAVAILABLE")]
    ModelUnavailable,
    /// A deadline passed: the connection's, the first token's, the pause between tokens, or the job's.
    #[display("TIMEOUT_ERROR")]
    TimeoutError,
}

impl FailureCode {
    /// Whether the same request has a chance when sent again (the original's table of error codes).
    pub fn retryable(self) -> bool {
        match self {
            Self::JobCanceled | Self::TokenLimitExceeded => false,
            Self::GenerationError | Self::ModelUnavailable | Self::TimeoutError => true,
        }
    }
}

/// A code for clients and a cause for operators.
///
/// `cause` may quote what an upstream sent; it is logged once and never leaves the service.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error)]
#[display("{code}: {cause}")]
pub struct Failure {
    /// What clients see; the message they read is chosen from it and the job's language.
    pub code: FailureCode,
    /// What operators read in the log.
    #[error(not(source))]
    pub cause: String,
}

impl Failure {
    /// Pairs `code` with what is known about its cause.
    pub fn new(code: FailureCode, cause: impl Into<String>) -> Self {
        Self { code, cause: cause.into() }
    }
}
