//! The one catalogue of HTTP errors: stable code, status, whether trying again helps, and the shape of the answer.

use std::time::Duration;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use derive_more::Display;
use generation_actors::{model::Status, ports::{EpisodeError, ModelOffer, UnknownModel}, registry::{CreateError, FindError, RegistryGone}};
use serde::{Serialize, Serializer};

use crate::locales::{ErrorTexts, HttpTexts};

/// The stable codes of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
pub(super) enum Code {
    #[display("VALIDATION_ERROR")]
    ValidationError,
    #[display("INVALID_JSON")]
    InvalidJson,
    #[display("PAYLOAD_TOO_LARGE")]
    PayloadTooLarge,
    #[display("UNSUPPORTED_MEDIA_TYPE")]
    UnsupportedMediaType,
    #[display("TIMEOUT_ERROR")]
    RequestTimeout,
    #[display("METHOD_NOT_ALLOWED")]
    MethodNotAllowed,
    #[display("NOT_FOUND")]
    NotFound,
    #[display("JOB_NOT_FOUND")]
    JobNotFound,
    #[display("MODEL_UNAVAILABLE")]
    ModelUnavailable,
    #[display("QUEUE_FULL")]
    QueueFull,
    #[display("SHUTTING_DOWN")]
    ShuttingDown,
    #[display("FORBIDDEN")]
    Forbidden,
    #[display("IDEMPOTENCY_CONFLICT")]
    IdempotencyConflict,
    #[display("NOT_POSSIBLE")]
    NotPossible,
    /// Something of ours is down; nothing was started.
    #[display("GENERATION_ERROR")]
    Unavailable,
    #[display("GENERATION_ERROR")]
    Internal,
}

impl Code {
    fn status(self) -> StatusCode {
        match self {
            Self::ValidationError | Self::ModelUnavailable => StatusCode::UNPROCESSABLE_ENTITY,
            Self::InvalidJson => StatusCode::BAD_REQUEST,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFound | Self::JobNotFound => StatusCode::NOT_FOUND,
            Self::QueueFull | Self::ShuttingDown | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::IdempotencyConflict | Self::NotPossible => StatusCode::CONFLICT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn retryable(self) -> bool {
        match self {
            Self::RequestTimeout
            | Self::ModelUnavailable
            | Self::QueueFull
            | Self::ShuttingDown
            | Self::Unavailable
            | Self::Internal => true,
            Self::ValidationError
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

    fn retry_after(self) -> Option<Duration> {
        match self {
            Self::QueueFull | Self::ShuttingDown | Self::Unavailable => Some(Duration::from_secs(5)),
            _ => None,
        }
    }
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct FieldFault {
    /// Its name in the request.
    pub field: &'static str,
    /// What it must be.
    pub message: String,
}

/// An answer other than the one asked for. Its cause has been logged where it was known; nothing internal is in it.
#[derive(Debug, Clone, Display)]
#[display("{code}: {message}")]
pub(super) struct ApiError {
    code: Code,
    message: String,
    details: Vec<FieldFault>,
    allow: Option<&'static str>,
}

#[derive(Serialize)]
struct Body<'a> {
    error: ErrorObject<'a>,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    #[serde(serialize_with = "as_text")]
    code: Code,
    message: &'a str,
    retryable: bool,
    #[serde(skip_serializing_if = "<[FieldFault]>::is_empty")]
    details: &'a [FieldFault],
}

fn as_text<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(code)
}

impl ApiError {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Vec::new(), allow: None }
    }

    /// Whether the job is simply not there.
    pub(super) fn is_job_not_found(&self) -> bool {
        self.code == Code::JobNotFound
    }

    /// What it says to a person.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    fn with_details(mut self, details: Vec<FieldFault>) -> Self {
        self.details = details;
        self
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(allow) = self.allow {
            response.insert_header((header::ALLOW, allow));
        }
        if let Some(pause) = self.code.retry_after() {
            response.insert_header((header::RETRY_AFTER, pause.as_secs()));
        }
        let (code, message) = (self.code, self.message.as_str());
        response
            .json(Body { error: ErrorObject { code, message, retryable: code.retryable(), details: &self.details } })
    }
}

/// Builds errors in one language. Domain errors are mapped exhaustively: a new one does not compile until it has an answer.
impl HttpTexts {
    fn error(&self, code: Code, text: impl FnOnce(&ErrorTexts) -> &String) -> ApiError {
        ApiError::new(code, text(&self.errors))
    }

    pub(super) fn validation(&self, faults: Vec<FieldFault>) -> ApiError {
        self.error(Code::ValidationError, |texts| &texts.validation_error).with_details(faults)
    }

    pub(super) fn invalid_json(&self, error: &serde_json::Error) -> ApiError {
        let position = format!("{}:{}", error.line(), error.column());
        ApiError::new(Code::InvalidJson, self.errors.invalid_json.replace("{position}", &position))
    }

    pub(super) fn payload_too_large(&self, max: usize) -> ApiError {
        ApiError::new(Code::PayloadTooLarge, self.errors.payload_too_large.replace("{max}", &max.to_string()))
    }

    pub(super) fn unsupported_media_type(&self) -> ApiError {
        self.error(Code::UnsupportedMediaType, |texts| &texts.unsupported_media_type)
    }

    pub(super) fn request_timeout(&self) -> ApiError {
        self.error(Code::RequestTimeout, |texts| &texts.request_timeout)
    }

    pub(super) fn method_not_allowed(&self, allow: &'static str) -> ApiError {
        let message = self.errors.method_not_allowed.replace("{allow}", allow);
        ApiError { allow: Some(allow), ..ApiError::new(Code::MethodNotAllowed, message) }
    }

    pub(super) fn not_found(&self) -> ApiError {
        self.error(Code::NotFound, |texts| &texts.not_found)
    }

    pub(super) fn job_not_found(&self) -> ApiError {
        self.error(Code::JobNotFound, |texts| &texts.job_not_found)
    }

    pub(super) fn no_script(&self, status: Status) -> ApiError {
        ApiError::new(Code::NotPossible, self.errors.no_script.replace("{status}", &status.to_string()))
    }

    pub(super) fn foreign_host(&self) -> ApiError {
        self.error(Code::Forbidden, |texts| &texts.foreign_host)
    }

    pub(super) fn malformed_body(&self) -> ApiError {
        self.error(Code::InvalidJson, |texts| &texts.malformed_body)
    }

    pub(super) fn episode_not_found(&self) -> ApiError {
        self.error(Code::NotFound, |texts| &texts.episode_not_found)
    }

    pub(super) fn unknown_model(&self, unknown: &UnknownModel) -> ApiError {
        let text = self.errors.model_unavailable.replace("{known}", &unknown.known.join(", "));
        no_model(text.replace("{model}", &unknown.model))
    }

    pub(super) fn no_default_model(&self, offer: &ModelOffer) -> ApiError {
        no_model(self.errors.no_default_model.replace("{known}", &offer.names().join(", ")))
    }

    pub(super) fn create(&self, error: &CreateError) -> ApiError {
        match error {
            CreateError::QueueFull => self.error(Code::QueueFull, |texts| &texts.queue_full),
            CreateError::ShuttingDown => self.shutting_down(),
            CreateError::IdempotencyConflict => {
                self.error(Code::IdempotencyConflict, |texts| &texts.idempotency_conflict)
            }
            CreateError::Store(error) => {
                log::error!("a job was refused because it could not be recorded: {error}");
                self.error(Code::Unavailable, |texts| &texts.store_unavailable)
            }
        }
    }

    pub(super) fn shutting_down(&self) -> ApiError {
        self.error(Code::ShuttingDown, |texts| &texts.shutting_down)
    }

    pub(super) fn episode(&self, error: &EpisodeError) -> ApiError {
        log::error!("an episode request failed: {error}");
        match error {
            EpisodeError::Unavailable(_) => self.error(Code::Unavailable, |texts| &texts.episodes_unavailable),
            EpisodeError::Misconfigured(_) => self.error(Code::Unavailable, |texts| &texts.episodes_misconfigured),
            EpisodeError::Refused(_) => self.error(Code::ValidationError, |texts| &texts.episode_refused),
        }
    }

    pub(super) fn find(&self, error: &FindError) -> ApiError {
        match error {
            FindError::Registry(gone) => self.registry_gone(*gone),
            FindError::Store(error) => {
                log::error!("a job could not be read: {error}");
                self.error(Code::Unavailable, |texts| &texts.job_unreadable)
            }
        }
    }

    pub(super) fn registry_gone(&self, gone: RegistryGone) -> ApiError {
        log::error!("{gone}");
        self.internal()
    }

    pub(super) fn internal(&self) -> ApiError {
        self.error(Code::Internal, |texts| &texts.internal)
    }

    pub(super) fn not_ready(&self, down: &[&'static str]) -> ApiError {
        let details =
            down.iter().map(|field| FieldFault { field, message: self.errors.backend_down.clone() }).collect();
        self.error(Code::Unavailable, |texts| &texts.not_ready).with_details(details)
    }
}

fn no_model(message: String) -> ApiError {
    let details = vec![FieldFault { field: "model", message: message.clone() }];
    ApiError::new(Code::ModelUnavailable, message).with_details(details)
}
