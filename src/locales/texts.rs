//! The sentences of one language.

use generation_actors::model::{FailureCode, Step};
use serde::Deserialize;

/// All sentences in one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// For `currentStep`.
    pub steps: StepTexts,
    /// For `error.message` of jobs that failed.
    pub failures: FailureTexts,
    /// For `error.message` of requests that were refused.
    pub errors: ErrorTexts,
    /// For `error.details[].message`.
    pub faults: FaultTexts,
}

/// One sentence for every [`Step`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is the text of the step of its name")]
pub struct StepTexts {
    pub queued: String,
    pub analyzing_prompt: String,
    pub reasoning: String,
    pub retrying_model: String,
    pub outlining_scenes: String,
    pub writing_dialogue: String,
    pub writing_ending: String,
    pub saving_episode: String,
    pub done: String,
    pub failed: String,
    pub canceled: String,
}

/// One message for every [`FailureCode`], and one for a broken stream: what happened and what to do next.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is the text of the code of its name")]
pub struct FailureTexts {
    pub job_canceled: String,
    pub generation_error: String,
    pub token_limit_exceeded: String,
    pub model_unavailable: String,
    pub model_refused: String,
    pub request_refused: String,
    pub timeout_error: String,
    pub sse_error: String,
}

/// One message for every reason to refuse a request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is the text of the error of its name")]
pub struct ErrorTexts {
    pub validation_error: String,
    pub invalid_json: String,
    pub malformed_body: String,
    pub payload_too_large: String,
    pub unsupported_media_type: String,
    pub request_timeout: String,
    pub method_not_allowed: String,
    pub foreign_host: String,
    pub not_found: String,
    pub job_not_found: String,
    pub episode_not_found: String,
    pub no_script: String,
    pub model_unavailable: String,
    pub no_default_model: String,
    pub queue_full: String,
    pub shutting_down: String,
    pub idempotency_conflict: String,
    pub store_unavailable: String,
    pub job_unreadable: String,
    pub episodes_unavailable: String,
    pub episodes_misconfigured: String,
    pub episode_refused: String,
    pub internal: String,
    pub not_ready: String,
    pub backend_down: String,
}

/// One message for every rule that a field can break.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is the text of the fault of its name")]
pub struct FaultTexts {
    pub not_an_object: String,
    pub required: String,
    pub blank: String,
    pub not_text: String,
    pub not_utf8: String,
    pub too_long: String,
    pub control_characters: String,
    pub dot_segment: String,
    pub name_pattern: String,
    pub not_a_number: String,
    pub not_an_integer: String,
    pub out_of_range: String,
    pub bad_cursor: String,
    pub bad_preview: String,
    pub bad_key: String,
}

impl Texts {
    /// What `currentStep` says.
    pub fn step(&self, step: Step) -> &str {
        let texts = &self.steps;
        match step {
            Step::Queued => &texts.queued,
            Step::AnalyzingPrompt => &texts.analyzing_prompt,
            Step::Reasoning => &texts.reasoning,
            Step::RetryingModel => &texts.retrying_model,
            Step::OutliningScenes => &texts.outlining_scenes,
            Step::WritingDialogue => &texts.writing_dialogue,
            Step::WritingEnding => &texts.writing_ending,
            Step::SavingEpisode => &texts.saving_episode,
            Step::Done => &texts.done,
            Step::Failed => &texts.failed,
            Step::Canceled => &texts.canceled,
        }
    }

    /// What a failed job's `error.message` says.
    pub fn failure(&self, code: FailureCode) -> &str {
        let texts = &self.failures;
        match code {
            FailureCode::JobCanceled => &texts.job_canceled,
            FailureCode::GenerationError => &texts.generation_error,
            FailureCode::TokenLimitExceeded => &texts.token_limit_exceeded,
            FailureCode::ModelUnavailable => &texts.model_unavailable,
            FailureCode::ModelRefused => &texts.model_refused,
            FailureCode::RequestRefused => &texts.request_refused,
            FailureCode::TimeoutError => &texts.timeout_error,
        }
    }
}
