//! `[episodes.embedding]`: what turns scripts into vectors.

use secrecy::SecretString;

use super::document::{Faulty, Section};
use super::parse::{self, integer, text_of};
use super::variables::{self, Environment};
use super::parse_url;

/// What turns scripts into the vectors they are found by.
#[derive(Debug, Clone)]
pub enum Embedding {
    /// The service itself.
    Hashing,
    /// A server with OpenAI's `/embeddings`.
    OpenAi(OpenAiEmbedding),
}

/// A server with OpenAI's `/embeddings`.
#[derive(Debug, Clone)]
pub struct OpenAiEmbedding {
    /// What `/embeddings` is appended to, without a trailing slash.
    pub base_url: String,
    /// The model's name.
    pub model: String,
    /// The API key, if the server asks for one: visible ASCII.
    pub api_key: Option<SecretString>,
    /// Characters of a script that are sent, counted from its start, at least 1; models refuse longer texts.
    pub max_characters: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Hashing,
    OpenAi,
}

impl Embedding {
    /// Reads the table under `section`. The variable of its key must be set only if these embeddings are `used`.
    pub(super) fn read(section: &mut Section<'_>, environment: &Environment, used: bool) -> Result<Self, Faulty> {
        let mut section = section.table("embedding", "episodes.embedding")?;
        let kind_origin = section.origin_of("kind");
        let kinds = [("hashing", Kind::Hashing), ("openai", Kind::OpenAi)];
        let kind = section.read("kind", parse::one_of(&kinds));
        let base_url = section.optional("base_url", parse_url::base_url);
        let model = section.optional("model", text_of(1..=128));
        let max_characters = section.read_or("max_characters", 8000, integer(1..=1_000_000));
        let api_key = if used && kind == Ok(Kind::OpenAi) {
            variables::needed_secret(&mut section, "api_key_env", environment)
        } else {
            section.optional("api_key_env", variables::name).map(|_| None)
        };
        let (base_url, model, max_characters, api_key) = (base_url?, model?, max_characters?, api_key?);
        if kind? == Kind::Hashing {
            return Ok(Self::Hashing);
        }
        let mut needed = |key, value: Option<String>| {
            let reason = "embeddings of kind \"openai\" need it".to_owned();
            value.ok_or_else(|| section.fault(key, None, kind_origin.clone(), reason))
        };
        let (base_url, model) = (needed("base_url", base_url), needed("model", model));
        Ok(Self::OpenAi(OpenAiEmbedding { base_url: base_url?, model: model?, api_key, max_characters }))
    }
}
