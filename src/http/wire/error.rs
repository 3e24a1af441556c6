//! The error object, shared by answers and `failed` events.

use generation_actors::model::FailureCode;
use serde::Serialize;

/// The stable codes of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::http) enum ErrorCode {
    JobCanceled,
    /// A job that failed without a more specific code, or anything of ours that is down or broken.
    GenerationError,
    TokenLimitExceeded,
    ModelUnavailable,
    TimeoutError,
    SseError,
    ValidationError,
    InvalidJson,
    PayloadTooLarge,
    UnsupportedMediaType,
    MethodNotAllowed,
    NotFound,
    JobNotFound,
    QueueFull,
    ShuttingDown,
    Forbidden,
    IdempotencyConflict,
    NotPossible,
}

impl ErrorCode {
    /// Whether the same request may succeed later.
    pub(in crate::http) fn retryable(self) -> bool {
        match self {
            Self::GenerationError
            | Self::ModelUnavailable
            | Self::TimeoutError
            | Self::SseError
            | Self::QueueFull
            | Self::ShuttingDown => true,
            Self::JobCanceled
            | Self::TokenLimitExceeded
            | Self::ValidationError
            | Self::InvalidJson
            | Self::PayloadTooLarge
            | Self::UnsupportedMediaType
            | Self::MethodNotAllowed
            | Self::NotFound
            | Self::JobNotFound
            | Self::Forbidden
            | Self::IdempotencyConflict
            | Self::NotPossible => false,
        }
    }
}

/// Coarser than [`FailureCode`]: the contract uses one code for a permanent refusal and for a failure that may pass.
impl From<FailureCode> for ErrorCode {
    fn from(code: FailureCode) -> Self {
        match code {
            FailureCode::JobCanceled => Self::JobCanceled,
            FailureCode::GenerationError | FailureCode::RequestRefused => Self::GenerationError,
            FailureCode::TokenLimitExceeded => Self::TokenLimitExceeded,
            FailureCode::ModelUnavailable | FailureCode::ModelRefused => Self::ModelUnavailable,
            FailureCode::TimeoutError => Self::TimeoutError,
        }
    }
}

/// The body of every answer other than a success.
#[derive(Debug, Serialize)]
pub(in crate::http) struct ErrorBody<'a> {
    pub error: ErrorObject<'a>,
}

/// What went wrong, for programs and for people.
#[derive(Debug, Serialize)]
pub(in crate::http) struct ErrorObject<'a> {
    pub code: ErrorCode,
    pub message: &'a str,
    pub retryable: bool,
    #[serde(skip_serializing_if = "<[Detail]>::is_empty")]
    pub details: &'a [Detail],
}

/// A fault in one part of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::http) struct Detail {
    /// The name of the field.
    pub field: String,
    /// What the field must be.
    pub message: String,
}

impl<'a> ErrorObject<'a> {
    /// An error without details.
    pub(in crate::http) fn new(code: ErrorCode, message: &'a str) -> Self {
        Self { code, message, retryable: code.retryable(), details: &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_retryable_to_clients_exactly_if_it_is_to_the_service() {
        for code in [
            FailureCode::JobCanceled,
            FailureCode::GenerationError,
            FailureCode::TokenLimitExceeded,
            FailureCode::ModelUnavailable,
            FailureCode::ModelRefused,
            FailureCode::RequestRefused,
            FailureCode::TimeoutError,
        ] {
            assert_eq!(ErrorCode::from(code).retryable(), code.retryable(), "{code}");
        }
    }
}
