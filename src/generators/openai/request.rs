//! The body of a request.

use generation_actors::{job::Brief, ports::GenerationRequest};
use serde_json::{Value, json};

use super::{OpenAiOptions, TokenLimitField};
use crate::generators::prompts::Prompt;

/// English screenplays take 1.4 tokens for what `lengthTarget` counts as a word, …
const TOKENS_PER_WORD: u32 = 3;
/// … Korean ones 2.8 with OpenAI's present vocabulary, 4.3 with that of gpt-4, more with many local models.
const TOKENS_PER_WORD_BEYOND_ASCII: u32 = 6;
/// For scripts that run over, and for short ones.
const HEADROOM: u32 = 512;

/// The chat-completions request for one run.
pub(super) fn body(options: &OpenAiOptions, prompt: &Prompt, request: &GenerationRequest) -> Value {
    let brief = &request.brief;
    let mut messages =
        vec![json!({"role": "system", "content": prompt.system}), json!({"role": "user", "content": prompt.user})];
    if !request.written.is_empty() {
        // Few servers continue an assistant's message by themselves; being told to, all do.
        messages.push(json!({"role": "assistant", "content": request.written}));
        messages.push(json!({"role": "user", "content": prompt.go_on}));
    }
    let mut body = json!({
        "model": brief.model,
        "messages": messages,
        "temperature": brief.temperature,
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    let field = match options.tokens_field {
        TokenLimitField::MaxTokens => "max_tokens",
        TokenLimitField::MaxCompletionTokens => "max_completion_tokens",
    };
    body[field] = json!(options.max_tokens.unwrap_or_else(|| token_limit(brief)));
    body
}

fn token_limit(brief: &Brief) -> u32 {
    let per_word = if brief.description.is_ascii() { TOKENS_PER_WORD } else { TOKENS_PER_WORD_BEYOND_ASCII };
    brief.length_target.saturating_mul(per_word).saturating_add(HEADROOM)
}
