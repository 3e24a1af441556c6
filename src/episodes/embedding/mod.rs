//! Scripts and queries as vectors, so that what they are about can be compared.

mod hashing;
mod openai;

use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use generation_actors::ports::EpisodeError;
use tokio::{task, time::timeout};

use super::cause::cause;
use openai::OpenAiEmbedding;

use super::timeouts::Timeouts;
use crate::config;

/// An embedder.
pub(super) struct Embedder {
    kind: Kind,
    limit: Duration,
    /// Of the last vector; 0 before the first.
    dimension: AtomicUsize,
}

enum Kind {
    Hashing,
    OpenAi(Box<OpenAiEmbedding>),
}

impl Embedder {
    /// `timeouts` bound each text.
    pub(super) fn new(settings: &config::Embedding, timeouts: Timeouts) -> Self {
        let kind = match settings {
            config::Embedding::Hashing => Kind::Hashing,
            config::Embedding::OpenAi(openai) => Kind::OpenAi(Box::new(OpenAiEmbedding::new(openai, timeouts))),
        };
        Self { kind, limit: timeouts.request, dimension: AtomicUsize::new(0) }
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
        match (&self.kind, self.dimension.load(Relaxed)) {
            (Kind::Hashing, _) => Ok(hashing::DIMENSION),
            (Kind::OpenAi(_), 0) => Ok(self.embed("dimension".to_owned()).await?.len()),
            (Kind::OpenAi(_), dimension) => Ok(dimension),
        }
    }

    /// The vector of a text.
    pub(super) async fn embed(&self, text: String) -> Result<Vec<f32>, EpisodeError> {
        let Kind::OpenAi(openai) = &self.kind else { return self.hash(text).await };
        let vector = openai.embed(&text).await?;
        self.dimension.store(vector.len(), Relaxed);
        Ok(vector)
    }

    /// On a blocking thread: a script of a megabyte takes long enough for others on this thread to notice. A hash that nobody
    /// waits for any more ends by itself.
    async fn hash(&self, text: String) -> Result<Vec<f32>, EpisodeError> {
        let hashed = timeout(self.limit, task::spawn_blocking(move || hashing::embed(&text))).await;
        let hashed =
            hashed.map_err(|_| EpisodeError::Unavailable(format!("no vector within {:?}", self.limit).into()))?;
        hashed.map_err(|error| EpisodeError::Unavailable(cause("no vector", error)))
    }
}
