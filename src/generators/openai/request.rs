//! The body of a request.

use generation_actors::{model::Brief, ports::GenerationRequest};
use serde_json::{Value, json};

use super::{
    OpenAiOptions,
    parameters::{self, Parameter, Parameters},
};
use crate::generators::prompts::Prompt;

/// English screenplays take 1.4 tokens for what `lengthTarget` counts as a word, …
const TOKENS_PER_WORD: u32 = 3;
/// … Korean ones 2.8 with OpenAI's present vocabulary, 4.3 with that of gpt-4, more with many local models.
const TOKENS_PER_WORD_BEYOND_ASCII: u32 = 6;
/// For scripts that run over, and for short ones.
const HEADROOM: u32 = 512;
/// What a reasoning model may think before it writes counts into its limit too; OpenAI advises to leave room for so much.
const REASONING: u32 = 25_000;

/// The chat-completions request for one run.
pub(super) fn body(
    options: &OpenAiOptions,
    prompt: &Prompt,
    request: &GenerationRequest,
    parameters: Parameters,
) -> Value {
    let brief = &request.brief;
    let mut messages =
        vec![json!({"role": "system", "content": prompt.system}), json!({"role": "user", "content": prompt.user})];
    if !request.written.is_empty() {
        // Few servers continue an assistant's message by themselves; being told to, all do.
        messages.push(json!({"role": "assistant", "content": request.written}));
        messages.push(json!({"role": "user", "content": prompt.go_on}));
    }
    let mut body = json!({ "model": brief.model, "messages": messages, "stream": true });
    if parameters.takes(Parameter::Temperature) {
        body[Parameter::Temperature.name()] = json!(brief.temperature);
    }
    if parameters.takes(Parameter::StreamOptions) {
        body[Parameter::StreamOptions.name()] = json!({"include_usage": true});
    }
    if let Some(field) = parameters.limit() {
        body[field.name()] = json!(options.max_tokens.unwrap_or_else(|| token_limit(brief)));
    }
    body
}

fn token_limit(brief: &Brief) -> u32 {
    let per_word = if brief.description.is_ascii() { TOKENS_PER_WORD } else { TOKENS_PER_WORD_BEYOND_ASCII };
    let reasoning = if parameters::reasons(&brief.model) { REASONING } else { 0 };
    brief.length_target.saturating_mul(per_word).saturating_add(HEADROOM + reasoning)
}
