//! Writes scripts over any chat model: prompts, continuing an interrupted script, and what a reply means for a job.

mod length;
mod prompts;
mod stream;
mod tokens;

use std::sync::Arc;

use generation_actors::{model::{Failure, FailureCode}, ports::{ChatErrorKind, ChatModel, ChatRequest, Continuation, GenerationRequest, GenerationStream, Message, Role, ScriptGenerator}};

pub use prompts::{PromptError, Prompts};

/// A generator over one chat model, whatever its protocol.
pub struct ScriptWriter {
    model: Arc<dyn ChatModel>,
    prompts: Arc<Prompts>,
}

impl ScriptWriter {
    /// Writes with `model`, following `prompts`.
    pub fn new(model: Arc<dyn ChatModel>, prompts: Arc<Prompts>) -> Self {
        Self { model, prompts }
    }

    fn request(&self, GenerationRequest { brief, written }: &GenerationRequest) -> Result<ChatRequest, Failure> {
        let prompt = self.prompts.prompt(brief).map_err(|error| {
            let cause = format!("the prompt template of {:?} fails: {error}", brief.script_type);
            Failure::new(FailureCode::GenerationError, cause)
        })?;
        let messages = [(Role::System, prompt.system), (Role::User, prompt.user)];
        let continuation = Continuation { written: written.clone(), instruction: prompt.go_on };
        Ok(ChatRequest {
            model: brief.model.clone(),
            messages: messages.map(|(role, content)| Message { role, content }).into(),
            continuation: Some(continuation).filter(|continuation| !continuation.written.is_empty()),
            temperature: brief.temperature,
            max_tokens: length::token_limit(brief),
        })
    }
}

impl ScriptGenerator for ScriptWriter {
    fn generate(&self, request: GenerationRequest) -> GenerationStream {
        stream::start(self.request(&request).map(|chat| self.model.chat(chat)), request.written)
    }
}

/// The failure of a job whose chat model failed like this.
pub(super) fn failure_code(kind: ChatErrorKind) -> FailureCode {
    match kind {
        ChatErrorKind::Unavailable => FailureCode::ModelUnavailable,
        ChatErrorKind::ModelRefused => FailureCode::ModelRefused,
        ChatErrorKind::RequestRefused => FailureCode::RequestRefused,
        ChatErrorKind::TokenLimit => FailureCode::TokenLimitExceeded,
        ChatErrorKind::Timeout => FailureCode::TimeoutError,
        ChatErrorKind::BrokenReply => FailureCode::GenerationError,
    }
}

#[cfg(test)]
mod tests;
