//! Why a job ended without a finished script.

use derive_more::{Display, Error};
use serde::{Deserialize, Serialize};

/// Why a job failed. It is serialized as the stable code of the original's table; displayed, and read back from a store, under
/// its own name, which is finer.
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
    /// The provider does not serve the model now; it may later.
    #[display("MODEL_UNAVAILABLE")]
    ModelUnavailable,
    /// The provider will not serve the model until somebody has changed something: a key, a quota, a name. The original's
    /// table has one code for both, so clients read the same and only the message differs.
    #[display("MODEL_REFUSED")]
    #[serde(rename(serialize = "MODEL_UNAVAILABLE"))]
    ModelRefused,
    /// The provider refuses this very request and would again. To clients a `GENERATION_ERROR` with a message of its own.
    #[display("REQUEST_REFUSED")]
    #[serde(rename(serialize = "GENERATION_ERROR"))]
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

#[cfg(test)]
mod tests {
    use serde::de::{IntoDeserializer, value::Error};

    use super::*;

    #[test]
    fn clients_read_the_codes_of_the_table_and_a_store_reads_back_what_it_wrote() {
        for (code, on_the_wire) in [
            (FailureCode::JobCanceled, "JOB_CANCELED"),
            (FailureCode::GenerationError, "GENERATION_ERROR"),
            (FailureCode::TokenLimitExceeded, "TOKEN_LIMIT_EXCEEDED"),
            (FailureCode::ModelUnavailable, "MODEL_UNAVAILABLE"),
            (FailureCode::ModelRefused, "MODEL_UNAVAILABLE"),
            (FailureCode::RequestRefused, "GENERATION_ERROR"),
            (FailureCode::TimeoutError, "TIMEOUT_ERROR"),
        ] {
            assert_eq!(serde_json::to_value(code).expect("a word"), on_the_wire);
            let stored = code.to_string();
            let read: Result<FailureCode, Error> = FailureCode::deserialize(stored.as_str().into_deserializer());
            assert_eq!(read.expect("its own name"), code);
        }
    }
}
