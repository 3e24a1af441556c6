//! Why a job ended without a finished script.

use std::str::FromStr;

use derive_more::{Display, Error};

use super::Cause;

/// Why a job failed. It is displayed, and read back from a store, under its own name; the code that clients read is the edge's
/// to choose, and coarser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display)]
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
    /// The provider does not serve the model now; it may later.
    #[display("MODEL_UNAVAILABLE")]
    ModelUnavailable,
    /// The provider will not serve the model until somebody has changed something: a key, a quota, a name. The original's
    /// table has one code for both.
    #[display("MODEL_REFUSED")]
    ModelRefused,
    /// The provider refuses this very request and would again.
    #[display("REQUEST_REFUSED")]
    RequestRefused,
    /// A deadline passed: the connection's, the first token's, the pause between tokens, or the job's.
    #[display("TIMEOUT_ERROR")]
    TimeoutError,
}

impl FailureCode {
    /// Whether the same request has a chance when sent again (the original's table of error codes).
    pub fn retryable(self) -> bool {
        match self {
            Self::JobCanceled | Self::TokenLimitExceeded => false,
            Self::GenerationError
            | Self::ModelUnavailable
            | Self::ModelRefused
            | Self::RequestRefused
            | Self::TimeoutError => true,
        }
    }
}

/// The text is no failure code's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Error)]
#[display("not the name of a failure code")]
pub struct UnknownFailureCode;

impl FromStr for FailureCode {
    type Err = UnknownFailureCode;

    fn from_str(name: &str) -> Result<Self, UnknownFailureCode> {
        let all = [
            Self::JobCanceled,
            Self::GenerationError,
            Self::TokenLimitExceeded,
            Self::ModelUnavailable,
            Self::ModelRefused,
            Self::RequestRefused,
            Self::TimeoutError,
        ];
        all.into_iter().find(|code| code.to_string() == name).ok_or(UnknownFailureCode)
    }
}

/// A code for clients and a cause for operators, which is logged once and never leaves the service.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error)]
#[display("{code}: {cause}")]
pub struct Failure {
    /// What clients see; the message they read is chosen from it and the job's language.
    pub code: FailureCode,
    /// What operators read in the log.
    #[error(source)]
    pub cause: Cause,
}

impl Failure {
    /// Pairs `code` with what is known about its cause.
    pub fn new(code: FailureCode, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { code, cause: Cause::new(cause) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_reads_back_the_name_that_it_wrote() {
        for code in [FailureCode::JobCanceled, FailureCode::ModelRefused, FailureCode::RequestRefused] {
            assert_eq!(code.to_string().parse(), Ok(code));
        }
        assert_eq!("OTHER".parse::<FailureCode>(), Err(UnknownFailureCode));
    }
}
