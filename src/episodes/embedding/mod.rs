//! Turns scripts and queries into vectors, so that their subjects can be compared.

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
    /// The length of the last vector; 0 before the first.
    dimension: AtomicUsize,
}

enum Kind {
    Hashing,
    OpenAi(Box<OpenAiEmbedding>),
}

impl Embedder {
    /// `timeouts` apply to each text.
    pub(super) fn new(settings: &config::Embedding, timeouts: Timeouts) -> Self {
        let kind = match settings {
            config::Embedding::Hashing => Kind::Hashing,
            config::Embedding::OpenAi(openai) => Kind::OpenAi(Box::new(OpenAiEmbedding::new(openai, timeouts))),
        };
        Self { kind, limit: timeouts.request, dimension: AtomicUsize::new(0) }
    }

    /// The name stored in a collection: vectors with different names cannot be compared.
    pub(super) fn name(&self) -> String {
        match &self.kind {
            Kind::Hashing => hashing::NAME.to_owned(),
            Kind::OpenAi(openai) => openai.name(),
        }
    }

    /// The length of a vector. A server is asked only once.
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

    /// Runs on a blocking thread: a script of a megabyte takes long enough to delay other work on this thread. If the
    /// caller stops waiting, the hash still runs to its end.
    async fn hash(&self, text: String) -> Result<Vec<f32>, EpisodeError> {
        let hashed = timeout(self.limit, task::spawn_blocking(move || hashing::embed(&text))).await;
        let hashed =
            hashed.map_err(|_| EpisodeError::Unavailable(format!("no vector within {:?}", self.limit).into()))?;
        hashed.map_err(|error| EpisodeError::Unavailable(cause("no vector", error)))
    }
}
