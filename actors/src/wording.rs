//! Every sentence about a job that a person reads, in the languages there are.
//!
//! The texts themselves stand in `config/locales/`; this module says which there must be.

use derive_more::Display;
use serde::{Deserialize, Serialize};

use crate::job::FailureCode;

/// The language of human-readable texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Display, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// Korean, the default, as in the original.
    #[default]
    #[display("ko")]
    Ko,
    /// English, for creators who ask for it with `Accept-Language: en`.
    #[display("en")]
    En,
}

/// What a job is doing, shown as `currentStep`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Waiting for its turn.
    Queued,
    /// The request is with the model, nothing has come back yet.
    AnalyzingPrompt,
    /// The model thinks aloud before it writes; its reasoning is no part of the script.
    Reasoning,
    /// The provider refused for the moment and is asked again.
    RetryingModel,
    /// Headings and scenes are laid out.
    OutliningScenes,
    /// The script is being written.
    WritingDialogue,
    /// Most of it is there.
    WritingEnding,
    /// The finished script is on its way to the episode store.
    SavingEpisode,
    /// Completed.
    Done,
    /// Failed.
    Failed,
    /// Canceled.
    Canceled,
}

/// One sentence for every [`Step`].
#[derive(Debug, Clone, Deserialize)]
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
#[derive(Debug, Clone, Deserialize)]
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

/// The texts about jobs in one language.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// For `currentStep`.
    pub steps: StepTexts,
    /// For `error.message`.
    pub failures: FailureTexts,
}

/// The texts about jobs in every language.
#[derive(Debug, Clone)]
pub struct Wording {
    /// Korean.
    pub ko: Texts,
    /// English.
    pub en: Texts,
}

impl Wording {
    fn texts(&self, locale: Locale) -> &Texts {
        match locale {
            Locale::Ko => &self.ko,
            Locale::En => &self.en,
        }
    }

    /// What `currentStep` says.
    pub fn step(&self, step: Step, locale: Locale) -> &str {
        let texts = &self.texts(locale).steps;
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

    /// What a reader is told whose stream broke inside the service.
    pub fn stream_error(&self, locale: Locale) -> &str {
        &self.texts(locale).failures.sse_error
    }

    /// What a failed job's `error.message` says.
    pub fn failure(&self, code: FailureCode, locale: Locale) -> &str {
        let texts = &self.texts(locale).failures;
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
