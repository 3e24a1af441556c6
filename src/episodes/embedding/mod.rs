//! Scripts and queries as vectors, so that what they are about can be compared.

mod hashing;
mod openai;

use std::{cell::Cell, time::Duration};

use generation_actors::ports::EpisodeError;

use openai::OpenAiEmbedding;
pub use openai::OpenAiEmbeddingOptions;

/// Which embedder makes the vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmbeddingOptions {
    /// Inside the service, by the characters a text is made of.
    Hashing,
    /// A server with OpenAI's `/embeddings`.
    OpenAi(OpenAiEmbeddingOptions),
}

/// An embedder, on the thread of the store that uses it.
pub(super) struct Embedder {
    kind: Kind,
    dimension: Cell<Option<usize>>,
}

enum Kind {
    Hashing,
    OpenAi(OpenAiEmbedding),
}

impl Embedder {
    /// `limit` bounds each request to an embedding server.
    pub(super) fn new(options: EmbeddingOptions, limit: Duration) -> Self {
        match options {
            EmbeddingOptions::Hashing => Self { kind: Kind::Hashing, dimension: Cell::new(Some(hashing::DIMENSION)) },
            EmbeddingOptions::OpenAi(options) => {
                Self { kind: Kind::OpenAi(OpenAiEmbedding::new(options, limit)), dimension: Cell::new(None) }
            }
        }
    }

    /// The name that stands in a collection: vectors of different names cannot be compared.
    pub(super) fn name(&self) -> String {
        match &self.kind {
            Kind::Hashing => hashing::NAME.to_owned(),
            Kind::OpenAi(openai) => openai.name(),
        }
    }

    /// Numbers in a vector; a server is asked once.
    pub(super) async fn dimension(&self) -> Result<usize, EpisodeError> {
        match self.dimension.get() {
            Some(dimension) => Ok(dimension),
            None => Ok(self.embed("dimension").await?.len()),
        }
    }

    /// The vector of a text.
    pub(super) async fn embed(&self, text: &str) -> Result<Vec<f32>, EpisodeError> {
        let Kind::OpenAi(openai) = &self.kind else { return Ok(hashing::embed(text)) };
        let vector = openai.embed(text).await?;
        self.dimension.set(Some(vector.len()));
        Ok(vector)
    }
}
