//! The collection that holds all episodes: found or made, and checked before anything is written to it.

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

/// Beyond it each addition becomes noticeably dearer than the last.
const SLOW_THRESHOLD: u64 = 10;
/// Projects whose last number is remembered.
const MAX_PROJECTS: usize = 10_000;

/// A project while something is saved in it: one at a time, for several cost far more than one after the other.
/// It holds the last number known to be taken, once one is.
pub(super) type Turn = Mutex<Option<u32>>;

/// An opened collection.
pub(super) struct Collection {
    pub(super) id: String,
    projects: std::sync::Mutex<HashMap<String, Arc<Turn>>>,
    /// The server does not know it any more.
    gone: AtomicBool,
}

impl Collection {
    /// Finds the collection or makes it, and checks that its vectors are of this embedder.
    ///
    /// # Errors
    /// `Misconfigured` when they are of another.
    pub(super) async fn open(api: &Api, name: &str, embedder: &Embedder) -> Result<Self, EpisodeError> {
        let ours = Ours { embedder: embedder.name(), dimension: embedder.dimension().await? };
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

    /// What to lock while saving in a project.
    pub(super) fn turn(&self, project_id: &str) -> Arc<Turn> {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        if projects.len() >= MAX_PROJECTS && !projects.contains_key(project_id) {
            projects.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(projects.entry(project_id.to_owned()).or_default())
    }

    /// A success, or its error.
    pub(super) fn settled(&self, reply: Reply, asked: &str) -> Result<Reply, EpisodeError> {
        self.settled_or(reply, asked, |reply| reply.error(asked))
    }

    /// [`Collection::settled`] where a script was sent.
    pub(super) fn script_settled(&self, reply: Reply, asked: &str) -> Result<Reply, EpisodeError> {
        // A plain 400 is about the vector, which is the embedder's.
        self.settled_or(reply, asked, |reply| reply.error_about_script(asked, &[]))
    }

    fn settled_or(
        &self,
        reply: Reply,
        asked: &str,
        error: impl FnOnce(&Reply) -> EpisodeError,
    ) -> Result<Reply, EpisodeError> {
        if reply.status == StatusCode::NOT_FOUND {
            // Deleted, or the server began anew: it is opened again by the next who comes.
            self.gone.store(true, Relaxed);
            return Err(EpisodeError::Unavailable(Cause::new(reply.error(asked))));
        }
        if reply.status.is_success() { Ok(reply) } else { Err(error(&reply)) }
    }

    pub(super) async fn get(&self, api: &Api, get: &Get<'_>) -> Result<Rows, EpisodeError> {
        self.settled(api.get(&self.id, get).await?, "reading")?.json("reading")
    }
}

/// What the collection's vectors must be.
struct Ours {
    embedder: String,
    dimension: usize,
}

impl Ours {
    fn metadata(&self) -> Value {
        json!({ "embedder": self.embedder, "dimension": self.dimension })
    }

    async fn check(&self, api: &Api, name: &str, found: &Description) -> Result<(), EpisodeError> {
        let noted = found.metadata.as_ref().unwrap_or(&Value::Null);
        if noted["embedder"].is_null() && noted["dimension"].is_null() && found.dimension.is_none() {
            // An empty collection that somebody has made for us.
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
