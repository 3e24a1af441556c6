//! OpenAI's chat completions, as OpenAI, vLLM, Ollama, llama.cpp, gateways and many others speak it, each with its quirks.

mod body;
mod event;
mod families;

use std::sync::Arc;

use generation_actors::ports::{ChatModel, ChatRequest};
use http::{HeaderMap, header};
use secrecy::SecretString;
use serde_json::Value;

use super::chat::{self, ChatClient, Fault, Parameters, Protocol, Reply};
use crate::config::{self, TokensField};

const MAX_TOKENS: &str = "max_tokens";
const MAX_COMPLETION_TOKENS: &str = "max_completion_tokens";
const TEMPERATURE: &str = "temperature";
const STREAM_OPTIONS: &str = "stream_options";

/// The chat models of a server that speaks OpenAI's chat completions; `name` is the provider's, for the log.
pub fn openai(name: &str, settings: &config::OpenAi) -> Arc<dyn ChatModel> {
    let protocol = ChatCompletions { tokens_field: settings.tokens_field };
    Arc::new(ChatClient::new(name, &settings.server, protocol))
}

/// The protocol.
#[derive(Debug, Default)]
pub(super) struct ChatCompletions {
    /// The operator's choice of the field for the token limit; `None` chooses it by the model.
    pub(super) tokens_field: Option<TokensField>,
}

impl Protocol for ChatCompletions {
    const PATH: &'static str = "/chat/completions";
    const OPTIONAL: &'static [&'static str] = &[MAX_TOKENS, MAX_COMPLETION_TOKENS, TEMPERATURE, STREAM_OPTIONS];

    fn headers(&self, key: Option<&SecretString>) -> Result<HeaderMap, Fault> {
        let bearer = key.map(|key| chat::header_value("Bearer ", key)).transpose()?;
        Ok(bearer.map(|bearer| (header::AUTHORIZATION, bearer)).into_iter().collect())
    }

    fn parameters(&self, model: &str) -> Parameters {
        families::parameters(model, self.tokens_field)
    }

    fn body(&self, request: &ChatRequest, parameters: &Parameters, fixed_limit: Option<u32>) -> Value {
        body::body(request, parameters, fixed_limit)
    }

    fn read(&self, data: &str, reply: &mut Reply) -> Result<(), Fault> {
        event::read(data, reply)
    }

    fn refusal(&self, status: u16, body: &str) -> Fault {
        Fault::of_response(status, body, Self::OPTIONAL)
    }
}
