//! Providers of kind `openai`: servers with OpenAI's chat completions.

use super::chat_server::{self, ChatServer};
use super::document::{Faulty, Section};
use super::parse;
use super::variables::Environment;

/// A server that speaks OpenAI's chat completions.
#[derive(Debug, Clone)]
pub struct OpenAi {
    /// How it is reached.
    pub server: ChatServer,
    /// The request's field for the token limit; `None` chooses it by the model.
    pub tokens_field: Option<TokensField>,
}

/// The request's field for the token limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokensField {
    /// `max_tokens`, which most servers know.
    MaxTokens,
    /// `max_completion_tokens`, which newer models insist on.
    MaxCompletionTokens,
}

pub(super) const KEYS: [&str; 1] = ["tokens_field"];

/// Reads the keys of this kind; true if a variable replaced the server that was written.
pub(super) fn read(section: &mut Section<'_>, environment: &Environment) -> Result<(OpenAi, bool), Faulty> {
    let server = chat_server::read(section, environment, "openai");
    let fields = [("max_tokens", TokensField::MaxTokens), ("max_completion_tokens", TokensField::MaxCompletionTokens)];
    let tokens_field = section.optional("tokens_field", parse::one_of(&fields));
    let (server, is_elsewhere) = server?;
    Ok((OpenAi { server, tokens_field: tokens_field? }, is_elsewhere))
}
