//! Vectors from a server with OpenAI's `/embeddings` endpoint.

use generation_actors::ports::EpisodeError;
use http::Method;
use serde::{Deserialize, Serialize};

use super::super::{json_client::JsonClient, timeouts::Timeouts, token::Token};
use crate::config;

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
    /// Without it, some servers answer in base64.
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
    pub(super) fn new(settings: &config::OpenAiEmbedding, timeouts: Timeouts) -> Self {
        let token = settings.api_key.as_ref().and_then(Token::bearer);
        Self {
            client: JsonClient::new(timeouts, token, "episodes.embedding.api_key_env"),
            url: format!("{}/embeddings", settings.base_url),
            model: settings.model.clone(),
            max_characters: settings.max_characters,
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
        // Never refuses the script: a text too long for the model has been cut to `max_characters`.
        let response: Response = reply.json(asked)?;
        let vector = response.data.into_iter().next().map(|item| item.embedding).unwrap_or_default();
        if vector.is_empty() || vector.iter().any(|number| !number.is_finite()) {
            return Err(EpisodeError::Unavailable(format!("{asked}: an answer without a vector").into()));
        }
        Ok(vector)
    }
}
