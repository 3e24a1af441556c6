//! Why a request failed: kind and source, without wording. [`Problem::answer`] is the one place that decides what a
//! client reads, and [`super::answer`] writes it, where the language of the request is known.

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use derive_more::{Display, Error, From};
use generation_actors::{
    model::{Cause, Status},
    ports::{EpisodeError, ModelOffer, UnknownModel},
    registry::{CreateError, FindError, RegistryGone},
};

use super::{
    faults::Faults,
    rule::Rule,
    wire::{Detail, ErrorCode},
};
use crate::locales::{ErrorTexts, Texts};

/// The error type of the HTTP side. `Display` is for the log; clients get an [`Answer`].
#[derive(Debug, Display, Error, From)]
pub(super) enum Problem {
    /// Fields break rules.
    #[from]
    #[display("the request is not valid")]
    Invalid(#[error(not(source))] Faults),
    /// The body is not JSON; the error is at this line and column.
    #[display("the body is not JSON at {line}:{column}")]
    InvalidJson { line: usize, column: usize },
    /// The body's HTTP framing is invalid.
    #[display("the body is malformed")]
    MalformedBody,
    /// The body is larger than `max` bytes.
    #[display("the body is larger than {max} bytes")]
    BodyTooLarge { max: usize },
    /// `Content-Type` is not JSON.
    #[display("the body's content type is not JSON")]
    UnsupportedMediaType,
    /// The body did not arrive in time.
    #[display("the body did not arrive in time")]
    BodyTimeout,
    /// The resource does not support the method, only those in `allow`.
    #[display("the resource supports {allow} only")]
    MethodNotAllowed { allow: &'static str },
    /// `Host` names a host this service does not answer to.
    #[display("the host name is not one of this service")]
    ForeignHost,
    /// No such resource.
    #[display("there is no such resource")]
    NotFound,
    /// No such job.
    #[display("there is no such job")]
    JobNotFound,
    /// No such episode.
    #[display("there is no such episode")]
    EpisodeNotFound,
    /// The job is in this state and has no finished script.
    #[display("the job is {_0} and has no finished script")]
    NoScript(#[error(not(source))] Status),
    /// No provider serves the model.
    #[from]
    UnknownModel(UnknownModel),
    /// The request names no model, and there is no default.
    #[display("there is no default model")]
    NoDefaultModel(#[error(not(source))] ModelOffer),
    /// The job was not accepted.
    #[from]
    #[display("a job was refused: {_0}")]
    Create(CreateError),
    /// The job could not be looked up.
    #[from]
    #[display("a job could not be read: {_0}")]
    Find(FindError),
    /// The registry is gone.
    #[from]
    Registry(RegistryGone),
    /// The episode store failed.
    #[from]
    #[display("an episode request failed: {_0}")]
    Episode(EpisodeError),
    /// The service is shutting down.
    #[display("the service is shutting down")]
    ShuttingDown,
    /// Required backends are down.
    #[display("not ready: {}", _0.join(", "))]
    NotReady(#[error(not(source))] Vec<&'static str>),
    /// A bug, such as a panic.
    Internal(Cause),
}

/// What a client is told.
#[derive(Debug, Display)]
#[display("{status}: {message}")]
pub(super) struct Answer {
    pub status: StatusCode,
    pub code: ErrorCode,
    pub message: String,
    pub details: Vec<Detail>,
    /// The methods that the resource supports, for a 405.
    pub allow: Option<&'static str>,
}

impl Problem {
    /// Whether operators should see the cause in the log.
    pub(super) fn is_ours(&self) -> bool {
        match self {
            Self::Create(CreateError::Store(_))
            | Self::Find(_)
            | Self::Registry(_)
            | Self::Episode(_)
            | Self::Internal(_) => true,
            Self::Create(CreateError::QueueFull | CreateError::ShuttingDown | CreateError::IdempotencyConflict)
            | Self::Invalid(_)
            | Self::InvalidJson { .. }
            | Self::MalformedBody
            | Self::BodyTooLarge { .. }
            | Self::UnsupportedMediaType
            | Self::BodyTimeout
            | Self::MethodNotAllowed { .. }
            | Self::ForeignHost
            | Self::NotFound
            | Self::JobNotFound
            | Self::EpisodeNotFound
            | Self::NoScript(_)
            | Self::UnknownModel(_)
            | Self::NoDefaultModel(_)
            | Self::ShuttingDown
            // The code that called the backend has logged the reason.
            | Self::NotReady(_) => false,
        }
    }

    /// Status, code and message of every problem. Exhaustive: a new domain error does not compile until it is mapped
    /// here.
    pub(super) fn answer(&self, texts: &Texts) -> Answer {
        let errors = &texts.errors;
        match self {
            Self::Invalid(faults) => {
                Answer { details: faults.details(&texts.faults), ..invalid(errors.validation_error.clone()) }
            }
            Self::InvalidJson { line, column } => {
                let position = format!("{line}:{column}");
                Answer::new(400, ErrorCode::InvalidJson, errors.invalid_json.replace("{position}", &position))
            }
            Self::MalformedBody => Answer::new(400, ErrorCode::InvalidJson, &errors.malformed_body),
            Self::BodyTooLarge { max } => {
                let message = errors.payload_too_large.replace("{max}", &max.to_string());
                Answer::new(413, ErrorCode::PayloadTooLarge, message)
            }
            Self::UnsupportedMediaType => {
                Answer::new(415, ErrorCode::UnsupportedMediaType, &errors.unsupported_media_type)
            }
            Self::BodyTimeout => Answer::new(408, ErrorCode::TimeoutError, &errors.request_timeout),
            Self::MethodNotAllowed { allow } => {
                let message = errors.method_not_allowed.replace("{allow}", allow);
                Answer { allow: Some(allow), ..Answer::new(405, ErrorCode::MethodNotAllowed, message) }
            }
            Self::ForeignHost => Answer::new(403, ErrorCode::Forbidden, &errors.foreign_host),
            Self::NotFound => Answer::new(404, ErrorCode::NotFound, &errors.not_found),
            Self::JobNotFound => Answer::new(404, ErrorCode::JobNotFound, &errors.job_not_found),
            Self::EpisodeNotFound => Answer::new(404, ErrorCode::NotFound, &errors.episode_not_found),
            Self::NoScript(status) => {
                let message = errors.no_script.replace("{status}", &status.to_string());
                Answer::new(409, ErrorCode::NotPossible, message)
            }
            Self::UnknownModel(UnknownModel { model, known }) => {
                no_model(errors.model_unavailable.replace("{known}", &known.join(", ")).replace("{model}", model))
            }
            Self::NoDefaultModel(offer) => {
                no_model(errors.no_default_model.replace("{known}", &offer.names().join(", ")))
            }
            Self::Create(CreateError::QueueFull) => Answer::new(503, ErrorCode::QueueFull, &errors.queue_full),
            Self::Create(CreateError::ShuttingDown) | Self::ShuttingDown => {
                Answer::new(503, ErrorCode::ShuttingDown, &errors.shutting_down)
            }
            Self::Create(CreateError::IdempotencyConflict) => {
                Answer::new(409, ErrorCode::IdempotencyConflict, &errors.idempotency_conflict)
            }
            Self::Create(CreateError::Store(_)) => unavailable(&errors.store_unavailable),
            Self::Find(FindError::Store(_)) => unavailable(&errors.job_unreadable),
            Self::Episode(EpisodeError::Unavailable(_)) => unavailable(&errors.episodes_unavailable),
            Self::Episode(EpisodeError::Misconfigured(_)) => unavailable(&errors.episodes_misconfigured),
            Self::Episode(EpisodeError::Refused(_)) => invalid(errors.episode_refused.clone()),
            Self::NotReady(down) => Answer { details: backends(down, errors), ..unavailable(&errors.not_ready) },
            Self::Find(FindError::Registry(RegistryGone)) | Self::Registry(RegistryGone) | Self::Internal(_) => {
                Answer::new(500, ErrorCode::GenerationError, &errors.internal)
            }
        }
    }
}

impl Answer {
    fn new(status: u16, code: ErrorCode, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, code, message: message.into(), details: Vec::new(), allow: None }
    }
}

fn invalid(message: String) -> Answer {
    Answer::new(422, ErrorCode::ValidationError, message)
}

/// A backend is down, and nothing was started.
fn unavailable(message: &str) -> Answer {
    Answer::new(503, ErrorCode::GenerationError, message)
}

fn no_model(message: String) -> Answer {
    let details = vec![Detail { field: "model".to_owned(), message: message.clone() }];
    Answer { details, ..Answer::new(422, ErrorCode::ModelUnavailable, message) }
}

fn backends(down: &[&str], errors: &ErrorTexts) -> Vec<Detail> {
    let detail = |field: &&str| Detail { field: (*field).to_owned(), message: errors.backend_down.clone() };
    down.iter().map(detail).collect()
}

impl Problem {
    /// One field breaks a rule.
    pub(super) fn fault(field: &str, rule: Rule) -> Self {
        Self::Invalid(Faults::one(field, rule))
    }
}

/// An empty response, which [`super::answer::answer_problems`] replaces.
impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
