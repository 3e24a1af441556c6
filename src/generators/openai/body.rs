//! Builds the body of a request.

use generation_actors::ports::{ChatRequest, Role};
use serde_json::{Value, json};

use super::{MAX_COMPLETION_TOKENS, MAX_TOKENS, STREAM_OPTIONS, TEMPERATURE, families};
use crate::generators::chat::{self, Parameters};

/// Reasoning tokens count towards the limit too; OpenAI advises leaving this much room for them.
const REASONING: u32 = 25_000;

pub(super) fn body(request: &ChatRequest, parameters: &Parameters, fixed_limit: Option<u32>) -> Value {
    let message = |(role, content)| json!({ "role": name(role), "content": content });
    let messages: Vec<Value> = chat::turns(request).map(message).collect();
    let mut body = json!({ "model": request.model, "messages": messages, "stream": true });
    if parameters.sends(TEMPERATURE) {
        body[TEMPERATURE] = json!(request.temperature);
    }
    if parameters.sends(STREAM_OPTIONS) {
        body[STREAM_OPTIONS] = json!({ "include_usage": true });
    }
    if let Some(field) = [MAX_TOKENS, MAX_COMPLETION_TOKENS].into_iter().find(|field| parameters.sends(field)) {
        let reasoning = if families::reasons(&request.model) { REASONING } else { 0 };
        body[field] = json!(fixed_limit.unwrap_or_else(|| request.max_tokens.saturating_add(reasoning)));
    }
    body
}

fn name(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}
