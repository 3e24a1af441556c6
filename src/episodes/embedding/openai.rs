//! Vectors from a server with OpenAI's `/embeddings`.

use std::{fmt, time::Duration};

use generation_actors::ports::EpisodeError;
use http::Method;
use serde::{Deserialize, Serialize};

use super::super::json_client::JsonClient;
use crate::episodes::token::Token;

/// How an embedding server is asked.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenAiEmbeddingOptions {
    /// What `/embeddings` is appended to; no slash at the end.
    pub base_url: String,
    /// The model's name.
    pub model: String,
    /// The key, visible ASCII.
    pub api_key: Option<String>,
    /// Characters of a text that are sent, from its beginning; models refuse what is too long for them.
    pub max_characters: usize,
    /// To connect.
    pub connect_timeout: Duration,
}

impl fmt::Debug for OpenAiEmbeddingOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiEmbeddingOptions")
            .field("base_url", &self.base_url)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

/// The embedding server.
pub(super) struct OpenAiEmbedding {
    client: JsonClient,
    url: String,
    model: String,
    max_characters: usize,
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: &'a str,
    /// Some servers otherwise answer base64.
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct Response {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    embedding: Vec<f32>,
}

impl OpenAiEmbedding {
    pub(super) fn new(options: OpenAiEmbeddingOptions, limit: Duration) -> Self {
        let token = options.api_key.as_deref().and_then(Token::bearer);
        Self {
            client: JsonClient::new(limit, options.connect_timeout, token, "episodes.embedding.api_key_env"),
            url: format!("{}/embeddings", options.base_url),
            model: options.model,
            max_characters: options.max_characters,
        }
    }

    pub(super) fn name(&self) -> String {
        format!("openai:{}", self.model)
    }

    pub(super) async fn embed(&self, text: &str) -> Result<Vec<f32>, EpisodeError> {
        let end = text.char_indices().nth(self.max_characters).map_or(text.len(), |(end, _)| end);
        let request = Request { model: &self.model, input: &text[..end], encoding_format: "float" };
        let reply = self.client.json(Method::POST, &self.url, &request, &[]).await?;
        let asked = "the embedding server";
        // Never a refusal of the script: what is too long for the model is cut to `max_characters`.
        let response: Response = reply.json(asked)?;
        let vector = response.data.into_iter().next().map(|item| item.embedding).unwrap_or_default();
        if vector.is_empty() || vector.iter().any(|number| !number.is_finite()) {
            return Err(EpisodeError::Unavailable(format!("{asked}: an answer without a vector").into()));
        }
        Ok(vector)
    }
}
