//! The collection that holds all episodes: found or created, and checked before anything is written to it.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use generation_actors::{model::Cause, ports::EpisodeError};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{
    super::{embedding::Embedder, json_client::Reply},
    api::{Api, Description, Get, Rows},
};

/// Above this, each addition is noticeably slower than the last.
const SLOW_THRESHOLD: u64 = 10;
/// Projects whose last number is cached.
const MAX_PROJECTS: usize = 10_000;

/// Serializes saves within a project, because several at once cost far more than one after another. Holds the last
/// number known to be taken, if any.
pub(super) type Turn = Mutex<Option<u32>>;

/// An opened collection.
pub(super) struct Collection {
    pub(super) id: String,
    projects: std::sync::Mutex<HashMap<String, Arc<Turn>>>,
    /// Set when the server no longer knows the collection.
    gone: AtomicBool,
}

impl Collection {
    /// Finds or creates the collection, and checks that its vectors come from this embedder.
    ///
    /// # Errors
    /// `Misconfigured` if they come from another one.
    pub(super) async fn open(api: &Api, name: &str, embedder: &Embedder) -> Result<Self, EpisodeError> {
        let ours = Expected { embedder: embedder.name(), dimension: embedder.dimension().await? };
        let found = match api.find(name).await? {
            Some(found) => found,
            None => api.make(name, ours.metadata()).await?,
        };
        ours.check(api, name, &found).await?;
        if let Some(threshold) = found.sync_threshold().filter(|threshold| *threshold > SLOW_THRESHOLD) {
            let quick = json!({ "new_configuration": { "hnsw": { "sync_threshold": 2, "batch_size": 2 } } });
            api.change(&found.id, quick).await?;
            log::warn!(
                "the collection {name} was made with hnsw.sync_threshold {threshold}, which makes saving slower with \
                 every episode; it has been changed to 2, which takes effect when Chroma is restarted"
            );
        }
        Ok(Self { id: found.id, projects: std::sync::Mutex::default(), gone: AtomicBool::new(false) })
    }

    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Relaxed)
    }

    /// The lock to hold while saving in a project.
    pub(super) fn turn(&self, project_id: &str) -> Arc<Turn> {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        if projects.len() >= MAX_PROJECTS && !projects.contains_key(project_id) {
            projects.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(projects.entry(project_id.to_owned()).or_default())
    }

    /// Returns a success, or the error of any other status.
    pub(super) fn checked(&self, reply: Reply, asked: &str) -> Result<Reply, EpisodeError> {
        self.checked_or(reply, asked, |reply| reply.error(asked))
    }

    /// Like [`Collection::checked`], for a request with a script.
    pub(super) fn checked_script(&self, reply: Reply, asked: &str) -> Result<Reply, EpisodeError> {
        // A plain 400 is about the vector, which comes from the embedder, not from the script.
        self.checked_or(reply, asked, |reply| reply.error_about_script(asked, &[]))
    }

    fn checked_or(
        &self,
        reply: Reply,
        asked: &str,
        error: impl FnOnce(&Reply) -> EpisodeError,
    ) -> Result<Reply, EpisodeError> {
        if reply.status == StatusCode::NOT_FOUND {
            // The collection was deleted, or the server was reset. The next call opens it again.
            self.gone.store(true, Relaxed);
            return Err(EpisodeError::Unavailable(Cause::new(reply.error(asked))));
        }
        if reply.status.is_success() { Ok(reply) } else { Err(error(&reply)) }
    }

    pub(super) async fn get(&self, api: &Api, get: &Get<'_>) -> Result<Rows, EpisodeError> {
        self.checked(api.get(&self.id, get).await?, "reading")?.json("reading")
    }
}

/// What the collection must say about its vectors.
struct Expected {
    embedder: String,
    dimension: usize,
}

impl Expected {
    fn metadata(&self) -> Value {
        json!({ "embedder": self.embedder, "dimension": self.dimension })
    }

    async fn check(&self, api: &Api, name: &str, found: &Description) -> Result<(), EpisodeError> {
        let noted = found.metadata.as_ref().unwrap_or(&Value::Null);
        if noted["embedder"].is_null() && noted["dimension"].is_null() && found.dimension.is_none() {
            // An empty collection that an operator has created for us.
            let mut metadata = noted.as_object().cloned().unwrap_or_default();
            metadata.extend(self.metadata().as_object().cloned().unwrap_or_default());
            return api.change(&found.id, json!({ "new_metadata": metadata })).await;
        }
        let theirs = (noted["embedder"].as_str(), noted["dimension"].as_u64().map(|noted| noted as usize));
        if theirs == (Some(&self.embedder), Some(self.dimension))
            && found.dimension.is_none_or(|dimension| dimension == self.dimension)
        {
            return Ok(());
        }
        let cause = format!(
            "the collection {name} was made by the embedder {} with {} dimensions, not by {} with {}; restore \
             episodes.embedding or choose another episodes.collection",
            theirs.0.unwrap_or("(none noted)"),
            found.dimension.or(theirs.1).map_or_else(|| "unknown".to_owned(), |dimension| dimension.to_string()),
            self.embedder,
            self.dimension,
        );
        Err(EpisodeError::Misconfigured(cause.into()))
    }
}
