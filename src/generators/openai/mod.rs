//! Any server with OpenAI's `/chat/completions`, streamed: OpenAI itself, vLLM, Ollama, llama.cpp, gateways.
//!
//! From the bytes up: `decode` cuts them into events, `reply` says what each means and whether the whole is a script, `fault`
//! says what a failure means and whether to ask again, `parameters` with what, `run` does it all within its deadlines.

mod decode;
mod fault;
mod overlap;
mod parameters;
mod reply;
mod request;
mod retry;
mod run;
mod tokens;

use std::{sync::Arc, time::Duration};

use generation_actors::ports::{GenerationRequest, GenerationStream, ScriptGenerator};

use super::Prompts;
use crate::client::Connector;

/// How one provider is reached and how long it may take.
#[derive(Debug, Clone)]
pub struct OpenAiOptions {
    /// For the log.
    pub name: String,
    /// What `/chat/completions` is appended to.
    pub base_url: String,
    /// Sent as a bearer token; never logged.
    pub api_key: Option<String>,
    /// The field that carries the token limit; `None` chooses it by the model.
    pub tokens_field: Option<TokenLimitField>,
    /// A fixed token limit; `None` derives it from the length asked for.
    pub max_tokens: Option<u32>,
    /// To connect, TLS and proxies included.
    pub connect_timeout: Duration,
    /// From the request to the response's head; servers that queue send none until it is their turn.
    pub head_timeout: Duration,
    /// From the head to the first text or reasoning.
    pub first_token_timeout: Duration,
    /// Between two reads after that; any byte counts, comments too.
    pub idle_timeout: Duration,
    /// Further attempts before the first text.
    pub retries: u32,
}

/// The request's field for the token limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLimitField {
    /// `max_tokens`
    MaxTokens,
    /// `max_completion_tokens`
    MaxCompletionTokens,
}

/// One provider.
#[derive(Debug)]
pub struct OpenAiGenerator(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    options: OpenAiOptions,
    connector: Connector,
    prompts: Arc<Prompts>,
    /// What its models have refused.
    refused: parameters::Memory,
}

impl OpenAiGenerator {
    /// A provider that is asked nothing yet.
    pub fn new(options: OpenAiOptions, prompts: Arc<Prompts>) -> Self {
        let connector = Connector::new(options.connect_timeout);
        Self(Arc::new(Shared { options, connector, prompts, refused: parameters::Memory::default() }))
    }
}

impl ScriptGenerator for OpenAiGenerator {
    fn generate(&self, request: GenerationRequest) -> GenerationStream {
        run::start(Arc::clone(&self.0), request)
    }
}

#[cfg(test)]
mod tests;
