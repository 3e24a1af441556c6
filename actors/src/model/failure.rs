//! Why a job ended without a finished script.

use std::str::FromStr;

use derive_more::{Display, Error};

use super::Cause;

/// Why a job failed. It is displayed under its own name and parsed from that name by stores. The delivery side maps it
/// to the code that clients read, which is coarser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display)]
pub enum FailureCode {
    /// The creator, or anyone with the job's id, canceled the job.
    #[display("JOB_CANCELED")]
    JobCanceled,
    /// Any failure without a more specific code.
    #[display("GENERATION_ERROR")]
    GenerationError,
    /// The model reached its token limit; the text so far is kept.
    #[display("TOKEN_LIMIT_EXCEEDED")]
    TokenLimitExceeded,
    /// The provider does not serve the model now, but may later.
    #[display("MODEL_UNAVAILABLE")]
    ModelUnavailable,
    /// The provider will not serve the model until someone changes something: a key, a quota, a name. The original's
    /// table has the same code for this and `ModelUnavailable`.
    #[display("MODEL_REFUSED")]
    ModelRefused,
    /// The provider refused this request and would refuse it again.
    #[display("REQUEST_REFUSED")]
    RequestRefused,
    /// A timeout: connecting, the first token, the pause between tokens, or the whole job.
    #[display("TIMEOUT_ERROR")]
    TimeoutError,
}

impl FailureCode {
    /// Whether the same request may succeed when sent again (from the original's table of error codes).
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

/// The text is not the name of a failure code.
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

/// A code for clients and a cause for operators. The cause is logged once and never leaves the service.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error)]
#[display("{code}: {cause}")]
pub struct Failure {
    /// What clients see. Their message is chosen by this code and the job's locale.
    pub code: FailureCode,
    /// What operators read in the log.
    #[error(source)]
    pub cause: Cause,
}

impl Failure {
    /// Creates a failure from a code and its cause.
    pub fn new(code: FailureCode, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { code, cause: Cause::new(cause) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_displayed_code_parses_back() {
        for code in [FailureCode::JobCanceled, FailureCode::ModelRefused, FailureCode::RequestRefused] {
            assert_eq!(code.to_string().parse(), Ok(code));
        }
        assert_eq!("OTHER".parse::<FailureCode>(), Err(UnknownFailureCode));
    }
}
